/*
 * One fanotify mark on each whole file system. Events name a folder by its handle and the entry in
 * it; handles are turned into paths through a small cache. A second group takes the starts of
 * programs, so that a storm of changes does not delay them. See fanotify(7).
 */
#include "platform/file.h"
#include "platform/linux/reach.h"
#include "platform/linux/watch_parts.h"
#include "platform/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MARKS_MAX    256
#define CACHE_SLOTS  1024
#define KEY_MAX      56 /* file system id and handle; longer handles are not cached */
#define BUFFER_SIZE  (16 * 1024)
#define HANDLE_BYTES 128

#define CHANGES (FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_CREATE | FAN_DELETE | FAN_ONDIR)
#define MOVES   (FAN_MOVED_FROM | FAN_MOVED_TO)

/* What is not wanted of the files in a busy folder; folders and moves are told all the same, since
 * what is wanted may come by them. Linux 6.0, see fanotify_mark(2). */
#ifndef FAN_MARK_EVICTABLE
#define FAN_MARK_EVICTABLE 0x200
#endif
#ifndef FAN_MARK_IGNORE
#define FAN_MARK_IGNORE 0x400
#endif
#define IGNORE_HOW                                                                                 \
    (FAN_MARK_ADD | FAN_MARK_IGNORE | FAN_MARK_IGNORED_SURV_MODIFY | FAN_MARK_EVICTABLE)
#define IGNORED      (FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_CREATE | FAN_DELETE | FAN_EVENT_ON_CHILD)
#define IGNORED_MAX  1024 /* folders, then it begins anew */
#define BUSY         16   /* so many events nobody wanted */
#define BUSY_FOLDERS 256

struct mark {
    uint64_t fsid;
    char *folder; /* on it; opened when needed, since an open one would keep it mounted */
};

struct cached {
    uint8_t n;
    uint8_t key[KEY_MAX];
    char *path;
};

struct fan {
    struct watch *watch;
    int changes, starts; /* groups; starts may be -1 */
    uint64_t moves;      /* FAN_RENAME, or MOVES on kernels before 5.17 */
    int self;
    pthread_mutex_t guard; /* of the marks: both threads add */
    struct mark marks[MARKS_MAX];
    size_t marks_n;
    struct actor_table *actors;
    struct cached cache[CACHE_SLOTS];
    uint8_t busy[BUSY_FOLDERS]; /* events nobody wanted, by the hash of their folder */
    size_t ignored;
    char path[2][WATCH_PATH_MAX];
    _Alignas(4) char change[BUFFER_SIZE]; /* events as they were read */
    _Alignas(4) char start[BUFFER_SIZE];
};

/* ---- marks ---- */

int fan_open(struct watch *w, struct fan **out)
{
    unsigned flags = FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_CLOEXEC | FAN_NONBLOCK;
    *out = NULL;
    int fd = fanotify_init(flags, O_RDONLY | O_LARGEFILE);
    if (fd < 0)
        return -errno;
    struct fan *f = calloc(1, sizeof(*f));
    if (f)
        f->actors = actor_table_new();
    if (!f || !f->actors) {
        free(f);
        close(fd);
        return -ENOMEM;
    }
    pthread_mutex_init(&f->guard, NULL);
    f->watch = w;
    f->changes = fd;
    f->starts = fanotify_init(flags, O_RDONLY | O_LARGEFILE);
    f->moves = FAN_RENAME;
    f->self = getpid();
    *out = f;
    return 0;
}

static uint64_t fsid_of(const void *fsid)
{
    uint64_t v;
    memcpy(&v, fsid, sizeof(v));
    return v;
}

static int open_mount(const char *folder)
{
    return reach(folder, O_RDONLY | O_DIRECTORY | O_NONBLOCK, REACH_ANY_LINKS);
}

