/* Values of configuration files, and lines that fit a pattern. */
#include "base/text.h"
#include "source/checks/probes.h"
#include "source/checks/settings.h"
#include "source/checks/want.h"

#include <errno.h>

#define INCLUDES_MAX 8   /* deep */
#define FILES_MAX    512 /* read for one check */

struct search {
    const struct probe_look *look;
    const struct setting_format *format;
    struct span key;
    size_t key_words;
    const char *path; /* being read */
    bool conditional; /* it was included behind a Match */
    int depth;
    size_t files;
    int error; /* of a file that is there and cannot be read */
    char error_path[256];

    bool found;
    char value[1024], value_path[256];
    int value_line;
    bool loose; /* a conditional one is not as it should be */
    char loose_value[256], loose_path[256];
    int loose_line;
};

static void read_pattern(struct search *s, const char *pattern);

static bool same_key(const struct search *s, struct span key)
{
    return s->format->nocase ? span_equal_nocase(key, s->key) : span_equal(key, s->key);
}

static void include(struct search *s, const struct setting *line)
{
    struct span rest = line->value, one;
    const char *path = s->path;
    bool conditional = s->conditional;
    if (s->depth == INCLUDES_MAX)
        return;
    s->depth++;
    s->conditional = conditional || line->conditional;
    while (span_take_until(&rest, ' ', &one)) {
        char pattern[512];
        if (one.n == 0)
            continue;
        snprintf(pattern, sizeof(pattern), "%s%.*s", one.p[0] == '/' ? "" : "/etc/ssh/",
                 (int)(one.n < 400 ? one.n : 400), one.p);
        read_pattern(s, pattern);
    }
    s->depth--;
    s->path = path;
    s->conditional = conditional;
}

static bool take_setting(void *ctx, const struct setting *line)
{
    struct search *s = ctx;
    if (s->format->first_wins && span_equal_nocase(line->key, SPAN("Include")))
        include(s, line);
    if (!same_key(s, line->key))
        return true;
    if (line->conditional || s->conditional) {
        if (!s->loose && !want_holds(s->look->check, line->value)) {
            s->loose = true;
            span_copy(line->value, s->loose_value, sizeof(s->loose_value));
            snprintf(s->loose_path, sizeof(s->loose_path), "%s", s->path);
            s->loose_line = line->line;
        }
    } else if (!s->found || !s->format->first_wins) {
        s->found = true;
        span_copy(line->value, s->value, sizeof(s->value));
        snprintf(s->value_path, sizeof(s->value_path), "%s", s->path);
        s->value_line = line->line;
    }
    return true;
}

static void fail_at(struct search *s, const char *path, int rc)
{
    if (s->error == 0)
        snprintf(s->error_path, sizeof(s->error_path), "%.255s", path);
    s->error = s->error ? s->error : rc;
}

static void read_one(struct search *s, const char *path)
{
    struct buf text = BUF_INIT(VIEW_FILE_MAX);
    int rc = s->files++ < FILES_MAX ? view_read(s->look->view, path, &text) : -E2BIG;
    s->path = path;
    if (rc == 0)
        s->format->parse(buf_span(&text), s->key_words, take_setting, s);
    else if (rc != -ENOENT)
        fail_at(s, path, rc);
    buf_release(&text);
}

static void read_pattern(struct search *s, const char *pattern)
{
    struct view_paths paths = {0};
    view_glob(s->look->view, pattern, &paths);
    for (size_t i = 0; i < paths.n; i++)
        read_one(s, paths.items[i]);
    if (paths.error)
        fail_at(s, pattern, paths.error);
    view_paths_release(&paths);
}

static size_t words_of(struct span s)
{
    struct span word;
    size_t n = 0;
    while (span_take_until(&s, ' ', &word))
        n += word.n > 0;
    return n;
}

static bool judge(struct search *s)
{
    const struct probe_look *look = s->look;
    const char *otherwise = check_value(look->check, "otherwise");
    const char *key = check_value(look->check, "key");
    struct span value = s->found ? span_of(s->value) : span_of(otherwise);
    bool fine = want_holds(look->check, value);
    outcome_place(look, s->value_path, s->value_line);
    if (s->error)
        return outcome_unread(look, s->error_path, s->error);
    if (fine && s->loose) {
        outcome_place(look, s->loose_path, s->loose_line);
        return outcome_set(look, CHECK_FAIL, "%s %s, for what a Match block says", key,
                           s->loose_value);
    }
    enum check_status status = fine ? CHECK_PASS : CHECK_FAIL;
    if (s->found)
        return outcome_set(look, status, "%s %s", key, s->value);
    if (otherwise)
        return outcome_set(look, status, "%s is not set; its default is %s", key, otherwise);
    return outcome_set(look, status, "%s is not set", key);
}

