/*
 * A walk over the keys that one item covers, one key a step. It holds at most one open key for each
 * level. What cannot be opened is counted and left out; what goes away meanwhile is not missed.
 */
#ifndef SOURCE_REGISTRY_WALK_H
#define SOURCE_REGISTRY_WALK_H

#include "source/registry/keys.h"

#define REGISTRY_WALK_DEPTH 24    /* levels below an item's root */
#define REGISTRY_WALK_KEYS  8192  /* of one item */
#define REGISTRY_WALK_TRIED 65536 /* names looked at for one item */

struct registry_frame {
    struct registry_key *key;
    uint32_t next; /* subkey to look at */
    size_t path_n;
    size_t part; /* of the item, that names below this key have to fit; item->n: any */
};

struct registry_walk {
    const struct registry_keys *keys;
    const struct registry_item *item;
    struct registry_frame frames[REGISTRY_WALK_DEPTH];
    size_t depth;
    uint32_t found, tried;
    uint64_t unreadable, cut; /* keys that could not be opened; subtrees over a limit */
    char path[REGISTRY_PATH_MAX];
};

void registry_walk_begin(struct registry_walk *w, const struct registry_keys *keys,
                         const struct registry_item *item);
/* The next key, with its path in w->path; it is the walk's and stays open until the next call.
 * False: there is none, and all is closed. */
bool registry_walk_next(struct registry_walk *w, struct registry_key **key);
void registry_walk_end(struct registry_walk *w);

#endif
