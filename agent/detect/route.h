/*
 * From the logsource of a rule to the records of this host: which of them are meant, and under what
 * names their fields are found (config/sigma_file.h).
 */
#ifndef DETECT_ROUTE_H
#define DETECT_ROUTE_H

#include "config/sigma_file.h"
#include "detect/arena.h"
#include "detect/field_names.h"
#include "detect/pattern.h"
#include "detect/rule.h"
#include "detect/view.h"

struct route_test {
    enum { TEST_FIELD, TEST_SOURCE, TEST_CATEGORY, TEST_SERVICE } what;
    uint16_t name; /* of TEST_FIELD */
    size_t n;
    const struct pattern **values; /* one must match */
};

struct route {
    struct span product, category, service;
    size_t tests_n;
    struct route_test *tests; /* all must hold */
    struct view_names names;
};

struct routes {
    size_t n;
    struct route *items;
};

/* In the arena. Gives names numbers; all rules must have theirs already. */
void routes_make(const struct rule_world *w, const struct sigma_file *file, struct routes *out);
/* Whether it speaks of the rule's logsource. A rule without a product takes any. */
bool route_serves(const struct route *route, const struct rule *rule);
/* Whether the view's record is one of those meant. */
bool route_holds(const struct route *route, const struct view *v);

#endif
