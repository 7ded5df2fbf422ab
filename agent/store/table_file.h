/*
 * The tables in their file (LMDB). Nothing here is thread-safe: the store holds its lock around
 * every call. That lock is also what makes MDB_NOLOCK right: no reader is ever inside while a
 * writer recycles pages or the map is moved, there is no lock file that could be left behind, and
 * no thread holds a reader slot.
 *
 * Errors as in store.h.
 */
#ifndef STORE_TABLE_FILE_H
#define STORE_TABLE_FILE_H

#include "store/changes.h"

struct table_file;
/* -EUCLEAN: the file is no such file, cut short, or of a foreign version. */
int table_file_open(const char *path, struct table_file **out);
/* For reading while another process has it open. What was read is whole only if table_file_version
 * is the same before and after: pages of the last commit are not written over until the one after
 * the next begins. */
int table_file_look(const char *path, struct table_file **out);
uint64_t table_file_version(struct table_file *f); /* counts commits */
void table_file_close(struct table_file *f);

int table_file_get(struct table_file *f, enum store_table t, struct span key, struct buf *out);
/* All of it durable, or nothing. */
int table_file_apply(struct table_file *f, const struct changes *c);

/* A walk over the keys of one table from `from` on (included). walk_next: 0, or -ENOENT at the end;
 * the spans are valid until the next call. */
struct table_walk;
int table_walk_begin(struct table_file *f, enum store_table t, struct span from,
                     struct table_walk **out);
int table_walk_next(struct table_walk *w, struct span *key, struct span *value);
void table_walk_end(struct table_walk *w);

#endif
