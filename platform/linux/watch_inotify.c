/*
 * Where a file system refuses the fanotify mark: a watch on every folder. Nobody is told who made
 * the change. See inotify(7).
 */
#include "platform/linux/reach.h"
#include "platform/linux/watch_parts.h"
#include "platform/mounts.h"
#include "platform/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define FOLDERS_MAX (1 << 20)
#define ROOTS_MAX   256
#define DEPTH_MAX   64
#define BUFFER_SIZE (16 * 1024)
#define CHANGES                                                                                    \
    (IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |            \
     IN_ONLYDIR | IN_EXCL_UNLINK)

struct ino {
    struct watch *watch;
    int fd;
    pthread_mutex_t guard; /* of what follows; adding happens in both threads */
    char **folders;        /* by watch descriptor */
    size_t room;
    char *roots[ROOTS_MAX]; /* one that is not there, or is removed, is waited for */
    size_t roots_n;
    char path[WATCH_PATH_MAX];
    _Alignas(8) char buffer[BUFFER_SIZE];
};

int ino_open(struct watch *w, struct ino **out)
{
    *out = NULL;
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0)
        return -errno;
    struct ino *n = calloc(1, sizeof(*n));
    if (!n) {
        close(fd);
        return -ENOMEM;
    }
    n->watch = w;
    n->fd = fd;
    pthread_mutex_init(&n->guard, NULL);
    *out = n;
    return 0;
}

static int remember(struct ino *n, size_t wd, const char *path)
{
    if (wd >= FOLDERS_MAX)
        return -ENOSPC;
    if (wd >= n->room) {
        size_t room = wd * 2 < 256 ? 256 : wd * 2;
        char **folders = realloc(n->folders, room * sizeof(*folders));
        if (!folders)
            return -ENOMEM;
        memset(folders + n->room, 0, (room - n->room) * sizeof(*folders));
        n->folders = folders;
        n->room = room;
    }
    free(n->folders[wd]);
    n->folders[wd] = strdup(path);
    return n->folders[wd] ? 0 : -ENOMEM;
}

