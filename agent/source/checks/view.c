#include "source/checks/view.h"

#include "base/mem.h"
#include "base/slurp.h"
#include "base/text.h"
#include "source/deb/control.h"

#include <errno.h>

#define LINKS_MAX    8
#define PATHS_MAX    4096
#define ENTRIES_MAX  20000 /* of one folder that a pattern goes through */
#define MODULES_MAX  (8u << 20)
#define PACKAGES_MAX 50000

void checks_view_open(struct checks_view *h, const char *root)
{
    *h = (struct checks_view){.root = root, .modules = BUF_INIT(MODULES_MAX)};
    if (root[0] == '\0' && mounts_read(&h->mounts) != 0)
        h->mounts = NULL;
}

void checks_view_close(struct checks_view *h)
{
    if (h->mounts)
        mounts_free(h->mounts);
    if (h->packages)
        map_free(h->packages, NULL);
    buf_release(&h->modules);
}

static bool below_root(const struct checks_view *h, const char *path, char *out, size_t size)
{
    int n = snprintf(out, size, "%s%s", h->root, path);
    return n > 0 && (size_t)n < size;
}

/* Views of the kernel that are asked for by name are fine; what others serve is not. */
bool view_is_foreign(const struct checks_view *h, const char *path)
{
    enum mount_kind kind = h->mounts ? mounts_of(h->mounts, path) : MOUNT_NONE;
    bool kernel = strncmp(path, "/proc", 5) == 0 || strncmp(path, "/sys", 4) == 0;
    return kind == MOUNT_REMOTE || (kind == MOUNT_PSEUDO && !kernel);
}

/* ---- links ---- */

int view_link(const struct checks_view *h, const char *path, char *out, size_t size)
{
    char full[VIEW_PATH_MAX];
    if (!below_root(h, path, full, sizeof(full)))
        return -ENAMETOOLONG;
    return file_link_target(full, out, size);
}

/* path becomes what its final link names. */
static int follow(const struct checks_view *h, char *path, size_t size)
{
    char target[1024], next[VIEW_PATH_MAX];
    int n = view_link(h, path, target, sizeof(target));
    if (n < 0)
        return n;
    const char *slash = strrchr(path, '/');
    int folder = target[0] == '/' || !slash ? 0 : (int)(slash - path) + 1;
    n = snprintf(next, sizeof(next), "%.*s%s", folder, path, target);
    if (n < 0 || (size_t)n >= size)
        return -ENAMETOOLONG;
    memcpy(path, next, (size_t)n + 1);
    return 0;
}

int view_look(const struct checks_view *h, const char *path, struct file_info *info)
{
    char full[VIEW_PATH_MAX];
    if (view_is_foreign(h, path))
        return -EXDEV;
    if (!below_root(h, path, full, sizeof(full)))
        return -ENAMETOOLONG;
    return file_info_at(full, info);
}

/* Where the path leads; only root's links are followed. */
static int resolve(const struct checks_view *h, const char *path, char *out, size_t size,
                   struct file_info *info)
{
    int n = snprintf(out, size, "%s", path), rc;
    if (n < 0 || (size_t)n >= size)
        return -ENAMETOOLONG;
    for (int links = 0; links < LINKS_MAX; links++) {
        rc = view_look(h, out, info);
        if (rc != 0 || info->type != FILE_SYMLINK)
            return rc;
        if (info->uid != 0)
            return -ELOOP;
        rc = follow(h, out, size);
        if (rc != 0)
            return rc;
    }
    return -ELOOP;
}

int view_look_through(const struct checks_view *h, const char *path, struct file_info *info)
{
    char at[VIEW_PATH_MAX];
    return resolve(h, path, at, sizeof(at), info);
}

bool view_has(const struct checks_view *h, const char *path)
{
    struct file_info info;
    return view_look(h, path, &info) == 0;
}

/* ---- files ---- */

static int read_open(file_t f, struct buf *b)
{
    char piece[16384];
    uint64_t at = 0;
    int64_t got;
    while ((got = file_read_at(f, at, piece, sizeof(piece))) > 0) {
        if ((uint64_t)got > b->limit - b->n)
            return -EFBIG;
        buf_put(b, piece, (size_t)got);
        at += (uint64_t)got;
    }
    return (int)got;
}

int view_read(const struct checks_view *h, const char *path, struct buf *b)
{
    char at[VIEW_PATH_MAX], full[VIEW_PATH_MAX];
    struct file_info info;
    file_t f;
    int rc = resolve(h, path, at, sizeof(at), &info);
    if (rc == 0 && !below_root(h, at, full, sizeof(full)))
        rc = -ENAMETOOLONG;
    if (rc == 0)
        rc = file_open_trusted_path(full, &f, NULL);
    if (rc != 0)
        return rc;
    rc = read_open(f, b);
    file_close(f);
    return rc;
}

