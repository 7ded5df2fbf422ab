#include "detect/counter.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"

#include <stdlib.h>

#define FORMAT 1 /* of a stored group */

struct mark { /* one hit */
    int64_t time_ms;
    uint64_t value;
};

struct group {
    uint8_t key[COUNTER_GROUP_SIZE];
    struct group *older, *newer; /* by when it was seen last */
    bool dirty;                  /* seen since the last checkpoint: these are the newest ones */
    bool fired;
    int64_t fired_ms;
    uint64_t suppressed;
    size_t n, room;
    struct mark *marks; /* by time */
};

struct counter {
    const struct rule_correlation *rule;
    uint8_t version[16];
    struct counter_store store;
    struct map *groups;
    struct group *oldest, *newest;
    size_t marks_max; /* of one group */
    size_t marks;     /* of all */
    uint64_t evicted;
};

struct counter *counter_new(const struct rule_correlation *rule, const uint8_t version[16],
                            struct counter_store store)
{
    struct counter *c = mem_new(1, sizeof(*c));
    c->rule = rule;
    memcpy(c->version, version, sizeof(c->version));
    c->store = store;
    c->groups = map_new(COUNTER_GROUPS_MAX + 1);
    /* twice the least, so that late and false times do not push out what belongs together */
    uint64_t most = rule->most < RULE_COUNT_MAX ? rule->most + 1 : 0;
    c->marks_max = 2 * (size_t)(most > rule->least ? most : rule->least);
    return c;
}

static void group_free(void *value)
{
    struct group *g = value;
    free(g->marks);
    free(g);
}

void counter_free(struct counter *c)
{
    if (!c)
        return;
    map_free(c->groups, group_free);
    free(c);
}

size_t counter_groups(const struct counter *c)
{
    return map_count(c->groups);
}

uint64_t counter_evicted(const struct counter *c)
{
    return c->evicted;
}

/* ---- groups ---- */

static void make_key(const struct counter *c, const struct group *g, char key[COUNTER_KEY_SIZE])
{
    size_t n = COUNTER_KEY_PREFIX.n;
    memcpy(key, "sig", n); /* the prefix, its NUL too */
    memcpy(key + n, c->version, sizeof(c->version));
    memcpy(key + n + sizeof(c->version), g->key, sizeof(g->key));
}

static void take_out(struct counter *c, struct group *g)
{
    *(g->older ? &g->older->newer : &c->oldest) = g->newer;
    *(g->newer ? &g->newer->older : &c->newest) = g->older;
    g->older = g->newer = NULL;
}

static void put_newest(struct counter *c, struct group *g)
{
    g->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = g;
    c->newest = g;
}

static void evict_oldest(struct counter *c)
{
    struct group *g = c->oldest;
    char key[COUNTER_KEY_SIZE];
    make_key(c, g, key);
    c->store.put(c->store.ctx, (struct span){key, sizeof(key)}, (struct span){0, 0});
    c->oldest = g->newer;
    *(g->newer ? &g->newer->older : &c->newest) = NULL;
    map_remove(c->groups, span_make(g->key, sizeof(g->key)));
    c->marks -= g->n;
    c->evicted++;
    group_free(g);
}

static struct group *group_get(struct counter *c, const uint8_t key[COUNTER_GROUP_SIZE])
{
    struct group *g = map_get(c->groups, span_make(key, COUNTER_GROUP_SIZE));
    if (g) {
        take_out(c, g);
    } else {
        g = mem_new(1, sizeof(*g));
        memcpy(g->key, key, sizeof(g->key));
        map_set(c->groups, span_make(key, COUNTER_GROUP_SIZE), g, &(bool){false});
    }
    put_newest(c, g);
    while (c->oldest && c->oldest != g &&
           (map_count(c->groups) > COUNTER_GROUPS_MAX || c->marks >= COUNTER_MARKS_MAX))
        evict_oldest(c);
    return g;
}

/* ---- marks ---- */

static void drop_mark(struct counter *c, struct group *g, size_t i)
{
    memmove(&g->marks[i], &g->marks[i + 1], (g->n - i - 1) * sizeof(g->marks[0]));
    g->n--;
    c->marks--;
}

