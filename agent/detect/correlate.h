/*
 * The correlations of a rule set: what a rule's hit means for those that refer to it, and what
 * their own hits mean for those above them.
 *
 * A correlation's hit has the fields of the record that completed it, and its aliases. To a
 * temporal correlation or a count of values it is there each time its condition holds; those that
 * count, add or average take it once a firing, or each further line of a burst would be a burst.
 */
#ifndef DETECT_CORRELATE_H
#define DETECT_CORRELATE_H

#include "detect/counter.h"
#include "detect/finding.h"
#include "detect/rule_set.h"

struct correlate;

struct correlate_calls {
    void *ctx;
    /* A correlation fires that is not there for others only. The hit holds its aliases, too. */
    void (*tell)(void *ctx, const struct rule *rule, const struct hit *h,
                 const struct counted *counted, const uint8_t group[COUNTER_GROUP_SIZE]);
};

/* The set is borrowed. */
struct correlate *correlate_new(const struct rule_set *set, struct counter_store store,
                                struct correlate_calls calls);
void correlate_free(struct correlate *c);

/* A rule's hit; the hit is given back as it was. */
void correlate_hit(struct correlate *c, const struct rule_entry *entry, struct hit *h);
struct counters *correlate_counters(struct correlate *c); /* for its state */

#endif
