/* Does a rule match a record? */
#ifndef DETECT_MATCH_H
#define DETECT_MATCH_H

#include "detect/literals.h"
#include "detect/rule.h"
#include "detect/view.h"

/* Whether the record itself says that it is of the rule's logsource. One that says nothing at all
 * (no product) is of any. */
bool match_logsource(const struct rule *rule, const struct record *r);
/* Without looking at the logsource. */
bool match_rule(const struct rule *rule, struct view *v);

/* Of a rule that matches the view: each field whose value a selection of the rule asked for and
 * got (not those behind "not"), each once; an empty name stands for the message. */
void match_explain(const struct rule *rule, struct view *v,
                   void (*each)(void *ctx, struct span name, struct span value), void *ctx);

/*
 * Texts of which at least one must stand in a record that the rule matches. At most max go to list;
 * 0 when there is no such list: then every record must be tried.
 */
size_t match_literals(const struct rule *rule, struct span *list, size_t max);

#endif
