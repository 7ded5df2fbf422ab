#include "source/integrity/paths.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/span.h"
#include "base/text.h"
#include "platform/spelling.h"
#include "source/integrity/state.h"

#include <errno.h>

#define ROOTS_MAX    32768 /* a folder of Windows holds 5,000 programs and libraries */
#define EXCLUDES_MAX (CONFIG_LIST_MAX + 8)

struct item {
    char *text;     /* as configured */
    char *path;     /* the same with the links of a plain path followed */
    char *match;    /* path as it is compared (platform/spelling.h) */
    bool wildcard;  /* a pattern */
    bool deep;      /* a pattern with "**" */
    size_t literal; /* length of the folders before the first wildcard, without the last slash */
};

struct integrity_paths {
    char *host_root;
    bool remote; /* network and FUSE file systems are entered */
    struct item items[CONFIG_LIST_MAX];
    size_t n;
    char *excludes[EXCLUDES_MAX]; /* as they are compared */
    size_t excludes_n;
};

/* ---- reading the configuration ---- */

static void strip_slashes(char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        path[--n] = '\0';
}

bool integrity_paths_on_disk(const struct integrity_paths *p, const char *path, char *out,
                             size_t size)
{
    int n = snprintf(out, size, "%s%s", p->host_root, path);
    return n >= 0 && (size_t)n < size;
}

const char *integrity_paths_told(const struct integrity_paths *p, const char *on_disk)
{
    size_t n = strlen(p->host_root);
    if (n == 0 && text_has_drive(span_of(on_disk)))
        return on_disk;
    if (strncmp(on_disk, p->host_root, n) != 0)
        return NULL;
    if (on_disk[n] == '\0')
        return "/";
    return on_disk[n] == '/' ? on_disk + n : NULL;
}

int integrity_paths_open(const struct integrity_paths *p, const char *on_disk,
                         struct walk_folder **out)
{
    const char *path = on_disk[0] ? on_disk : "/";
    return p->remote ? walk_open_anywhere(path, out) : walk_open(path, out);
}

/* "/bin" may be a link to "/usr/bin": what is there is watched under its real name. */
static char *follow_links(const struct integrity_paths *p, const char *path)
{
    char on_disk[INTEGRITY_PATH_MAX], real[INTEGRITY_PATH_MAX];
    if (!integrity_paths_on_disk(p, path, on_disk, sizeof(on_disk)) ||
        walk_real_path(on_disk, real, sizeof(real)) < 0)
        return mem_text(path);
    const char *told = integrity_paths_told(p, real);
    return mem_text(told ? told : path);
}

/* Of a pattern, the folders before the first wildcard. */
static size_t literal_length(const char *pattern)
{
    size_t at = strcspn(pattern, "*?[");
    while (at > 0 && pattern[at] != '/')
        at--;
    return at;
}

static char *follow_pattern(const struct integrity_paths *p, const char *pattern)
{
    char joined[2 * INTEGRITY_PATH_MAX];
    size_t at = literal_length(pattern);
    char *folder = mem_text_span((struct span){pattern, at});
    char *real = at > 0 ? follow_links(p, folder) : mem_text("");
    snprintf(joined, sizeof(joined), "%s%s", real, pattern + at);
    free(folder);
    free(real);
    return mem_text(joined);
}

static void add_item(struct integrity_paths *p, const char *text)
{
    struct item *it = &p->items[p->n++];
    it->text = mem_text(text);
    strip_slashes(it->text);
    it->wildcard = text_has_wildcard(it->text);
    it->deep = strstr(it->text, "**") != NULL;
    it->path = it->wildcard ? follow_pattern(p, it->text) : follow_links(p, it->text);
    it->literal = it->wildcard ? literal_length(it->path) : 0;
    it->match = mem_text(it->path);
    spelling_fold(it->match, strlen(it->match));
}

/* Our own folders change all the time, and what we write there is told in other ways. They do not
 * lie in host_root. */
static void add_own_folders(struct integrity_paths *p, const struct config *c)
{
    const char *const own[] = {c->state_dir, c->outbox_dir, c->inbox_dir, c->requests_dir,
                               c->run_dir};
    char real[INTEGRITY_PATH_MAX];
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (own[i] && own[i][0])
            p->excludes[p->excludes_n++] =
                mem_text(walk_real_path(own[i], real, sizeof(real)) < 0 ? own[i] : real);
}

