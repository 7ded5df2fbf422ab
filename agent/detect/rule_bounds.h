/* The condition of a correlation: bounds that a count, sum or average has to keep. */
#ifndef DETECT_RULE_BOUNDS_H
#define DETECT_RULE_BOUNDS_H

#include "detect/rule_parts.h"

/* Reads `condition` of the correlation `map` into bounds, fields and least. A temporal correlation
 * without one wants all of its rules, so refers have to be there before. */
int rule_read_bounds(const struct rule_maker *m, struct rule_correlation *c,
                     const struct tree_node *map);

bool bounds_hold(const struct rule_correlation *c, double value);
/* The largest number that a bound names. */
double bounds_highest(const struct rule_correlation *c);

#endif
