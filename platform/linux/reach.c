#include "platform/linux/reach.h"

#include "platform/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINKS_MAX     8
#define ANY_LINKS_MAX 40 /* as the kernel */
#define LOOK          (O_PATH | O_NOFOLLOW | O_CLOEXEC)

static int open_in(int folder, const char *name, int flags)
{
    int fd;
    do
        fd = openat(folder, name, flags);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

/* -ENOSYS: before Linux 5.6, and where a filter does not know the call. */
static int open_within(int folder, const char *path, int flags, bool anywhere)
{
    struct open_how how = {
        .flags = (unsigned)flags,
        .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | (anywhere ? 0u : RESOLVE_NO_XDEV),
    };
    /* not SYS_openat2, which C libraries older than the kernel lack */
    long fd;
    do
        fd = syscall(__NR_openat2, folder, path, &how, sizeof(how));
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return errno == EPERM ? -ENOSYS : -errno;
    return (int)fd;
}

/* ---- mounts ---- */

static int mount_id_of(int fd)
{
    char path[48], text[512];
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    int info = open_in(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (info < 0)
        return info;
    ssize_t n = read(info, text, sizeof(text) - 1);
    close(info);
    text[n > 0 ? n : 0] = '\0';
    const char *id = strstr(text, "mnt_id:");
    return id ? (int)strtol(id + 7, NULL, 10) : -ENODATA;
}

bool reach_is_remote(int fd)
{
    int id = mount_id_of(fd);
    enum mount_kind kind = id < 0 ? MOUNT_LOCAL : mounts_now_of_id(id);
    return kind == MOUNT_REMOTE || kind == MOUNT_NONE; /* unmounted: nobody knows what it was */
}

int reach_again(int fd, int flags)
{
    char path[48];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open_in(AT_FDCWD, path, (flags & ~O_NOFOLLOW) | O_CLOEXEC);
}

static int be_folder(int fd)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        return fd;
    close(fd);
    return -ENOTDIR;
}

/* A mount point, or any entry where the system cannot say that it is none: to look at it asks
 * nobody anything, to open it may. */
static int cross(int folder, const char *name, int flags, bool remote)
{
    struct stat st;
    int look = open_in(folder, name, LOOK);
    if (look < 0)
        return look;
    if (!remote && reach_is_remote(look)) {
        close(look);
        return -EREMOTE;
    }
    if (flags & O_PATH)
        return flags & O_DIRECTORY ? be_folder(look) : look;
    int fd = fstat(look, &st) == 0 && S_ISLNK(st.st_mode) ? -ELOOP : reach_again(look, flags);
    close(look);
    return fd;
}

int reach_in(int folder, const char *name, int flags, bool remote)
{
    int fd = open_within(folder, name, flags | O_NOFOLLOW | O_CLOEXEC, remote);
    return fd == -EXDEV || fd == -ENOSYS ? cross(folder, name, flags, remote) : fd;
}

/* ---- part by part ---- */

struct way {
    int folder;   /* where rest starts; O_PATH */
    bool trusted; /* every folder up to here is root's and nobody else writes to it */
    int links_left;
    unsigned how;
    char rest[PATH_MAX];
};

/* Goes into an open folder, which the way then owns. */
static int go_into(struct way *w, int folder)
{
    struct stat st;
    if (folder < 0)
        return folder;
    if (fstat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
        close(folder);
        return -ENOTDIR;
    }
    w->trusted = w->trusted && st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    if (w->folder >= 0)
        close(w->folder);
    w->folder = folder;
    return 0;
}

static int start(struct way *w, const char *path)
{
    bool absolute = path[0] == '/';
    size_t n = strlen(path);
    w->folder = -1;
    w->trusted = absolute; /* nothing is known of the folders above the current one */
    if (n == 0 || n >= sizeof(w->rest))
        return n == 0 ? -ENOENT : -ENAMETOOLONG;
    memcpy(w->rest, path, n + 1);
    return go_into(w, open_in(AT_FDCWD, absolute ? "/" : ".", LOOK | O_DIRECTORY));
}

/* Cuts the first part off rest. *last: nothing follows it. */
static int take_part(struct way *w, char *name, size_t size, bool *last)
{
    const char *from = w->rest + strspn(w->rest, "/");
    size_t n = strcspn(from, "/");
    if (n >= size)
        return -ENAMETOOLONG;
    memcpy(name, from, n);
    name[n] = '\0';
    *last = from[n] == '\0';
    memmove(w->rest, from + n, strlen(from + n) + 1);
    return 0;
}

/* Puts the target of an open link in front of rest. */
static int follow(struct way *w, int link)
{
    char target[PATH_MAX];
    struct stat st;
    bool fine = (w->how & REACH_ANY_LINKS) != 0;
    if (w->how & REACH_TRUSTED_LINKS)
        fine = fine || (w->trusted && fstat(link, &st) == 0 && st.st_uid == 0);
    if (!fine || w->links_left-- <= 0)
        return -ELOOP;
    ssize_t n = readlinkat(link, "", target, sizeof(target));
    if (n <= 0)
        return n < 0 ? -errno : -ENOENT;
    size_t length = (size_t)n, after = strlen(w->rest);
    if (length + after >= sizeof(w->rest))
        return -ENAMETOOLONG;
    memmove(w->rest + length, w->rest, after + 1); /* empty, or starts with a slash */
    memcpy(w->rest, target, length);
    return target[0] == '/' ? go_into(w, open_in(AT_FDCWD, "/", LOOK | O_DIRECTORY)) : 0;
}

static int open_part(const struct way *w, const char *name, int flags)
{
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return open_in(w->folder, name[0] ? name : ".", flags); /* where we are, or come from */
    return reach_in(w->folder, name, flags, (w->how & REACH_ANYWHERE) != 0);
}

/* 1 and *out, or 0 to go on, or a negative errno value. */
static int step(struct way *w, int flags, int *out)
{
    char name[NAME_MAX + 1];
    struct stat st;
    bool last;
    int rc = take_part(w, name, sizeof(name), &last);
    if (rc != 0)
        return rc;
    int look = open_part(w, name, LOOK);
    if (look < 0)
        return look;
    bool is_link = fstat(look, &st) == 0 && S_ISLNK(st.st_mode);
    if (is_link && !(last && (flags & O_NOFOLLOW))) {
        rc = follow(w, look);
        close(look);
        return rc;
    }
    if (!last)
        return go_into(w, look);
    if (flags & O_PATH) {
        *out = flags & O_DIRECTORY ? be_folder(look) : look;
        return 1;
    }
    *out = is_link ? -ELOOP : reach_again(look, flags);
    close(look);
    return 1;
}

static int reach_by_steps(const char *path, int flags, unsigned how)
{
    struct way w = {.links_left = how & REACH_ANY_LINKS ? ANY_LINKS_MAX : LINKS_MAX, .how = how};
    int out = -1, rc = start(&w, path);
    while (rc == 0)
        rc = step(&w, flags, &out);
    if (w.folder >= 0)
        close(w.folder);
    return rc < 0 ? rc : out;
}

int reach(const char *path, int flags, unsigned how)
{
    bool anywhere = (how & REACH_ANYWHERE) != 0;
    int fd = open_within(AT_FDCWD, path, flags | O_CLOEXEC, anywhere);
    bool links = (how & (REACH_TRUSTED_LINKS | REACH_ANY_LINKS)) != 0;
    if (fd == -EXDEV || fd == -ENOSYS || (fd == -ELOOP && links))
        fd = reach_by_steps(path, flags, how);
    return fd;
}
