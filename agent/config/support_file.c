#include "config/support_file.h"
#include "config/line.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/slurp.h"
#include "platform/file.h"

#include <errno.h>
#include <ini.h>

#define FILE_MAX (64 << 10)

struct reading {
    const char *name;
    struct span rest;
    int line;
    struct support_table *out;
    void (*tell)(void *ctx, const char *problem);
    void *ctx;
};

static void complain(const struct reading *r, int line, const char *what)
{
    char text[480];
    if (line > 0)
        snprintf(text, sizeof(text), "%.300s:%d: %s", r->name, line, what);
    else
        snprintf(text, sizeof(text), "%.300s: %s", r->name, what);
    if (r->tell)
        r->tell(r->ctx, text);
}

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
        complain(r, r->line, wrong);
        return 1;
    }
    t->items = mem_grow(t->items, t->n + 1, sizeof(*t->items));
    t->items[t->n++] = new;
    return 1;
}

/* A line that does not fit is left out. */
static char *next_line(char *out, int size, void *ctx)
{
    struct reading *r = ctx;
    enum config_line got;
    while ((got = config_line_take(&r->rest, out, size)) != CONFIG_LINE_NONE) {
        r->line++;
        if (got == CONFIG_LINE_TAKEN)
            return out;
        complain(r, r->line, CONFIG_LINE_UNFIT_WORDS "; it is left out");
    }
    return NULL;
}

void support_table_parse(const char *name, struct span text,
                         void (*tell)(void *ctx, const char *problem), void *ctx,
                         struct support_table *out)
{
    struct reading r = {.name = name, .rest = text, .out = out, .tell = tell, .ctx = ctx};
    *out = (struct support_table){0};
    int bad_line = ini_parse_stream(next_line, &r, take_release, &r);
    if (bad_line != 0)
        complain(&r, bad_line > 0 ? bad_line : r.line,
                 "neither [distribution] nor codename = days");
}

void support_table_load(const char *path, void (*tell)(void *ctx, const char *problem), void *ctx,
                        struct support_table *out)
{
    struct reading r = {.name = path = path ? path : "", .tell = tell, .ctx = ctx};
    struct file_info info;
    struct buf text = BUF_INIT(FILE_MAX);
    int rc = file_info_at(path, &info);
    *out = (struct support_table){0};
    if (rc == 0 && (info.mode & 02))
        complain(&r, 0, "everybody may write to it, so it is left out; chmod o-w it");
    else if (rc != 0 || (rc = slurp(path, &text)) != 0)
        complain(&r, 0, error_text(rc));
    else
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
