#include "detect/rule_parts.h"

#include "base/buf.h"

static int read_logsource(const struct rule_maker *m, struct rule *r)
{
    const struct tree_node *source = tree_get(m->document, "logsource");
    if (!source || source->kind != TREE_MAP)
        return rule_wrong(m, source ? source->line : r->line,
                          "no logsource; add one with product, category or service");
    if (rule_text(m, source, "product", 64, &r->product) != 0 ||
        rule_text(m, source, "category", 64, &r->category) != 0)
        return -1;
    return rule_text(m, source, "service", 64, &r->service);
}

static int add_item(const struct rule_maker *m, struct clause *clause, struct span key,
                    const struct tree_node *node)
{
    struct error what;
    int line;
    if (item_make(m->world, key, node, &clause->items[clause->n++], &line, &what) != 0)
        return rule_wrong(m, line, "%s", what.text);
    return 0;
}

static int add_map(const struct rule_maker *m, struct selection *s, const struct tree_node *map)
{
    struct clause *clause = &s->clauses[s->n++];
    if (map->n == 0)
        return rule_wrong(m, map->line, "an empty selection would match every line; fill it");
    clause->items = arena_get(m->arena, map->n, sizeof(*clause->items));
    for (const struct tree_node *node = map->first; node; node = node->next)
        if (add_item(m, clause, node->key, node) != 0)
            return -1;
    return 0;
}

static int add_keywords(const struct rule_maker *m, struct selection *s,
                        const struct tree_node *node)
{
    struct clause *clause = &s->clauses[s->n++];
    clause->items = arena_get(m->arena, 1, sizeof(*clause->items));
    return add_item(m, clause, SPAN(""), node);
}

/* The members of a list are joined by "or": maps of fields, or keywords. */
static int add_list(const struct rule_maker *m, struct selection *s, const struct tree_node *list)
{
    if (list->n == 0)
        return rule_wrong(m, list->line, "an empty selection matches nothing; fill it");
    bool maps = false;
    for (const struct tree_node *node = list->first; node; node = node->next)
        maps = maps || node->kind == TREE_MAP;
    if (!maps)
        return add_keywords(m, s, list);
    for (const struct tree_node *node = list->first; node; node = node->next)
        if ((node->kind == TREE_MAP ? add_map(m, s, node) : add_keywords(m, s, node)) != 0)
            return -1;
    return 0;
}

static int add_selection(const struct rule_maker *m, struct rule *r, const struct tree_node *node)
{
    if (r->selections_n == RULE_SELECTIONS_MAX)
        return rule_wrong(m, node->line, "more than %d selections; split the rule",
                          RULE_SELECTIONS_MAX);
    struct selection *s = &r->selections[r->selections_n++];
    s->clauses = arena_get(m->arena, node->kind == TREE_LIST ? node->n : 1, sizeof(*s->clauses));
    if (node->kind == TREE_MAP)
        return add_map(m, s, node);
    return node->kind == TREE_LIST ? add_list(m, s, node) : add_keywords(m, s, node);
}

/* Several conditions are joined by "or"; the joined text is parsed as one. */
static int read_condition(const struct rule_maker *m, struct rule *r,
                          const struct tree_node *detection, const struct span *names)
{
    struct span texts[16];
    size_t n;
    const struct tree_node *node = tree_get(detection, "condition");
    if (!node)
        return rule_wrong(m, detection->line, "no condition; add one under %.*s",
                          (int)detection->key.n, detection->key.p);
    if (rule_texts(m, detection, "condition", texts, 16, &n) != 0)
        return -1;
    struct buf text = BUF_INIT(2 * CONDITION_LENGTH_MAX);
    for (size_t i = 0; i < n; i++) {
        buf_put_text(&text, n == 1 ? "" : i == 0 ? "(" : ") or (");
        buf_put_span(&text, texts[i]);
    }
    buf_put_text(&text, n > 1 ? ")" : "");
    struct error what;
    int result = text.failed ? error_set(&what, "condition: too long; split the rule")
                             : condition_parse(m->arena, buf_span(&text), names, r->selections_n,
                                               &r->condition, &what);
    buf_release(&text);
    return result == 0 ? 0 : rule_wrong(m, node->line, "%s", what.text);
}

