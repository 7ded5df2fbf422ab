/* Kernel modules, the kernel's command line, UEFI Secure Boot; installed packages. */
#include "source/checks/probes.h"
#include "source/checks/settings.h"

#include <errno.h>

/* ---- module ---- */

struct blocked {
    struct span module;
    bool hit;
};

/* modprobe takes - and _ for the same. */
static bool same_module(struct span a, struct span b)
{
    bool same = a.n == b.n;
    for (size_t i = 0; i < a.n && same; i++)
        same = (a.p[i] == '-' ? '_' : a.p[i]) == (b.p[i] == '-' ? '_' : b.p[i]);
    return same;
}

static bool take_line(void *ctx, const struct setting *s)
{
    struct blocked *b = ctx;
    struct span rest = s->value, module = {0};
    bool install = span_equal(s->key, SPAN("install"));
    if (!install && !span_equal(s->key, SPAN("blacklist")))
        return true;
    span_take_until(&rest, ' ', &module);
    rest = span_trim(rest);
    bool nothing = span_ends(rest, SPAN("/false")) || span_ends(rest, SPAN("/true"));
    b->hit = b->hit || (same_module(module, b->module) && (!install || nothing));
    return !b->hit;
}

static bool is_blocked(const struct probe_look *look, struct span module)
{
    static const char *const patterns[] = {"/etc/modprobe.d/*.conf", "/run/modprobe.d/*.conf",
                                           "/usr/lib/modprobe.d/*.conf", "/lib/modprobe.d/*.conf"};
    struct blocked b = {module, false};
    for (size_t i = 0; i < 4 && !b.hit; i++) {
        struct view_paths paths = {0};
        view_glob(look->view, patterns[i], &paths);
        for (size_t k = 0; k < paths.n && !b.hit; k++) {
            struct buf text = BUF_INIT(VIEW_FILE_MAX);
            if (view_read(look->view, paths.items[k], &text) == 0)
                setting_format_of("words")->parse(buf_span(&text), 1, take_line, &b);
            buf_release(&text);
        }
        view_paths_release(&paths);
    }
    return b.hit;
}

static bool is_loaded(const struct probe_look *look, struct span module)
{
    struct buf text = BUF_INIT(VIEW_FILE_MAX);
    struct span rest, line, name;
    bool loaded = false;
    if (view_read(look->view, "/proc/modules", &text) != 0)
        buf_clear(&text);
    rest = buf_span(&text);
    while (!loaded && span_take_line(&rest, &line))
        loaded = span_take_until(&line, ' ', &name) && same_module(name, module);
    buf_release(&text);
    return loaded;
}

static bool is_available(struct span modules, struct span module)
{
    char name[80];
    snprintf(name, sizeof(name), "/%.*s.ko", (int)(module.n < 64 ? module.n : 64), module.p);
    return span_find_span(modules, span_of(name)) < modules.n;
}

static bool run_module(const struct probe_look *look)
{
    struct span modules = view_modules(look->view), module;
    struct check_words words = {0};
    size_t available = 0;
    outcome_expect(look,
                   "none of them can be loaded: modprobe.d says install /bin/false or blacklist");
    while (check_word(look->check, "modules", &words, &module)) {
        if (is_loaded(look, module)) {
            outcome_place(look, "/proc/modules", 0);
            return outcome_set(look, CHECK_FAIL, "%.*s is loaded", (int)module.n, module.p);
        }
        if (!is_available(modules, module))
            continue;
        available++;
        if (!is_blocked(look, module))
            return outcome_set(look, CHECK_FAIL, "%.*s can be loaded", (int)module.n, module.p);
    }
    if (modules.n == 0)
        return outcome_set(look, CHECK_SKIPPED, "there are no modules for the running kernel");
    return outcome_set(look, CHECK_PASS, "none can be loaded, of %zu that this kernel has",
                       available);
}

const struct probe probe_module = {
    .name = "module",
    .keys = {{"modules", PROBE_NEEDED, NULL}},
    .run = run_module,
};

/* ---- cmdline ---- */

