#include "detect/rule_filter.h"

#include "base/sha256.h"

static bool agrees(struct span wanted, struct span is)
{
    return wanted.n == 0 || span_equal_nocase(wanted, is);
}

static bool is_meant(const struct rule_set *set, const struct map *known,
                     const struct rule_filter *f, size_t entry)
{
    const struct rule *r = set->entries[entry].rule, *body = f->body;
    if (r->correlation || !agrees(body->product, r->product) ||
        !agrees(body->category, r->category) || !agrees(body->service, r->service))
        return false;
    bool named = f->refers_n == 0;
    for (size_t i = 0; i < f->refers_n && !named; i++)
        named = (uintptr_t)map_get(known, f->refers[i]) == entry + 1;
    return named;
}

/* Correlations that count the rule's hits begin anew when its filter changes. */
static void mix_hash(struct rule *r, const struct rule *filter)
{
    uint8_t full[SHA256_SIZE];
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, r->hash, sizeof(r->hash));
    sha256_update(&s, filter->hash, sizeof(filter->hash));
    sha256_final(&s, full);
    memcpy(r->hash, full, sizeof(r->hash));
}

static void join_selections(struct arena *a, struct rule *r, const struct rule *filter)
{
    size_t n = r->selections_n + filter->selections_n;
    struct selection *all = arena_get(a, n, sizeof(*all));
    memcpy(all, r->selections, r->selections_n * sizeof(*all));
    memcpy(all + r->selections_n, filter->selections, filter->selections_n * sizeof(*all));
    r->selections = all;
    r->selections_n = (uint16_t)n;
    r->borrowed_n = (uint16_t)(r->borrowed_n + filter->selections_n);
}

/* (rule) and (filter): the filter's nodes behind the rule's, then one above both. */
static void join_conditions(struct arena *a, struct rule *r, const struct rule *filter)
{
    const struct condition *mine = &r->condition, *other = &filter->condition;
    size_t n = (size_t)mine->n + other->n + 1;
    uint16_t shift = mine->n, names = r->selections_n;
    struct condition_node *all = arena_get(a, n, sizeof(*all));
    memcpy(all, mine->nodes, mine->n * sizeof(*all));
    for (size_t i = 0; i < other->n; i++) {
        struct condition_node node = other->nodes[i];
        node.name = (uint16_t)(node.name + (node.op == CONDITION_NAME ? names : 0));
        node.first = (uint16_t)(node.first + (node.first != CONDITION_NONE ? shift : 0));
        node.next = (uint16_t)(node.next + (node.next != CONDITION_NONE ? shift : 0));
        all[shift + i] = node;
    }
    uint16_t root = (uint16_t)(other->root + shift);
    all[n - 1] = (struct condition_node){CONDITION_AND, 0, mine->root, CONDITION_NONE};
    all[mine->root].next = root;
    all[root].next = CONDITION_NONE;
    r->condition = (struct condition){all, (uint16_t)n, (uint16_t)(n - 1)};
}

static bool join(struct arena *a, struct rule *r, const struct rule *filter, struct error *e)
{
    if (r->selections_n + filter->selections_n > RULE_SELECTIONS_MAX ||
        r->condition.n + filter->condition.n >= CONDITION_NODES_MAX) {
        rule_error(r->file, r->line, "too large with its filters; leave one out", e);
        return false;
    }
    join_conditions(a, r, filter);
    join_selections(a, r, filter);
    mix_hash(r, filter);
    return true;
}

void rule_filters_apply(struct rule_set *set, const struct map *known,
                        void (*tell)(void *ctx, const struct error *e), void *ctx)
{
    struct error e;
    for (size_t i = 0; i < set->filters_n; i++)
        for (size_t k = 0; k < set->n; k++) {
            if (!is_meant(set, known, &set->filters[i], k))
                continue;
            if (join(set->arena, set->entries[k].rule, set->filters[i].body, &e))
                set->filters[i].joined++;
            else
                tell(ctx, &e);
        }
}
