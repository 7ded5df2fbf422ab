/*
 * Files of host checks: INI, one section a check, its name the check's id.
 *
 *   [VIG-SSH-01]
 *   title = Root does not log in with a password
 *   severity = high                   informational, low, medium, high or critical
 *   reason = Why it matters.          several lines become one text
 *   remedy = What to do.
 *   reference = NIST SP 800-53 r5: AC-6      standard: requirement; several lines
 *   when = file /usr/sbin/sshd        all of them must hold, or the check does not apply
 *   probe = setting                   which probe looks; all other keys are its own
 *   key = PermitRootLogin
 *
 * What keys a probe knows is the probes' matter (source/checks/probe.h); here only what is common
 * is verified. At most 64 files of 256 KiB, 512 checks, 128 values a check.
 */
#ifndef CONFIG_CHECKS_FILE_H
#define CONFIG_CHECKS_FILE_H

#include "base/span.h"
#include "config/table.h"

#include <stdbool.h>
#include <stddef.h>

struct check_value {
    char *name, *text;
    int line;
};

struct check {
    char *id, *title, *probe;
    char *reason, *remedy;
    char *references; /* "standard: requirement", newline between them; "" if there are none */
    char *topic;      /* name of its file without .ini */
    char *file;
    int line;     /* of the first key */
    int severity; /* OCSF severity_id, 1 to 5 */
    size_t values_n;
    struct check_value *values; /* when, and the probe's, in the order of the file */
};

struct checks {
    struct check *items;
    size_t n;
};

/* "file:line: what, remedy": the check that it stands in is left out, the others stay. */

/* Every *.ini of the folder. Returns the number of problems; a folder that is not there has none
 * and no checks. tell may be NULL. */
size_t checks_read(const char *folder, config_tell_fn *tell, void *ctx, struct checks *out);
/* One file's text, added to *out (for tests and fuzzing too). */
size_t checks_parse(const char *file, struct span text, config_tell_fn *tell, void *ctx,
                    struct checks *out);
/* Takes check i out. */
void checks_drop(struct checks *checks, size_t i);
void checks_release(struct checks *checks);

/* The first value of that name, or NULL. */
const char *check_value(const struct check *c, const char *name);
/* The next value of that name from *at on (start with 0), or NULL. */
const struct check_value *check_each(const struct check *c, const char *name, size_t *at);
/* The next blank-separated word of all values of that name. */
struct check_words {
    size_t at;
    struct span rest;
};
bool check_word(const struct check *c, const char *name, struct check_words *words,
                struct span *out);

#endif
