/*
 * Files of the folder sigma: INI, where the records of a Sigma logsource are found and what a
 * rule's fields are called there, and what the placeholders of rules stand for.
 *
 *   [process creation, Security log]      any name
 *   product = windows                     logsource of the rules; product may be left out
 *   category = process_creation
 *   when = source: Security               records that are meant: all of them must hold; a
 *   when = EventID: 4688, 4689            field and its values (wildcards), separated by commas
 *   field = Image: NewProcessName         the rule's field and the record's; several: the first
 *   field = User: SubjectUserName, user   that is there
 *
 *   [placeholders]
 *   Administrators = root                 %Administrators% behind the modifier expand; several
 *   Administrators = adm-*                lines: any of them
 *
 * Beside a record's own fields `when` and `field` know source (log file or channel), product,
 * category, service, program, host and message. At most 64 files of 256 KiB, 512 logsources, 4096
 * lines of values.
 */
#ifndef CONFIG_SIGMA_FILE_H
#define CONFIG_SIGMA_FILE_H

#include "base/span.h"
#include "config/table.h"

#include <stddef.h>

struct sigma_pair {
    char *name, *text;
};

struct sigma_pairs {
    size_t n;
    struct sigma_pair *items;
};

struct sigma_source {
    char *product, *category, *service; /* "": not said */
    struct sigma_pairs when, fields;    /* text: values as they stand in the file */
};

struct sigma_file {
    size_t sources_n;
    struct sigma_source *sources;
    struct sigma_pairs placeholders;
    size_t lines; /* of values, of all sections */
};

/* "file:line: what, remedy": the section that it stands in is left out, the others stay. */

/* Every *.ini of the folder; one that is not there (or NULL) holds nothing. Returns the number of
 * problems. tell may be NULL. */
size_t sigma_file_load(const char *folder, config_tell_fn *tell, void *ctx, struct sigma_file *out);
/* One file's text, added to *out (for tests and fuzzing too). */
size_t sigma_file_parse(const char *name, struct span text, config_tell_fn *tell, void *ctx,
                        struct sigma_file *out);
void sigma_file_release(struct sigma_file *f);

#endif