/* ---- patterns ---- */

void view_paths_add(struct view_paths *p, struct span path)
{
    if (p->n == PATHS_MAX) {
        p->error = -E2BIG;
        return;
    }
    if (p->n == p->room) {
        p->room = p->room ? p->room * 2 : 8;
        p->items = mem_grow(p->items, p->room, sizeof(p->items[0]));
    }
    p->items[p->n++] = mem_text_span(path);
}

void view_paths_release(struct view_paths *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->items[i]);
    free(p->items);
    *p = (struct view_paths){0};
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in folder (ends with '/') that fit the pattern's component. */
static void list(const struct checks_view *h, const char *folder, const char *component,
                 struct view_paths *out)
{
    char full[VIEW_PATH_MAX];
    struct folder *d;
    const char *name;
    enum file_type type;
    size_t entries = 0;
    snprintf(full, sizeof(full), "%s", folder);
    if (strlen(full) > 1)
        full[strlen(full) - 1] = '\0';
    if (view_is_foreign(h, full) || !below_root(h, folder, full, sizeof(full)))
        return;
    int rc = folder_open(full, &d);
    if (rc != 0) {
        bool absent = rc == -ENOENT || rc == -ENOTDIR || rc == -ELOOP;
        out->error = absent ? out->error : rc;
        return;
    }
    while (folder_next(d, &name, &type) == 1) {
        if (++entries > ENTRIES_MAX) {
            out->error = -E2BIG;
            break;
        }
        if ((name[0] != '.' || component[0] == '.') && text_glob(component, name))
            view_paths_add(out, span_of(name));
    }
    folder_close(d);
    if (out->n > 1)
        qsort(out->items, out->n, sizeof(out->items[0]), compare);
}

/* done: what of the path is fixed, with its slash; rest: the pattern's components still to go. */
static void expand(const struct checks_view *h, struct span done, const char *rest,
                   struct view_paths *out)
{
    char component[256], path[VIEW_PATH_MAX];
    size_t n = strcspn(rest, "/");
    bool last = rest[n] == '\0';
    if (n == 0 || n >= sizeof(component) || done.n + n + 2 > sizeof(path))
        return;
    memcpy(component, rest, n);
    component[n] = '\0';
    struct view_paths names = {0};
    span_copy(done, path, sizeof(path));
    if (text_has_wildcard(component))
        list(h, path, component, &names);
    else
        view_paths_add(&names, span_of(component));
    for (size_t i = 0; i < names.n; i++) {
        int length = snprintf(path, sizeof(path), "%.*s%s%s", (int)done.n, done.p, names.items[i],
                              last ? "" : "/");
        if (length < 0 || (size_t)length >= sizeof(path))
            continue;
        if (!last)
            expand(h, span_make(path, (size_t)length), rest + n + 1, out);
        else if (view_has(h, path))
            view_paths_add(out, span_of(path));
    }
    if (names.error)
        out->error = names.error;
    view_paths_release(&names);
}

void view_glob(const struct checks_view *h, const char *pattern, struct view_paths *out)
{
    if (pattern[0] == '/')
        expand(h, SPAN("/"), pattern + 1, out);
}

/* ---- packages and modules ---- */

static bool take_package(void *ctx, const struct span *values)
{
    struct map *packages = ctx;
    bool full = false;
    if (span_ends(values[1], SPAN(" installed")))
        map_set(packages, values[0], packages, &full);
    return !full;
}

static void read_packages(struct checks_view *h)
{
    static const char *const names[] = {"Package", "Status", NULL};
    char path[VIEW_PATH_MAX];
    struct deb_reader reader;
    h->packages = map_new(PACKAGES_MAX);
    deb_reader_init(&reader, names, take_package, h->packages);
    h->packages_error = below_root(h, "/var/lib/dpkg/status", path, sizeof(path))
                            ? deb_read_file(path, &reader)
                            : -ENAMETOOLONG;
}

bool view_has_package(struct checks_view *h, struct span name, bool *known)
{
    if (!h->packages)
        read_packages(h);
    *known = h->packages_error == 0;
    return map_get(h->packages, name) != NULL;
}

struct span view_modules(struct checks_view *h)
{
    struct buf release = BUF_INIT(256);
    if (!h->modules_read && view_read(h, "/proc/sys/kernel/osrelease", &release) == 0) {
        char path[512];
        struct span r = span_trim(buf_span(&release));
        snprintf(path, sizeof(path), "/lib/modules/%.*s/modules.dep", (int)r.n, r.p);
        if (view_read(h, path, &h->modules) != 0)
            buf_clear(&h->modules);
    }
    h->modules_read = true;
    buf_release(&release);
    return buf_span(&h->modules);
}
