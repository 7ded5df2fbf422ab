/*
 * The table of when releases of distributions end, conf/support.ini, whose header is the manual of
 * the format. At most 64 KiB and 200 releases; names are at most 31 bytes long.
 *
 * A line that cannot be understood is told ("file:line: what") and left out. Without the file
 * nothing is known of any release.
 */
#ifndef CONFIG_SUPPORT_FILE_H
#define CONFIG_SUPPORT_FILE_H

#include "base/span.h"
#include "base/text.h"
#include "config/table.h"

#include <stddef.h>

#define SUPPORT_RELEASES_MAX 200

struct support_release {
    char id[32], codename[32]; /* "debian", "bookworm" */
    char standard[TEXT_DAY_SIZE], lts[TEXT_DAY_SIZE], paid[TEXT_DAY_SIZE]; /* last days, or "" */
};

struct support_table {
    struct support_release *items;
    size_t n;
};

/* *out is to be released in any case. tell (may be NULL) takes each problem. */
void support_table_load(const char *path, config_tell_fn *tell, void *ctx,
                        struct support_table *out);
void support_table_parse(const char *name, struct span text, config_tell_fn *tell, void *ctx,
                         struct support_table *out);
/* NULL: not in it. */
const struct support_release *support_table_find(const struct support_table *t, const char *id,
                                                 const char *codename);
void support_table_release(struct support_table *t);

#endif
