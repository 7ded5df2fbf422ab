/* How file systems are mounted, now and by fstab; whether they lie on encrypted devices. */
#include "source/checks/mounts.h"
#include "source/checks/probes.h"

#define SLAVES_MAX 8 /* deep: a volume on RAID on dm-crypt on a disk */

/* Of the first process, which sees the host as it is; the agent's own service may be given another
 * view. */
static int read_mounts(const struct probe_look *look, struct buf *out)
{
    int rc = view_read(look->view, "/proc/1/mountinfo", out);
    if (rc == 0)
        return 0;
    buf_clear(out);
    return view_read(look->view, "/proc/thread-self/mountinfo", out) == 0 ||
                   view_read(look->view, "/proc/self/mountinfo", out) == 0
               ? 0
               : rc;
}

/* The first wanted option that is missing; empty when there is none. */
static struct span missing(const struct check *c, const struct mount_line *m)
{
    struct check_words words = {0};
    struct span word;
    while (check_word(c, "options", &words, &word))
        if (!mount_has_option(m->options, word) && !mount_has_option(m->super_options, word))
            return word;
    return (struct span){"", 0};
}

static bool judge_fstab(const struct probe_look *look, const char *point)
{
    struct buf text = BUF_INIT(VIEW_FILE_MAX);
    struct mount_line m;
    bool fine = true;
    if (view_read(look->view, "/etc/fstab", &text) == 0 &&
        mount_find(buf_span(&text), fstab_line_parse, point, &m)) {
        struct span word = missing(look->check, &m);
        fine = word.n == 0;
        if (!fine) {
            outcome_place(look, "/etc/fstab", m.line);
            outcome_set(look, CHECK_FAIL,
                        "%s is mounted with them now, but fstab does not say %.*s", point,
                        (int)word.n, word.p);
        }
    }
    buf_release(&text);
    return fine;
}

static bool judge_mount(const struct probe_look *look, const char *point, struct span mounts)
{
    struct mount_line m;
    const char *separate = check_value(look->check, "separate");
    if (!mount_find(mounts, mount_line_parse, point, &m)) {
        bool needed = separate && strcmp(separate, "needed") == 0;
        return outcome_set(look, needed ? CHECK_FAIL : CHECK_SKIPPED,
                           "%s is no file system of its own", point);
    }
    struct span word = missing(look->check, &m);
    outcome_place(look, "/proc/1/mountinfo", m.line);
    if (word.n > 0)
        return outcome_set(look, CHECK_FAIL, "%s is mounted %.*s, without %.*s", point,
                           (int)(m.options.n < 200 ? m.options.n : 200), m.options.p, (int)word.n,
                           word.p);
    if (!judge_fstab(look, point))
        return true;
    return outcome_set(look, CHECK_PASS, "%s is mounted %.*s", point,
                       (int)(m.options.n < 200 ? m.options.n : 200), m.options.p);
}

static bool run_mount(const struct probe_look *look)
{
    const char *point = check_value(look->check, "point");
    const char *options = check_value(look->check, "options");
    struct buf text = BUF_INIT(8u << 20);
    outcome_expect(look, "%s with %s", point, options);
    int rc = read_mounts(look, &text);
    if (rc != 0)
        outcome_unread(look, "/proc/1/mountinfo", rc);
    else
        judge_mount(look, point, buf_span(&text));
    buf_release(&text);
    return true;
}

static int verify_separate(const char *value, struct error *e)
{
    if (strcmp(value, "needed") == 0 || strcmp(value, "optional") == 0)
        return 0;
    return error_set(e, "it is needed or optional");
}

const struct probe probe_mount = {
    .name = "mount",
    .keys = {{"point", PROBE_NEEDED, NULL},
             {"options", PROBE_NEEDED, NULL},
             {"separate", PROBE_ONCE, verify_separate}},
    .run = run_mount,
};

/* ---- encryption ---- */

