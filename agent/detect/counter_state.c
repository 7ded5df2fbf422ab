#include "detect/counter_parts.h"

#include "base/buf.h"
#include "base/mem.h"

#include <float.h>
#include <stdlib.h>

/*
 * A stored group: FORMAT, whether it has fired, seen_ms; if it has, fired_ms and suppressed; then
 * its marks: time, value and, of a sliced counter, sum. Numbers in as few bytes as they take
 * (put_number), times as distance from the one before, for a flood stores ten thousand groups at
 * once.
 */
#define FORMAT 3
#define FIRED  1 /* the only flag */

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

/* Seven bits a byte, the lowest first; the highest bit says that another byte follows. */
static void put_number(struct buf *b, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        buf_put_byte(b, (char)(n | 0x80));
    buf_put_byte(b, (char)n);
}

/* False when it ends too early or takes more than 64 bits. */
static bool take_number(struct span *rest, uint64_t *out)
{
    struct span byte;
    *out = 0;
    for (unsigned shift = 0; shift < 64 && span_take(rest, 1, &byte); shift += 7) {
        uint64_t bits = (uint8_t)byte.p[0] & 0x7f;
        if (bits << shift >> shift != bits)
            return false;
        *out |= bits << shift;
        if (((uint8_t)byte.p[0] & 0x80) == 0)
            return true;
    }
    return false;
}

/* Small for a time close before or after, and right for any. */
static void put_time(struct buf *b, int64_t time_ms, int64_t from_ms)
{
    uint64_t step = (uint64_t)time_ms - (uint64_t)from_ms;
    put_number(b, step << 1 ^ (step >> 63 ? UINT64_MAX : 0));
}

static bool take_time(struct span *rest, int64_t from_ms, int64_t *out)
{
    uint64_t n;
    if (!take_number(rest, &n))
        return false;
    *out = (int64_t)((uint64_t)from_ms + (n >> 1 ^ (n & 1 ? UINT64_MAX : 0)));
    return true;
}

static void store_group(struct counter *c, struct group *g, struct buf *b)
{
    char key[COUNTER_KEY_SIZE];
    make_key(c, g, key);
    buf_clear(b);
    buf_put_byte(b, FORMAT);
    buf_put_byte(b, g->fired ? FIRED : 0);
    put_time(b, g->seen_ms, 0);
    if (g->fired) {
        put_time(b, g->fired_ms, g->seen_ms);
        put_number(b, g->suppressed);
    }
    int64_t before_ms = g->seen_ms;
    for (size_t i = 0; i < g->n; i++) {
        put_time(b, g->marks[i].time_ms, before_ms);
        put_number(b, g->marks[i].value);
        before_ms = g->marks[i].time_ms;
        if (c->sliced)
            buf_put(b, &group_sums(g)[i], sizeof(double));
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

static bool take_mark(const struct counter *c, struct span *rest, int64_t before_ms,
                      struct mark *out, double *sum)
{
    struct span bytes;
    if (!take_time(rest, before_ms, &out->time_ms) || !take_number(rest, &out->value))
        return false;
    if (c->rule->type == CORRELATION_ORDERED && out->value >= c->rule->refers_n)
        return false;
    if (!c->sliced)
        return true;
    if (!span_take(rest, sizeof(*sum), &bytes))
        return false;
    memcpy(sum, bytes.p, sizeof(*sum));
    return *sum >= -DBL_MAX && *sum <= DBL_MAX && out->value > 0;
}

static bool take_marks(struct counter *c, struct group *g, struct span rest)
{
    struct mark mark = {.time_ms = g->seen_ms};
    double sum = 0;
    g->n = 0;
    while (rest.n > 0) {
        if (g->n == c->marks_max || !take_mark(c, &rest, mark.time_ms, &mark, &sum))
            return false;
        size_t at = g->n;
        while (at > 0 && g->marks[at - 1].time_ms > mark.time_ms)
            at--;
        group_insert(c, g, at, mark, sum);
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

static bool take_head(struct span *rest, struct group *out)
{
    struct span head;
    if (!span_take(rest, 2, &head) || head.p[0] != FORMAT || (head.p[1] & ~FIRED) != 0 ||
        !take_time(rest, 0, &out->seen_ms))
        return false;
    out->fired = head.p[1] != 0;
    return !out->fired ||
           (take_time(rest, out->seen_ms, &out->fired_ms) && take_number(rest, &out->suppressed));
}

bool counters_restore(struct counters *all, struct span key, struct span value)
{
    struct counter *c = owner_of(all, key);
    struct group head = {.fired_ms = 0};
    if (!c || !take_head(&value, &head))
        return false;
    struct group *g = group_get(c, (const uint8_t *)key.p + key.n - COUNTER_GROUP_SIZE);
    g->stored = true;
    g->fired = head.fired;
    g->fired_ms = head.fired_ms;
    g->seen_ms = head.seen_ms;
    g->suppressed = head.suppressed;
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
