/*
 * The findings that are not told, conf/suppressions.ini, whose header is the manual of the format.
 * At most 64 KiB and 500 suppressions, each with 16 rules and 16 fields.
 *
 * What is wrong is told ("file:line: what" or "file: [name]: what"), and that suppression is left
 * out. Without the file nothing is suppressed.
 */
#ifndef CONFIG_SUPPRESS_FILE_H
#define CONFIG_SUPPRESS_FILE_H

#include "base/span.h"
#include "base/text.h"
#include "config/table.h"

#include <stdbool.h>
#include <stddef.h>

#define SUPPRESS_MAX       500
#define SUPPRESS_WORDS_MAX 16

struct suppress_field {
    char *name, *value; /* the value may hold * for any characters */
};

struct suppression {
    char *name, *reason;
    char until[TEXT_DAY_SIZE]; /* the last day, UTC */
    size_t rules_n, fields_n;
    char *rules[SUPPRESS_WORDS_MAX];                  /* ids or titles: one of them */
    struct suppress_field fields[SUPPRESS_WORDS_MAX]; /* all of them */
    bool broken;
};

struct suppress_table {
    struct suppression *items;
    size_t n;
};

/* *out is to be released in any case. tell (may be NULL) takes each problem. */
void suppress_table_load(const char *path, config_tell_fn *tell, void *ctx,
                         struct suppress_table *out);
void suppress_table_parse(const char *name, struct span text, config_tell_fn *tell, void *ctx,
                          struct suppress_table *out);
void suppress_table_release(struct suppress_table *t);

/* Whether its last day is over. */
bool suppression_has_expired(const struct suppression *s, int64_t wall_ms);

#endif
