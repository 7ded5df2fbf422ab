#include "detect/rule_index.h"

#include "base/mem.h"

#include <stdlib.h>

#define LITERALS_MAX 256 /* of one rule; with more it is tried on every record */

struct rule_group {
    const struct rule *first; /* whose logsource all have */
    size_t n;
    uint32_t *always; /* entries to be tried on every record */
    size_t always_n;
    struct literals *literals; /* id: entry */
    size_t routes_n;           /* where its records are, beside those that say so themselves */
    const struct route **routes;
};

static bool is_alike(const struct rule *a, const struct rule *b)
{
    return span_equal_nocase(a->product, b->product) &&
           span_equal_nocase(a->category, b->category) && span_equal_nocase(a->service, b->service);
}

static struct rule_group *group_of(struct rule_set *set, const struct rule *r)
{
    for (size_t i = 0; i < set->groups_n; i++)
        if (is_alike(set->groups[i].first, r))
            return &set->groups[i];
    set->groups = mem_grow(set->groups, set->groups_n + 1, sizeof(*set->groups));
    struct rule_group *g = &set->groups[set->groups_n++];
    *g = (struct rule_group){.first = r};
    return g;
}

struct literal_list {
    struct literal *items;
    size_t n, room;
};

static void add_literals(struct literal_list *list, const struct span *texts, size_t n, size_t id)
{
    if (list->n + n > list->room) {
        list->room = 2 * (list->n + n);
        list->items = mem_grow(list->items, list->room, sizeof(*list->items));
    }
    for (size_t i = 0; i < n; i++)
        list->items[list->n++] = (struct literal){texts[i], (uint32_t)id};
}

static void find_routes(struct rule_set *set, struct rule_group *g)
{
    g->routes = mem_new(set->routes.n, sizeof(void *));
    for (size_t i = 0; i < set->routes.n; i++)
        if (route_serves(&set->routes.items[i], g->first))
            g->routes[g->routes_n++] = &set->routes.items[i];
}

static void index_group(struct rule_set *set, struct rule_group *g)
{
    struct literal_list list = {0};
    g->always = mem_new(g->n, sizeof(*g->always));
    for (size_t i = 0; i < set->n; i++) {
        const struct rule *r = set->entries[i].rule;
        struct span texts[LITERALS_MAX];
        if (r->correlation || !is_alike(g->first, r))
            continue;
        size_t n = match_literals(r, texts, LITERALS_MAX);
        if (n == 0)
            g->always[g->always_n++] = (uint32_t)i;
        else
            add_literals(&list, texts, n, i);
    }
    g->literals = literals_new(list.items, list.n);
    free(list.items);
}

void rule_index_make(struct rule_set *set)
{
    hits_init(&set->hits, set->n);
    for (size_t i = 0; i < set->n; i++)
        if (!set->entries[i].rule->correlation)
            group_of(set, set->entries[i].rule)->n++;
    for (size_t i = 0; i < set->groups_n; i++) {
        find_routes(set, &set->groups[i]);
        index_group(set, &set->groups[i]);
    }
}

void rule_index_release(struct rule_set *set)
{
    for (size_t i = 0; i < set->groups_n; i++) {
        free(set->groups[i].always);
        free(set->groups[i].routes);
        literals_free(set->groups[i].literals);
    }
    free(set->groups);
    hits_release(&set->hits);
}

void rule_set_logsources(const struct rule_set *set,
                         void (*each)(void *ctx, const struct rule *first, size_t rules,
                                      size_t sections),
                         void *ctx)
{
    for (size_t i = 0; i < set->groups_n; i++)
        each(ctx, set->groups[i].first, set->groups[i].n, set->groups[i].routes_n);
}

static void try_rules(struct rule_set *set, struct view *view, const uint32_t *entries, size_t n,
                      void (*hit)(void *ctx, size_t entry), void *ctx)
{
    for (size_t i = 0; i < n; i++)
        if (match_rule(set->entries[entries[i]].rule, view))
            hit(ctx, entries[i]);
}

/* Whether the record is of the group's logsource; the view gets the names that hold for it. */
static bool is_meant(const struct rule_group *g, struct view *view, const struct record *r)
{
    for (size_t i = 0; i < g->routes_n; i++)
        if (route_holds(g->routes[i], view)) {
            view->others = &g->routes[i]->names;
            return true;
        }
    view->others = NULL;
    return match_logsource(g->first, r);
}

void rule_set_match(struct rule_set *set, struct view *view, const struct record *r,
                    void (*hit)(void *ctx, size_t entry), void *ctx)
{
    if (set->groups_n == 0)
        return;
    view_set(view, set->names, r);
    for (size_t i = 0; i < set->groups_n; i++) {
        const struct rule_group *g = &set->groups[i];
        if (!is_meant(g, view, r))
            continue;
        hits_clear(&set->hits);
        literals_scan(g->literals, buf_span(&view->folded), &set->hits);
        try_rules(set, view, set->hits.ids, set->hits.n, hit, ctx);
        try_rules(set, view, g->always, g->always_n, hit, ctx);
    }
}
