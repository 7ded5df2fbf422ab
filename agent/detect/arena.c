#include "detect/arena.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* With sanitizers 0: then each piece is a block of its own, and they see who leaves it. */
#ifndef ARENA_BLOCK_SIZE
#define ARENA_BLOCK_SIZE 8192
#endif
#define ALIGNMENT 16
#define LARGE     (ARENA_BLOCK_SIZE / 8) /* has a block of its own, so that none is left half empty */

struct block {
    _Alignas(ALIGNMENT) struct block *next;
    size_t room; /* bytes behind the header */
    size_t used;
};

struct arena {
    struct block *blocks; /* the newest first */
};

struct arena *arena_new(void)
{
    return mem_new(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    while (a->blocks) {
        struct block *gone = a->blocks;
        a->blocks = gone->next;
        free(gone);
    }
    free(a);
}

static struct block *block_add(struct block **where, size_t room)
{
    struct block *b = mem_new(1, sizeof(*b) + room);
    b->room = room;
    b->next = *where;
    *where = b;
    return b;
}

static void *get(struct arena *a, size_t n, size_t alignment)
{
    struct block *b = a->blocks;
    size_t from = b ? (b->used + alignment - 1) / alignment * alignment : 0;
    if (!b || from > b->room || b->room - from < n) {
        bool alone = n > LARGE;
        b = block_add(alone && b ? &b->next : &a->blocks, alone ? n : ARENA_BLOCK_SIZE);
        from = 0;
    }
    b->used = from + n;
    return (char *)(b + 1) + from;
}

/* A type's size is a multiple of its alignment, so the lowest bit of it is enough. */
static size_t alignment_of(size_t size)
{
    size_t lowest = size & (~size + 1);
    return lowest == 0 || lowest > ALIGNMENT ? ALIGNMENT : lowest;
}

void *arena_get(struct arena *a, size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX / 2 - ALIGNMENT) / size)
        return mem_new(SIZE_MAX, 1); /* ends the process with its message */
    return get(a, count * size, alignment_of(size));
}

struct span arena_copy(struct arena *a, struct span s)
{
    char *p = get(a, s.n + 1, 1);
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return (struct span){p, s.n};
}
