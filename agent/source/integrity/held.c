#include "source/integrity/held.h"

#include "base/mem.h"

struct helds *helds_new(size_t limit)
{
    struct helds *t = mem_new(1, sizeof(*t));
    t->by_path = map_new(limit);
    return t;
}

static void free_one(void *p)
{
    struct held *h = p;
    integrity_actor_drop(h->actor);
    free(h->path);
    free(h);
}

void helds_free(struct helds *t)
{
    if (!t)
        return;
    map_free(t->by_path, free_one);
    free(t);
}

struct held *helds_find(const struct helds *t, struct span path)
{
    return map_get(t->by_path, path);
}

size_t helds_count(const struct helds *t)
{
    return map_count(t->by_path);
}

struct held *helds_add(struct helds *t, const char *path, int64_t now_ms)
{
    bool full;
    struct held *h = helds_find(t, span_of(path));
    if (h)
        return h;
    h = mem_new(1, sizeof(*h));
    h->path = mem_text(path);
    h->since_ms = h->step_ms = now_ms;
    map_set(t->by_path, span_of(path), h, &full);
    if (full) {
        free_one(h);
        return NULL;
    }
    h->prev = t->last;
    *(t->last ? &t->last->next : &t->first) = h;
    t->last = h;
    t->steps[HELD_WAITS]++;
    return h;
}

void helds_remove(struct helds *t, struct held *h)
{
    *(h->prev ? &h->prev->next : &t->first) = h->next;
    *(h->next ? &h->next->prev : &t->last) = h->prev;
    t->steps[h->step]--;
    map_remove(t->by_path, span_of(h->path));
    free_one(h);
}

void helds_step(struct helds *t, struct held *h, enum held_step step, int64_t now_ms)
{
    t->steps[h->step]--;
    h->step = step;
    h->step_ms = now_ms;
    t->steps[step]++;
}

void held_set_actor(struct held *h, struct integrity_actor *actor)
{
    integrity_actor_share(actor);
    integrity_actor_drop(h->actor);
    h->actor = actor;
}
