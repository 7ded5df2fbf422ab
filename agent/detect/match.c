#include "detect/match.h"

/* ---- logsource ---- */

static bool is_named(struct span wanted, const char *name)
{
    return wanted.n == 0 || (name && span_equal_nocase(wanted, span_of(name)));
}

/* "sshd" is also written by "sshd-session" and "sshd(pam_unix)", "postfix" by "postfix/smtpd". */
static bool is_program(struct span service, struct span program)
{
    if (program.n < service.n)
        return false;
    if (!span_equal_nocase(service, (struct span){program.p, service.n}))
        return false;
    return program.n == service.n || memchr("-(/", program.p[service.n], 3) != NULL;
}

bool match_logsource(const struct rule *rule, const struct record *r)
{
    if (!r->product)
        return true;
    return is_named(rule->product, r->product) && is_named(rule->category, r->category) &&
           (is_named(rule->service, r->service) || is_program(rule->service, r->program));
}

/* ---- matching ---- */

static bool number_holds(const struct value *value, struct span text)
{
    double x, y = value->u.number->bound;
    int part;
    if (value->u.number->part != DATE_NONE) {
        if (!date_part_of(text, value->u.number->part, &part))
            return false;
        x = part;
    } else if (!item_number(text, &x)) {
        return false;
    }
    switch (value->kind) {
    case VALUE_EQUAL:
        return !(x < y) && !(x > y);
    case VALUE_LESS:
        return x < y;
    case VALUE_LESS_OR_EQUAL:
        return x <= y;
    case VALUE_GREATER:
        return x > y;
    default:
        return x >= y;
    }
}

static bool range_holds(const struct address_range *range, struct span text)
{
    uint8_t address[16];
    return address_parse(text, address) && address_in_range(range, address);
}

static bool fits(enum pattern_fit fit, struct span text, struct span other)
{
    switch (fit) {
    case PATTERN_WHOLE:
        return span_equal(text, other);
    case PATTERN_STARTS:
        return span_starts(text, other);
    case PATTERN_ENDS:
        return span_ends(text, other);
    default:
        return span_find_span(text, other) < text.n || other.n == 0;
    }
}

static bool reference_holds(const struct reference *r, const struct view *v,
                            const struct view_text *t)
{
    for (uint16_t at = view_find(v, r->number); at != 0; at = v->texts[at - 1].next) {
        const struct view_text *other = &v->texts[at - 1];
        if (r->cased ? fits(r->fit, t->text, other->text) : fits(r->fit, t->folded, other->folded))
            return true;
    }
    return false;
}

/* Of a text that is there. */
static bool text_holds(const struct value *value, const struct view *v, const struct view_text *t)
{
    switch (value->kind) {
    case VALUE_TEXT:
        return pattern_matches(value->u.text, t->text, t->folded);
    case VALUE_REGEX:
        return regex_matches(value->u.regex, v->work, t->text);
    case VALUE_RANGE:
        return range_holds(value->u.range, t->text);
    case VALUE_FIELD:
        return reference_holds(value->u.other, v, t);
    case VALUE_ANY:
        for (size_t i = 0; i < value->n; i++)
            if (text_holds(&value->u.any[i], v, t))
                return true;
        return false;
    default:
        return number_holds(value, t->text);
    }
}

/* A field that a record has several times (an audit event names several files) holds if one of its
 * values does. The place of that in texts, one more; 0: none. */
static uint16_t place_held(const struct value *value, const struct view *v, uint16_t at)
{
    for (; at != 0; at = v->texts[at - 1].next)
        if (text_holds(value, v, &v->texts[at - 1]))
            return at;
    return 0;
}

/* Keywords are looked for in the message; in all texts of a record that has none. */
static uint16_t keyword_held(const struct value *value, const struct view *v)
{
    if (v->record->message.n > 0)
        return text_holds(value, v, &v->texts[v->n - 1]) ? (uint16_t)v->n : 0;
    for (size_t i = 0; i < v->n; i++)
        if (text_holds(value, v, &v->texts[i]))
            return (uint16_t)(i + 1);
    return 0;
}

