#include "config/suppress_file.h"

#include "base/mem.h"

#define FILE_MAX (64 << 10)

struct reading {
    struct config_table table; /* the first */
    struct suppress_table *out;
};

static void release_one(struct suppression *s)
{
    free(s->name);
    free(s->reason);
    for (size_t i = 0; i < s->rules_n; i++)
        free(s->rules[i]);
    for (size_t i = 0; i < s->fields_n; i++) {
        free(s->fields[i].name);
        free(s->fields[i].value);
    }
}

/* ---- keys; each says what is wrong, or NULL ---- */

static const char *take_rule(struct suppression *s, const char *value)
{
    if (!*value || s->rules_n == SUPPRESS_WORDS_MAX)
        return "rule is the id or title of a rule, at most 16 of them";
    s->rules[s->rules_n++] = mem_text(value);
    return NULL;
}

static const char *take_field(struct suppression *s, const char *value)
{
    struct span rest = span_of(value), name;
    bool some = span_find(rest, ':') < rest.n && span_take_until(&rest, ':', &name);
    name = some ? span_trim(name) : (struct span){0, 0};
    rest = span_trim(rest);
    if (name.n == 0 || rest.n == 0 || s->fields_n == SUPPRESS_WORDS_MAX)
        return "field is NAME: VALUE, at most 16 of them";
    s->fields[s->fields_n++] = (struct suppress_field){mem_text_span(name), mem_text_span(rest)};
    return NULL;
}

static const char *take_reason(struct suppression *s, const char *value)
{
    if (s->reason || !*value)
        return "reason stands once, and not empty";
    s->reason = mem_text(value);
    return NULL;
}

static const char *take_until(struct suppression *s, const char *value)
{
    if (s->until[0] || !text_is_day(span_of(value)))
        return "until is the last day, once, as 2027-03-31";
    span_copy(span_of(value), s->until, sizeof(s->until));
    return NULL;
}

static const struct {
    const char *name;
    const char *(*take)(struct suppression *s, const char *value);
} keys[] = {
    {"rule", take_rule}, {"field", take_field}, {"reason", take_reason}, {"until", take_until}};

static const char *take_key(struct suppression *s, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(name, keys[i].name) == 0)
            return keys[i].take(s, value);
    return "a suppression has rule, field, reason and until; correct the key";
}

/* ---- the file ---- */

static struct suppression *section_of(struct reading *r, const char *section)
{
    struct suppress_table *t = r->out;
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->items[i].name, section) == 0)
            return &t->items[i];
    if (!*section || t->n == SUPPRESS_MAX)
        return NULL;
    t->items = mem_grow(t->items, t->n + 1, sizeof(*t->items));
    t->items[t->n] = (struct suppression){.name = mem_text(section)};
    return &t->items[t->n++];
}

static int take_line(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *r = ctx;
    struct suppression *s = section_of(r, section);
    const char *wrong =
        s ? take_key(s, name, value) : "a key stands below its [name], at most 500 of them";
    if (wrong)
        config_table_complain(&r->table, r->table.line, wrong);
    if (s)
        s->broken = s->broken || wrong;
    return 1;
}

/* Nothing is suppressed by half of what somebody wrote. */
static void keep_whole_ones(struct reading *r)
{
    struct suppress_table *t = r->out;
    size_t kept = 0;
    for (size_t i = 0; i < t->n; i++) {
        struct suppression *s = &t->items[i];
        bool lacks = s->rules_n == 0 || !s->reason || !s->until[0];
        char text[200];
        snprintf(text, sizeof(text), "[%.80s]: %s", s->name,
                 s->broken ? "is left out" : "needs rule, reason and until; it is left out");
        if (s->broken || lacks) {
            config_table_complain(&r->table, 0, text);
            release_one(s);
        } else {
            t->items[kept++] = *s;
        }
    }
    t->n = kept;
}

static const struct config_rows rows = {.take = take_line,
                                        .shape = "neither [name] nor key = value"};

void suppress_table_parse(const char *name, struct span text, config_tell_fn *tell, void *ctx,
                          struct suppress_table *out)
{
    struct reading r = {.table = {.name = name, .tell = tell, .ctx = ctx}, .out = out};
    *out = (struct suppress_table){0};
    config_table_parse(&r.table, text, &rows);
    keep_whole_ones(&r);
}

void suppress_table_load(const char *path, config_tell_fn *tell, void *ctx,
                         struct suppress_table *out)
{
    struct config_table t = {
        .name = path = path ? path : "", .tell = tell, .ctx = ctx, .optional = true};
    struct buf text = BUF_INIT(FILE_MAX);
    *out = (struct suppress_table){0};
    if (config_table_slurp(&t, path, &text))
        suppress_table_parse(path, buf_span(&text), tell, ctx, out);
    buf_release(&text);
}

void suppress_table_release(struct suppress_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        release_one(&t->items[i]);
    free(t->items);
    *t = (struct suppress_table){0};
}

bool suppression_has_expired(const struct suppression *s, int64_t wall_ms)
{
    char now[TEXT_TIME_SIZE];
    text_time(wall_ms, now);
    return strncmp(now, s->until, strlen(s->until)) > 0;
}
