#include "detect/counter_parts.h"

#include "base/buf.h"
#include "base/mem.h"

#include <float.h>
#include <stdlib.h>

#define FORMAT 2 /* of a stored group */

static void make_key(const struct counter *c, const struct group *g, char key[COUNTER_KEY_SIZE])
{
    size_t n = COUNTER_KEY_PREFIX.n;
    memcpy(key, "sig", n); /* the prefix, its NUL too */
    memcpy(key + n, c->version, sizeof(c->version));
    memcpy(key + n + sizeof(c->version), g->key, sizeof(g->key));
}

void state_forget(const struct counter *c, const struct group *g)
{
    char key[COUNTER_KEY_SIZE];
    make_key(c, g, key);
    c->all->store.put(c->all->store.ctx, (struct span){key, sizeof(key)}, (struct span){0, 0});
}

static void store_group(struct counter *c, struct group *g, struct buf *b)
{
    char key[COUNTER_KEY_SIZE];
    make_key(c, g, key);
    buf_clear(b);
    buf_put_u32(b, FORMAT);
    buf_put_u32(b, g->fired);
    buf_put_u64(b, (uint64_t)g->fired_ms);
    buf_put_u64(b, (uint64_t)g->seen_ms);
    buf_put_u64(b, g->suppressed);
    for (size_t i = 0; i < g->n; i++) {
        buf_put_u64(b, (uint64_t)g->marks[i].time_ms);
        buf_put_u64(b, g->marks[i].value);
        if (c->sliced)
            buf_put(b, &g->marks[i].sum, sizeof(g->marks[i].sum));
    }
    c->all->store.put(c->all->store.ctx, (struct span){key, sizeof(key)}, buf_span(b));
    g->stored = true;
}

void counters_checkpoint(struct counters *all)
{
    struct buf b = BUF_INIT(65536);
    for (size_t i = 0; i < all->n; i++)
        for (struct group *g = all->items[i]->newest; g && g->dirty; g = g->older) {
            store_group(all->items[i], g, &b);
            g->dirty = false;
        }
    buf_release(&b);
}

static bool take_mark(const struct counter *c, struct span *rest, struct mark *out)
{
    uint64_t time_ms;
    struct span sum;
    if (!span_take_u64(rest, &time_ms) || !span_take_u64(rest, &out->value))
        return false;
    out->time_ms = (int64_t)time_ms;
    if (c->rule->type == CORRELATION_ORDERED && out->value >= c->rule->refers_n)
        return false;
    if (!c->sliced)
        return true;
    if (!span_take(rest, sizeof(out->sum), &sum))
        return false;
    memcpy(&out->sum, sum.p, sizeof(out->sum));
    return out->sum >= -DBL_MAX && out->sum <= DBL_MAX && out->value > 0;
}

static bool take_marks(struct counter *c, struct group *g, struct span rest)
{
    g->n = 0;
    while (rest.n > 0) {
        struct mark mark = {0};
        if (g->n == c->marks_max || !take_mark(c, &rest, &mark))
            return false;
        size_t at = g->n;
        while (at > 0 && g->marks[at - 1].time_ms > mark.time_ms)
            at--;
        group_append(c, g, at, mark);
    }
    return true;
}

static struct counter *owner_of(const struct counters *all, struct span key)
{
    struct span prefix = COUNTER_KEY_PREFIX;
    if (key.n != COUNTER_KEY_SIZE || !span_starts(key, prefix))
        return NULL;
    for (size_t i = 0; i < all->n; i++)
        if (memcmp(key.p + prefix.n, all->items[i]->version, sizeof(all->items[i]->version)) == 0)
            return all->items[i];
    return NULL;
}

bool counters_restore(struct counters *all, struct span key, struct span value)
{
    uint32_t format, fired;
    uint64_t fired_ms, seen_ms, suppressed;
    struct counter *c = owner_of(all, key);
    if (!c || !span_take_u32(&value, &format) || format != FORMAT ||
        !span_take_u32(&value, &fired) || !span_take_u64(&value, &fired_ms) ||
        !span_take_u64(&value, &seen_ms) || !span_take_u64(&value, &suppressed))
        return false;
    struct group *g = group_get(c, (const uint8_t *)key.p + key.n - COUNTER_GROUP_SIZE);
    g->stored = true;
    g->fired = fired != 0;
    g->fired_ms = (int64_t)fired_ms;
    g->seen_ms = (int64_t)seen_ms;
    g->suppressed = suppressed;
    return take_marks(c, g, value);
}

static int by_time(const void *a, const void *b)
{
    const struct group *const *x = a, *const *y = b;
    return ((*x)->seen_ms > (*y)->seen_ms) - ((*x)->seen_ms < (*y)->seen_ms);
}

static void sort_groups(struct counter *c)
{
    size_t n = 0;
    struct group **list = mem_new(counter_groups(c) + 1, sizeof(struct group *));
    for (struct group *g = c->oldest; g; g = g->newer)
        list[n++] = g;
    qsort(list, n, sizeof(struct group *), by_time);
    c->oldest = c->newest = NULL;
    for (size_t i = 0; i < n; i++) {
        list[i]->older = list[i]->newer = NULL;
        group_put_newest(c, list[i]);
    }
    free(list);
}

void counters_restored(struct counters *all)
{
    for (size_t i = 0; i < all->n; i++)
        sort_groups(all->items[i]);
}
