/*
 * Paths that changed and have not been looked at yet. Changes of one path within a moment become
 * one look; a path that keeps changing is looked at once a second. Bounded: what does not fit is
 * found by a scan.
 */
#ifndef SOURCE_INTEGRITY_PENDING_H
#define SOURCE_INTEGRITY_PENDING_H

#include "platform/watch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PENDING_QUIET_MS   50   /* a look waits for so long a silence ... */
#define PENDING_CREATED_MS 200  /* ... a new file gets this long to be filled ... */
#define PENDING_LATEST_MS  1000 /* ... but not longer than this, and not more often */
#define PENDING_TREES_MAX  256  /* beside the limit of a table */

struct integrity_actor { /* shared by all paths that one process touched */
    size_t shares;
    struct watch_actor is;
};

struct pending {
    struct pending *next, *prev;
    char *path;
    char *from; /* it was renamed from this, or NULL */
    char *to;   /* it was renamed to this, or NULL */
    struct integrity_actor *actor;
    int64_t seen_ms; /* wall clock */
    bool waiting;    /* to be looked at; else only remembered */
    bool tree;       /* with all that is below it */
    bool while_off;  /* a journal said that it changed while the agent was off */
    unsigned tries;
    int64_t first_ms, due_ms, looked_ms; /* monotonic */
};

struct pendings;
struct pendings *pendings_new(size_t limit);
void pendings_free(struct pendings *t);

/* Notes a change and sets when it is due; actor is shared. NULL when the table is full. */
struct pending *pendings_add(struct pendings *t, const char *path, struct integrity_actor *actor,
                             int64_t now_ms, int64_t delay_ms);
/* The same for a folder below which changes were not seen one by one; there is room for some of
 * them when the table is full of others. */
struct pending *pendings_add_tree(struct pendings *t, const char *path, int64_t now_ms);
struct pending *pendings_find(const struct pendings *t, const char *path);
/* The first one that is due, or NULL. */
struct pending *pendings_due(struct pendings *t, int64_t now_ms);
int64_t pendings_next_ms(const struct pendings *t); /* INT64_MAX: none waits */
/* It was looked at: remembered for a moment, then forgotten. */
void pending_done(struct pending *p, int64_t now_ms);
size_t pendings_count(const struct pendings *t);

struct integrity_actor *integrity_actor_new(const struct watch_actor *a);
struct integrity_actor *integrity_actor_share(struct integrity_actor *a); /* NULL stays NULL */
void integrity_actor_drop(struct integrity_actor *a);

#endif
