#include "config/sigma_file.h"
#include "config/line.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/slurp.h"
#include "platform/file.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>

#define FILES_MAX   64
#define FILE_MAX    (256 * 1024)
#define SOURCES_MAX 512
#define LINES_MAX   4096

struct reading {
    const char *file;
    struct span rest;
    int line;
    struct sigma_file *out;
    struct sigma_source *open; /* whose section is being read; NULL: none, or it is broken */
    int begun;                 /* line of its first key */
    char section[64];
    bool in_section;
    sigma_file_tell_fn *tell;
    void *ctx;
    size_t problems;
};

static void complain(struct reading *r, int line, const char *what)
{
    char text[640];
    if (line > 0)
        snprintf(text, sizeof(text), "%.300s:%d: %.300s", r->file, line, what);
    else
        snprintf(text, sizeof(text), "%.300s: %.300s", r->file, what);
    r->problems++;
    if (r->tell)
        r->tell(r->ctx, text);
}

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
    complain(r, line, what);
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
    r->begun = r->line;
    snprintf(r->section, sizeof(r->section), "%s", section);
    if (is_placeholders(r))
        return;
    if (section[0] == '\0') {
        complain(r, r->line, "a key stands before the first [section]; write one above it");
    } else if (f->sources_n == SOURCES_MAX) {
        complain(r, r->line, "more than 512 logsources; this one is left out");
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
        fail(r, r->line, "more than 4096 lines of values; this section is left out");
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
        fail(r, r->line, "'when' and 'field' take 'NAME: VALUE, VALUE ...'; write it so");
    else
        add_pair(r, p, span_trim(name), span_trim(rest));
}

static void set_once(struct reading *r, char **text, const char *value)
{
    if (**text) {
        fail(r, r->line, "product, category and service stand once in a section; remove one");
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
        fail(r, r->line, "a section takes product, category, service, when and field; correct it");
}

static int take_value(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *r = ctx;
    if (!r->in_section || strcmp(section, r->section) != 0)
        begin_section(r, section);
    if (is_placeholders(r) && value[0])
        add_pair(r, &r->out->placeholders, span_of(name), span_of(value));
    else if (is_placeholders(r))
        complain(r, r->line, "a placeholder without a value; write one");
    else if (r->open)
        set_key(r, name, value);
    return 1;
}

/* A line that does not fit spoils its section. */
static char *next_line(char *out, int size, void *ctx)
{
    struct reading *r = ctx;
    enum config_line got;
    while ((got = config_line_take(&r->rest, out, size)) != CONFIG_LINE_NONE) {
        r->line++;
        if (got == CONFIG_LINE_TAKEN)
            return out;
        fail(r, r->line, CONFIG_LINE_UNFIT_WORDS "; shorten it");
    }
    return NULL;
}

size_t sigma_file_parse(const char *name, struct span text, sigma_file_tell_fn *tell, void *ctx,
                        struct sigma_file *out)
{
    struct reading r = {.file = name, .rest = text, .out = out, .tell = tell, .ctx = ctx};
    int bad_line = ini_parse_stream(next_line, &r, take_value, &r);
    end_section(&r);
    if (bad_line != 0)
        complain(&r, bad_line > 0 ? bad_line : r.line,
                 "neither [section] nor key = value; correct it");
    return r.problems;
}

/* ---- files ---- */

static size_t read_file(const char *path, sigma_file_tell_fn *tell, void *ctx,
                        struct sigma_file *out)
{
    struct file_info info;
    struct buf text = BUF_INIT(FILE_MAX);
    struct reading r = {.file = path, .tell = tell, .ctx = ctx};
    int rc = file_info_at(path, &info);
    if (rc == 0 && info.type == FILE_REGULAR && (info.mode & 02))
        complain(&r, 1, "everybody may write to it; chmod o-w it first");
    else if (rc != 0 || (rc = slurp(path, &text)) != 0)
        complain(&r, 1, rc == -EFBIG ? "larger than 256 KiB; split it" : error_text(rc));
    else
        r.problems += sigma_file_parse(path, buf_span(&text), tell, ctx, out);
    buf_release(&text);
    return r.problems;
}

size_t sigma_file_load(const char *folder, sigma_file_tell_fn *tell, void *ctx,
                       struct sigma_file *out)
{
    static const char *const endings[] = {".ini", NULL};
    struct reading r = {.file = folder, .tell = tell, .ctx = ctx};
    struct names names;
    *out = (struct sigma_file){0};
    if (!folder)
        return 0;
    int rc = names_list(folder, endings, FILES_MAX, &names);
    if (rc != 0 && rc != -ENOENT)
        complain(&r, 0, rc == -E2BIG ? "more than 64 files; join some" : error_text(rc));
    for (size_t i = 0; i < names.n && rc == 0; i++) {
        char path[4700];
        snprintf(path, sizeof(path), "%s/%s", folder, names.items[i]);
        r.problems += read_file(path, tell, ctx, out);
    }
    names_release(&names);
    return r.problems;
}
