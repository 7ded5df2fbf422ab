/*
 * The counting of correlations: of each, by group, the hits of its timespan, by the time of the
 * records.
 *
 * - A window is any stretch of the timespan that holds the newest hit, so hits may come out of
 *   order, and a line with a false time in past or future does not hide the others. What is
 *   measured in the fullest one: hits (event_count), different values (value_count), different
 *   rules (temporal), rules in the order of the list (temporal_ordered), the sum of a field
 *   (value_sum). An average (value_avg) is that of the timespan that ends with the newest hit.
 * - It fires when the condition holds; then the group is quiet for one timespan before and after
 *   that record's time. What would have fired meanwhile is counted and told with the next finding.
 * - Sums, averages and counts above RULE_COUNT_MAX are kept in 64 slices of the timespan, so their
 *   window is up to one 64th shorter or longer than the timespan.
 * - All correlations of a rule set share COUNTER_BYTES_MAX of memory. When it is used up, the one
 *   that has most of it gives up the group that it has not seen for longest: whoever makes up
 * values to group by pushes out his own. Groups given up within their timespan are counted.
 * - State is durable: counters_checkpoint puts what has changed, counters_restore takes it back.
 *   Keys are COUNTER_KEY_SIZE bytes and begin with the version of the rule, so the state of a rule
 *   that was changed is not taken for the new one's, and that of others stays.
 */
#ifndef DETECT_COUNTER_H
#define DETECT_COUNTER_H

#include "base/span.h"
#include "detect/rule.h"

#include <stdbool.h>
#include <stdint.h>

#define COUNTER_GROUP_SIZE 16
#define COUNTER_KEY_SIZE   (4 + 16 + COUNTER_GROUP_SIZE) /* "sig" and a NUL, version, group */
#define COUNTER_KEY_PREFIX SPAN("sig\0")
#define COUNTER_BYTES_MAX  (1280u << 10)

struct counters; /* those of a rule set */
struct counter;  /* of one correlation */

struct counter_store { /* where state goes; a value with p == NULL removes the key */
    void *ctx;
    void (*put)(void *ctx, struct span key, struct span value);
};

struct counter_hit {
    int64_t time_ms;
    uint64_t value; /* that is counted once: of value_count; index of the rule of temporal ones */
    double number;  /* of value_sum and value_avg */
};

struct counted { /* the window that holds the newest hit */
    uint64_t count;
    double measure; /* what the condition was asked about: the count, a sum or an average */
    int64_t first_ms, last_ms;
    bool quiet;          /* it holds, but has fired a short while ago */
    uint64_t suppressed; /* of a firing: how often it was quiet since the one before */
};

struct counters *counters_new(struct counter_store store);
void counters_free(struct counters *all); /* and every counter of it */
/* The rule is borrowed. */
struct counter *counter_new(struct counters *all, const struct rule_correlation *rule,
                            const uint8_t version[16]);

/* One more hit. True when the condition holds; it fires unless out->quiet. */
bool counter_add(struct counter *c, const uint8_t group[COUNTER_GROUP_SIZE],
                 const struct counter_hit *hit, struct counted *out);
void counters_checkpoint(struct counters *all);
/* False when the entry is nobody's or makes no sense. */
bool counters_restore(struct counters *all, struct span key, struct span value);
/* After the last one: puts the groups into the order of their times. */
void counters_restored(struct counters *all);

size_t counter_groups(const struct counter *c);
size_t counters_bytes(const struct counters *all);
uint64_t counters_evicted(const struct counters *all); /* groups given up so far */

#endif
