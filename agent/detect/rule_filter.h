/*
 * Sigma's filters: what a site has to say about many rules at once. A document of its own:
 *
 *     logsource: {product: linux}
 *     filter:
 *         rules: [ID OR NAME, ...]        # or `any`: all rules of that logsource
 *         selection: ...
 *         condition: not selection
 *
 * A rule is meant when what the filter's logsource says is what the rule's says, too. Then both
 * conditions must hold. The specification (2.1.0) does not say so, pySigma does it: who wants hits
 * left out writes `not`. Correlations are never meant, but their base rules may be.
 */
#ifndef DETECT_RULE_FILTER_H
#define DETECT_RULE_FILTER_H

#include "base/map.h"
#include "detect/rule_set.h"

/* Joins all filters of a set to its rules; known: id or name -> entry number + 1. A rule that would
 * become too large is told and goes on without that filter. */
void rule_filters_apply(struct rule_set *set, const struct map *known,
                        void (*tell)(void *ctx, const struct error *e), void *ctx);

#endif
