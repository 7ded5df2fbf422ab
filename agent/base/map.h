/*
 * A map from byte strings to pointers (open hashing, seeded at random so that hostile keys cannot
 * make it slow). Keys are copied, or lent (shorter than 4 GiB); values are the caller's. With a
 * limit on the number of entries.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

struct map;
struct map *map_new(size_t limit);
/* Of lent keys: map_set copies none, each has to stay as it is until it is taken out. Setting one
 * that is there keeps the key that was lent first. */
struct map *map_new_lent(size_t limit);
void map_free(struct map *m, void (*free_value)(void *)); /* free_value may be NULL */
void map_clear(struct map *m, void (*free_value)(void *));
size_t map_count(const struct map *m);
/* The value, or NULL when there is none. */
void *map_get(const struct map *m, struct span key);
/* Sets or replaces; the old value is returned (NULL if new). *full is set, and nothing done, when
 * the limit is reached. full may be NULL when the limit is SIZE_MAX. */
void *map_set(struct map *m, struct span key, void *value, bool *full);
/* Takes the entry out; its value, or NULL. */
void *map_remove(struct map *m, struct span key);
/* Every entry in no order; each() may not change the map, returning false ends the walk. */
void map_each(const struct map *m, bool (*each)(void *ctx, struct span key, void *value),
              void *ctx);

#endif