static bool run_setting(const struct probe_look *look)
{
    struct search s = {.look = look,
                       .format = setting_format_of(check_value(look->check, "format")),
                       .key = span_of(check_value(look->check, "key"))};
    struct check_words words = {0};
    struct span word;
    s.key_words = words_of(s.key);
    want_text(look->check, check_value(look->check, "key"), look->out->expected,
              sizeof(look->out->expected));
    while (check_word(look->check, "files", &words, &word)) {
        char pattern[512];
        if (span_copy(word, pattern, sizeof(pattern)))
            read_pattern(&s, pattern);
    }
    return judge(&s);
}

static int verify_format(const char *value, struct error *e)
{
    if (setting_format_of(value))
        return 0;
    return error_set(e, "it is words, equals, ini, sshd or apt");
}

const struct probe probe_setting = {
    .name = "setting",
    .keys = {{"files", PROBE_NEEDED_SEVERAL, NULL},
             {"format", PROBE_NEEDED, verify_format},
             {"key", PROBE_NEEDED, NULL},
             {"want", PROBE_NEEDED_SEVERAL, want_verify},
             {"otherwise", PROBE_ONCE, NULL}},
    .run = run_setting,
};

/* ---- lines ---- */

struct lines {
    const struct probe_look *look;
    bool hit;
    size_t files;
    int error; /* of one that is there and cannot be read */
    char error_path[256];
};

static void miss(struct lines *l, const char *path, int rc)
{
    if (l->error == 0)
        snprintf(l->error_path, sizeof(l->error_path), "%.255s", path);
    l->error = l->error ? l->error : rc;
}

/* The line without comment, blanks in it made one. */
static bool plain_line(struct span line, char *out, size_t size)
{
    size_t n = 0;
    line = settings_bare(line);
    for (size_t i = 0; i < line.n && n + 1 < size; i++) {
        char c = line.p[i] == '\t' ? ' ' : line.p[i];
        if (c != '\0' && (c != ' ' || (n > 0 && out[n - 1] != ' ')))
            out[n++] = c;
    }
    out[n] = '\0';
    return n > 0;
}

static const char *pattern_of(const struct check *c, const char *line)
{
    size_t at = 0;
    for (const struct check_value *v; (v = check_each(c, "like", &at));)
        if (text_glob(v->text, line))
            return v->text;
    return NULL;
}

static void search_file(struct lines *l, const char *path)
{
    struct buf text = BUF_INIT(VIEW_FILE_MAX);
    char plain[2048];
    int number = 0;
    int rc = view_read(l->look->view, path, &text);
    if (rc != 0) {
        if (rc != -ENOENT)
            miss(l, path, rc);
        buf_release(&text);
        return;
    }
    l->files++;
    struct span rest = buf_span(&text), line;
    while (!l->hit && span_take_line(&rest, &line)) {
        number++;
        const char *pattern =
            plain_line(line, plain, sizeof(plain)) ? pattern_of(l->look->check, plain) : NULL;
        if (!pattern)
            continue;
        l->hit = true; /* the line itself stays here: it may hold an address with a password */
        outcome_place(l->look, path, number);
        outcome_set(l->look, CHECK_PASS, "a line like %s", pattern);
    }
    buf_release(&text);
}

static bool run_text(const struct probe_look *look)
{
    struct lines l = {.look = look};
    struct check_words words = {0};
    struct span word;
    bool wanted = strcmp(check_value(look->check, "want"), "present") == 0;
    outcome_expect(look, "%s line like %s", wanted ? "a" : "no", check_value(look->check, "like"));
    while (!l.hit && check_word(look->check, "files", &words, &word)) {
        struct view_paths paths = {0};
        char pattern[512];
        if (span_copy(word, pattern, sizeof(pattern)))
            view_glob(look->view, pattern, &paths);
        for (size_t i = 0; i < paths.n && !l.hit; i++)
            search_file(&l, paths.items[i]);
        if (paths.error)
            miss(&l, pattern, paths.error);
        view_paths_release(&paths);
    }
    if (!l.hit && l.error)
        return outcome_unread(look, l.error_path, l.error);
    if (!l.hit)
        outcome_set(look, CHECK_PASS, "no such line in %zu files", l.files);
    look->out->status = l.hit == wanted ? CHECK_PASS : CHECK_FAIL;
    return true;
}

static int verify_present(const char *value, struct error *e)
{
    if (strcmp(value, "present") == 0 || strcmp(value, "absent") == 0)
        return 0;
    return error_set(e, "it is present or absent");
}

const struct probe probe_text = {
    .name = "text",
    .keys = {{"files", PROBE_NEEDED_SEVERAL, NULL},
             {"like", PROBE_NEEDED_SEVERAL, NULL},
             {"want", PROBE_NEEDED, verify_present}},
    .run = run_text,
};
