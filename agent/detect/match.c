#include "detect/match.h"

#define RECORD_BYTES_MAX ((size_t)4 * 1024 * 1024)

void view_init(struct view *v)
{
    *v = (struct view){.folded = BUF_INIT(RECORD_BYTES_MAX), .work = regex_work_new()};
}

void view_release(struct view *v)
{
    buf_release(&v->folded);
    regex_work_free(v->work);
    v->work = NULL;
}

/* A record larger than the limit keeps its case: only texts in lower case are found in it. */
static struct span fold(struct view *v, struct span text)
{
    char *to = text.n > 0 ? buf_reserve(&v->folded, text.n) : NULL;
    if (!to)
        return text;
    pattern_fold(to, text);
    v->folded.n += text.n;
    return (struct span){to, text.n};
}

void view_set(struct view *v, const struct record *r)
{
    size_t total = r->message.n + r->program.n + r->host.n;
    for (size_t i = 0; i < r->fields_n; i++)
        total += r->fields[i].value.n;
    v->record = r;
    buf_clear(&v->folded);
    buf_reserve(&v->folded, total); /* at once: spans into it must stay */
    v->message = fold(v, r->message);
    v->program = fold(v, r->program);
    v->host = fold(v, r->host);
    for (size_t i = 0; i < r->fields_n; i++)
        v->values[i] = fold(v, r->fields[i].value);
}

bool view_field(const struct view *v, struct span name, struct span *text, struct span *folded)
{
    const struct record *r = v->record;
    for (size_t i = 0; i < r->fields_n; i++)
        if (span_equal(r->fields[i].name, name)) {
            *text = r->fields[i].value;
            *folded = v->values[i];
            return true;
        }
    if (span_equal(name, SPAN("message"))) {
        *text = r->message;
        *folded = v->message;
    } else if (span_equal(name, SPAN("program"))) {
        *text = r->program;
        *folded = v->program;
    } else if (span_equal(name, SPAN("host"))) {
        *text = r->host;
        *folded = v->host;
    } else {
        return false;
    }
    return text->n > 0;
}

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
    return is_named(rule->product, r->product) && is_named(rule->category, r->category) &&
           (is_named(rule->service, r->service) || is_program(rule->service, r->program));
}

/* ---- matching ---- */

static bool number_holds(const struct value *value, struct span text)
{
    double x, y = value->u.number;
    if (!item_number(text, &x))
        return false;
    switch (value->kind) {
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

static bool value_holds(const struct value *value, struct view *v, bool there, struct span text,
                        struct span folded)
{
    if (value->kind == VALUE_EXISTS)
        return there == value->u.exists;
    if (value->kind == VALUE_NULL)
        return !there;
    if (!there)
        return false;
    switch (value->kind) {
    case VALUE_TEXT:
        return pattern_matches(&value->u.text, text, folded);
    case VALUE_REGEX:
        return regex_matches(value->u.regex, v->work, text);
    case VALUE_RANGE:
        return range_holds(&value->u.range, text);
    default:
        return number_holds(value, text);
    }
}

/* A field that a record has several times (an audit event names several files). */
#define OCCURRENCES_MAX 32
struct occurrences {
    size_t n;
    size_t at[OCCURRENCES_MAX]; /* in the record's fields */
};

static void find_occurrences(const struct view *v, struct span name, struct occurrences *out)
{
    out->n = 0;
    for (size_t i = 0; i < v->record->fields_n && out->n < OCCURRENCES_MAX; i++)
        if (span_equal(v->record->fields[i].name, name))
            out->at[out->n++] = i;
}

/* It holds for a value if it does for one of those that the field has. */
static bool one_holds(const struct value *value, struct view *v, const struct occurrences *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (value_holds(value, v, true, v->record->fields[o->at[i]].value, v->values[o->at[i]]))
            return true;
    return false;
}

static bool item_holds(const struct item *item, struct view *v)
{
    struct span text = v->record->message, folded = v->message;
    struct occurrences found = {.n = 0};
    bool there = item->field.n == 0;
    if (!there)
        find_occurrences(v, item->field, &found);
    if (!there && found.n == 0)
        there = view_field(v, item->field, &text, &folded);
    bool holds = item->all;
    for (size_t i = 0; i < item->n && holds == item->all; i++)
        holds = found.n > 0 ? one_holds(&item->values[i], v, &found)
                            : value_holds(&item->values[i], v, there, text, folded);
    return holds != item->negated;
}

static bool clause_holds(const struct clause *clause, struct view *v)
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

void view_scan(const struct view *v, const struct literals *l, struct hits *hits)
{
    literals_scan(l, v->message, hits);
    for (size_t i = 0; i < v->record->fields_n; i++)
        literals_scan(l, v->values[i], hits);
}
