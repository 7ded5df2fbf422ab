/* Files that should be there or not, their owners and modes; the folders of root's PATH. */
#include "base/text.h"
#include "source/checks/probes.h"
#include "source/checks/settings.h"

#include <errno.h>

static bool octal_of(const char *text, uint32_t *out)
{
    *out = 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '7' || *out > 07777)
            return false;
        *out = *out * 8 + (uint32_t)(*text - '0');
    }
    return true;
}

static void gather(const struct probe_look *look, const char *key, struct view_paths *out)
{
    struct check_words words = {0};
    struct span word;
    while (check_word(look->check, key, &words, &word)) {
        char pattern[512];
        if (span_copy(word, pattern, sizeof(pattern)))
            view_glob(look->view, pattern, out);
    }
}

/* ---- mode ---- */

/* Accounts are numbers here: names would be those of the machine that the agent runs on. */
static bool has_id(const struct check *c, const char *key, uint32_t id)
{
    struct check_words words = {0};
    struct span word;
    uint64_t allowed;
    if (!check_value(c, key))
        return true;
    while (check_word(c, key, &words, &word))
        if (span_to_u64(word, &allowed) && allowed == id)
            return true;
    return false;
}

/* What is wrong with one file, or NULL. A folder of programs is judged as its files are. */
static const char *fault_of(const struct check *c, const struct file_info *info)
{
    uint32_t most = 07777, least = 0;
    const char *mode = check_value(c, "mode"), *bits = check_value(c, "bits");
    if (mode)
        octal_of(mode, &most);
    if (bits)
        octal_of(bits, &least);
    if ((info->mode & least) != least)
        return "without a bit that it needs";
    if (info->mode & ~most & 07777)
        return "too open";
    if (!has_id(c, "owner", info->uid))
        return "of a wrong owner";
    return has_id(c, "group", info->gid) ? NULL : "of a wrong group";
}

static bool is_excluded(const struct check *c, const char *path)
{
    struct check_words words = {0};
    struct span word;
    char pattern[512];
    while (check_word(c, "except", &words, &word))
        if (span_copy(word, pattern, sizeof(pattern)) && text_glob(pattern, path))
            return true;
    return false;
}

static bool run_mode(const struct probe_look *look)
{
    struct view_paths paths = {0};
    struct file_info info;
    size_t seen = 0, bad = 0;
    const char *mode = check_value(look->check, "mode");
    outcome_expect(look, "owner %s, group %s, mode %s or less",
                   check_value(look->check, "owner") ? check_value(look->check, "owner") : "any",
                   check_value(look->check, "group") ? check_value(look->check, "group") : "any",
                   mode ? mode : "7777");
    gather(look, "files", &paths);
    int error = paths.error;
    for (size_t i = 0; i < paths.n; i++) {
        if (is_excluded(look->check, paths.items[i]) ||
            view_look_through(look->view, paths.items[i], &info) != 0)
            continue;
        seen++;
        const char *fault = fault_of(look->check, &info);
        if (!fault)
            continue;
        if (bad++ == 0)
            outcome_place(look, paths.items[i], 0);
        outcome_fault(look, "%.200s is %s: owner %u, group %u, mode %04o", paths.items[i], fault,
                      (unsigned)info.uid, (unsigned)info.gid, (unsigned)info.mode);
    }
    view_paths_release(&paths);
    outcome_faults_end(look, bad);
    if (bad == 0 && error)
        return outcome_unread(look, check_value(look->check, "files"), error);
    if (seen == 0)
        return outcome_set(look, CHECK_SKIPPED, "there is none of these files");
    return bad > 0 || outcome_set(look, CHECK_PASS, "%zu files are as they should be", seen);
}

static int verify_mode(const char *value, struct error *e)
{
    uint32_t mode;
    return octal_of(value, &mode) && mode <= 07777 ? 0 : error_set(e, "it is octal: 0640");
}

static int verify_ids(const char *value, struct error *e)
{
    struct span rest = span_of(value), word;
    uint64_t id;
    while (span_take_until(&rest, ' ', &word))
        if (word.n > 0 && !span_to_u64(word, &id))
            return error_set(e, "ids are numbers: 0 is root");
    return 0;
}

const struct probe probe_mode = {
    .name = "mode",
    .keys = {{"files", PROBE_NEEDED_SEVERAL, NULL},
             {"except", PROBE_SEVERAL, NULL},
             {"mode", PROBE_ONCE, verify_mode},
             {"bits", PROBE_ONCE, verify_mode},
             {"owner", PROBE_ONCE, verify_ids},
             {"group", PROBE_ONCE, verify_ids}},
    .run = run_mode,
};

/* ---- exists ---- */

