/* From a rule that matched to the event that is told (EVENT_DETECTION). */
#ifndef DETECT_FINDING_H
#define DETECT_FINDING_H

#include "base/buf.h"
#include "detect/counter.h"
#include "detect/match.h"
#include "event/event.h"

#define HIT_FIELDS_MAX 32

/* A record that a rule matched, with what the rule's expressions took from its message. */
struct hit {
    const struct record *record;
    size_t n;
    struct record_field fields[HIT_FIELDS_MAX];
};

void hit_make(struct hit *h, const struct rule *rule, const struct record *r,
              struct regex_work *work);
/* An extracted field, or the record's; false when neither has it. */
bool hit_field(const struct hit *h, struct span name, struct span *value);
/* Identifies the values of the fields that a correlation groups by; false when one is missing: such
 * a hit belongs to no group. */
bool hit_group(const struct hit *h, const struct rule_correlation *c,
               uint8_t out[COUNTER_GROUP_SIZE]);

struct finding_work { /* what an event borrows; kept from finding to finding */
    struct buf message, vigia;
};

/* The event of a rule (counted and group NULL) or of a correlation. It borrows from all of them. */
void finding_make(struct event *e, const struct rule *rule, const struct hit *h,
                  const struct counted *counted, const uint8_t *group, struct finding_work *work);

#endif
