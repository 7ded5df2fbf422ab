#include "config/config.h"
#include "config/line.h"

#include "base/mem.h"
#include "base/names.h"
#include "base/slurp.h"
#include "config/keys.h"
#include "platform/file.h"

#include <errno.h>
#include <ini.h>

#define FILE_MAX     (256 * 1024)
#define KEYS_MAX     64
#define DROP_INS     ".d"
#define DROP_INS_MAX 64

/* Where a key stood last. */
struct place {
    int line; /* 0: nowhere */
    unsigned file;
};

struct reading {
    struct config *config;
    const char *name;
    struct span rest;
    int line;
    unsigned file; /* counts up: the configuration, then its drop-ins */
    bool failed;
    struct error *error;
    struct place seen[KEYS_MAX];
    struct place log_seen[CONFIG_LOGS_MAX][KEYS_MAX];
};

static int fail(struct reading *r, const char *what)
{
    if (!r->failed)
        error_set(r->error, "%s:%d: %s", r->name, r->line, what);
    r->failed = true;
    return 0;
}

/* A line that does not fit is an error. */
static char *next_line(char *out, int size, void *ctx)
{
    struct reading *r = ctx;
    enum config_line got = CONFIG_LINE_NONE;
    if (!r->failed)
        got = config_line_take(&r->rest, out, size);
    r->line += got != CONFIG_LINE_NONE;
    if (got == CONFIG_LINE_UNFIT)
        fail(r, CONFIG_LINE_UNFIT_WORDS);
    return got == CONFIG_LINE_TAKEN ? out : NULL;
}

static const struct config_key *find_key(const char *section, const char *name, bool *known_section)
{
    *known_section = false;
    for (const struct config_key *k = config_keys; k->section; k++) {
        if (strcmp(k->section, section) != 0)
            continue;
        *known_section = true;
        if (strcmp(k->name, name) == 0)
            return k;
    }
    return NULL;
}

static int unknown(struct reading *r, const char *section, const char *name, bool known_section)
{
    char text[480];
    size_t n;
    if (!known_section)
        n = (size_t)snprintf(text, sizeof(text), "unknown section [%.40s]; known are:", section);
    else
        n = (size_t)snprintf(text, sizeof(text),
                             "unknown key \"%.40s\" in [%.40s]; known are:", name, section);
    const char *last = "";
    for (const struct config_key *k = config_keys; k->section && n < sizeof(text); k++) {
        const char *word = known_section ? k->name : k->section;
        if ((known_section && strcmp(k->section, section) != 0) || strcmp(word, last) == 0)
            continue;
        n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", word);
        last = word;
    }
    return fail(r, text);
}

/* Where [log NAME] lies in the struct; made when its first key comes. */
static struct config_log *log_section(struct reading *r, const char *name, size_t *index)
{
    struct config *c = r->config;
    for (size_t i = 0; i < c->logs_n; i++) {
        if (strcmp(c->logs[i].name, name) == 0) {
            *index = i;
            return &c->logs[i];
        }
    }
    if (c->logs_n == CONFIG_LOGS_MAX)
        return NULL;
    *index = c->logs_n;
    struct config_log *log = &c->logs[c->logs_n++];
    log->name = mem_text(name);
    return log;
}

static bool is_list(const struct config_key *k)
{
    return k->type == KEY_LIST || k->type == KEY_PATHS;
}

/* What a later file says of a key replaces what an earlier one said, lists as a whole. */
static int set(struct reading *r, const struct config_key *key, void *base, struct place *seen,
               const char *value)
{
    struct error why;
    char text[600];
    bool again = seen->line && seen->file == r->file;
    if (again && !is_list(key)) {
        snprintf(text, sizeof(text), "%s stands twice; first in line %d", key->name, seen->line);
        return fail(r, text);
    }
    if (seen->line && !again && is_list(key))
        config_key_release(key, base);
    if (config_key_set(key, base, value, &why) != 0) {
        snprintf(text, sizeof(text), "%s: %s", key->name, why.text);
        return fail(r, text);
    }
    *seen = (struct place){r->line, r->file};
    return 1;
}

