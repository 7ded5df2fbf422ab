#include "detect/counter_parts.h"
#include "detect/rule_bounds.h"

#include "base/mem.h"

#include <stdlib.h>

#define SLOT_BYTES  48 /* what a group costs in the map, about */
#define BLOCK_BYTES 8  /* what the allocator adds to a block, */
#define BLOCK_UNIT  16 /* before it rounds up */

static bool is_sliced(const struct rule_correlation *rule)
{
    return rule->type == CORRELATION_VALUE_SUM || rule->type == CORRELATION_VALUE_AVG ||
           bounds_highest(rule) > RULE_COUNT_MAX;
}

/* Twice what decides, so that late and false times do not push out what belongs together. */
static size_t marks_of(const struct counter *c)
{
    if (c->sliced)
        return 2 * (SLICES + 1);
    if (c->rule->type == CORRELATION_ORDERED)
        return ORDERED_MARKS_MAX;
    if (c->rule->type == CORRELATION_TEMPORAL)
        return 2 * c->rule->refers_n;
    return 2 * ((size_t)bounds_highest(c->rule) + 1);
}

struct counters *counters_new(struct counter_store store)
{
    struct counters *all = mem_new(1, sizeof(*all));
    all->store = store;
    return all;
}

struct counter *counter_new(struct counters *all, const struct rule_correlation *rule,
                            const uint8_t version[16])
{
    struct counter *c = mem_new(1, sizeof(*c));
    c->all = all;
    c->rule = rule;
    memcpy(c->version, version, sizeof(c->version));
    c->groups = map_new_lent(SIZE_MAX);
    c->sliced = is_sliced(rule);
    c->marks_max = marks_of(c);
    all->items = mem_grow(all->items, all->n + 1, sizeof(struct counter *));
    all->items[all->n++] = c;
    return c;
}

static void group_free(void *value)
{
    struct group *g = value;
    free(g->marks);
    free(g);
}

void counters_free(struct counters *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < all->n; i++) {
        map_free(all->items[i]->groups, group_free);
        free(all->items[i]);
    }
    free(all->items);
    free(all);
}

size_t counter_groups(const struct counter *c)
{
    return map_count(c->groups);
}

size_t counters_bytes(const struct counters *all)
{
    return all->bytes;
}

uint64_t counters_evicted(const struct counters *all)
{
    return all->evicted;
}

/* ---- groups ---- */

static void charge(struct counter *c, size_t bytes)
{
    c->bytes += bytes;
    c->all->bytes += bytes;
}

static size_t block_cost(size_t bytes)
{
    return bytes == 0 ? 0 : (bytes + BLOCK_BYTES + BLOCK_UNIT - 1) / BLOCK_UNIT * BLOCK_UNIT;
}

static size_t marks_bytes(const struct counter *c, size_t room)
{
    return room * (sizeof(struct mark) + (c->sliced ? sizeof(double) : 0));
}

static size_t cost_of(const struct counter *c, const struct group *g)
{
    return SLOT_BYTES + block_cost(sizeof(*g)) + block_cost(marks_bytes(c, g->room));
}

static void take_out(struct counter *c, struct group *g)
{
    *(g->older ? &g->older->newer : &c->oldest) = g->newer;
    *(g->newer ? &g->newer->older : &c->newest) = g->older;
    g->older = g->newer = NULL;
}

void group_put_newest(struct counter *c, struct group *g)
{
    g->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = g;
    c->newest = g;
}

static void evict_oldest(struct counter *c)
{
    struct group *g = c->oldest;
    if (g->stored)
        state_forget(c, g);
    /* what lies before the window of the hits that come now is no loss */
    c->all->evicted += time_apart(g->seen_ms, c->newest->seen_ms) < (uint64_t)c->rule->timespan_ms;
    c->oldest = g->newer;
    *(g->newer ? &g->newer->older : &c->newest) = NULL;
    map_remove(c->groups, span_make(g->key, sizeof(g->key)));
    size_t bytes = cost_of(c, g);
    c->bytes -= bytes;
    c->all->bytes -= bytes;
    group_free(g);
}

/* Makes room, never at the cost of the group `keep`. */
static void stay_within(struct counters *all, const struct group *keep)
{
    while (all->bytes > COUNTER_BYTES_MAX) {
        struct counter *most = NULL;
        for (size_t i = 0; i < all->n; i++) {
            struct counter *c = all->items[i];
            if (c->oldest && c->oldest != keep && (!most || c->bytes > most->bytes))
                most = c;
        }
        if (!most)
            return;
        evict_oldest(most);
    }
}

struct group *group_get(struct counter *c, const uint8_t key[COUNTER_GROUP_SIZE])
{
    struct group *g = map_get(c->groups, span_make(key, COUNTER_GROUP_SIZE));
    if (g) {
        take_out(c, g);
    } else {
        g = mem_new(1, sizeof(*g));
        memcpy(g->key, key, sizeof(g->key));
        map_set(c->groups, span_make(g->key, COUNTER_GROUP_SIZE), g, NULL);
        charge(c, cost_of(c, g));
    }
    group_put_newest(c, g);
    return g;
}

/* Most groups of a flood are hit once: the first room is for one. */
static void grow(struct counter *c, struct group *g)
{
    size_t before = cost_of(c, g), old = g->room, room = old ? 2 * old : 1;
    if (room > c->marks_max)
        room = c->marks_max;
    g->marks = mem_grow(g->marks, marks_bytes(c, room), 1);
    if (c->sliced)
        memmove(g->marks + room, g->marks + old, g->n * sizeof(double));
    g->room = (uint16_t)room;
    charge(c, cost_of(c, g) - before);
    stay_within(c->all, g);
}

void group_insert(struct counter *c, struct group *g, size_t at, struct mark mark, double sum)
{
    if (g->n == g->room)
        grow(c, g);
    double *sums = group_sums(g);
    memmove(&g->marks[at + 1], &g->marks[at], (g->n - at) * sizeof(mark));
    g->marks[at] = mark;
    if (c->sliced) {
        memmove(&sums[at + 1], &sums[at], (g->n - at) * sizeof(sum));
        sums[at] = sum;
    }
    g->n++;
}

void group_remove(struct counter *c, struct group *g, size_t at)
{
    double *sums = group_sums(g);
    g->n--;
    memmove(&g->marks[at], &g->marks[at + 1], (g->n - at) * sizeof(g->marks[0]));
    if (c->sliced)
        memmove(&sums[at], &sums[at + 1], (g->n - at) * sizeof(sums[0]));
}

bool counter_add(struct counter *c, const uint8_t group[COUNTER_GROUP_SIZE],
                 const struct counter_hit *hit, struct counted *out)
{
    struct group *g = group_get(c, group);
    g->dirty = true;
    g->seen_ms = hit->time_ms;
    if (!window_add(c, g, hit, out) || !bounds_hold(c->rule, out->measure))
        return false;
    out->quiet = g->fired && time_apart(hit->time_ms, g->fired_ms) < (uint64_t)c->rule->timespan_ms;
    if (out->quiet) {
        g->suppressed++;
        return true;
    }
    out->suppressed = g->suppressed;
    g->suppressed = 0;
    g->fired = true;
    g->fired_ms = hit->time_ms;
    return true;
}
