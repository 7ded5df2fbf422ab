#include "config/checks_file.h"

#include "base/buf.h"
#include "base/mem.h"

#define FILE_MAX   (256 * 1024)
#define CHECKS_MAX 512
#define VALUES_MAX 128
#define ID_MAX     40

struct reading {
    struct config_table table; /* the first */
    struct checks *out;
    size_t first;       /* of this file's checks in out */
    struct check *open; /* the one whose section is being read, NULL: none or it is broken */
    char section[64];   /* its name */
    bool told;          /* of this section */
};

/* Of a check. */
static void complain(struct reading *r, int line, const char *id, const char *what)
{
    char text[600];
    snprintf(text, sizeof(text), "%s%s%.500s", id, id[0] ? ": " : "", what);
    config_table_complain(&r->table, line, text);
}

static void free_check(struct check *c)
{
    char *owned[] = {c->id,     c->title,      c->probe, c->reason,
                     c->remedy, c->references, c->topic, c->file};
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        free(owned[i]);
    for (size_t i = 0; i < c->values_n; i++) {
        free(c->values[i].name);
        free(c->values[i].text);
    }
    free(c->values);
}

void checks_drop(struct checks *checks, size_t i)
{
    free_check(&checks->items[i]);
    checks->n--;
    memmove(&checks->items[i], &checks->items[i + 1], (checks->n - i) * sizeof(checks->items[0]));
}

void checks_release(struct checks *checks)
{
    while (checks->n > 0)
        checks_drop(checks, checks->n - 1);
    free(checks->items);
    *checks = (struct checks){0};
}

/* What is wrong with the section that is being read: it is left out. */
static void fail(struct reading *r, const char *what)
{
    if (!r->told)
        complain(r, r->table.line, r->section, what);
    r->told = true;
    if (r->open)
        checks_drop(r->out, r->out->n - 1);
    r->open = NULL;
}

/* ---- the end of a section ---- */

static const char *lacks(const struct check *c)
{
    const struct {
        const char *text, *what;
    } rows[] = {
        {c->title, "it has no title"},
        {c->probe, "it has no probe"},
        {c->reason, "it has no reason: say why it is asked"},
        {c->remedy, "it has no remedy: say what to do when it fails"},
        {c->severity ? "" : NULL,
         "it has no severity: informational, low, medium, high or critical"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!rows[i].text)
            return rows[i].what;
    return NULL;
}

static void end_section(struct reading *r)
{
    if (r->open) {
        const char *what = lacks(r->open);
        if (what) {
            complain(r, r->open->line, r->section, what);
            checks_drop(r->out, r->out->n - 1);
        } else if (!r->open->references) {
            r->open->references = mem_text("");
        }
    }
    r->open = NULL;
    r->told = false;
}

/* ---- the beginning of one ---- */

static bool is_id(const char *text)
{
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");
    return n > 0 && n < ID_MAX && text[n] == '\0';
}

static const struct check *find(const struct checks *checks, const char *id)
{
    for (size_t i = 0; i < checks->n; i++)
        if (strcmp(checks->items[i].id, id) == 0)
            return &checks->items[i];
    return NULL;
}

static char *topic_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    struct span name = span_of(slash ? slash + 1 : file);
    if (span_ends(name, SPAN(".ini")))
        name.n -= 4;
    return mem_text_span(name);
}

static void begin_section(struct reading *r, const char *section)
{
    char text[160];
    end_section(r);
    snprintf(r->section, sizeof(r->section), "%s", section);
    const struct check *same = find(r->out, section);
    if (!is_id(section)) {
        fail(r, section[0] ? "an id is made of up to 39 letters, digits and - _ ."
                           : "a key stands before the first [id]");
    } else if (same) {
        snprintf(text, sizeof(text), "there is one of that id already in %.80s:%d", same->file,
                 same->line);
        fail(r, text);
    } else if (r->out->n == CHECKS_MAX) {
        fail(r, "there are more than 512 checks");
    } else {
        if ((r->out->n & (r->out->n - 1)) == 0)
            r->out->items =
                mem_grow(r->out->items, r->out->n ? r->out->n * 2 : 1, sizeof(r->out->items[0]));
        r->open = &r->out->items[r->out->n++];
        *r->open = (struct check){.id = mem_text(section),
                                  .topic = topic_of(r->table.name),
                                  .file = mem_text(r->table.name),
                                  .line = r->table.line};
    }
}

/* ---- keys ---- */

