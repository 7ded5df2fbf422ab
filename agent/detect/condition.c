#include "detect/condition.h"

#include "base/text.h"

struct parser {
    struct span rest;
    struct span word; /* the token in front; empty at the end */
    const struct span *names;
    size_t names_n;
    struct condition *c;
    size_t depth;
    struct error *e;
};

static uint16_t parse_or(struct parser *p);

static void next_word(struct parser *p)
{
    p->rest = span_trim(p->rest);
    size_t n = 0;
    while (n < p->rest.n && !memchr(" \t\r\n()", p->rest.p[n], 6))
        n++;
    if (n == 0 && p->rest.n > 0)
        n = 1; /* a parenthesis */
    p->word = (struct span){p->rest.p, n};
    p->rest = (struct span){p->rest.p + n, p->rest.n - n};
}

static bool is_word(const struct parser *p, const char *word)
{
    return span_equal_nocase(p->word, span_of(word));
}

static bool take(struct parser *p, const char *word)
{
    if (!is_word(p, word))
        return false;
    next_word(p);
    return true;
}

static uint16_t fail(struct parser *p, const char *what, const char *remedy)
{
    char shown[48] = "its end";
    if (p->word.n > 0)
        span_copy(p->word, shown, sizeof(shown));
    error_set(p->e, "condition: %s at '%s'; %s", what, shown, remedy);
    return CONDITION_NONE;
}

static uint16_t add_node(struct parser *p, enum condition_op op, size_t name)
{
    struct condition *c = p->c;
    if (c->n == CONDITION_NODES_MAX)
        return fail(p, "too long", "split the rule");
    c->nodes[c->n] = (struct condition_node){op, (uint16_t)name, CONDITION_NONE, CONDITION_NONE};
    return c->n++;
}

/* A list of children behind an operator. Nothing but a name that failed makes it fail. */
struct children {
    uint16_t first, last;
    size_t n;
};

static bool children_add(struct parser *p, struct children *list, uint16_t node)
{
    if (node == CONDITION_NONE)
        return false;
    if (list->n++ == 0)
        list->first = node;
    else
        p->c->nodes[list->last].next = node;
    list->last = node;
    return true;
}

static uint16_t children_join(struct parser *p, enum condition_op op, const struct children *list)
{
    if (list->n == 1 && (op == CONDITION_AND || op == CONDITION_OR))
        return list->first;
    uint16_t node = add_node(p, op, 0);
    if (node != CONDITION_NONE)
        p->c->nodes[node].first = list->first;
    return node;
}

bool condition_name_matches(struct span pattern, struct span name)
{
    size_t star = span_find(pattern, '*');
    if (star == pattern.n)
        return span_equal(pattern, name);
    if (!span_starts(name, (struct span){pattern.p, star}))
        return false;
    struct span rest = {pattern.p + star + 1, pattern.n - star - 1};
    for (size_t i = star; i <= name.n; i++)
        if (condition_name_matches(rest, (struct span){name.p + i, name.n - i}))
            return true;
    return false;
}

static bool is_meant(const struct parser *p, bool them, struct span name)
{
    bool hidden = name.n > 0 && name.p[0] == '_';
    if (them)
        return !hidden;
    return condition_name_matches(p->word, name) && (!hidden || p->word.p[0] == '_');
}

static size_t count_stars(struct span s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '*';
    return n;
}

/* What follows "1 of", "all of" or, with CONDITION_SOME, "least of". */
static uint16_t parse_of(struct parser *p, enum condition_op op, uint16_t least)
{
    bool them = is_word(p, "them");
    if (p->word.n == 0 || is_word(p, "(") || is_word(p, ")") || count_stars(p->word) > 3)
        return fail(p, "no name after 'of'", "write 'them' or a name such as selection_*");
    struct children list = {0};
    for (size_t i = 0; i < p->names_n; i++)
        if (is_meant(p, them, p->names[i]))
            if (!children_add(p, &list, add_node(p, CONDITION_NAME, i)))
                return CONDITION_NONE;
    if (list.n == 0)
        return fail(p, "no selection has such a name", "correct the name");
    if (op == CONDITION_SOME && list.n < least)
        return fail(p, "fewer selections than must hold have such a name", "lower the number");
    next_word(p);
    uint16_t node = children_join(p, op, &list);
    if (op == CONDITION_SOME && node != CONDITION_NONE)
        p->c->nodes[node].name = least;
    return node;
}

static uint16_t parse_name(struct parser *p)
{
    for (size_t i = 0; i < p->names_n; i++)
        if (span_equal(p->word, p->names[i])) {
            next_word(p);
            return add_node(p, CONDITION_NAME, i);
        }
    if (span_find(p->word, '|') < p->word.n)
        return fail(p, "aggregation", "write a correlation rule instead");
    return fail(p, "no selection has this name", "correct the name or add it under detection");
}

