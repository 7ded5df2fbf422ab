#include "config/sigma_file.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>

#define FILE_MAX    (256 * 1024)
#define SOURCES_MAX 512
#define LINES_MAX   4096

struct reading {
    struct config_table table; /* the first */
    struct sigma_file *out;
    struct sigma_source *open; /* whose section is being read; NULL: none, or it is broken */
    int begun;                 /* line of its first key */
    char section[64];
    bool in_section;
};

static void release_pairs(struct sigma_pairs *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->items[i].name);
        free(p->items[i].text);
    }
    free(p->items);
    *p = (struct sigma_pairs){0};
}

static void release_source(struct sigma_source *s)
{
    free(s->product);
    free(s->category);
    free(s->service);
    release_pairs(&s->when);
    release_pairs(&s->fields);
}

void sigma_file_release(struct sigma_file *f)
{
    for (size_t i = 0; i < f->sources_n; i++)
        release_source(&f->sources[i]);
    free(f->sources);
    release_pairs(&f->placeholders);
    *f = (struct sigma_file){0};
}

/* What is wrong with the section that is being read: it is left out. */
static void fail(struct reading *r, int line, const char *what)
{
    if (r->open)
        release_source(&r->out->sources[--r->out->sources_n]);
    r->open = NULL;
    config_table_complain(&r->table, line, what);
}

/* ---- sections ---- */

static void end_section(struct reading *r)
{
    const struct sigma_source *s = r->open;
    if (s && !s->category[0] && !s->service[0] && !s->product[0])
        fail(r, r->begun, "the section names no logsource; give it product, category or service");
    else if (s && s->when.n == 0)
        fail(r, r->begun,
             "the section would take every record; say which by 'when = FIELD: VALUE'");
    r->open = NULL;
}

static bool is_placeholders(const struct reading *r)
{
    return strcmp(r->section, "placeholders") == 0;
}

static void begin_section(struct reading *r, const char *section)
{
    struct sigma_file *f = r->out;
    end_section(r);
    r->in_section = true;
    r->begun = r->table.line;
    snprintf(r->section, sizeof(r->section), "%s", section);
    if (is_placeholders(r))
        return;
    if (section[0] == '\0') {
        config_table_complain(&r->table, r->table.line,
                              "a key stands before the first [section]; write one above it");
    } else if (f->sources_n == SOURCES_MAX) {
        config_table_complain(&r->table, r->table.line,
                              "more than 512 logsources; this one is left out");
    } else {
        if ((f->sources_n & (f->sources_n - 1)) == 0)
            f->sources =
                mem_grow(f->sources, f->sources_n ? 2 * f->sources_n : 1, sizeof(f->sources[0]));
        r->open = &f->sources[f->sources_n++];
        *r->open = (struct sigma_source){mem_text(""), mem_text(""), mem_text(""), {0}, {0}};
    }
}

/* ---- keys ---- */

static void add_pair(struct reading *r, struct sigma_pairs *p, struct span name, struct span text)
{
    if (r->out->lines == LINES_MAX) {
        fail(r, r->table.line, "more than 4096 lines of values; this section is left out");
        return;
    }
    if ((p->n & (p->n - 1)) == 0)
        p->items = mem_grow(p->items, p->n ? 2 * p->n : 1, sizeof(p->items[0]));
    p->items[p->n++] = (struct sigma_pair){mem_text_span(name), mem_text_span(text)};
    r->out->lines++;
}

/* "NAME: VALUES" */
static void split_pair(struct reading *r, struct sigma_pairs *p, const char *value)
{
    struct span rest = span_of(value), name;
    size_t colon = span_find(rest, ':');
    bool whole = colon < rest.n && span_take_until(&rest, ':', &name);
    if (!whole || span_trim(name).n == 0 || span_trim(rest).n == 0)
        fail(r, r->table.line, "'when' and 'field' take 'NAME: VALUE, VALUE ...'; write it so");
    else
        add_pair(r, p, span_trim(name), span_trim(rest));
}

static void set_once(struct reading *r, char **text, const char *value)
{
    if (**text) {
        fail(r, r->table.line, "product, category and service stand once in a section; remove one");
        return;
    }
    free(*text);
    *text = mem_text(value);
}

static void set_key(struct reading *r, const char *name, const char *value)
{
    struct sigma_source *s = r->open;
    if (strcmp(name, "when") == 0)
        split_pair(r, &s->when, value);
    else if (strcmp(name, "field") == 0)
        split_pair(r, &s->fields, value);
    else if (strcmp(name, "product") == 0)
        set_once(r, &s->product, value);
    else if (strcmp(name, "category") == 0)
        set_once(r, &s->category, value);
    else if (strcmp(name, "service") == 0)
        set_once(r, &s->service, value);
    else
        fail(r, r->table.line,
             "a section takes product, category, service, when and field; correct it");
}

static int take_value(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *r = ctx;
    if (!r->in_section || strcmp(section, r->section) != 0)
        begin_section(r, section);
    if (is_placeholders(r) && value[0])
        add_pair(r, &r->out->placeholders, span_of(name), span_of(value));
    else if (is_placeholders(r))
        config_table_complain(&r->table, r->table.line, "a placeholder without a value; write one");
    else if (r->open)
        set_key(r, name, value);
    return 1;
}

/* Such a line spoils its section. */
static void unfit(struct config_table *t, const char *what)
{
    fail((struct reading *)t, t->line, what);
}

static const struct config_rows rows = {
    .take = take_value, .unfit = unfit, .shape = "neither [section] nor key = value; correct it"};

size_t sigma_file_parse(const char *name, struct span text, config_tell_fn *tell, void *ctx,
                        struct sigma_file *out)
{
    struct reading r = {.table = {.name = name, .tell = tell, .ctx = ctx}, .out = out};
    config_table_parse(&r.table, text, &rows);
    end_section(&r);
    return r.table.problems;
}

/* ---- files ---- */

static void read_file(void *ctx, const char *path)
{
    struct reading *all = ctx;
    struct config_table *sum = &all->table, t = {.name = path, .tell = sum->tell, .ctx = sum->ctx};
    struct buf text = BUF_INIT(FILE_MAX);
    if (config_table_slurp(&t, path, &text))
        sum->problems += sigma_file_parse(path, buf_span(&text), t.tell, t.ctx, all->out);
    sum->problems += t.problems;
    buf_release(&text);
}

size_t sigma_file_load(const char *folder, config_tell_fn *tell, void *ctx, struct sigma_file *out)
{
    struct reading r = {.table = {.name = folder, .tell = tell, .ctx = ctx}, .out = out};
    *out = (struct sigma_file){0};
    if (folder)
        config_table_folder(&r.table, folder, read_file, &r);
    return r.table.problems;
}