/* The folder of a block device by its number: a disk, or a partition in its disk's folder. */
static bool device_folder(const struct probe_look *look, struct span device, char *out, size_t size)
{
    static const char *const patterns[] = {"/sys/block/*/dev", "/sys/block/*/*/dev"};
    bool found = false;
    for (size_t p = 0; p < 2 && !found; p++) {
        struct view_paths paths = {0};
        view_glob(look->view, patterns[p], &paths);
        for (size_t i = 0; i < paths.n && !found; i++) {
            struct buf text = BUF_INIT(64);
            found = view_read(look->view, paths.items[i], &text) == 0 &&
                    span_equal(span_trim(buf_span(&text)), device);
            if (found)
                span_copy((struct span){paths.items[i], strlen(paths.items[i]) - 4}, out, size);
            buf_release(&text);
        }
        view_paths_release(&paths);
    }
    return found;
}

static bool is_crypt(const struct probe_look *look, const char *folder)
{
    char path[VIEW_PATH_MAX];
    struct buf uuid = BUF_INIT(512);
    snprintf(path, sizeof(path), "%s/dm/uuid", folder);
    bool crypt =
        view_read(look->view, path, &uuid) == 0 && span_starts(buf_span(&uuid), SPAN("CRYPT-"));
    buf_release(&uuid);
    return crypt;
}

/* All that the device is made of must be encrypted, or the device itself is. */
static bool is_encrypted(const struct probe_look *look, const char *folder, int depth)
{
    char pattern[VIEW_PATH_MAX];
    struct view_paths slaves = {0};
    bool all;
    if (is_crypt(look, folder))
        return true;
    snprintf(pattern, sizeof(pattern), "%s/slaves/*", folder);
    view_glob(look->view, pattern, &slaves);
    all = slaves.n > 0 && depth < SLAVES_MAX;
    for (size_t i = 0; i < slaves.n && all; i++) {
        char below[VIEW_PATH_MAX];
        snprintf(below, sizeof(below), "/sys/block/%s", strrchr(slaves.items[i], '/') + 1);
        all = view_has(look->view, below) && is_encrypted(look, below, depth + 1);
    }
    view_paths_release(&slaves);
    return all;
}

/* False ends the look. */
static bool judge_point(const struct probe_look *look, struct span mounts, struct span word,
                        size_t *seen)
{
    char point[256], folder[VIEW_PATH_MAX];
    struct mount_line m;
    if (!span_copy(word, point, sizeof(point)) ||
        !mount_find(mounts, mount_line_parse, point, &m) || m.source.n == 0 || m.source.p[0] != '/')
        return true; /* no file system of its own, or one without a device */
    outcome_place(look, "/proc/1/mountinfo", m.line);
    if (!device_folder(look, m.device, folder, sizeof(folder))) {
        outcome_set(look, CHECK_UNKNOWN, "%s lies on %.*s, device %.*s, which sysfs does not show",
                    point, (int)(m.source.n < 100 ? m.source.n : 100), m.source.p, (int)m.device.n,
                    m.device.p);
        return false;
    }
    (*seen)++;
    bool fine = is_encrypted(look, folder, 0);
    outcome_set(look, fine ? CHECK_PASS : CHECK_FAIL, "%s lies on %s, which is %sencrypted", point,
                strrchr(folder, '/') + 1, fine ? "" : "not ");
    return fine;
}

static bool run_encryption(const struct probe_look *look)
{
    struct buf text = BUF_INIT(8u << 20);
    struct check_words words = {0};
    struct span word;
    size_t seen = 0;
    bool go_on = true;
    outcome_expect(look, "on dm-crypt (LUKS)");
    int rc = read_mounts(look, &text);
    while (rc == 0 && go_on && check_word(look->check, "points", &words, &word))
        go_on = judge_point(look, buf_span(&text), word, &seen);
    buf_release(&text);
    if (rc != 0)
        return outcome_unread(look, "/proc/1/mountinfo", rc);
    if (go_on && seen == 0)
        return outcome_set(look, CHECK_SKIPPED, "none of them lies on a disk of this machine");
    return true;
}

const struct probe probe_encryption = {
    .name = "encryption",
    .keys = {{"points", PROBE_NEEDED_SEVERAL, NULL}},
    .run = run_encryption,
};