static int take_value(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *r = ctx;
    bool known_section;
    bool is_log = strncmp(section, "log ", 4) == 0 && section[4];
    const struct config_key *key = find_key(is_log ? "log" : section, name, &known_section);
    if (r->failed)
        return 0;
    if (!known_section && section[0] == '\0')
        return fail(r, "a key stands before the first [section]");
    if (!key || (!is_log && strcmp(section, "log") == 0))
        return unknown(r, section, name, known_section);
    size_t at = (size_t)(key - config_keys);
    if (!is_log)
        return set(r, key, r->config, &r->seen[at], value);
    size_t index;
    struct config_log *log = log_section(r, section + 4, &index);
    if (!log)
        return fail(r, "more than 64 [log NAME] sections");
    return set(r, key, log, &r->log_seen[index][at], value);
}

static void set_default(const struct config_key *k, void *base)
{
    struct span rest = span_of(k->otherwise), item;
    char text[256];
    if (!is_list(k)) {
        config_key_set(k, base, k->otherwise, NULL);
        return;
    }
    while (span_take_until(&rest, '\n', &item))
        if (span_copy(item, text, sizeof(text)))
            config_key_set(k, base, text, NULL);
}

/* What no file said. Those of [log NAME] and all others lie in different structs. */
static void set_defaults(bool of_log, void *base, const struct place *seen)
{
    for (const struct config_key *k = config_keys; k->section; k++)
        if ((strcmp(k->section, "log") == 0) == of_log && seen[k - config_keys].line == 0)
            set_default(k, base);
}

static void set_folders(struct config *c)
{
    static const struct {
        size_t offset;
        const char *path;
    } folders[] = {
        {offsetof(struct config, rules_dir), "/etc/vigia/rules"},
        {offsetof(struct config, severity_file), "/etc/vigia/severity"},
        {offsetof(struct config, suppress_file), "/etc/vigia/suppressions.ini"},
        {offsetof(struct config, support_file), "/etc/vigia/support.ini"},
        {offsetof(struct config, checks_dir), "/etc/vigia/checks"},
        {offsetof(struct config, sigma_dir), "/etc/vigia/sigma"},
        {offsetof(struct config, pki_dir), "/etc/vigia/pki"},
        {offsetof(struct config, state_dir), "/var/lib/vigia/state"},
        {offsetof(struct config, outbox_dir), "/var/lib/vigia/outbox"},
        {offsetof(struct config, inbox_dir), "/var/lib/vigia/inbox"},
        {offsetof(struct config, requests_dir), "/var/lib/vigia/requests"},
        {offsetof(struct config, run_dir), "/run/vigia"},
    };
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char path[4400];
        snprintf(path, sizeof(path), "%s%s", c->root, folders[i].path);
        char *copy = mem_text(path);
        memcpy((char *)c + folders[i].offset, &copy, sizeof(copy));
    }
}

static struct reading *reading_new(const char *name, struct error *e)
{
    struct reading *r = mem_new(1, sizeof(*r));
    r->config = mem_new(1, sizeof(*r->config));
    r->config->file = mem_text(name);
    r->error = e;
    return r;
}

static void read_text(struct reading *r, const char *name, struct span text)
{
    r->name = name;
    r->rest = text;
    r->line = 0;
    r->file++;
    int bad_line = ini_parse_stream(next_line, r, take_value, r);
    if (bad_line != 0 && !r->failed) {
        r->line = bad_line > 0 ? bad_line : r->line;
        fail(r, "neither [section] nor key = value");
    }
}

/* The configuration, NULL if anything was wrong; ends the reading. */
static struct config *reading_end(struct reading *r)
{
    struct config *c = r->config;
    set_defaults(false, c, r->seen);
    for (size_t i = 0; i < c->logs_n; i++) {
        set_defaults(true, &c->logs[i], r->log_seen[i]);
        if (c->logs[i].path[0] == '\0' && !r->failed) {
            r->failed = true;
            error_set(r->error, "%s: [log %s] has no path", c->file, c->logs[i].name);
        }
    }
    set_folders(c);
    if (r->failed) {
        config_free(c);
        c = NULL;
    }
    free(r);
    return c;
}

