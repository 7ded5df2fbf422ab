/* Links correlations with the rules and correlations that they refer to. */
#ifndef DETECT_RULE_LINK_H
#define DETECT_RULE_LINK_H

#include "base/map.h"
#include "detect/rule_set.h"

/* known: id or name -> number of the entry + 1. What cannot be linked is told and counted in
 * set->off. */
void rule_link_all(struct rule_set *set, const struct map *known,
                   void (*tell)(void *ctx, const struct error *e), void *ctx);

#endif