/* Where handles cannot be opened again (overlayfs), the names would be lost. */
static int try_handle(int mount)
{
    union {
        struct file_handle head;
        char room[sizeof(struct file_handle) + HANDLE_BYTES];
    } handle = {.head.handle_bytes = HANDLE_BYTES};
    int mount_id;
    if (name_to_handle_at(mount, "", &handle.head, &mount_id, AT_EMPTY_PATH) != 0)
        return -errno;
    int fd = open_by_handle_at(mount, &handle.head, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

static int mark_changes(struct fan *f, int mount)
{
    unsigned how = FAN_MARK_ADD | FAN_MARK_FILESYSTEM;
    int rc = fanotify_mark(f->changes, how, CHANGES | f->moves, mount, NULL);
    if (rc != 0 && errno == EINVAL && f->moves == FAN_RENAME) {
        f->moves = MOVES;
        rc = fanotify_mark(f->changes, how, CHANGES | f->moves, mount, NULL);
    }
    return rc == 0 ? 0 : -errno;
}

static bool is_marked(const struct fan *f, uint64_t fsid)
{
    for (size_t i = 0; i < f->marks_n; i++)
        if (f->marks[i].fsid == fsid)
            return true;
    return false;
}

static const char *words_for(int rc)
{
    switch (-rc) {
    case EPERM:
        return "fanotify needs CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH";
    case EXDEV:
        return "a subvolume whose events carry another id";
    case ENODEV:
    case EOPNOTSUPP:
    case EINVAL:
        return "this file system gives no names to fanotify";
    case ESTALE:
        return "this file system's handles cannot be opened again";
    case EREMOTE:
        return "a network or FUSE file system";
    case ENOSPC:
        return "too many file systems are watched";
    default:
        return "fanotify was refused";
    }
}

/* Marks the file system of an open folder; path leads to it again later. */
static int add_mark(struct fan *f, int mount, const char *path)
{
    struct statfs fs;
    if (fstatfs(mount, &fs) != 0)
        return -errno;
    uint64_t fsid = fsid_of(&fs.f_fsid);
    if (is_marked(f, fsid))
        return 0;
    if (f->marks_n == MARKS_MAX)
        return -ENOSPC;
    int rc = try_handle(mount);
    if (rc == 0)
        rc = mark_changes(f, mount);
    if (rc != 0)
        return rc;
    char *folder = strdup(path);
    if (!folder)
        return -ENOMEM;
    if (f->starts >= 0)
        fanotify_mark(f->starts, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN_EXEC, mount, NULL);
    f->marks[f->marks_n++] = (struct mark){fsid, folder};
    return 0;
}

/* The folder by which handles are opened later is the mount point: it is root's, and no user can
 * mount something of his own over it, which would leave all events without names. */
static int mark_mount_of(struct fan *f, const char *path)
{
    char point[WATCH_PATH_MAX];
    struct mounts *mounts = NULL;
    mounts_read(&mounts);
    snprintf(point, sizeof(point), "%s", mounts_point_of(mounts, path));
    mounts_free(mounts);
    int mount = open_mount(point);
    if (mount < 0)
        return mount;
    int rc = add_mark(f, mount, point);
    close(mount);
    return rc;
}

int fan_add(struct fan *f, const char *path, char *why, size_t size)
{
    pthread_mutex_lock(&f->guard);
    int rc = mark_mount_of(f, path);
    pthread_mutex_unlock(&f->guard);
    if (rc != 0)
        snprintf(why, size, "%s (%s)", words_for(rc), strerror(-rc));
    return rc;
}

/* ---- from handles to paths ---- */

static struct cached *slot_of(struct fan *f, const uint8_t *key, size_t n)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ key[i]) * 16777619u;
    return &f->cache[hash % CACHE_SLOTS];
}

static void forget_paths(struct fan *f)
{
    for (size_t i = 0; i < CACHE_SLOTS; i++) {
        free(f->cache[i].path);
        f->cache[i] = (struct cached){0};
    }
}

static void hear_all(struct fan *f)
{
    if (f->ignored > 0)
        fanotify_mark(f->changes, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
    f->ignored = 0;
}

void fan_forget(struct fan *f)
{
    pthread_mutex_lock(&f->guard);
    while (f->marks_n > 0)
        free(f->marks[--f->marks_n].folder);
    pthread_mutex_unlock(&f->guard);
    forget_paths(f);
    hear_all(f);
}

/* Another file system may lie there by now. */
static int open_mount_of(struct fan *f, uint64_t fsid)
{
    struct statfs fs;
    int fd = -ENODEV;
    pthread_mutex_lock(&f->guard);
    for (size_t i = 0; i < f->marks_n && fd < 0; i++)
        if (f->marks[i].fsid == fsid)
            fd = open_mount(f->marks[i].folder);
    pthread_mutex_unlock(&f->guard);
    if (fd >= 0 && (fstatfs(fd, &fs) != 0 || fsid_of(&fs.f_fsid) != fsid)) {
        close(fd);
        return -ESTALE;
    }
    return fd;
}

/* The path of an open folder, if it can be reached by it. */
static bool path_of(int fd, char *out, size_t size)
{
    char link[40];
    struct stat by_fd;
    struct file_info by_path;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, size - 1);
    if (n <= 0 || out[0] != '/')
        return false;
    out[n] = '\0';
    return fstat(fd, &by_fd) == 0 && file_info_at(out, &by_path) == 0 &&
           by_fd.st_dev == by_path.dev && by_fd.st_ino == by_path.ino;
}

