#include "detect/check.h"

#include "detect/rule_set.h"

size_t sigma_check_dir(const char *folder, const char *tables,
                       void (*tell)(void *ctx, const char *problem), void *ctx, size_t *rules)
{
    struct sigma_file file;
    size_t problems = sigma_file_load(tables, tell, ctx, &file);
    struct rule_set *set = rule_set_load(folder, &file, tell, ctx);
    problems += set->broken;
    *rules = set->n - set->off;
    rule_set_free(set);
    sigma_file_release(&file);
    return problems;
}
