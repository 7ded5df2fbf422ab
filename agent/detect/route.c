#include "detect/route.h"

#define VALUES_MAX 128 /* of one line */

/* The parts of "a, b, c". */
static size_t split(struct span text, struct span out[VALUES_MAX])
{
    struct span part;
    size_t n = 0;
    while (n < VALUES_MAX && span_take_until(&text, ',', &part)) {
        part = span_trim(part);
        if (part.n > 0)
            out[n++] = part;
    }
    return n;
}

static void make_test(const struct rule_world *w, const struct sigma_pair *pair,
                      struct route_test *out)
{
    static const char *const own[] = {
        [TEST_SOURCE] = "source", [TEST_CATEGORY] = "category", [TEST_SERVICE] = "service"};
    struct span values[VALUES_MAX];
    out->what = TEST_FIELD;
    for (int i = TEST_SOURCE; i <= TEST_SERVICE; i++)
        if (strcmp(pair->name, own[i]) == 0)
            out->what = i;
    if (out->what == TEST_FIELD)
        out->name = field_names_add(w->names, span_of(pair->name));
    out->n = split(span_of(pair->text), values);
    out->values = arena_get(w->arena, out->n, sizeof(const struct pattern *));
    for (size_t i = 0; i < out->n; i++) {
        if (values[i].n > PATTERN_LENGTH_MAX)
            values[i].n = PATTERN_LENGTH_MAX;
        out->values[i] = pattern_make(w->texts, values[i], PATTERN_WHOLE, 0);
    }
}

/* Lists of numbers one after the other, each ended by FIELD_NONE; the first place is not used. */
static void make_names(struct arena *a, struct field_names *names, const struct sigma_pairs *pairs,
                       struct view_names *out)
{
    struct span values[VALUES_MAX];
    size_t room = 1, used = 1;
    for (size_t i = 0; i < pairs->n; i++)
        room += split(span_of(pairs->items[i].text), values) + 1;
    out->lists = arena_get(a, room, sizeof(out->lists[0]));
    out->end = field_names_end(names); /* no rule asks for those that come now */
    out->list_of = arena_get(a, out->end, sizeof(out->list_of[0]));
    for (size_t i = 0; i < pairs->n; i++) {
        uint16_t name = field_names_find(names, span_of(pairs->items[i].name));
        if (name == FIELD_NONE || name >= out->end)
            continue;
        size_t n = split(span_of(pairs->items[i].text), values);
        out->list_of[name] = (uint16_t)used;
        for (size_t k = 0; k < n; k++)
            out->lists[used++] = field_names_add(names, values[k]);
        out->lists[used++] = FIELD_NONE;
    }
}

static struct span copy(const struct rule_world *w, const char *text)
{
    return texts_keep(w->texts, span_of(text));
}

void routes_make(const struct rule_world *w, const struct sigma_file *file, struct routes *out)
{
    out->n = file ? file->sources_n : 0;
    out->items = arena_get(w->arena, out->n, sizeof(out->items[0]));
    for (size_t i = 0; i < out->n; i++) {
        const struct sigma_source *s = &file->sources[i];
        struct route *r = &out->items[i];
        *r = (struct route){.product = copy(w, s->product),
                            .category = copy(w, s->category),
                            .service = copy(w, s->service),
                            .tests_n = s->when.n,
                            .tests = arena_get(w->arena, s->when.n, sizeof(r->tests[0]))};
        for (size_t k = 0; k < s->when.n; k++)
            make_test(w, &s->when.items[k], &r->tests[k]);
        make_names(w->arena, w->names, &s->fields, &r->names);
    }
}

bool route_serves(const struct route *route, const struct rule *rule)
{
    return (rule->product.n == 0 || route->product.n == 0 ||
            span_equal_nocase(rule->product, route->product)) &&
           span_equal_nocase(rule->category, route->category) &&
           span_equal_nocase(rule->service, route->service);
}

static bool fits(const struct route_test *t, struct span text)
{
    char folded[512];
    if (!text.p || text.n > sizeof(folded))
        return false;
    pattern_fold(folded, text);
    for (size_t i = 0; i < t->n; i++)
        if (pattern_matches(t->values[i], text, (struct span){folded, text.n}))
            return true;
    return false;
}

static bool test_holds(const struct route_test *t, const struct view *v)
{
    const struct record *r = v->record;
    if (t->what != TEST_FIELD)
        return fits(t, span_of(t->what == TEST_SOURCE     ? r->source
                               : t->what == TEST_CATEGORY ? r->category
                                                          : r->service));
    for (uint16_t at = view_first(v, t->name); at != 0; at = v->texts[at - 1].next)
        for (size_t i = 0; i < t->n; i++)
            if (pattern_matches(t->values[i], v->texts[at - 1].text, v->texts[at - 1].folded))
                return true;
    return false;
}

bool route_holds(const struct route *route, const struct view *v)
{
    const char *product = v->record->product;
    if (route->product.n > 0 && product && !span_equal_nocase(route->product, span_of(product)))
        return false;
    for (size_t i = 0; i < route->tests_n; i++)
        if (!test_holds(&route->tests[i], v))
            return false;
    return true;
}
