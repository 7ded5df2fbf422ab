/* How counter.c (groups), counter_window.c (what a window holds) and counter_state.c work together.
 */
#ifndef DETECT_COUNTER_PARTS_H
#define DETECT_COUNTER_PARTS_H

#include "base/map.h"
#include "detect/counter.h"

#define SLICES            64 /* of the timespan, where hits are not kept one by one */
#define ORDERED_MARKS_MAX 64 /* hits of a group in temporal_ordered: bits of a word */

struct mark { /* a hit, or the hits of a slice */
    int64_t time_ms;
    uint64_t value; /* see struct counter_hit; of a slice: how many hits */
};

struct group { /* small: whoever makes up values makes thousands */
    uint8_t key[COUNTER_GROUP_SIZE];
    struct group *older, *newer; /* by when it was seen last */
    int64_t fired_ms;
    int64_t seen_ms; /* time of the hit that came last */
    uint64_t suppressed;
    struct mark *marks; /* by time; of a sliced counter there follow as many sums (group_sums) */
    uint16_t n, room;
    bool dirty; /* seen since the last checkpoint: these are the newest ones */
    bool stored;
    bool fired;
};

struct counter {
    struct counters *all;
    const struct rule_correlation *rule;
    uint8_t version[16];
    struct map *groups;
    struct group *oldest, *newest;
    bool sliced;
    size_t marks_max; /* of one group */
    size_t bytes;
};

struct counters {
    struct counter_store store;
    struct counter **items;
    size_t n;
    size_t bytes;
    uint64_t evicted;
};

/* The distance without overflow: times come from log lines. */
static inline uint64_t time_apart(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

/* Of a sliced counter: the sum of each slice. */
static inline double *group_sums(const struct group *g)
{
    return (double *)(g->marks + g->room);
}

/* counter.c; the group comes to the front of the newest */
struct group *group_get(struct counter *c, const uint8_t key[COUNTER_GROUP_SIZE]);
void group_insert(struct counter *c, struct group *g, size_t at, struct mark mark, double sum);
void group_remove(struct counter *c, struct group *g, size_t at);
void group_put_newest(struct counter *c, struct group *g);

/* counter_window.c: takes the hit in; whether a window was made that may fulfil the condition */
bool window_add(struct counter *c, struct group *g, const struct counter_hit *hit,
                struct counted *out);

/* counter_state.c */
void state_forget(const struct counter *c, const struct group *g);

#endif