/* Windows writes a value that is not there as an empty one. */
static bool is_null(const struct view *v, uint16_t at)
{
    for (; at != 0; at = v->texts[at - 1].next)
        if (v->texts[at - 1].text.n > 0)
            return false;
    return true;
}

static bool value_holds(const struct item *item, const struct value *value, const struct view *v,
                        uint16_t at)
{
    if (value->kind == VALUE_EXISTS)
        return (at != 0) == (value->n != 0);
    if (value->kind == VALUE_NULL)
        return is_null(v, at);
    return item->number == FIELD_NONE ? keyword_held(value, v) != 0 : place_held(value, v, at) != 0;
}

static bool item_holds(const struct item *item, const struct view *v)
{
    uint16_t at = item->number != FIELD_NONE ? view_find(v, item->number) : 0;
    bool holds = item->all;
    for (size_t i = 0; i < item->n && holds == item->all; i++)
        holds = value_holds(item, &item->values[i], v, at);
    return holds != item->negated;
}

static bool clause_holds(const struct clause *clause, const struct view *v)
{
    for (size_t i = 0; i < clause->n; i++)
        if (!item_holds(&clause->items[i], v))
            return false;
    return true;
}

struct asking {
    const struct rule *rule;
    struct view *view;
};

static bool selection_holds(void *ctx, size_t name)
{
    struct asking *q = ctx;
    uint8_t *known = &q->view->known[name];
    if (*known == 0) {
        const struct selection *s = &q->rule->selections[name];
        *known = 1;
        for (size_t i = 0; i < s->n && *known == 1; i++)
            if (clause_holds(&s->clauses[i], q->view))
                *known = 2;
    }
    return *known == 2;
}

bool match_rule(const struct rule *rule, struct view *v)
{
    struct asking q = {rule, v};
    memset(v->known, 0, rule->selections_n);
    return condition_holds(&rule->condition, selection_holds, &q);
}

/* ---- what matched ---- */

struct telling {
    const struct rule *rule;
    struct view *view;
    bool told[VIEW_TEXTS_MAX];
    void (*each)(void *ctx, struct span name, struct span value);
    void *ctx;
};

static void tell_place(struct telling *t, struct span name, uint16_t at)
{
    if (at == 0 || t->told[at - 1])
        return;
    t->told[at - 1] = true;
    t->each(t->ctx, name, t->view->texts[at - 1].text);
}

static void tell_item(struct telling *t, const struct item *item)
{
    bool keyword = item->number == FIELD_NONE;
    uint16_t at = keyword ? 0 : view_find(t->view, item->number);
    struct span field = field_names_name(t->view->names, item->number);
    for (size_t i = 0; i < item->n; i++) {
        const struct value *value = &item->values[i];
        if (item->negated || value->kind == VALUE_EXISTS || value->kind == VALUE_NULL)
            tell_place(t, field, at);
        else
            tell_place(t, field,
                       keyword ? keyword_held(value, t->view) : place_held(value, t->view, at));
    }
}

static void tell_selection(struct telling *t, const struct selection *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (!clause_holds(&s->clauses[i], t->view))
            continue;
        for (size_t k = 0; k < s->clauses[i].n; k++)
            tell_item(t, &s->clauses[i].items[k]);
        return;
    }
}

static void tell_node(struct telling *t, uint16_t at)
{
    const struct condition_node *nodes = t->rule->condition.nodes;
    const struct condition_node *node = &nodes[at];
    if (node->op == CONDITION_NAME)
        tell_selection(t, &t->rule->selections[node->name]);
    else if (node->op != CONDITION_NOT)
        for (uint16_t i = node->first; i != CONDITION_NONE; i = nodes[i].next)
            tell_node(t, i);
}

void match_explain(const struct rule *rule, struct view *v,
                   void (*each)(void *ctx, struct span name, struct span value), void *ctx)
{
    struct telling t = {.rule = rule, .view = v, .each = each, .ctx = ctx};
    tell_node(&t, rule->condition.root);
}