struct integrity_paths *integrity_paths_new(const struct config *c)
{
    struct integrity_paths *p = mem_new(1, sizeof(*p));
    p->host_root = mem_text(c->host_root ? c->host_root : "");
    p->remote = c->remote_filesystems;
    if (p->host_root[0])
        strip_slashes(p->host_root);
    for (size_t i = 0; i < c->paths.n && i < CONFIG_LIST_MAX; i++)
        add_item(p, c->paths.items[i]);
    for (size_t i = 0; i < c->excludes.n && i < CONFIG_LIST_MAX; i++)
        p->excludes[p->excludes_n++] = mem_text(c->excludes.items[i]);
    for (size_t i = 0; i < p->excludes_n; i++)
        strip_slashes(p->excludes[i]);
    add_own_folders(p, c);
    for (size_t i = 0; i < p->excludes_n; i++)
        spelling_fold(p->excludes[i], strlen(p->excludes[i]));
    return p;
}

void integrity_paths_free(struct integrity_paths *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n; i++) {
        free(p->items[i].text);
        free(p->items[i].path);
        free(p->items[i].match);
    }
    for (size_t i = 0; i < p->excludes_n; i++)
        free(p->excludes[i]);
    free(p->host_root);
    free(p);
}

const char *integrity_paths_item(const struct integrity_paths *p, size_t i)
{
    return i < p->n ? p->items[i].text : NULL;
}

const char *integrity_paths_exclude(const struct integrity_paths *p, size_t i)
{
    return i < p->excludes_n ? p->excludes[i] : NULL;
}

/* ---- asking, by what spelling_of() gives ---- */

static bool is_or_lies_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    if (n == 1)
        return true; /* everything lies below "/" */
    return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Whether the pattern fits the path or a folder above it. */
static bool fits(const char *pattern, const char *path)
{
    char part[INTEGRITY_PATH_MAX];
    if (text_glob(pattern, path))
        return true;
    size_t n = strlen(path);
    if (n >= sizeof(part))
        return false;
    memcpy(part, path, n + 1);
    while (n > 1) {
        while (n > 1 && part[n - 1] != '/')
            n--;
        part[--n] = '\0';
        if (n > 0 && text_glob(pattern, part))
            return true;
    }
    return false;
}

static bool starts_with(const char *path, const struct item *it)
{
    return strncmp(path, it->match, it->literal) == 0;
}

bool integrity_paths_wanted_below(const struct integrity_paths *p, const char *spelled)
{
    char folded[INTEGRITY_PATH_MAX];
    const char *path = spelling_of(spelled, folded, sizeof(folded));
    for (size_t i = 0; i < p->excludes_n; i++)
        if (text_glob(p->excludes[i], path))
            return false;
    return true;
}

static bool is_excluded(const struct integrity_paths *p, const char *path)
{
    for (size_t i = 0; i < p->excludes_n; i++) {
        const char *e = p->excludes[i];
        if (text_has_wildcard(e) ? fits(e, path) : is_or_lies_below(path, e))
            return true;
    }
    return false;
}

static bool is_wanted(const struct integrity_paths *p, const char *path)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct item *it = &p->items[i];
        bool hit = it->wildcard ? starts_with(path, it) && fits(it->match, path)
                                : is_or_lies_below(path, it->match);
        if (hit)
            return !is_excluded(p, path);
    }
    return false;
}

bool integrity_paths_wanted(const struct integrity_paths *p, const char *path)
{
    char folded[INTEGRITY_PATH_MAX];
    return is_wanted(p, spelling_of(path, folded, sizeof(folded)));
}

bool integrity_paths_enter(const struct integrity_paths *p, const char *path)
{
    char folded[INTEGRITY_PATH_MAX];
    const char *folder = spelling_of(path, folded, sizeof(folded));
    bool may = is_wanted(p, folder);
    for (size_t i = 0; i < p->n && !may; i++)
        may = p->items[i].deep && starts_with(folder, &p->items[i]);
    return may && !is_excluded(p, folder);
}

/* One of the two lies below the other, or they are the same. */
static bool related(const char *a, size_t a_n, const char *b, size_t b_n)
{
    size_t n = a_n < b_n ? a_n : b_n;
    const char *longer = a_n < b_n ? b : a;
    return strncmp(a, b, n) == 0 && (longer[n] == '/' || longer[n] == '\0' || n <= 1);
}

