/*
 * The counting of one correlation: how many hits (or different values) of a group lie within its
 * timespan, by the time of the records.
 *
 * - A window is any stretch of the timespan that holds the newest hit, so hits may come out of
 *   order, and a line with a false time in past or future does not hide the others.
 * - It fires when the count comes within its bounds; then the group is quiet for one timespan
 *   before and after that record's time. What would have fired meanwhile is counted and told with
 *   the next finding.
 * - At most 4,096 groups and 131,072 hits are held; the group not seen for longest goes first, and
 *   is counted.
 * - State is durable: counter_checkpoint puts what has changed, counter_restore takes it back. Keys
 *   are COUNTER_KEY_SIZE bytes and begin with the version of the rule, so the state of a rule that
 *   was changed is not taken for the new one's.
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
#define COUNTER_GROUPS_MAX 4096
#define COUNTER_MARKS_MAX  131072

struct counter;

struct counter_store { /* where state goes; a value with p == NULL removes the key */
    void *ctx;
    void (*put)(void *ctx, struct span key, struct span value);
};

struct counted { /* what a firing stands for */
    uint64_t count;
    int64_t first_ms, last_ms;
    uint64_t suppressed; /* since the last firing of this group */
};

struct counter *counter_new(const struct rule_correlation *rule, const uint8_t version[16],
                            struct counter_store store);
void counter_free(struct counter *c);

/* One more hit; value is that of value_count, any number otherwise. True when it fires. */
bool counter_add(struct counter *c, const uint8_t group[COUNTER_GROUP_SIZE], int64_t time_ms,
                 uint64_t value, struct counted *out);
void counter_checkpoint(struct counter *c);
/* False when the entry is not this counter's or makes no sense. */
bool counter_restore(struct counter *c, struct span key, struct span value);

size_t counter_groups(const struct counter *c);
uint64_t counter_evicted(const struct counter *c); /* groups given up so far */

#endif