static uint16_t parse_group(struct parser *p)
{
    uint16_t node = parse_or(p);
    if (node != CONDITION_NONE && !take(p, ")"))
        return fail(p, "a parenthesis is not closed", "add ')'");
    return node;
}

static uint16_t parse_primary(struct parser *p)
{
    if (p->word.n == 0 || is_word(p, ")") || is_word(p, "and") || is_word(p, "or"))
        return fail(p, "a name is missing", "write the name of a selection");
    if (take(p, "("))
        return parse_group(p);
    struct parser before = *p;
    uint64_t least = 0;
    enum condition_op op = is_word(p, "all")                             ? CONDITION_AND
                           : is_word(p, "any")                           ? CONDITION_OR
                           : !span_to_u64(p->word, &least) || least == 0 ? CONDITION_NAME
                           : least == 1                                  ? CONDITION_OR
                                                                         : CONDITION_SOME;
    if (op != CONDITION_NAME) {
        next_word(p);
        if (take(p, "of"))
            return parse_of(p, op, (uint16_t)(least < UINT16_MAX ? least : UINT16_MAX));
        *p = before; /* a selection of that name */
    }
    return parse_name(p);
}

static uint16_t parse_not(struct parser *p)
{
    if (p->depth == CONDITION_DEPTH_MAX)
        return fail(p, "nested too deep", "make it flatter");
    p->depth++;
    uint16_t node;
    if (take(p, "not")) {
        struct children one = {0};
        node = children_add(p, &one, parse_not(p)) ? children_join(p, CONDITION_NOT, &one)
                                                   : CONDITION_NONE;
    } else {
        node = parse_primary(p);
    }
    p->depth--;
    return node;
}

static uint16_t parse_list(struct parser *p, enum condition_op op, const char *word,
                           uint16_t (*parse)(struct parser *p))
{
    struct children list = {0};
    do {
        if (!children_add(p, &list, parse(p)))
            return CONDITION_NONE;
    } while (take(p, word));
    return children_join(p, op, &list);
}

static uint16_t parse_and(struct parser *p)
{
    return parse_list(p, CONDITION_AND, "and", parse_not);
}

static uint16_t parse_or(struct parser *p)
{
    return parse_list(p, CONDITION_OR, "or", parse_and);
}

int condition_parse(struct arena *a, struct span text, const struct span *names, size_t names_n,
                    struct condition *out, struct error *e)
{
    *out = (struct condition){0};
    if (text.n > CONDITION_LENGTH_MAX)
        return error_set(e, "condition: longer than %d characters; split the rule",
                         CONDITION_LENGTH_MAX);
    struct condition_node nodes[CONDITION_NODES_MAX] = {0};
    out->nodes = nodes;
    struct parser p = {.rest = text, .names = names, .names_n = names_n, .c = out, .e = e};
    next_word(&p);
    out->root = parse_or(&p);
    if (out->root != CONDITION_NONE && p.word.n > 0)
        out->root = fail(&p, "no 'and' or 'or' before it", "add one");
    if (out->root != CONDITION_NONE) {
        out->nodes = arena_get(a, out->n, sizeof(nodes[0]));
        memcpy(out->nodes, nodes, out->n * sizeof(nodes[0]));
        return 0;
    }
    *out = (struct condition){0};
    return -1;
}

struct asking {
    const struct condition *c;
    bool (*holds)(void *ctx, size_t name);
    void *ctx;
};

static bool node_holds(const struct asking *q, uint16_t at);

static bool some_hold(const struct asking *q, const struct condition_node *node)
{
    size_t n = 0;
    for (uint16_t i = node->first; i != CONDITION_NONE && n < node->name; i = q->c->nodes[i].next)
        n += node_holds(q, i);
    return n == node->name;
}

static bool node_holds(const struct asking *q, uint16_t at)
{
    const struct condition_node *nodes = q->c->nodes;
    const struct condition_node *node = &nodes[at];
    if (node->op == CONDITION_NAME)
        return q->holds(q->ctx, node->name);
    if (node->op == CONDITION_NOT)
        return !node_holds(q, node->first);
    if (node->op == CONDITION_SOME)
        return some_hold(q, node);
    bool all = node->op == CONDITION_AND;
    for (uint16_t i = node->first; i != CONDITION_NONE; i = nodes[i].next)
        if (node_holds(q, i) != all)
            return !all;
    return all;
}

bool condition_holds(const struct condition *c, bool (*holds)(void *ctx, size_t name), void *ctx)
{
    struct asking q = {c, holds, ctx};
    return node_holds(&q, c->root);
}