struct config *config_parse(const char *name, const char *text, size_t n, struct error *e)
{
    struct reading *r = reading_new(name, e);
    read_text(r, name, span_make(text, n));
    return reading_end(r);
}

/* ---- files ---- */

static void fail_file(struct reading *r, const char *file, int rc, const char *remedy)
{
    r->failed = true;
    error_set(r->error, "%s: cannot be read: %s%s", file, error_text(rc), remedy);
}

/* What it should be and is, and not everybody's to write. -EPERM: that was told. */
static int look_at(struct reading *r, const char *path, enum file_type type)
{
    struct file_info info;
    int rc = file_info_at(path, &info);
    if (rc != 0 || info.type != type)
        return rc != 0 ? rc : -EINVAL;
    if (!(info.mode & 02))
        return 0;
    r->failed = true;
    error_set(r->error, "%s: everybody may write to it; chmod o-w it first", path);
    return -EPERM;
}

static void read_file(struct reading *r, const char *file, const char *remedy)
{
    struct buf text = BUF_INIT(FILE_MAX);
    int rc = look_at(r, file, FILE_REGULAR);
    if (rc == 0)
        rc = slurp(file, &text);
    if (rc == 0)
        read_text(r, file, buf_span(&text));
    else if (!r->failed)
        fail_file(r, file, rc, remedy);
    buf_release(&text);
}

/* What the administrators of this site say: the file itself stays as the package has it. */
static void read_drop_ins(struct reading *r, const char *file)
{
    static const char *const endings[] = {".ini", NULL};
    char folder[4400], path[4700];
    struct names names;
    struct config_list *list = &r->config->drop_ins;
    snprintf(folder, sizeof(folder), "%s" DROP_INS, file);
    int rc = look_at(r, folder, FILE_FOLDER);
    if (rc != 0) {
        if (!r->failed && rc != -ENOENT)
            fail_file(r, folder, rc, "");
        return;
    }
    rc = names_list(folder, endings, DROP_INS_MAX, &names);
    if (rc == -E2BIG) {
        r->failed = true;
        error_set(r->error, "%s: more than %d files; join some", folder, DROP_INS_MAX);
    } else if (rc != 0) {
        fail_file(r, folder, rc, "");
    }
    for (size_t i = 0; i < names.n && !r->failed; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names.items[i]);
        read_file(r, path, "");
        list->items = mem_grow(list->items, list->n + 1, sizeof(*list->items));
        list->items[list->n++] = mem_text(path);
    }
    names_release(&names);
}

struct config *config_read(const char *file, struct error *e)
{
    struct reading *r = reading_new(file, e);
    read_file(r, file, "; give another file with --config");
    if (!r->failed)
        read_drop_ins(r, file);
    return reading_end(r);
}

void config_free(struct config *c)
{
    if (!c)
        return;
    for (const struct config_key *k = config_keys; k->section; k++) {
        if (strcmp(k->section, "log") != 0) {
            config_key_release(k, c);
            continue;
        }
        for (size_t i = 0; i < c->logs_n; i++)
            config_key_release(k, &c->logs[i]);
    }
    for (size_t i = 0; i < c->logs_n; i++)
        free(c->logs[i].name);
    char *owned[] = {c->file,          c->rules_dir,  c->severity_file, c->support_file,
                     c->suppress_file, c->checks_dir, c->sigma_dir,     c->pki_dir,
                     c->state_dir,     c->outbox_dir, c->inbox_dir,     c->requests_dir,
                     c->run_dir};
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        free(owned[i]);
    for (size_t i = 0; i < c->drop_ins.n; i++)
        free(c->drop_ins.items[i]);
    free(c->drop_ins.items);
    free(c);
}