static bool run_exists(const struct probe_look *look)
{
    struct view_paths paths = {0};
    bool wanted = strcmp(check_value(look->check, "want"), "present") == 0;
    outcome_expect(look, wanted ? "one of them is there" : "none of them is there");
    gather(look, "files", &paths);
    if (paths.n > 0) {
        outcome_place(look, paths.items[0], 0);
        outcome_set(look, wanted ? CHECK_PASS : CHECK_FAIL, "there is %.300s%s", paths.items[0],
                    paths.n > 1 ? ", and there are more" : "");
    } else if (paths.error) {
        outcome_unread(look, check_value(look->check, "files"), paths.error);
    } else {
        outcome_set(look, wanted ? CHECK_FAIL : CHECK_PASS, "there is none of these files");
    }
    view_paths_release(&paths);
    return true;
}

static int verify_present(const char *value, struct error *e)
{
    if (strcmp(value, "present") == 0 || strcmp(value, "absent") == 0)
        return 0;
    return error_set(e, "it is present or absent");
}

const struct probe probe_exists = {
    .name = "exists",
    .keys = {{"files", PROBE_NEEDED_SEVERAL, NULL}, {"want", PROBE_NEEDED, verify_present}},
    .run = run_exists,
};

/* ---- path ---- */

struct path_search {
    const struct probe_look *look;
    const char *file;
    size_t folders;
    bool bad;
};

static void blame(struct path_search *s, int line, const char *what, struct span folder)
{
    s->bad = true;
    outcome_place(s->look, s->file, line);
    outcome_set(s->look, CHECK_FAIL, "%.*s in root's PATH %s",
                (int)(folder.n < 200 ? folder.n : 200), folder.p, what);
}

/* Who may write to a folder above may put another one in its place. */
static void look_up(struct path_search *s, int line, struct span folder)
{
    struct span part = folder;
    struct file_info info;
    char path[1024];
    while (!s->bad && part.n > 0 && span_copy(part, path, sizeof(path))) {
        int rc = view_look_through(s->look->view, path, &info);
        bool sticky = part.n < folder.n && (info.mode & 01000);
        if (rc == -ENOENT && part.n == folder.n)
            return; /* nobody but root can make it: seen at the folder above */
        if (rc == 0 && info.type != FILE_FOLDER)
            blame(s, line, "is no folder", part);
        else if (rc == 0 && info.uid != 0)
            blame(s, line, "does not belong to root", part);
        else if (rc == 0 && (info.mode & 022) && !sticky)
            blame(s, line, "can be written to by others", part);
        while (part.n > 0 && part.p[part.n - 1] != '/')
            part.n--;
        part.n -= part.n > 0;
    }
}

static void take_path(struct path_search *s, int line, struct span value)
{
    struct span rest = value, folder;
    size_t n = 0;
    if (span_starts(rest, SPAN("PATH=")))
        span_take(&rest, 5, &folder);
    if (rest.n > 0 && rest.p[rest.n - 1] == ':')
        blame(s, line, "is empty, which means the current folder", SPAN("a part"));
    while (!s->bad && n++ < 64 && span_take_until(&rest, ':', &folder)) {
        while (folder.n > 1 && folder.p[folder.n - 1] == '/')
            folder.n--;
        if (folder.n == 0)
            blame(s, line, "is empty, which means the current folder", SPAN("a part"));
        else if (folder.p[0] != '/' && folder.p[0] != '$')
            blame(s, line, "is relative", folder);
        else if (folder.p[0] == '/')
            look_up(s, line, folder);
        s->folders++;
    }
}

static bool take_setting(void *ctx, const struct setting *line)
{
    struct path_search *s = ctx;
    struct span key = line->key;
    if (span_starts(key, SPAN("export ")))
        key = span_trim((struct span){key.p + 7, key.n - 7});
    if (span_equal(key, SPAN("PATH")) || span_equal(key, SPAN("ENV_SUPATH")))
        take_path(s, line->line, line->value);
    return !s->bad;
}

static bool run_path(const struct probe_look *look)
{
    static const struct {
        const char *file, *format;
    } places[] = {{"/etc/login.defs", "words"},
                  {"/etc/environment", "equals"},
                  {"/root/.profile", "equals"},
                  {"/root/.bashrc", "equals"},
                  {"/root/.bash_profile", "equals"}};
    struct path_search s = {.look = look};
    outcome_expect(look, "absolute folders of root, which nobody else may write to");
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !s.bad; i++) {
        struct buf text = BUF_INIT(VIEW_FILE_MAX);
        s.file = places[i].file;
        int rc = view_read(look->view, s.file, &text);
        if (rc == 0)
            setting_format_of(places[i].format)->parse(buf_span(&text), 1, take_setting, &s);
        buf_release(&text);
    }
    if (s.folders == 0 && !s.bad) { /* what login and su then take */
        s.file = "";
        take_path(&s, 0, SPAN("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
    }
    return s.bad || outcome_set(look, CHECK_PASS, "%zu folders are as they should be", s.folders);
}

const struct probe probe_path = {
    .name = "path", .keys = {{NULL, PROBE_ONCE, NULL}}, .run = run_path};
