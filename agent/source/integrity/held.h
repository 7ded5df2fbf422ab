/*
 * Changes that may be explained (explain.h), held back until that is known: the baseline keeps what
 * was before, so that a scan finds them again whatever happens to this table. Bounded.
 */
#ifndef SOURCE_INTEGRITY_HELD_H
#define SOURCE_INTEGRITY_HELD_H

#include "base/map.h"
#include "base/md5.h"
#include "platform/file.h"
#include "source/integrity/pending.h"

#include <stdbool.h>
#include <stdint.h>

enum held_step {
    HELD_WAITS, /* for what the package manager says */
    HELD_HASH,  /* its content is to be read */
    HELD_RIPE,  /* it is to be looked at */
    HELD_LOOKED /* a look is under way, which ends in a verdict */
};

struct held_owner { /* what dpkg says of a path */
    bool listed;
    bool has_md5;
    uint8_t md5[MD5_SIZE];
    int64_t list_ms, md5sums_ms; /* when its files were put in place (ctime) */
    char package[160];           /* "name" or "name:architecture" */
};

struct held {
    struct held *next, *prev;
    char *path;
    struct integrity_actor *actor; /* shared; may be NULL */
    enum held_step step;
    int64_t seen_ms;    /* wall clock */
    int64_t since_ms;   /* monotonic: held */
    int64_t step_ms;    /* monotonic: came to this step */
    int64_t changed_ms; /* wall clock: not before this */
    bool folder, gone, by_scan, while_off;
    bool late;  /* was looked at before its package was complete, and is not as dpkg says yet */
    bool final; /* held for too long: what is known now decides */
    struct held_owner owner;
    bool hashed;
    uint8_t md5[MD5_SIZE];
    struct file_info info; /* of what was hashed */
};

struct helds {
    struct map *by_path;
    struct held *first, *last;
    size_t steps[HELD_LOOKED + 1]; /* how many are at each */
};

struct helds *helds_new(size_t limit);
void helds_free(struct helds *t);
struct held *helds_find(const struct helds *t, struct span path);
/* Finds or makes; NULL when the table is full. */
struct held *helds_add(struct helds *t, const char *path, int64_t now_ms);
void helds_remove(struct helds *t, struct held *h);
void helds_step(struct helds *t, struct held *h, enum held_step step, int64_t now_ms);
size_t helds_count(const struct helds *t);
void held_set_actor(struct held *h, struct integrity_actor *actor);

#endif
