/* From a rule that matched to the event that is told (EVENT_DETECTION). */
#ifndef DETECT_FINDING_H
#define DETECT_FINDING_H

#include "base/buf.h"
#include "base/sha256.h"
#include "detect/counter.h"
#include "detect/rule_set.h"
#include "detect/view.h"
#include "event/event.h"

#define HIT_EXTRACTED_MAX 32
#define HIT_FIELDS_MAX    (HIT_EXTRACTED_MAX + RULE_CHAIN_MAX * RULE_ALIASES_MAX)

/* A record that a rule matched, with what the rule's expressions took from its message, and behind
 * it the aliases of correlations. A field with p == NULL is one that is not there. */
struct hit {
    const struct record *record;
    const struct view *view; /* of it, as the rule saw it: under what other names its fields are */
    size_t n;
    struct record_field fields[HIT_FIELDS_MAX];
    size_t matched_n; /* what the rule asked for and got */
    struct record_field matched[HIT_FIELDS_MAX];
};

/* Of a rule that just matched the view (rule_set_match). */
void hit_make(struct hit *h, const struct rule *rule, struct view *v);
/* An alias, an extracted field, the record's, or what the rule's logsource maps the name to; false
 * when none has it. The last only for names that a rule or correlation of the set has. */
bool hit_field(const struct hit *h, struct span name, struct span *value);
/* The aliases of a correlation, as its base rule `refer` fills them. */
void hit_add_aliases(struct hit *h, const struct rule_correlation *c, size_t refer);
/* Identifies the values of fields; false when one is missing. */
bool hit_digest(const struct hit *h, const struct span *fields, size_t n, uint8_t out[SHA256_SIZE]);

struct finding_work { /* what an event borrows; kept from finding to finding */
    struct buf message, vigia;
};

/* The event of a rule (counted and group NULL) or of a correlation. It borrows from all of them. */
void finding_make(struct event *e, const struct rule *rule, const struct hit *h,
                  const struct counted *counted, const uint8_t *group, struct finding_work *work);

#endif
