/*
 * A table in conf/ as an INI text, read with limits: what is wrong is told with its line, and the
 * rest is still taken. What stands in the rows is the reader's, whose struct begins with this one.
 */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

typedef void config_tell_fn(void *ctx, const char *problem);

struct config_table {
    const char *name;     /* as problems name the file */
    config_tell_fn *tell; /* may be NULL */
    void *ctx;
    bool optional;   /* that the file is not there is no problem */
    size_t problems; /* told so far */
    int line;        /* of the row that is being taken */
    struct span rest;
    void (*unfit)(struct config_table *t, const char *what); /* of the rows' */
};

struct config_rows {
    /* As inih calls it: the table, section, name, value; always 1. */
    int (*take)(void *table, const char *section, const char *name, const char *value);
    /* A line does not fit, and is left out; NULL: that is told. */
    void (*unfit)(struct config_table *t, const char *what);
    const char *shape; /* what is wrong with a line that is neither section nor row */
};

/* "name:line: what", or "name: what" where line is 0. */
void config_table_complain(struct config_table *t, int line, const char *what);
/* Takes every row of text. */
void config_table_parse(struct config_table *t, struct span text, const struct config_rows *rows);
/* The file's text, as much as the buffer may hold, unless everybody may write to it. False: it is
 * not to be had, which was told. */
bool config_table_slurp(struct config_table *t, const char *path, struct buf *text);
/* read(reader, path) for every .ini file of a folder, 64 at most, in the order of their names. A
 * folder that is not there has none. */
void config_table_folder(struct config_table *t, const char *folder,
                         void (*read)(void *reader, const char *path), void *reader);

#endif
