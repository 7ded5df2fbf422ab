#include "source/checks/settings.h"

#define KEY_MAX   256
#define VALUE_MAX 1024
#define DEPTH_MAX 16

struct span settings_bare(struct span line)
{
    bool quoted = false;
    size_t n = 0;
    for (; n < line.n; n++) {
        if (line.p[n] == '"')
            quoted = !quoted;
        if (line.p[n] == '#' && !quoted &&
            (n == 0 || line.p[n - 1] == ' ' || line.p[n - 1] == '\t'))
            break;
    }
    return span_trim((struct span){line.p, n});
}

static struct span unquoted(struct span s)
{
    if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
        return (struct span){s.p + 1, s.n - 2};
    return s;
}

static struct span cut(struct span s, size_t max)
{
    return s.n >= max ? (struct span){s.p, max - 1} : s;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool take_word(struct span *rest, struct span *word)
{
    size_t n = 0;
    *rest = span_trim(*rest);
    while (n < rest->n && !is_blank(rest->p[n]))
        n++;
    return n > 0 && span_take(rest, n, word);
}

/* ---- words ---- */

static void parse_words(struct span text, size_t key_words, setting_fn *each, void *ctx)
{
    struct span line, word;
    struct setting s = {.line = 0};
    while (span_take_line(&text, &line)) {
        char key[KEY_MAX];
        size_t n = 0, words = 0;
        s.line++;
        struct span rest = settings_bare(line);
        while (words < key_words && take_word(&rest, &word)) {
            if (n + word.n + 1 >= sizeof(key))
                break;
            if (words++ > 0)
                key[n++] = ' ';
            memcpy(key + n, word.p, word.n);
            n += word.n;
        }
        if (words != key_words)
            continue;
        s.key = span_make(key, n);
        s.value = cut(unquoted(span_trim(rest)), VALUE_MAX);
        if (!each(ctx, &s))
            return;
    }
}

/* ---- equals, ini ---- */

static bool split_equals(struct span line, struct setting *s)
{
    size_t at = span_find(line, '=');
    if (at == line.n)
        return false;
    s->key = span_trim((struct span){line.p, at});
    s->value = cut(unquoted(span_trim((struct span){line.p + at + 1, line.n - at - 1})), VALUE_MAX);
    return s->key.n > 0 && s->key.n < KEY_MAX;
}

static void parse_equals(struct span text, size_t key_words, setting_fn *each, void *ctx)
{
    struct span line;
    struct setting s = {.line = 0};
    (void)key_words;
    while (span_take_line(&text, &line)) {
        s.line++;
        line = settings_bare(line);
        if (line.n == 0 || line.p[0] == ';')
            continue;
        if (!split_equals(line, &s)) { /* pwquality.conf: enforcing words without a value */
            s.key = cut(line, KEY_MAX);
            s.value = SPAN("");
        }
        if (!each(ctx, &s))
            return;
    }
}

static void parse_ini(struct span text, size_t key_words, setting_fn *each, void *ctx)
{
    struct span line, section = {"", 0};
    struct setting s = {.line = 0};
    (void)key_words;
    while (span_take_line(&text, &line)) {
        char key[2 * KEY_MAX];
        s.line++;
        line = span_trim(line);
        if (line.n > 1 && line.p[0] == '[' && line.p[line.n - 1] == ']')
            section = cut((struct span){line.p + 1, line.n - 2}, KEY_MAX - 1);
        if (line.n == 0 || strchr("[#;", line.p[0]) || !split_equals(line, &s))
            continue;
        int n = snprintf(key, sizeof(key), "%.*s.%.*s", (int)section.n, section.p, (int)s.key.n,
                         s.key.p);
        s.key = span_make(key, (size_t)n);
        if (!each(ctx, &s))
            return;
    }
}

/* ---- sshd ---- */

static void parse_sshd(struct span text, size_t key_words, setting_fn *each, void *ctx)
{
    struct span line;
    struct setting s = {.line = 0};
    (void)key_words;
    while (span_take_line(&text, &line)) {
        size_t n = 0;
        s.line++;
        line = settings_bare(line);
        while (n < line.n && !is_blank(line.p[n]) && line.p[n] != '=')
            n++;
        if (n == 0 || n >= KEY_MAX)
            continue;
        s.key = span_make(line.p, n);
        while (n < line.n && (is_blank(line.p[n]) || line.p[n] == '='))
            n++;
        s.value = cut(unquoted(span_make(line.p + n, line.n - n)), VALUE_MAX);
        if (span_equal_nocase(s.key, SPAN("Match")))
            s.conditional = !span_equal_nocase(s.value, SPAN("all"));
        else if (!each(ctx, &s))
            return;
    }
}

/* ---- apt ---- */

struct apt {
    struct span rest;
    int line;
    char key[KEY_MAX]; /* names of the open blocks, and the one being read */
    size_t n;
    size_t block[DEPTH_MAX]; /* how long the key is outside of each open block */
    size_t depth;
    struct span value;
    bool has_value;
};

static bool apt_comment(const struct apt *a)
{
    return a->rest.p[0] == '#' ||
           (a->rest.n > 1 && a->rest.p[0] == '/' && (a->rest.p[1] == '/' || a->rest.p[1] == '*'));
}

static void apt_take(struct apt *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a->line += a->rest.p[i] == '\n';
    span_take(&a->rest, n, &(struct span){0});
}

static void apt_skip_comment(struct apt *a)
{
    bool block = a->rest.p[0] == '/' && a->rest.p[1] == '*';
    struct span end = block ? SPAN("*/") : SPAN("\n");
    size_t at = span_find_span(a->rest, end);
    apt_take(a, at < a->rest.n ? at + end.n : a->rest.n);
}

static void apt_name(struct apt *a)
{
    size_t n = 0, from = a->depth > 0 ? a->block[a->depth - 1] : 0;
    while (n < a->rest.n && !strchr(" \t\r\n\"{};", a->rest.p[n]) && a->rest.p[n] != '\0')
        n++;
    if (n == 0)
        n = 1; /* a NUL byte */
    a->n = from;
    if (from + n + 2 < sizeof(a->key)) {
        if (from > 0) {
            memcpy(a->key + from, "::", 2);
            a->n += 2;
        }
        memcpy(a->key + a->n, a->rest.p, n);
        a->n += n;
    }
    apt_take(a, n);
}

static void apt_value(struct apt *a)
{
    apt_take(a, 1);
    size_t n = span_find(a->rest, '"');
    a->value = cut(span_make(a->rest.p, n), VALUE_MAX);
    a->has_value = true;
    apt_take(a, n < a->rest.n ? n + 1 : n);
}

/* False: the block is too deep, or the reader has enough. */
static bool apt_mark(struct apt *a, char c, setting_fn *each, void *ctx)
{
    struct setting s = {.key = span_make(a->key, a->n), .value = a->value, .line = a->line};
    bool go_on = true;
    if (c == ';' && a->has_value)
        go_on = each(ctx, &s);
    if (c == '{') {
        if (a->depth == DEPTH_MAX)
            return false;
        a->block[a->depth++] = a->n;
    }
    if (c == '}' && a->depth > 0)
        a->depth--;
    if (c != '{')
        a->n = a->depth > 0 ? a->block[a->depth - 1] : 0;
    a->has_value = false;
    return go_on;
}

static void parse_apt(struct span text, size_t key_words, setting_fn *each, void *ctx)
{
    struct apt a = {.rest = text, .line = 1};
    (void)key_words;
    while (a.rest.n > 0) {
        char c = a.rest.p[0];
        if (apt_comment(&a)) {
            apt_skip_comment(&a);
        } else if (c == '"') {
            apt_value(&a);
        } else if (c == '{' || c == '}' || c == ';') {
            if (!apt_mark(&a, c, each, ctx))
                return;
            apt_take(&a, 1);
        } else if (is_blank(c) || c == '\n' || c == '\r') {
            apt_take(&a, 1);
        } else {
            apt_name(&a);
        }
    }
}

const struct setting_format setting_formats[] = {
    {"words", false, false, parse_words}, {"equals", false, false, parse_equals},
    {"ini", false, false, parse_ini},     {"sshd", true, true, parse_sshd},
    {"apt", false, true, parse_apt},      {NULL, false, false, NULL},
};

const struct setting_format *setting_format_of(const char *name)
{
    for (const struct setting_format *f = setting_formats; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}
