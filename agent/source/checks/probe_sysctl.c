/*
 * A kernel parameter: what it is now (/proc/sys), and what a file will set it to at the next boot
 * (sysctl.d(5): of files with the same name the first folder's counts, then by name; sysctl.conf
 * last).
 */
#include "base/text.h"
#include "source/checks/probes.h"
#include "source/checks/settings.h"
#include "source/checks/want.h"

#include <errno.h>

struct persisted {
    const struct probe_look *look;
    const char *name; /* with slashes: net/ipv4/ip_forward */
    const char *path; /* being read */
    bool found;
    char value[128], value_path[256];
    int line;
};

/* Both separators are allowed in these files; the first that stands there is the one meant. */
static void with_slashes(struct span key, char *out, size_t size)
{
    if (key.n > 0 && key.p[0] == '-') /* "do not complain" */
        key = (struct span){key.p + 1, key.n - 1};
    span_copy(key, out, size);
    if (span_find(key, '.') > span_find(key, '/'))
        return;
    for (char *c = out; *c; c++)
        *c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
}

static bool take_setting(void *ctx, const struct setting *s)
{
    struct persisted *p = ctx;
    char name[256];
    with_slashes(s->key, name, sizeof(name));
    if (!text_glob(name, p->name))
        return true;
    p->found = true;
    span_copy(s->value, p->value, sizeof(p->value));
    snprintf(p->value_path, sizeof(p->value_path), "%s", p->path);
    p->line = s->line;
    return true;
}

static void read_file(struct persisted *p, const char *path)
{
    struct buf text = BUF_INIT(VIEW_FILE_MAX);
    p->path = path;
    if (view_read(p->look->view, path, &text) == 0)
        setting_format_of("equals")->parse(buf_span(&text), 1, take_setting, p);
    buf_release(&text);
}

static const char *base_name(const char *path)
{
    return strrchr(path, '/') + 1;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

static void read_files(struct persisted *p)
{
    static const char *const folders[] = {"/etc/sysctl.d/*.conf", "/run/sysctl.d/*.conf",
                                          "/usr/local/lib/sysctl.d/*.conf",
                                          "/usr/lib/sysctl.d/*.conf", "/lib/sysctl.d/*.conf"};
    struct view_paths all = {0};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        struct view_paths some = {0};
        size_t before = all.n;
        view_glob(p->look->view, folders[i], &some);
        for (size_t k = 0; k < some.n; k++) {
            bool hidden = false;
            for (size_t m = 0; m < before && !hidden; m++)
                hidden = strcmp(base_name(all.items[m]), base_name(some.items[k])) == 0;
            if (!hidden)
                view_paths_add(&all, span_of(some.items[k]));
        }
        view_paths_release(&some);
    }
    if (all.n > 1)
        qsort(all.items, all.n, sizeof(all.items[0]), by_name);
    for (size_t i = 0; i < all.n; i++)
        read_file(p, all.items[i]);
    read_file(p, "/etc/sysctl.conf");
    view_paths_release(&all);
}

/* One parameter; false ends the look: it is not as it should be, or not known. */
static bool look_at(const struct probe_look *look, struct span key, size_t *seen)
{
    char name[256], path[300];
    struct buf text = BUF_INIT(4096);
    struct persisted p = {.look = look, .name = name};
    with_slashes(key, name, sizeof(name));
    snprintf(path, sizeof(path), "/proc/sys/%s", name);
    int rc = view_read(look->view, path, &text);
    char now[128];
    span_copy(span_trim(buf_span(&text)), now, sizeof(now));
    buf_release(&text);
    if (rc == -ENOENT)
        return true; /* this kernel has none: IPv6 off, a module that is not there */
    outcome_place(look, path, 0);
    if (rc != 0) {
        outcome_unread(look, path, rc);
        return false;
    }
    (*seen)++;
    if (!want_holds(look->check, span_of(now))) {
        outcome_set(look, CHECK_FAIL, "%.*s is %s now", (int)key.n, key.p, now);
        return false;
    }
    read_files(&p);
    if (p.found && !want_holds(look->check, span_of(p.value))) {
        outcome_place(look, p.value_path, p.line);
        outcome_set(look, CHECK_FAIL, "%.*s is %s now, but the next boot sets it to %s", (int)key.n,
                    key.p, now, p.value);
        return false;
    }
    outcome_set(look, CHECK_PASS, "%.*s is %s", (int)key.n, key.p, now);
    return true;
}

static bool run_sysctl(const struct probe_look *look)
{
    struct check_words words = {0};
    struct span key;
    size_t seen = 0;
    want_text(look->check, check_value(look->check, "key"), look->out->expected,
              sizeof(look->out->expected));
    while (check_word(look->check, "key", &words, &key))
        if (!look_at(look, key, &seen))
            return true;
    if (seen == 0)
        return outcome_set(look, CHECK_SKIPPED, "this kernel does not have %s",
                           check_value(look->check, "key"));
    return true;
}

const struct probe probe_sysctl = {
    .name = "sysctl",
    .keys = {{"key", PROBE_NEEDED_SEVERAL, NULL}, {"want", PROBE_NEEDED_SEVERAL, want_verify}},
    .run = run_sysctl,
};
