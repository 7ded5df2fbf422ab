/*
 * What is watched and by which mechanism: the trees that were asked for, and every file system
 * mounted in them, as mounts come and go. The kernel drops its mark with the file system, and a
 * disk that is mounted again looks like the one before, so after each change of the mount table all
 * marks are set again, which costs nothing where they still are.
 */
#include "platform/file.h"
#include "platform/linux/reach.h"
#include "platform/linux/watch_parts.h"
#include "platform/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define ROOTS_MAX 256

struct place { /* what a root lies on: mount ids are used again, file systems' ids less so */
    int mount;
    uint64_t fsid;
};

struct root {
    char *path;
    bool mounted; /* a mount point in a tree that was asked for; else that tree */
    struct place place;
    const char *mechanism;
    char why[160];
};

struct roots {
    struct watch *watch;
    struct fan *fan; /* NULL where it is refused: fan_error */
    int fan_error;
    struct ino *ino;             /* made when first needed */
    int mount_table;             /* -1: not to be had */
    pthread_mutex_t guard;       /* of what follows: both threads add */
    const struct mounts *mounts; /* during a change of the roots */
    struct root all[ROOTS_MAX];
    size_t n;
    size_t refused; /* mounts that found no room */
};

struct roots *roots_new(struct watch *w, struct fan *fan, int fan_error)
{
    struct roots *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->watch = w;
    r->fan = fan;
    r->fan_error = fan_error;
    r->mount_table = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    pthread_mutex_init(&r->guard, NULL);
    return r;
}

void roots_free(struct roots *r)
{
    if (!r)
        return;
    ino_close(r->ino);
    for (size_t i = 0; i < r->n; i++)
        free(r->all[i].path);
    if (r->mount_table >= 0)
        close(r->mount_table);
    pthread_mutex_destroy(&r->guard);
    free(r);
}

int roots_mount_table(const struct roots *r)
{
    return r->mount_table;
}

struct ino *roots_inotify(const struct roots *r)
{
    return __atomic_load_n(&r->ino, __ATOMIC_ACQUIRE);
}

/* ---- one root ---- */

static int add_by_inotify(struct roots *r, struct root *root)
{
    if (!r->ino) {
        struct ino *ino;
        int rc = ino_open(r->watch, &ino);
        if (rc != 0) {
            snprintf(root->why, sizeof(root->why), "inotify was refused (%s)", strerror(-rc));
            return rc;
        }
        __atomic_store_n(&r->ino, ino, __ATOMIC_RELEASE);
        watch_wake(r->watch);
    }
    return ino_add(r->ino, root->path, root->why, sizeof(root->why));
}

/* The folder to mark: path itself, or the nearest one above it that is there. */
static void nearest_folder(const char *path, char *out, size_t size)
{
    struct file_info info;
    snprintf(out, size, "%s", path);
    while (out[1] && (file_info_at(out, &info) != 0 || info.type != FILE_FOLDER)) {
        char *slash = strrchr(out, '/');
        slash[slash == out] = '\0';
    }
}

/* Network and FUSE file systems are not even asked: whether they answer is up to others. */
static bool is_remote(const struct roots *r, const char *path)
{
    return mounts_of(r->mounts, path) == MOUNT_REMOTE;
}

static struct place place_of(const struct roots *r, const struct root *root)
{
    char folder[WATCH_PATH_MAX];
    struct statfs fs;
    struct place place = {.mount = mounts_id_of(r->mounts, root->path)};
    if (is_remote(r, root->path))
        return place;
    nearest_folder(root->path, folder, sizeof(folder));
    int look = reach(folder, O_PATH, REACH_ANY_LINKS); /* something may be mounted there by now */
    if (look >= 0 && fstatfs(look, &fs) == 0)
        memcpy(&place.fsid, &fs.f_fsid, sizeof(place.fsid));
    if (look >= 0)
        close(look);
    return place;
}

static int attach(struct roots *r, struct root *root, bool moved)
{
    char folder[WATCH_PATH_MAX];
    int rc = r->fan_error;
    root->why[0] = '\0';
    if (is_remote(r, root->path)) {
        root->mechanism = "none";
        snprintf(root->why, sizeof(root->why), "a network or FUSE file system");
        return -EREMOTE;
    }
    nearest_folder(root->path, folder, sizeof(folder));
    if (r->fan)
        rc = fan_add(r->fan, folder, root->why, sizeof(root->why));
    else
        snprintf(root->why, sizeof(root->why), "fanotify is not available (%s)", strerror(-rc));
    if (rc == 0) {
        root->mechanism = "fanotify";
        return 0;
    }
    rc = moved ? add_by_inotify(r, root) : 0;
    if (moved)
        root->mechanism = rc == 0 ? "inotify" : "none";
    return rc;
}

