#include "detect/check.h"

#include "detect/rule_set.h"

size_t sigma_check_dir(const char *folder, void (*tell)(void *ctx, const char *problem), void *ctx,
                       size_t *rules)
{
    struct rule_set *set = rule_set_load(folder, tell, ctx);
    size_t problems = set->broken;
    *rules = set->n - set->off;
    rule_set_free(set);
    return problems;
}
