#include "detect/match.h"

/*
 * What must stand in a record, from the leaves of the condition up: of "and" the part that says
 * most is taken, of "or" all parts together. A part that says nothing (a negation, a number, an
 * expression) spoils an "or" and is passed over by an "and".
 */
struct list {
    struct span *texts;
    size_t n, max;
    bool spoiled;
};

/* Which list says more: the one whose shortest text is longer. */
static size_t worth(const struct span *texts, size_t n)
{
    size_t least = n > 0 ? texts[0].n : 0;
    for (size_t i = 1; i < n; i++)
        least = texts[i].n < least ? texts[i].n : least;
    return least;
}

static void add(struct list *l, struct span text)
{
    if (text.n < LITERAL_LENGTH_MIN || l->n == l->max)
        l->spoiled = true;
    else
        l->texts[l->n++] = text;
}

/* Of the entries from start on, made of two lists that meet at middle, keeps the better. */
static void keep_better(struct list *l, size_t start, size_t middle)
{
    size_t first = middle - start, second = l->n - middle;
    if (worth(l->texts + middle, second) > worth(l->texts + start, first)) {
        memmove(l->texts + start, l->texts + middle, second * sizeof(l->texts[0]));
        l->n = start + second;
    } else {
        l->n = middle;
    }
}

/* One more part of an "and" whose list begins at start; what it added begins at middle. */
static void and_part(struct list *l, size_t start, size_t middle, bool *any)
{
    if (l->spoiled) {
        l->n = middle;
        l->spoiled = false;
        return;
    }
    if (*any)
        keep_better(l, start, middle);
    *any = true;
}

/* Texts of which one must stand there for the value to hold. */
static void value_list(const struct value *value, struct list *l)
{
    if (value->kind == VALUE_TEXT)
        add(l, pattern_literal(value->u.text));
    else if (value->kind != VALUE_ANY)
        l->spoiled = true;
    else
        for (size_t i = 0; i < value->n && !l->spoiled; i++)
            add(l, value->u.any[i].kind == VALUE_TEXT ? pattern_literal(value->u.any[i].u.text)
                                                      : SPAN(""));
}

static void item_list(const struct item *item, struct list *l)
{
    size_t start = l->n;
    bool any = false;
    if (item->negated) {
        l->spoiled = true;
        return;
    }
    for (size_t i = 0; i < item->n && !l->spoiled; i++) {
        size_t middle = l->n;
        value_list(&item->values[i], l);
        if (item->all)
            and_part(l, start, middle, &any);
    }
    if (item->all)
        l->spoiled = !any;
}

static void clause_list(const struct clause *clause, struct list *l)
{
    size_t start = l->n;
    bool any = false;
    for (size_t i = 0; i < clause->n; i++) {
        size_t middle = l->n;
        item_list(&clause->items[i], l);
        and_part(l, start, middle, &any);
    }
    l->spoiled = !any;
}

static void node_list(const struct rule *rule, uint16_t at, struct list *l)
{
    const struct condition_node *nodes = rule->condition.nodes;
    const struct condition_node *node = &nodes[at];
    size_t start = l->n;
    bool any = false, all = node->op == CONDITION_AND;
    if (node->op == CONDITION_NAME) {
        const struct selection *s = &rule->selections[node->name];
        for (size_t i = 0; i < s->n && !l->spoiled; i++)
            clause_list(&s->clauses[i], l);
        return;
    }
    if (node->op == CONDITION_NOT) {
        l->spoiled = true;
        return;
    }
    for (uint16_t i = node->first; i != CONDITION_NONE && !l->spoiled; i = nodes[i].next) {
        size_t middle = l->n;
        node_list(rule, i, l);
        if (all)
            and_part(l, start, middle, &any);
    }
    if (all)
        l->spoiled = !any;
}

size_t match_literals(const struct rule *rule, struct span *list, size_t max)
{
    struct list l = {list, 0, max, false};
    node_list(rule, rule->condition.root, &l);
    return l.spoiled ? 0 : l.n;
}