static struct root *find(struct roots *r, const char *path)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->all[i].path, path) == 0)
            return &r->all[i];
    return NULL;
}

static int add(struct roots *r, const char *path, bool mounted)
{
    if (find(r, path))
        return 0;
    struct root *root = r->n < ROOTS_MAX ? &r->all[r->n] : NULL;
    if (!root) {
        r->refused++;
        return -ENOSPC;
    }
    *root = (struct root){.path = strdup(path), .mounted = mounted};
    if (!root->path)
        return -ENOMEM;
    r->n++;
    root->place = place_of(r, root);
    return attach(r, root, true);
}

static void drop(struct roots *r, size_t i)
{
    free(r->all[i].path);
    memmove(&r->all[i], &r->all[i + 1], (--r->n - i) * sizeof(r->all[0]));
}

/* ---- mounts ---- */

static void tell(const struct roots *r, const char *path)
{
    struct watch_found found = {.kinds = WATCH_MOUNTED, .folder = true, .path = path};
    watch_push(r->watch, &found);
}

struct adding {
    struct roots *roots;
    bool later; /* mounted since the tree was added */
};

static bool add_mounted(void *ctx, const char *point, enum mount_kind kind)
{
    const struct adding *a = ctx;
    struct roots *r = a->roots;
    (void)kind; /* of this one; another may lie on top of it */
    if (mounts_at(r->mounts, point) != MOUNT_LOCAL || !watch_wants(r->watch, point, true) ||
        find(r, point))
        return true;
    add(r, point, true);
    if (a->later)
        tell(r, point);
    return true;
}

static void follow_root(struct roots *r, size_t i)
{
    struct root *root = &r->all[i];
    struct place place = place_of(r, root);
    bool moved = place.mount != root->place.mount || place.fsid != root->place.fsid;
    root->place = place;
    attach(r, root, moved);
    if (moved)
        tell(r, root->path);
}

void roots_follow_mounts(struct roots *r)
{
    struct mounts *mounts;
    struct adding adding = {r, true};
    if (mounts_read(&mounts) != 0)
        return;
    pthread_mutex_lock(&r->guard);
    r->mounts = mounts;
    r->refused = 0;
    if (r->fan)
        fan_forget(r->fan);
    for (size_t i = r->n; i-- > 0;) {
        if (!r->all[i].mounted || mounts_at(mounts, r->all[i].path) == MOUNT_LOCAL)
            continue;
        tell(r, r->all[i].path);
        drop(r, i);
    }
    for (size_t i = 0; i < r->n; i++)
        follow_root(r, i);
    for (size_t i = 0; i < r->n; i++)
        if (!r->all[i].mounted)
            mounts_below(mounts, r->all[i].path, add_mounted, &adding);
    r->mounts = NULL;
    pthread_mutex_unlock(&r->guard);
    mounts_free(mounts);
}

int roots_add(struct roots *r, const char *path)
{
    struct mounts *mounts = NULL;
    struct adding adding = {r, false};
    if (path[0] != '/' || strlen(path) >= WATCH_PATH_MAX)
        return -EINVAL;
    mounts_read(&mounts);
    pthread_mutex_lock(&r->guard);
    r->mounts = mounts;
    int rc = add(r, path, false);
    mounts_below(mounts, path, add_mounted, &adding);
    r->mounts = NULL;
    pthread_mutex_unlock(&r->guard);
    mounts_free(mounts);
    return rc;
}

size_t roots_status(struct roots *r, struct watch_root_status *out, size_t max)
{
    pthread_mutex_lock(&r->guard);
    size_t n = r->n < max ? r->n : max;
    for (size_t i = 0; i < n; i++) {
        snprintf(out[i].path, sizeof(out[i].path), "%s", r->all[i].path);
        snprintf(out[i].why, sizeof(out[i].why), "%s", r->all[i].why);
        out[i].mechanism = r->all[i].mechanism;
    }
    if (r->refused > 0 && n < max) {
        out[n].path[0] = '\0';
        snprintf(out[n].why, sizeof(out[n].why),
                 "%zu mounted file systems more than can be watched", r->refused);
        out[n++].mechanism = "none";
    }
    pthread_mutex_unlock(&r->guard);
    return n;
}
