/* sudoers with what it includes: a default, or a tag on what is granted. */
#include "source/checks/probes.h"
#include "source/checks/sudoers.h"
#include "source/checks/want.h"

#include <errno.h>

#define DEPTH_MAX 8
#define FILES_MAX 256

struct policy {
    const struct probe_look *look;
    const char *name, *tag; /* one of them */
    const char *path;       /* being read */
    int depth;
    size_t files;
    int error;
    char error_path[256];
    bool found;
    char value[256], at_path[256];
    int line;
};

static void read_policy(struct policy *p, const char *path);

/* "A name that ends with ~ or contains a . is passed over." */
static bool is_policy_name(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    return !strchr(name, '.') && name[0] && name[strlen(name) - 1] != '~';
}

static void include(struct policy *p, const struct sudoers_line *l)
{
    struct view_paths paths = {0};
    char pattern[512];
    const char *before = p->path;
    if (p->depth == DEPTH_MAX || l->name.n > 400)
        return;
    snprintf(pattern, sizeof(pattern), "%s%.*s%s",
             l->name.n > 0 && l->name.p[0] == '/' ? "" : "/etc/", (int)l->name.n, l->name.p,
             l->kind == SUDOERS_INCLUDE_FOLDER ? "/*" : "");
    view_glob(p->look->view, pattern, &paths);
    p->depth++;
    for (size_t i = 0; i < paths.n; i++)
        if (l->kind == SUDOERS_INCLUDE || is_policy_name(paths.items[i]))
            read_policy(p, paths.items[i]);
    if (paths.error && p->error == 0) {
        p->error = paths.error;
        snprintf(p->error_path, sizeof(p->error_path), "%.255s", pattern);
    }
    p->depth--;
    p->path = before;
    view_paths_release(&paths);
}

static void keep(struct policy *p, struct span value, int line)
{
    p->found = true;
    span_copy(value, p->value, sizeof(p->value));
    snprintf(p->at_path, sizeof(p->at_path), "%s", p->path);
    p->line = line;
}

/* Up to the tag: arguments of commands may hold passwords. */
static void keep_grant(struct policy *p, const struct sudoers_line *l)
{
    size_t n = span_find_span(l->name, span_of(p->tag)) + strlen(p->tag);
    keep(p, (struct span){l->name.p, n}, l->line);
}

/* Of a default for everybody the last one counts; one that is limited can only spoil it. */
static void take_default(struct policy *p, const struct sudoers_line *l)
{
    struct span value = l->off ? SPAN("no") : l->value.p ? l->value : SPAN("yes");
    if (!span_equal_text(l->name, p->name))
        return;
    if (!l->limited || !want_holds(p->look->check, value))
        keep(p, value, l->line);
}

static bool take_line(void *ctx, const struct sudoers_line *l)
{
    struct policy *p = ctx;
    if (l->kind == SUDOERS_INCLUDE || l->kind == SUDOERS_INCLUDE_FOLDER)
        include(p, l);
    else if (l->kind == SUDOERS_DEFAULT && p->name)
        take_default(p, l);
    else if (l->kind == SUDOERS_GRANT && p->tag && !p->found &&
             sudoers_has_tag(l->name, span_of(p->tag)))
        keep_grant(p, l);
    return true;
}

static void read_policy(struct policy *p, const char *path)
{
    struct buf text = BUF_INIT(VIEW_FILE_MAX);
    int rc = p->files++ < FILES_MAX ? view_read(p->look->view, path, &text) : -E2BIG;
    p->path = path;
    if (rc == 0) {
        sudoers_parse(buf_span(&text), take_line, p);
    } else if (p->error == 0) {
        p->error = rc;
        snprintf(p->error_path, sizeof(p->error_path), "%s", path);
    }
    buf_release(&text);
}

static bool judge(const struct policy *p)
{
    const struct probe_look *look = p->look;
    const char *otherwise = check_value(look->check, "otherwise");
    if (p->found)
        outcome_place(look, p->at_path, p->line);
    if (p->tag)
        return outcome_set(look, p->found ? CHECK_FAIL : CHECK_PASS, "%s",
                           p->found ? p->value : "no such grant");
    bool fine = want_holds(look->check, span_of(p->found ? p->value : otherwise));
    return outcome_set(look, fine ? CHECK_PASS : CHECK_FAIL, "%s %s%s", p->name,
                       p->found    ? p->value
                       : otherwise ? "is not set; its default is "
                                   : "is not set",
                       !p->found && otherwise ? otherwise : "");
}

static bool run_sudo(const struct probe_look *look)
{
    struct policy p = {.look = look,
                       .name = check_value(look->check, "default"),
                       .tag = check_value(look->check, "no-tag")};
    want_text(look->check, p.name ? p.name : "", look->out->expected, sizeof(look->out->expected));
    if (p.tag)
        outcome_expect(look, "nothing is granted with %s", p.tag);
    read_policy(&p, "/etc/sudoers");
    if (p.error == -ENOENT && p.files == 1)
        return outcome_set(look, CHECK_SKIPPED, "there is no /etc/sudoers");
    if (p.error)
        return outcome_unread(look, p.error_path, p.error);
    return judge(&p);
}

const struct probe probe_sudo = {
    .name = "sudo",
    .keys = {{"default", PROBE_ONCE, NULL},
             {"no-tag", PROBE_ONCE, NULL},
             {"otherwise", PROBE_ONCE, NULL},
             {"want", PROBE_SEVERAL, want_verify}},
    .run = run_sudo,
};
