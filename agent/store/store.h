/*
 * Small durable tables (LMDB): what must be known after a restart. One file in the state folder.
 *
 * Changes come in two ways:
 * - store_put/store_remove: kept in memory (and seen by store_get at once) until store_commit
 *   writes them all in one transaction. The pipeline puts the same changes into the spool's journal
 *   with the events they belong to and commits only what a durable frame holds, so an event and the
 *   state behind it never part. Only the poll loop calls these three.
 * - store_bulk_*: large first fills (a baseline) straight into the file, from the scan worker,
 *   64 KiB a transaction, so that a commit of the poll loop never waits for a whole scan.
 *   Nothing else may touch the same keys meanwhile. After a failed put the chunk is kept and tried
 *   again with the next one.
 *
 * Reading is allowed from any thread. Values are copied into the caller's buffer. One process at a
 * time opens the file (collect holds a lock on the state folder).
 * Keys are 1 to 500 bytes, values at most 64 KiB.
 * Errors: 0, or a negative errno value; -ENOENT when there is no such key, -EUCLEAN when the file
 * is damaged (store_open then moves it aside as state.mdb.damaged and starts anew: the caller is
 * told through *fresh, and a fresh state means a new stream).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <errno.h>
#include <stdbool.h>

#ifndef EUCLEAN /* Linux has it; elsewhere the same number stands for it */
#define EUCLEAN 117
#endif

enum store_table {
    STORE_META,      /* stream, sequence counters, when things ran last */
    STORE_BASELINE,  /* folder id + entry name -> file state (source/integrity/state.h) */
    STORE_FOLDERS,   /* folder id -> path */
    STORE_POSITIONS, /* followed log -> fingerprint, offset (source/log) */
    STORE_DETECT,    /* detector state */
    STORE_PATCH,     /* what was told of packages and updates */
    STORE_INVENTORY, /* what was told of the inventory, entry by entry */
    STORE_CHECKS,    /* outcome of each host check that was told last */
    STORE_REGISTRY,  /* registry key -> its state (source/registry/state.h) */
    STORE_TABLES
};

struct store;
int store_open(const char *folder, struct store **out, bool *fresh, struct error *e);
void store_close(struct store *s); /* without committing */

int store_get(struct store *s, enum store_table t, struct span key, struct buf *out);
/* Calls each entry whose key starts with prefix, in key order, pending changes included. each()
 * returning false ends the walk; it may not call the store. */
int store_each(struct store *s, enum store_table t, struct span prefix,
               bool (*each)(void *ctx, struct span key, struct span value), void *ctx);
/* The same from a key on (itself included), which starts with prefix. */
int store_each_from(struct store *s, enum store_table t, struct span prefix, struct span from,
                    bool (*each)(void *ctx, struct span key, struct span value), void *ctx);

/* For a look from another process while collect runs: the entries as its last commit left them, in
 * key order, 8 MiB at most. each() returning false ends the walk. -EAGAIN and e: commits came too
 * fast. */
int store_look(const char *folder, enum store_table t, struct span prefix,
               bool (*each)(void *ctx, struct span key, struct span value), void *ctx,
               struct error *e);

void store_put(struct store *s, enum store_table t, struct span key, struct span value);
void store_remove(struct store *s, enum store_table t, struct span key);
size_t store_pending_bytes(const struct store *s);
int store_commit(struct store *s); /* durable when it returns 0; on failure all stays pending */

struct store_bulk;
int store_bulk_begin(struct store *s, struct store_bulk **out);
int store_bulk_put(struct store_bulk *b, enum store_table t, struct span key, struct span value);
int store_bulk_remove(struct store_bulk *b, enum store_table t, struct span key);
/* Frees b. keep: all is durable when 0. Not keep: the last chunk is dropped; what earlier chunks
 * put stays in the file. */
int store_bulk_end(struct store_bulk *b, bool keep);

#endif
