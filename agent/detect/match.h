/*
 * Does a rule match a record? A view of the record is prepared once and serves all rules.
 */
#ifndef DETECT_MATCH_H
#define DETECT_MATCH_H

#include "base/buf.h"
#include "detect/literals.h"
#include "detect/rule.h"
#include "event/record.h"

/* A record with its texts folded, and room to work in. Kept from record to record: nothing is
 * allocated once its buffer has grown to the longest. */
struct view {
    const struct record *record;
    struct buf folded;
    struct span message; /* folded, as are the following */
    struct span values[RECORD_FIELDS_MAX];
    struct span program, host;
    struct regex_work *work;
    uint8_t known[RULE_SELECTIONS_MAX]; /* of the rule at hand: 0 not asked, 1 no, 2 yes */
};

void view_init(struct view *v);
void view_release(struct view *v);
void view_set(struct view *v, const struct record *r);

/* A field's text as it stands and folded. "message", "program" and "host" are the record's own
 * unless it has fields of that name. False when there is none. */
bool view_field(const struct view *v, struct span name, struct span *text, struct span *folded);

bool match_logsource(const struct rule *rule, const struct record *r);
/* Without looking at the logsource. */
bool match_rule(const struct rule *rule, struct view *v);

/*
 * Texts of which at least one must stand in the message or a field of a record that the rule
 * matches. At most max go to list; 0 when there is no such list: then every record must be tried.
 */
size_t match_literals(const struct rule *rule, struct span *list, size_t max);

/* All texts of the view that match_literals speaks of. */
void view_scan(const struct view *v, const struct literals *l, struct hits *hits);

#endif