static bool folder_path(struct fan *f, uint64_t fsid, struct file_handle *handle, char *out,
                        size_t size)
{
    uint8_t key[KEY_MAX];
    size_t n = sizeof(fsid) + handle->handle_bytes;
    struct cached *slot = NULL;
    if (n <= KEY_MAX) {
        memcpy(key, &fsid, sizeof(fsid));
        memcpy(key + sizeof(fsid), handle->f_handle, handle->handle_bytes);
        slot = slot_of(f, key, n);
        if (slot->path && slot->n == n && memcmp(slot->key, key, n) == 0) {
            snprintf(out, size, "%s", slot->path);
            return true;
        }
    }
    int mount = open_mount_of(f, fsid);
    int fd = mount < 0 ? -1 : open_by_handle_at(mount, handle, O_PATH | O_CLOEXEC);
    bool found = fd >= 0 && path_of(fd, out, size);
    if (mount >= 0)
        close(mount);
    if (fd >= 0)
        close(fd);
    if (found && slot) {
        free(slot->path);
        slot->path = strdup(out);
        slot->n = (uint8_t)n;
        memcpy(slot->key, key, n);
    }
    return found;
}

/* ---- events ---- */

/* The kernel packs them to four bytes: the head, which holds eight-byte numbers, is copied out. */
struct record {
    struct fanotify_event_metadata head;
    const char *bytes; /* the whole record, of head.event_len */
};

/* The record's path, or false when its folder is gone (its own end is told by the one above). */
static bool record_path(struct fan *f, const struct fanotify_event_info_fid *info, char *out)
{
    struct file_handle *handle = (struct file_handle *)(void *)(uintptr_t)info->handle;
    size_t head = offsetof(struct fanotify_event_info_fid, handle) + sizeof(*handle);
    if (info->hdr.len < head + handle->handle_bytes || handle->handle_bytes > HANDLE_BYTES)
        return false;
    const char *name = (const char *)handle->f_handle + handle->handle_bytes;
    size_t room = info->hdr.len - head - handle->handle_bytes, length = strnlen(name, room);
    if (length == room || !folder_path(f, fsid_of(&info->fsid), handle, out, WATCH_PATH_MAX))
        return false;
    if (strcmp(name, ".") == 0)
        return true;
    size_t n = strlen(out);
    if (n == 1)
        n = 0; /* the root folder */
    if (n + 1 + length >= WATCH_PATH_MAX)
        return false;
    out[n] = '/';
    memcpy(out + n + 1, name, length + 1);
    return true;
}

/* Reads the paths of an event; how many there are (a rename has two). */
static int event_paths(struct fan *f, const struct record *r)
{
    const char *at = r->bytes + r->head.metadata_len, *end = r->bytes + r->head.event_len;
    bool have[2] = {false, false};
    while (at + sizeof(struct fanotify_event_info_header) <= end) {
        const struct fanotify_event_info_fid *info = (const void *)at;
        if (info->hdr.len < sizeof(*info) || at + info->hdr.len > end)
            break;
        if (info->hdr.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME ||
            info->hdr.info_type == FAN_EVENT_INFO_TYPE_OLD_DFID_NAME)
            have[0] = record_path(f, info, f->path[0]);
        else if (info->hdr.info_type == FAN_EVENT_INFO_TYPE_NEW_DFID_NAME)
            have[1] = record_path(f, info, f->path[1]);
        at += info->hdr.len;
    }
    if (!have[0] && have[1]) {
        memcpy(f->path[0], f->path[1], WATCH_PATH_MAX);
        return 1;
    }
    return have[0] + have[1];
}

static uint32_t kinds_of(uint64_t mask)
{
    uint32_t kinds = 0;
    if (mask & (FAN_CLOSE_WRITE | FAN_ATTRIB))
        kinds |= WATCH_CHANGED;
    if (mask & (FAN_CREATE | FAN_MOVED_TO))
        kinds |= WATCH_CREATED;
    if (mask & (FAN_DELETE | FAN_MOVED_FROM))
        kinds |= WATCH_DELETED;
    return kinds;
}