static int read_extract(const struct rule_maker *m, struct rule *r)
{
    const struct tree_node *list = tree_get(tree_get(m->document, "vigia"), "extract");
    if (!list)
        return 0;
    if (list->kind != TREE_LIST)
        return rule_wrong(m, list->line, "extract must be a list of expressions; write it so");
    r->extract = arena_get(m->arena, list->n, sizeof(struct regex *));
    for (const struct tree_node *node = list->first; node; node = node->next) {
        struct error what = {"extract takes at most 8 expressions; leave some out"};
        if (node->kind != TREE_TEXT || r->extract_n == RULE_EXTRACT_MAX)
            return rule_wrong(m, node->line, "%s", what.text);
        struct regex *regex = regex_new(node->text, 0, &what);
        if (!regex)
            return rule_wrong(m, node->line, "%s", what.text);
        r->extract[r->extract_n++] = regex;
        if (regex_named(regex) == 0)
            return rule_wrong(m, node->line, "no named group; write one such as (?<user>\\S+)");
    }
    return 0;
}

/* Selections and a condition over them, beside keys that are neither. */
static int read_body(const struct rule_maker *m, struct rule *r, const struct tree_node *map,
                     const char *other)
{
    struct span names[RULE_SELECTIONS_MAX];
    bool condition = tree_get(map, "condition") != NULL;
    r->selections = arena_get(m->arena, map->n - condition, sizeof(*r->selections));
    for (const struct tree_node *node = map->first; node; node = node->next) {
        if (span_equal_text(node->key, "condition") || span_equal_text(node->key, other))
            continue;
        if (add_selection(m, r, node) != 0)
            return -1;
        names[r->selections_n - 1] = node->key;
    }
    return read_condition(m, r, map, names);
}

int rule_read_detection(const struct rule_maker *m, struct rule *r)
{
    const struct tree_node *detection = tree_get(m->document, "detection");
    if (!detection || detection->kind != TREE_MAP)
        return rule_wrong(m, detection ? detection->line : r->line,
                          "no detection; add one with a selection and a condition");
    /* timeframe belonged to Sigma's old aggregation, which the condition's parser refuses */
    if (read_logsource(m, r) != 0 || read_body(m, r, detection, "timeframe") != 0 ||
        read_extract(m, r) != 0)
        return -1;
    return rule_bool(m, m->document, "generate", &r->generate);
}

int rule_read_filter(const struct rule_maker *m, struct rule *r)
{
    const struct tree_node *map = tree_get(m->document, "filter");
    struct span refers[RULE_FILTER_REFERS_MAX];
    struct rule_filter *f = r->filter = arena_get(m->arena, 1, sizeof(*f));
    if (map->kind != TREE_MAP)
        return rule_wrong(m, map->line, "filter is a map of keys; write rules:, selection: ...");
    if (read_logsource(m, r) != 0 ||
        rule_texts(m, map, "rules", refers, RULE_FILTER_REFERS_MAX, &f->refers_n) != 0)
        return -1;
    if (f->refers_n == 0)
        return rule_wrong(m, map->line, "rules is missing; name the rules that are meant, or any");
    const struct tree_node *rules = tree_get(map, "rules");
    f->body = r;
    if (rules->kind == TREE_TEXT && span_equal_nocase(rules->text, SPAN("any")))
        f->refers_n = 0;
    f->refers = arena_get(m->arena, f->refers_n, sizeof(*refers));
    memcpy(f->refers, refers, f->refers_n * sizeof(*refers));
    return read_body(m, r, map, "rules");
}