/* The distance without overflow: times come from log lines. */
static uint64_t apart(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

/* Puts the mark where its time belongs; which place that is. */
static size_t add_mark(struct counter *c, struct group *g, struct mark mark)
{
    if (g->n == c->marks_max) {
        bool first = apart(mark.time_ms, g->marks[0].time_ms) >=
                     apart(mark.time_ms, g->marks[g->n - 1].time_ms);
        drop_mark(c, g, first ? 0 : g->n - 1);
    }
    if (g->n == g->room) {
        g->room = g->room ? 2 * g->room : 4;
        g->marks = mem_grow(g->marks, g->room, sizeof(g->marks[0]));
    }
    size_t at = g->n;
    while (at > 0 && g->marks[at - 1].time_ms > mark.time_ms)
        at--;
    memmove(&g->marks[at + 1], &g->marks[at], (g->n - at) * sizeof(g->marks[0]));
    g->marks[at] = mark;
    g->n++;
    c->marks++;
    return at;
}

/* Of a value only the newest hit counts. False when there is a newer one already. */
static bool forget_older(struct counter *c, struct group *g, const struct mark *mark)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->marks[i].value == mark->value) {
            if (g->marks[i].time_ms > mark->time_ms)
                return false;
            drop_mark(c, g, i);
            break;
        }
    return true;
}

/* The fullest window that holds mark `at`. */
static struct counted fullest(const struct counter *c, const struct group *g, size_t at)
{
    uint64_t span_ms = (uint64_t)c->rule->timespan_ms;
    struct counted best = {0};
    size_t end = at;
    for (size_t start = 0; start <= at; start++) {
        int64_t first = g->marks[start].time_ms;
        if (apart(g->marks[at].time_ms, first) >= span_ms)
            continue;
        while (end < g->n && apart(g->marks[end].time_ms, first) < span_ms)
            end++;
        if (end - start > best.count)
            best = (struct counted){end - start, first, g->marks[end - 1].time_ms, 0};
    }
    return best;
}

bool counter_add(struct counter *c, const uint8_t group[COUNTER_GROUP_SIZE], int64_t time_ms,
                 uint64_t value, struct counted *out)
{
    struct group *g = group_get(c, group);
    struct mark mark = {time_ms, value};
    g->dirty = true;
    if (c->rule->type == CORRELATION_VALUE_COUNT && !forget_older(c, g, &mark))
        return false;
    *out = fullest(c, g, add_mark(c, g, mark));
    if (out->count < c->rule->least || out->count > c->rule->most)
        return false;
    if (g->fired && apart(time_ms, g->fired_ms) < (uint64_t)c->rule->timespan_ms) {
        g->suppressed++;
        return false;
    }
    out->suppressed = g->suppressed;
    g->suppressed = 0;
    g->fired = true;
    g->fired_ms = time_ms;
    return true;
}

/* ---- state ---- */

static void store_group(struct counter *c, const struct group *g, struct buf *b)
{
    char key[COUNTER_KEY_SIZE];
    make_key(c, g, key);
    buf_clear(b);
    buf_put_u32(b, FORMAT);
    buf_put_u32(b, g->fired);
    buf_put_u64(b, (uint64_t)g->fired_ms);
    buf_put_u64(b, g->suppressed);
    for (size_t i = 0; i < g->n; i++) {
        buf_put_u64(b, (uint64_t)g->marks[i].time_ms);
        buf_put_u64(b, g->marks[i].value);
    }
    c->store.put(c->store.ctx, (struct span){key, sizeof(key)}, buf_span(b));
}

void counter_checkpoint(struct counter *c)
{
    struct buf b = BUF_INIT(65536);
    for (struct group *g = c->newest; g && g->dirty; g = g->older) {
        store_group(c, g, &b);
        g->dirty = false;
    }
    buf_release(&b);
}

static bool take_marks(struct counter *c, struct group *g, struct span rest)
{
    struct mark mark;
    uint64_t time_ms;
    while (rest.n > 0) {
        if (g->n == c->marks_max || !span_take_u64(&rest, &time_ms) ||
            !span_take_u64(&rest, &mark.value))
            return false;
        mark.time_ms = (int64_t)time_ms;
        add_mark(c, g, mark);
    }
    return true;
}

bool counter_restore(struct counter *c, struct span key, struct span value)
{
    struct span prefix = COUNTER_KEY_PREFIX;
    uint32_t format, fired;
    uint64_t fired_ms, suppressed;
    if (key.n != COUNTER_KEY_SIZE || !span_starts(key, prefix) ||
        memcmp(key.p + prefix.n, c->version, sizeof(c->version)) != 0)
        return false;
    if (!span_take_u32(&value, &format) || format != FORMAT || !span_take_u32(&value, &fired) ||
        !span_take_u64(&value, &fired_ms) || !span_take_u64(&value, &suppressed))
        return false;
    struct group *g = group_get(c, (const uint8_t *)key.p + prefix.n + sizeof(c->version));
    g->fired = fired != 0;
    g->fired_ms = (int64_t)fired_ms;
    g->suppressed = suppressed;
    return take_marks(c, g, value);
}
