#include "detect/texts.h"

#include "base/map.h"
#include "base/mem.h"

#include <stdlib.h>

struct texts {
    struct arena *arena;
    struct map *known; /* the kept bytes are both key and value */
};

struct texts *texts_new(struct arena *a)
{
    struct texts *t = mem_new(1, sizeof(*t));
    t->arena = a;
    t->known = map_new_lent(SIZE_MAX);
    return t;
}

void texts_free(struct texts *t)
{
    map_free(t->known, NULL);
    free(t);
}

struct span texts_keep(struct texts *t, struct span bytes)
{
    char *kept = map_get(t->known, bytes);
    if (!kept) {
        kept = arena_get(t->arena, bytes.n / 2 + 1, 2);
        if (bytes.n > 0)
            memcpy(kept, bytes.p, bytes.n);
        map_set(t->known, (struct span){kept, bytes.n}, kept, NULL);
    }
    return (struct span){kept, bytes.n};
}
