#include "config/support_file.h"

#include "base/mem.h"

#define FILE_MAX (64 << 10)

struct reading {
    struct config_table table; /* the first */
    struct support_table *out;
};

static bool take_word(struct span *rest, struct span *word)
{
    *rest = span_trim(*rest);
    return span_take_until(rest, ' ', word);
}

static bool take_days(struct span rest, struct support_release *out)
{
    struct span kind, day;
    while (take_word(&rest, &kind)) {
        char *to = span_equal_text(kind, "standard") ? out->standard
                   : span_equal_text(kind, "lts")    ? out->lts
                   : span_equal_text(kind, "paid")   ? out->paid
                                                     : NULL;
        if (!to || to[0] || !take_word(&rest, &day) || !text_is_day(day))
            return false;
        span_copy(day, to, TEXT_DAY_SIZE);
    }
    return out->standard[0] != '\0';
}

static int take_release(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *r = ctx;
    struct support_table *t = r->out;
    struct support_release new = {.id = ""};
    const char *wrong = NULL;
    bool fits = span_copy(span_of(section), new.id, sizeof(new.id)) &&
                span_copy(span_of(name), new.codename, sizeof(new.codename));
    if (!fits || !new.id[0] || !new.codename[0])
        wrong = "a release stands below its [distribution], both of at most 31 bytes; it is left "
                "out";
    else if (!take_days(span_of(value), &new))
        wrong = "a release is: CODENAME = standard DAY [lts DAY] [paid DAY], a day as 2026-07-11; "
                "it is left out";
    else if (support_table_find(t, new.id, new.codename))
        wrong = "the release stands here already; this line is left out";
    else if (t->n == SUPPORT_RELEASES_MAX)
        wrong = "more releases than are looked at; this one is left out";
    if (wrong) {
        config_table_complain(&r->table, r->table.line, wrong);
        return 1;
    }
    t->items = mem_grow(t->items, t->n + 1, sizeof(*t->items));
    t->items[t->n++] = new;
    return 1;
}

static const struct config_rows rows = {.take = take_release,
                                        .shape = "neither [distribution] nor codename = days"};

void support_table_parse(const char *name, struct span text, config_tell_fn *tell, void *ctx,
                         struct support_table *out)
{
    struct reading r = {.table = {.name = name, .tell = tell, .ctx = ctx}, .out = out};
    *out = (struct support_table){0};
    config_table_parse(&r.table, text, &rows);
}

void support_table_load(const char *path, config_tell_fn *tell, void *ctx,
                        struct support_table *out)
{
    struct config_table t = {.name = path = path ? path : "", .tell = tell, .ctx = ctx};
    struct buf text = BUF_INIT(FILE_MAX);
    *out = (struct support_table){0};
    if (config_table_slurp(&t, path, &text))
        support_table_parse(path, buf_span(&text), tell, ctx, out);
    buf_release(&text);
}

const struct support_release *support_table_find(const struct support_table *t, const char *id,
                                                 const char *codename)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->items[i].id, id) == 0 && strcmp(t->items[i].codename, codename) == 0)
            return &t->items[i];
    return NULL;
}

void support_table_release(struct support_table *t)
{
    free(t->items);
    *t = (struct support_table){0};
}