static bool has_word(struct span line, struct span wanted)
{
    struct span word;
    while (span_take_until(&line, ' ', &word))
        if (span_equal(span_trim(word), wanted))
            return true;
    return false;
}

static bool run_cmdline(const struct probe_look *look)
{
    static const char path[] = "/proc/cmdline";
    const char *needs = check_value(look->check, "needs"),
               *lacks = check_value(look->check, "lacks");
    struct buf text = BUF_INIT(65536);
    struct check_words words = {0}, bad = {0};
    struct span word;
    int rc = view_read(look->view, path, &text);
    outcome_expect(look, "%s%s%s%s", needs ? "with " : "", needs ? needs : "",
                   lacks ? " without any of " : "", lacks ? lacks : "");
    outcome_place(look, path, 1);
    outcome_set(look, CHECK_PASS, "the kernel was started as it should be");
    while (rc == 0 && check_word(look->check, "needs", &words, &word))
        if (!has_word(buf_span(&text), word))
            outcome_set(look, CHECK_FAIL, "%.*s is missing", (int)word.n, word.p);
    while (rc == 0 && check_word(look->check, "lacks", &bad, &word))
        if (has_word(buf_span(&text), word))
            outcome_set(look, CHECK_FAIL, "%.*s stands there", (int)word.n, word.p);
    buf_release(&text);
    return rc == 0 || outcome_unread(look, path, rc);
}

const struct probe probe_cmdline = {
    .name = "cmdline",
    .keys = {{"needs", PROBE_ONCE, NULL}, {"lacks", PROBE_ONCE, NULL}},
    .run = run_cmdline,
};

/* ---- secure_boot ---- */

/* Four bytes of attributes, then the variable: 1 when it is on. */
static bool run_secure_boot(const struct probe_look *look)
{
    static const char path[] =
        "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    struct buf text = BUF_INIT(64);
    int rc = view_read(look->view, path, &text);
    outcome_expect(look, "Secure Boot is on");
    outcome_place(look, path, 0);
    if (rc == -ENOENT)
        outcome_set(look, view_has(look->view, "/sys/firmware/efi") ? CHECK_FAIL : CHECK_SKIPPED,
                    "this machine was not started by a UEFI that says so");
    else if (rc != 0)
        outcome_unread(look, path, rc);
    else if (text.n == 5 && text.p[4] == 1)
        outcome_set(look, CHECK_PASS, "Secure Boot is on");
    else
        outcome_set(look, CHECK_FAIL, "Secure Boot is off");
    buf_release(&text);
    return true;
}

const struct probe probe_secure_boot = {
    .name = "secure_boot", .keys = {{NULL, PROBE_ONCE, NULL}}, .run = run_secure_boot};

/* ---- package ---- */

static bool run_package(const struct probe_look *look)
{
    bool wanted = strcmp(check_value(look->check, "want"), "installed") == 0;
    const char *names = check_value(look->check, "names");
    struct check_words words = {0};
    struct span word;
    bool known = true;
    outcome_expect(look, wanted ? "one of %s is installed" : "none of %s is installed", names);
    outcome_place(look, "/var/lib/dpkg/status", 0);
    while (check_word(look->check, "names", &words, &word)) {
        if (view_has_package(look->view, word, &known))
            return outcome_set(look, wanted ? CHECK_PASS : CHECK_FAIL, "%.*s is installed",
                               (int)word.n, word.p);
    }
    if (!known)
        return outcome_unread(look, "/var/lib/dpkg/status", look->view->packages_error);
    return outcome_set(look, wanted ? CHECK_FAIL : CHECK_PASS, "none of them is installed");
}

static int verify_installed(const char *value, struct error *e)
{
    if (strcmp(value, "installed") == 0 || strcmp(value, "absent") == 0)
        return 0;
    return error_set(e, "it is installed or absent");
}

const struct probe probe_package = {
    .name = "package",
    .keys = {{"names", PROBE_NEEDED, NULL}, {"want", PROBE_NEEDED, verify_installed}},
    .run = run_package,
};
