/*
 * A module in one of PAM's stacks, with its includes followed: is it there, and how is one of its
 * arguments. A module's own file (faillock.conf, pwquality.conf) may say it instead.
 */
#include "source/checks/pam.h"
#include "source/checks/probes.h"
#include "source/checks/settings.h"
#include "source/checks/want.h"

#include <errno.h>

#define DEPTH_MAX 8
#define FILES_MAX 64

struct stack {
    const struct probe_look *look;
    struct span type;
    const char *argument; /* NULL: only the module is asked for */
    const char *path;     /* being read */
    int depth;
    size_t files;
    int error;
    bool found;  /* the module */
    bool valued; /* the argument */
    char module[64], value[128], module_path[256], value_path[256];
    int line, value_line;
};

static void read_stack(struct stack *s, const char *path);

static bool is_wanted(const struct stack *s, struct span module)
{
    struct check_words words = {0};
    struct span word;
    while (check_word(s->look->check, "module", &words, &word))
        if (span_equal(word, module))
            return true;
    return false;
}

static void go_into(struct stack *s, struct span name)
{
    char path[256];
    const char *before = s->path;
    if (s->depth == DEPTH_MAX || name.n > 128 || span_find(name, '/') < name.n)
        return;
    snprintf(path, sizeof(path), "/etc/pam.d/%.*s", (int)name.n, name.p);
    s->depth++;
    read_stack(s, path);
    s->depth--;
    s->path = before;
}

static bool take_line(void *ctx, const struct pam_line *l)
{
    struct stack *s = ctx;
    struct span value;
    bool every = l->include && l->type.n == 0;
    if (!every && !span_equal_nocase(l->type, s->type))
        return true;
    if (l->include) {
        go_into(s, l->module);
        return true;
    }
    if (!is_wanted(s, l->module))
        return true;
    if (!s->found) {
        s->found = true;
        span_copy(l->module, s->module, sizeof(s->module));
        snprintf(s->module_path, sizeof(s->module_path), "%s", s->path);
        s->line = l->line;
    }
    if (s->argument && !s->valued && pam_argument(l->arguments, span_of(s->argument), &value)) {
        s->valued = true;
        span_copy(value, s->value, sizeof(s->value));
        snprintf(s->value_path, sizeof(s->value_path), "%s", s->path);
        s->value_line = l->line;
    }
    return true;
}

static void read_stack(struct stack *s, const char *path)
{
    struct buf text = BUF_INIT(VIEW_FILE_MAX);
    int rc = s->files++ < FILES_MAX ? view_read(s->look->view, path, &text) : -E2BIG;
    s->path = path;
    if (rc == 0)
        pam_parse(buf_span(&text), take_line, s);
    else if (s->error == 0)
        s->error = rc;
    buf_release(&text);
}

static bool take_setting(void *ctx, const struct setting *line)
{
    struct stack *s = ctx;
    if (span_equal_text(line->key, s->argument)) {
        s->valued = true;
        span_copy(line->value, s->value, sizeof(s->value));
        snprintf(s->value_path, sizeof(s->value_path), "%s", s->path);
        s->value_line = line->line;
    }
    return true;
}

/* What the stack says counts more than the module's file. */
static void read_file(struct stack *s)
{
    struct check_words words = {0};
    struct span word;
    while (!s->valued && check_word(s->look->check, "config", &words, &word)) {
        struct view_paths paths = {0};
        char pattern[256];
        if (span_copy(word, pattern, sizeof(pattern)))
            view_glob(s->look->view, pattern, &paths);
        for (size_t i = paths.n; i > 0 && !s->valued; i--) { /* the last one counts */
            struct buf text = BUF_INIT(VIEW_FILE_MAX);
            s->path = paths.items[i - 1];
            if (view_read(s->look->view, s->path, &text) == 0)
                setting_format_of("equals")->parse(buf_span(&text), 1, take_setting, s);
            buf_release(&text);
            s->path = "";
        }
        view_paths_release(&paths);
    }
}

static bool judge(struct stack *s)
{
    const struct probe_look *look = s->look;
    const char *otherwise = check_value(look->check, "otherwise");
    bool absent = strcmp(check_value(look->check, "stands"), "absent") == 0;
    if (!s->found)
        return outcome_set(look, absent ? CHECK_PASS : CHECK_FAIL, "%.200s does not stand in it",
                           check_value(look->check, "module"));
    outcome_place(look, s->module_path, s->line);
    if (absent || !s->argument)
        return outcome_set(look, absent ? CHECK_FAIL : CHECK_PASS, "%s stands there", s->module);
    if (s->valued)
        outcome_place(look, s->value_path, s->value_line);
    struct span value = s->valued ? span_of(s->value) : span_of(otherwise);
    bool fine = want_holds(look->check, value);
    return outcome_set(look, fine ? CHECK_PASS : CHECK_FAIL, "%s: %s %s%s", s->module, s->argument,
                       s->valued   ? s->value[0] ? s->value : "is given"
                       : otherwise ? "is not given; its default is "
                                   : "is not given",
                       !s->valued && otherwise ? otherwise : "");
}

static bool run_pam(const struct probe_look *look)
{
    const char *file = check_value(look->check, "file");
    struct stack s = {.look = look,
                      .type = span_of(check_value(look->check, "type")),
                      .argument = check_value(look->check, "argument")};
    if (s.argument)
        want_text(look->check, s.argument, look->out->expected, sizeof(look->out->expected));
    else
        outcome_expect(look, "%s %s", check_value(look->check, "module"),
                       check_value(look->check, "stands"));
    read_stack(&s, file);
    if (s.error == -ENOENT && s.files == 1)
        return outcome_set(look, CHECK_SKIPPED, "there is no %s", file);
    if (s.error && !s.found)
        return outcome_unread(look, file, s.error);
    if (s.argument)
        read_file(&s);
    return judge(&s);
}

static int verify_stands(const char *value, struct error *e)
{
    if (strcmp(value, "present") == 0 || strcmp(value, "absent") == 0)
        return 0;
    return error_set(e, "it is present or absent");
}

static int verify_type(const char *value, struct error *e)
{
    static const char *const types[] = {"auth", "account", "password", "session"};
    for (size_t i = 0; i < 4; i++)
        if (strcmp(types[i], value) == 0)
            return 0;
    return error_set(e, "it is auth, account, password or session");
}

const struct probe probe_pam = {
    .name = "pam",
    .keys = {{"file", PROBE_NEEDED, NULL},
             {"type", PROBE_NEEDED, verify_type},
             {"module", PROBE_NEEDED, NULL},
             {"stands", PROBE_NEEDED, verify_stands},
             {"argument", PROBE_ONCE, NULL},
             {"config", PROBE_ONCE, NULL},
             {"otherwise", PROBE_ONCE, NULL},
             {"want", PROBE_SEVERAL, want_verify}},
    .run = run_pam,
};