bool integrity_paths_may_hold(const struct integrity_paths *p, const char *path)
{
    char folded[INTEGRITY_PATH_MAX];
    const char *folder = spelling_of(path, folded, sizeof(folded));
    bool may = false;
    for (size_t i = 0; i < p->n && !may; i++) {
        const struct item *it = &p->items[i];
        size_t n = it->wildcard ? it->literal : strlen(it->match);
        may = related(folder, strlen(folder), it->match, n);
    }
    return may;
}

/* ---- the trees ---- */

struct roots {
    const struct integrity_paths *paths;
    struct map *seen; /* path -> its item, one more than its number */
    size_t foreign;   /* folders that were not entered */
    size_t left_out;  /* for want of room */
};

static void add_root(struct roots *r, const char *path, size_t item)
{
    bool full = false;
    if (!map_get(r->seen, span_of(path)))
        map_set(r->seen, span_of(path), (void *)(uintptr_t)(item + 1), &full);
    r->left_out += full;
}

/* Goes down a pattern part by part; path holds what stands before the part at pattern. */
static void expand(struct roots *r, char *path, const char *pattern, size_t item)
{
    char on_disk[INTEGRITY_PATH_MAX], part[INTEGRITY_NAME_MAX + 1], folded[INTEGRITY_NAME_MAX + 1];
    struct walk_folder *folder;
    const char *name;
    enum file_type type;
    size_t length = strlen(path), n = strcspn(++pattern, "/");
    if (n >= sizeof(part) || !integrity_paths_on_disk(r->paths, path, on_disk, sizeof(on_disk)))
        return;
    int rc = integrity_paths_open(r->paths, on_disk, &folder);
    r->foreign += rc == -EREMOTE;
    if (rc != 0)
        return;
    memcpy(part, pattern, n);
    part[n] = '\0';
    spelling_fold(part, n);
    while (walk_next(folder, &name, &type) == 1) {
        if (!text_glob(part, spelling_of(name, folded, sizeof(folded))) ||
            length + strlen(name) + 2 > INTEGRITY_PATH_MAX)
            continue;
        snprintf(path + length, INTEGRITY_PATH_MAX - length, "/%s", name);
        if (pattern[n] == '/')
            expand(r, path, pattern + n, item);
        else
            add_root(r, path, item);
        path[length] = '\0';
    }
    walk_close(folder);
}

static void expand_item(struct roots *r, size_t i)
{
    const struct item *it = &r->paths->items[i];
    char *path = mem_new(1, INTEGRITY_PATH_MAX);
    if (!it->wildcard) {
        add_root(r, it->path, i);
    } else if (it->literal < INTEGRITY_PATH_MAX) {
        memcpy(path, it->path, it->literal);
        if (it->deep)
            add_root(r, it->literal ? path : "/", i);
        else
            expand(r, path, it->path + it->literal, i);
    }
    free(path);
}

struct hand_on {
    const struct roots *roots;
    void (*each)(void *ctx, const char *root, size_t item);
    void *ctx;
};

static bool lies_in_another(const struct roots *r, const char *path)
{
    char above[INTEGRITY_PATH_MAX];
    size_t n = strlen(path);
    memcpy(above, path, n + 1);
    if (n > 1 && map_get(r->seen, SPAN("/")))
        return true;
    while (n > 1) {
        while (n > 0 && above[n - 1] != '/')
            n--;
        if (n <= 1)
            return false;
        above[--n] = '\0';
        if (map_get(r->seen, (struct span){above, n}))
            return true;
    }
    return false;
}

static bool hand_on_root(void *ctx, struct span key, void *value)
{
    const struct hand_on *h = ctx;
    char path[INTEGRITY_PATH_MAX];
    if (span_copy(key, path, sizeof(path)) && !lies_in_another(h->roots, path))
        h->each(h->ctx, path, (size_t)(uintptr_t)value - 1);
    return true;
}

size_t integrity_paths_roots(const struct integrity_paths *p,
                             void (*each)(void *ctx, const char *root, size_t item), void *ctx)
{
    struct roots r = {.paths = p, .seen = map_new(ROOTS_MAX)};
    struct hand_on h = {&r, each, ctx};
    for (size_t i = 0; i < p->n; i++)
        expand_item(&r, i);
    if (r.left_out > 0)
        log_warning("integrity: more than %d files and folders fit the paths; %zu are not watched",
                    ROOTS_MAX, r.left_out);
    map_each(r.seen, hand_on_root, &h);
    map_free(r.seen, NULL);
    return r.foreign;
}