static void append(char **text, const char *between, const char *more)
{
    struct buf all = BUF_INIT(FILE_MAX);
    if (*text) {
        buf_put_text(&all, *text);
        buf_put_text(&all, between);
    }
    buf_put_text(&all, more);
    free(*text);
    *text = mem_text_span(buf_span(&all));
    buf_release(&all);
}

static void set_once(struct reading *r, char **text, const char *value)
{
    if (*text)
        fail(r, "title and probe stand once in a check");
    else
        *text = mem_text(value);
}

static void set_severity(struct reading *r, const char *value)
{
    static const char *const words[] = {"informational", "low", "medium", "high", "critical"};
    for (int i = 0; i < 5; i++)
        if (strcmp(words[i], value) == 0)
            r->open->severity = i + 1;
    if (r->open->severity == 0)
        fail(r, "severity is informational, low, medium, high or critical");
}

static void add_value(struct reading *r, const char *name, const char *value)
{
    struct check *c = r->open;
    if (c->values_n == VALUES_MAX) {
        fail(r, "it has more than 128 values");
        return;
    }
    if ((c->values_n & (c->values_n - 1)) == 0)
        c->values = mem_grow(c->values, c->values_n ? c->values_n * 2 : 1, sizeof(c->values[0]));
    c->values[c->values_n++] = (struct check_value){mem_text(name), mem_text(value), r->table.line};
}

static void set_key(struct reading *r, const char *name, const char *value)
{
    struct check *c = r->open;
    if (strcmp(name, "title") == 0)
        set_once(r, &c->title, value);
    else if (strcmp(name, "probe") == 0)
        set_once(r, &c->probe, value);
    else if (strcmp(name, "reason") == 0)
        append(&c->reason, " ", value);
    else if (strcmp(name, "remedy") == 0)
        append(&c->remedy, " ", value);
    else if (strcmp(name, "severity") == 0)
        set_severity(r, value);
    else if (strcmp(name, "reference") == 0 && !strstr(value, ": "))
        fail(r, "a reference is \"standard: requirement\"");
    else if (strcmp(name, "reference") == 0)
        append(&c->references, "\n", value);
    else
        add_value(r, name, value);
}

static int take_value(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *r = ctx;
    bool in_section = (r->open || r->told) && strcmp(section, r->section) == 0;
    if (!in_section)
        begin_section(r, section);
    if (r->open && value[0] == '\0')
        fail(r, "a key without a value");
    if (r->open)
        set_key(r, name, value);
    return 1;
}

/* Such a line spoils its section. */
static void unfit(struct config_table *t, const char *what)
{
    fail((struct reading *)t, what);
}

static const struct config_rows rows = {
    .take = take_value, .unfit = unfit, .shape = "neither [id] nor key = value"};

size_t checks_parse(const char *file, struct span text, config_tell_fn *tell, void *ctx,
                    struct checks *out)
{
    struct reading r = {.table = {.name = file, .tell = tell, .ctx = ctx}, .out = out};
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
        sum->problems += checks_parse(path, buf_span(&text), t.tell, t.ctx, all->out);
    sum->problems += t.problems;
    buf_release(&text);
}

size_t checks_read(const char *folder, config_tell_fn *tell, void *ctx, struct checks *out)
{
    struct reading r = {.table = {.name = folder, .tell = tell, .ctx = ctx}, .out = out};
    *out = (struct checks){0};
    config_table_folder(&r.table, folder, read_file, &r);
    return r.table.problems;
}

/* ---- values ---- */

const struct check_value *check_each(const struct check *c, const char *name, size_t *at)
{
    while (*at < c->values_n) {
        const struct check_value *v = &c->values[(*at)++];
        if (strcmp(v->name, name) == 0)
            return v;
    }
    return NULL;
}

const char *check_value(const struct check *c, const char *name)
{
    size_t at = 0;
    const struct check_value *v = check_each(c, name, &at);
    return v ? v->text : NULL;
}

bool check_word(const struct check *c, const char *name, struct check_words *words,
                struct span *out)
{
    for (;;) {
        words->rest = span_trim(words->rest);
        if (words->rest.n > 0) {
            size_t n = 0;
            while (n < words->rest.n && words->rest.p[n] != ' ' && words->rest.p[n] != '\t')
                n++;
            span_take(&words->rest, n, out);
            return true;
        }
        const struct check_value *v = check_each(c, name, &words->at);
        if (!v)
            return false;
        words->rest = span_of(v->text);
    }
}
