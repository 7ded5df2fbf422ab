/*
 * Our own host checks on this host: CPU time of one look at all that is cheap (every 5 minutes) and
 * of the look for setuid programs (every 12 hours), medians of several rounds. Floors of the same
 * run: the files that most checks ask, read once; the same trees, walked with one look at each
 * entry. Aim: 100 ms for the cheap ones together.
 */
#include "base/slurp.h"
#include "platform/file.h"
#include "platform/walk.h"
#include "source/checks/probe.h"

#include <time.h>

#define ROUNDS 5

static struct checks checks;

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void look(bool slow)
{
    struct checks_view view;
    struct check_outcome o;
    checks_view_open(&view, "");
    for (size_t i = 0; i < checks.n; i++) {
        void *walk = NULL;
        if (checks_probe_of(&checks.items[i])->slow != slow)
            continue;
        while (!checks_step(&view, &checks.items[i], &walk, &o)) {
        }
    }
    checks_view_close(&view);
}

static void look_cheap(void)
{
    look(false);
}

static void look_slow(void)
{
    look(true);
}

static void read_files(void)
{
    static const char *const patterns[] = {
        "/etc/ssh/*",        "/etc/pam.d/*",     "/etc/security/*",
        "/etc/sysctl.d/*",   "/etc/apt/*",       "/etc/apt/*/*",
        "/etc/modprobe.d/*", "/etc/passwd",      "/etc/shadow",
        "/etc/group",        "/etc/login.defs",  "/usr/lib/sysctl.d/*",
        "/etc/sudoers",      "/etc/sudoers.d/*", "/var/lib/dpkg/status",
        "/proc/1/mountinfo", "/proc/cmdline",    "/lib/modules/*/modules.dep",
        "/proc/modules",     "/etc/fstab",
    };
    struct checks_view view;
    checks_view_open(&view, "");
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct view_paths paths = {0};
        view_glob(&view, patterns[i], &paths);
        for (size_t k = 0; k < paths.n; k++) {
            struct buf text = BUF_INIT(16u << 20);
            slurp_untrusted(paths.items[k], &text);
            buf_release(&text);
        }
        view_paths_release(&paths);
    }
    checks_view_close(&view);
}

static size_t entries;

static void walk_below(struct walk_folder *f, int depth)
{
    const char *name;
    enum file_type type;
    struct file_info info;
    struct walk_folder *next;
    while (walk_next(f, &name, &type) == 1) {
        entries++;
        if (type == FILE_REGULAR)
            walk_info(f, name, &info);
        else if (type == FILE_FOLDER && depth < 24 && walk_enter(f, name, &next) == 0)
            walk_below(next, depth + 1);
    }
    walk_close(f);
}

static void walk_trees(void)
{
    struct check_words words = {0};
    struct span word;
    entries = 0;
    for (size_t i = 0; i < checks.n; i++) {
        const struct check *c = &checks.items[i];
        char path[512];
        struct walk_folder *f;
        if (checks_probe_of(c)->slow)
            while (check_word(c, "folders", &words, &word))
                if (span_copy(word, path, sizeof(path)) && walk_open(path, &f) == 0)
                    walk_below(f, 0);
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_ms(void (*run)(void))
{
    double t[ROUNDS];
    run(); /* into the page cache */
    for (size_t i = 0; i < ROUNDS; i++) {
        double from = cpu_s();
        run();
        t[i] = cpu_s() - from;
    }
    qsort(t, ROUNDS, sizeof(t[0]), compare);
    return t[ROUNDS / 2] * 1000;
}

int main(void)
{
    if (checks_load("conf/checks", NULL, NULL, &checks) != 0)
        return 1;
    double cheap = median_ms(look_cheap), read = median_ms(read_files);
    double slow = median_ms(look_slow), walk = median_ms(walk_trees);
    printf("checks: %zu, the cheap ones %.1f ms CPU (aim 100), floor of reading what they ask once "
           "%.1f ms, ratio %.1f\n",
           checks.n, cheap, read, read > 0 ? cheap / read : 0);
    printf("checks: setuid programs among %zu entries %.0f ms CPU (%.2f us each), floor of walking "
           "them %.0f ms, ratio %.2f\n",
           entries, slow, slow * 1000 / (double)(entries ? entries : 1), walk,
           walk > 0 ? slow / walk : 0);
    checks_release(&checks);
    return 0;
}
