/*
 * Memory that is given back all at once: what a set of rules is made of lives as long as the set.
 */
#ifndef DETECT_ARENA_H
#define DETECT_ARENA_H

#include "base/span.h"

#include <stddef.h>

struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *a);
/* Zeroed and aligned for any type of that size; ends the process when there is none, as base/mem.h
 * does. */
void *arena_get(struct arena *a, size_t count, size_t size);
/* A copy, followed by a NUL that is not counted. */
struct span arena_copy(struct arena *a, struct span s);

#endif