static int watch_folder(struct ino *n, const char *path)
{
    char link[48];
    int look = reach(path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
    if (look < 0)
        return look;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", look);
    pthread_mutex_lock(&n->guard);
    int wd = inotify_add_watch(n->fd, link, CHANGES);
    int rc = wd < 0 ? -errno : remember(n, (size_t)wd, path);
    pthread_mutex_unlock(&n->guard);
    close(look);
    return rc;
}

static bool leads_to_root(struct ino *n, const char *path)
{
    size_t length = strlen(path);
    bool leads = false;
    pthread_mutex_lock(&n->guard);
    for (size_t i = 0; i < n->roots_n && !leads; i++)
        leads = strncmp(n->roots[i], path, length) == 0 && n->roots[i][length] == '/';
    pthread_mutex_unlock(&n->guard);
    return leads;
}

static bool is_to_be_watched(struct ino *n, const char *folder)
{
    return watch_wants(n->watch, folder, true) || leads_to_root(n, folder);
}

/* Gone again, something else, or a file system that is not entered. */
static bool is_no_folder(int rc)
{
    return rc == -ENOENT || rc == -ENOTDIR || rc == -ELOOP || rc == -EREMOTE;
}

/* path is a buffer of WATCH_PATH_MAX that is extended and put back. */
static int watch_tree(struct ino *n, char *path, int depth)
{
    struct walk_folder *f;
    const char *name;
    enum file_type type;
    size_t length = strlen(path);
    int rc = watch_folder(n, path);
    if (rc != 0 || depth == DEPTH_MAX || walk_open(path, &f) != 0)
        return is_no_folder(rc) ? 0 : rc;
    while (rc == 0 && walk_next(f, &name, &type) == 1) {
        size_t more = strlen(name);
        if (type != FILE_FOLDER || length + 1 + more >= WATCH_PATH_MAX)
            continue;
        path[length] = '/';
        memcpy(path + length + 1, name, more + 1);
        if (is_to_be_watched(n, path))
            rc = watch_tree(n, path, depth + 1);
        path[length] = '\0';
    }
    walk_close(f);
    return rc;
}

static int add_root(struct ino *n, const char *path)
{
    for (size_t i = 0; i < n->roots_n; i++)
        if (strcmp(n->roots[i], path) == 0)
            return 0;
    char *root = n->roots_n < ROOTS_MAX ? strdup(path) : NULL;
    if (!root)
        return -ENOMEM;
    pthread_mutex_lock(&n->guard);
    n->roots[n->roots_n++] = root;
    pthread_mutex_unlock(&n->guard);
    return 0;
}

/* The folders above are watched as well, without what else is in them. */
int ino_add(struct ino *n, const char *root, char *why, size_t size)
{
    char path[WATCH_PATH_MAX];
    int rc = add_root(n, root);
    for (size_t at = 0; rc == 0 && root[at] && root[at + 1];
         at += 1 + strcspn(root + at + 1, "/")) {
        snprintf(path, sizeof(path), "%.*s", at > 0 ? (int)at : 1, root);
        watch_folder(n, path);
    }
    snprintf(path, sizeof(path), "%s", root);
    if (rc == 0)
        rc = watch_tree(n, path, 0);
    if (rc == -ENOSPC)
        snprintf(why, size, "too many folders for inotify; raise fs.inotify.max_user_watches");
    else if (rc != 0)
        snprintf(why, size, "inotify was refused (%s)", strerror(-rc));
    return rc;
}

/* A folder that was moved away: what lies below has other names now, also in events that wait. */
static void forget_tree(struct ino *n, const char *path)
{
    size_t length = strlen(path);
    pthread_mutex_lock(&n->guard);
    for (size_t wd = 0; wd < n->room; wd++) {
        char *here = n->folders[wd];
        if (!here || strncmp(here, path, length) != 0 || (here[length] != '/' && here[length]))
            continue;
        inotify_rm_watch(n->fd, (int)wd);
        free(here);
        n->folders[wd] = NULL;
    }
    pthread_mutex_unlock(&n->guard);
}

static bool event_path(struct ino *n, const struct inotify_event *e)
{
    pthread_mutex_lock(&n->guard);
    const char *folder = e->wd >= 0 && (size_t)e->wd < n->room ? n->folders[e->wd] : NULL;
    int length = -1;
    if (folder && e->len > 0)
        length = snprintf(n->path, sizeof(n->path), "%s/%s", folder[1] ? folder : "", e->name);
    else if (folder)
        length = snprintf(n->path, sizeof(n->path), "%s", folder);
    if (e->mask & IN_IGNORED && folder) {
        free(n->folders[e->wd]);
        n->folders[e->wd] = NULL;
    }
    pthread_mutex_unlock(&n->guard);
    return length > 0 && (size_t)length < sizeof(n->path);
}

static void take(struct ino *n, const struct inotify_event *e)
{
    bool folder = (e->mask & IN_ISDIR) != 0;
    struct watch_found found = {.folder = folder, .path = n->path};
    if (e->mask & IN_Q_OVERFLOW) {
        watch_push_overflow(n->watch);
        return;
    }
    if (!event_path(n, e) || e->mask & IN_IGNORED)
        return;
    bool wanted = watch_wants(n->watch, n->path, folder);
    if (!wanted && !(folder && leads_to_root(n, n->path)))
        return;
    if (folder && e->mask & IN_MOVED_FROM)
        forget_tree(n, n->path);
    if (folder && e->mask & (IN_CREATE | IN_MOVED_TO) && watch_tree(n, n->path, 0) != 0)
        watch_push_overflow(n->watch);
    if (e->mask & (IN_CLOSE_WRITE | IN_ATTRIB))
        found.kinds |= WATCH_CHANGED;
    if (e->mask & (IN_CREATE | IN_MOVED_TO))
        found.kinds |= WATCH_CREATED;
    if (e->mask & (IN_DELETE | IN_MOVED_FROM))
        found.kinds |= WATCH_DELETED;
    if (wanted)
        watch_push(n->watch, &found);
}

void ino_read(struct ino *n)
{
    for (;;) {
        ssize_t got = read(n->fd, n->buffer, sizeof(n->buffer));
        if (got <= 0)
            return;
        for (ssize_t at = 0; at < got;) {
            const struct inotify_event *e = (const void *)(n->buffer + at);
            at += (ssize_t)(sizeof(*e) + e->len);
            take(n, e);
        }
    }
}

size_t ino_polls(const struct ino *n, struct pollfd out[1])
{
    out[0] = (struct pollfd){.fd = n->fd, .events = POLLIN};
    return 1;
}

void ino_close(struct ino *n)
{
    if (!n)
        return;
    close(n->fd);
    for (size_t i = 0; i < n->room; i++)
        free(n->folders[i]);
    free(n->folders);
    for (size_t i = 0; i < n->roots_n; i++)
        free(n->roots[i]);
    pthread_mutex_destroy(&n->guard);
    free(n);
}