/* Most events on a host are about a few folders where nothing is watched. */
static void count_unwanted(struct fan *f, char *path)
{
    char *slash = strrchr(path, '/');
    uint32_t hash = 2166136261u;
    if (!slash || slash == path)
        return;
    *slash = '\0';
    for (const char *at = path; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    uint8_t *n = &f->busy[hash % BUSY_FOLDERS];
    if (++*n < BUSY)
        return;
    *n = 0;
    if (watch_may_want_in(f->watch, path))
        return;
    if (f->ignored == IGNORED_MAX)
        hear_all(f);
    if (fanotify_mark(f->changes, IGNORE_HOW, IGNORED, AT_FDCWD, path) == 0)
        f->ignored++;
}

static void take_change(struct fan *f, const struct record *r)
{
    const struct fanotify_event_metadata *e = &r->head;
    if (e->mask & FAN_Q_OVERFLOW) {
        watch_push_overflow(f->watch);
        return;
    }
    bool folder = (e->mask & FAN_ONDIR) != 0;
    int n = event_paths(f, r);
    if (folder && (e->mask & (FAN_RENAME | MOVES))) {
        forget_paths(f); /* the paths of this event still were those of before */
        hear_all(f);     /* one of them may be watched now */
    }
    if (n == 0)
        return;
    bool renamed = (e->mask & FAN_RENAME) != 0;
    if (!watch_wants(f->watch, f->path[0], folder) &&
        !(n == 2 && watch_wants(f->watch, f->path[1], folder))) {
        if (!folder && !renamed)
            count_unwanted(f, f->path[0]);
        return;
    }
    if (e->pid == f->self)
        return;
    struct watch_found found = {.folder = folder, .path = f->path[0], .pid = e->pid};
    found.actor = actor_find(f->actors, e->pid);
    found.kinds = kinds_of(e->mask);
    if (renamed && n == 2) {
        found.kinds |= WATCH_RENAMED;
        found.path2 = f->path[1];
    } else if (renamed) {
        found.kinds |= WATCH_CHANGED; /* one side is out of reach: look what is there now */
    }
    watch_push(f->watch, &found);
    actor_drop(found.actor);
}

static void take_start(struct fan *f, const struct record *r)
{
    if (r->head.pid > 0 && r->head.pid != f->self)
        actor_table_exec(f->actors, r->head.pid, event_paths(f, r) > 0 ? f->path[0] : NULL);
}

/* False when something of a shape unknown here was among them. */
static bool take_all(struct fan *f, const char *at, ssize_t n,
                     void (*take)(struct fan *f, const struct record *r))
{
    struct record r;
    for (; n >= (ssize_t)sizeof(r.head); at += r.head.event_len, n -= r.head.event_len) {
        memcpy(&r.head, at, sizeof(r.head));
        r.bytes = at;
        if (r.head.vers != FANOTIFY_METADATA_VERSION || !FAN_EVENT_OK(&r.head, n))
            return false;
        take(f, &r);
    }
    return n <= 0;
}

/* What the kernel told of a process before it started a program is there when that start is. */
static void take_starts(struct fan *f)
{
    ssize_t n;
    do {
        n = f->starts >= 0 ? read(f->starts, f->start, BUFFER_SIZE) : 0;
        actor_table_read(f->actors);
        if (n > 0)
            take_all(f, f->start, n, take_start);
    } while (n > 0);
    actor_table_settle(f->actors);
}

/* Whoever made a change was started before it: changes are read first, and taken after the starts.
 */
void fan_read(struct fan *f)
{
    ssize_t n;
    do {
        n = read(f->changes, f->change, BUFFER_SIZE);
        take_starts(f);
        if (!take_all(f, f->change, n, take_change))
            watch_push_overflow(f->watch); /* a scan has to look */
    } while (n > 0);
}

size_t fan_polls(const struct fan *f, struct pollfd out[2])
{
    out[0] = (struct pollfd){.fd = f->changes, .events = POLLIN};
    out[1] = (struct pollfd){.fd = f->starts, .events = POLLIN};
    return f->starts >= 0 ? 2 : 1;
}

void fan_close(struct fan *f)
{
    if (!f)
        return;
    close(f->changes);
    if (f->starts >= 0)
        close(f->starts);
    for (size_t i = 0; i < f->marks_n; i++)
        free(f->marks[i].folder);
    pthread_mutex_destroy(&f->guard);
    forget_paths(f);
    actor_table_free(f->actors);
    free(f);
}
