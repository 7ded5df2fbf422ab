#include "detect/counter_parts.h"
#include "detect/rule_bounds.h"

#include "base/mem.h"

#include <stdlib.h>

#define MAP_BYTES 80 /* what a group costs in the map, about */

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
    c->groups = map_new(SIZE_MAX);
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
    size_t bytes = sizeof(*g) + MAP_BYTES + g->room * sizeof(g->marks[0]);
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
        map_set(c->groups, span_make(key, COUNTER_GROUP_SIZE), g, NULL);
        charge(c, sizeof(*g) + MAP_BYTES);
    }
    group_put_newest(c, g);
    return g;
}

void group_append(struct counter *c, struct group *g, size_t at, struct mark mark)
{
    if (g->n == g->room) {
        size_t room = g->room ? 2 * g->room : 2;
        g->marks = mem_grow(g->marks, room, sizeof(g->marks[0]));
        charge(c, (room - g->room) * sizeof(g->marks[0]));
        g->room = room;
        stay_within(c->all, g);
    }
    memmove(&g->marks[at + 1], &g->marks[at], (g->n - at) * sizeof(g->marks[0]));
    g->marks[at] = mark;
    g->n++;
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
