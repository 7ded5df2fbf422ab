#include "detect/correlate.h"

#include "base/mem.h"
#include "base/sha256.h"

#include <math.h>
#include <stdlib.h>

#define NUMBER_MAX 1e15 /* what a field may add to a sum */

struct correlate {
    const struct rule_set *set;
    struct correlate_calls calls;
    struct counters *all;
    struct counter **counters; /* by entry; NULL where it is no correlation or off */
};

struct correlate *correlate_new(const struct rule_set *set, struct counter_store store,
                                struct correlate_calls calls)
{
    struct correlate *c = mem_new(1, sizeof(*c));
    c->set = set;
    c->calls = calls;
    c->all = counters_new(store);
    c->counters = mem_new(set->n + 1, sizeof(struct counter *));
    for (size_t i = 0; i < set->n; i++) {
        const struct rule_entry *entry = &set->entries[i];
        if (entry->linked)
            c->counters[i] = counter_new(c->all, entry->rule->correlation, entry->version);
    }
    return c;
}

void correlate_free(struct correlate *c)
{
    counters_free(c->all);
    free(c->counters);
    free(c);
}

struct counters *correlate_counters(struct correlate *c)
{
    return c->all;
}

/* What is counted of the hit. False when it has no such field. */
static bool read_values(const struct rule_correlation *rule, const struct hit *h, size_t refer,
                        struct counter_hit *out)
{
    uint8_t full[SHA256_SIZE];
    struct span value;
    *out = (struct counter_hit){.time_ms = h->record->time_ms, .value = refer, .number = 1};
    if (rule->type == CORRELATION_VALUE_COUNT) {
        if (!hit_digest(h, rule->fields, rule->fields_n, full))
            return false;
        memcpy(&out->value, full, sizeof(out->value));
    } else if (rule->fields_n > 0) {
        return hit_field(h, rule->fields[0], &value) && item_number(value, &out->number) &&
               fabs(out->number) <= NUMBER_MAX;
    }
    return true;
}

static bool wants_each(const struct rule_correlation *rule)
{
    return rule->type == CORRELATION_TEMPORAL || rule->type == CORRELATION_ORDERED ||
           rule->type == CORRELATION_VALUE_COUNT;
}

static void pass_on(struct correlate *c, const struct rule_entry *entry, struct hit *h, bool quiet);

static void count(struct correlate *c, const struct rule_use *use, struct hit *h)
{
    const struct rule_entry *entry = &c->set->entries[use->correlation];
    const struct rule_correlation *rule = entry->rule->correlation;
    uint8_t group[SHA256_SIZE];
    struct counter_hit hit;
    struct counted counted;
    size_t fields_n = h->n;
    hit_add_aliases(h, rule, use->refer);
    if (hit_digest(h, rule->group_by, rule->group_by_n, group) &&
        read_values(rule, h, use->refer, &hit) &&
        counter_add(c->counters[use->correlation], group, &hit, &counted)) {
        if (entry->fires && !counted.quiet)
            c->calls.tell(c->calls.ctx, entry->rule, h, &counted, group);
        pass_on(c, entry, h, counted.quiet);
    }
    h->n = fields_n;
}

static void pass_on(struct correlate *c, const struct rule_entry *entry, struct hit *h, bool quiet)
{
    for (size_t i = 0; i < entry->uses_n; i++)
        if (!quiet || wants_each(c->set->entries[entry->uses[i].correlation].rule->correlation))
            count(c, &entry->uses[i], h);
}

void correlate_hit(struct correlate *c, const struct rule_entry *entry, struct hit *h)
{
    pass_on(c, entry, h, false);
}
