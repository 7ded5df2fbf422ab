/* The one opener for paths that others can influence. */
#include "platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINKS_MAX  8
#define FILE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC)

static int open_component(int folder, const char *name, int flags)
{
    int fd;
    do
        fd = openat(folder, name, flags);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

static int type_allows_open(mode_t mode)
{
    if (S_ISLNK(mode))
        return -ELOOP;
    return S_ISREG(mode) ? 0 : -EINVAL;
}

/* A path component by component, each opened without following a link. */
struct walk {
    int folder;     /* where rest starts; O_PATH */
    bool trusted;   /* every folder up to here is root's and nobody else writes to it */
    int links_left; /* how many links may still be followed */
    char rest[PATH_MAX];
};

/* Goes into an open folder, which the walk then owns. */
static int walk_enter(struct walk *w, int folder)
{
    if (folder < 0)
        return folder;
    struct stat st;
    if (fstat(folder, &st) != 0) {
        int rc = -errno;
        close(folder);
        return rc;
    }
    w->trusted = w->trusted && st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    if (w->folder >= 0)
        close(w->folder);
    w->folder = folder;
    return 0;
}

static int walk_start(struct walk *w, const char *path)
{
    bool absolute = path[0] == '/';
    w->folder = -1;
    w->trusted = absolute; /* nothing is known of the folders above the current one */
    size_t n = strlen(path);
    if (n >= sizeof(w->rest))
        return -ENAMETOOLONG;
    memcpy(w->rest, path, n + 1);
    int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    return walk_enter(w, open_component(AT_FDCWD, absolute ? "/" : ".", flags));
}

/* Cuts the first component off rest. Its length, 0 at the end; *last: nothing follows it. */
static int walk_take(struct walk *w, char *name, size_t size, bool *last)
{
    const char *from = w->rest + strspn(w->rest, "/");
    size_t n = strcspn(from, "/");
    if (n >= size)
        return -ENAMETOOLONG;
    memcpy(name, from, n);
    name[n] = '\0';
    *last = from[n] == '\0';
    memmove(w->rest, from + n, strlen(from + n) + 1);
    return (int)n;
}

/* Puts the link's target in front of rest, if the link is one that only root could have made. */
static int walk_follow(struct walk *w, const char *name, const struct stat *link)
{
    if (!w->trusted || link->st_uid != 0 || w->links_left-- <= 0)
        return -ELOOP;
    char target[PATH_MAX];
    ssize_t n = readlinkat(w->folder, name, target, sizeof(target));
    if (n < 0)
        return -errno;
    size_t length = (size_t)n, after = strlen(w->rest);
    if (length == 0)
        return -ENOENT;
    if (length + after >= sizeof(w->rest))
        return -ENAMETOOLONG;
    memmove(w->rest + length, w->rest, after + 1); /* empty, or starts with a slash */
    memcpy(w->rest, target, length);
    if (target[0] != '/')
        return 0;
    return walk_enter(w, open_component(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static int walk_into(struct walk *w, const char *name)
{
    struct stat st;
    if (fstatat(w->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return -errno;
    if (S_ISLNK(st.st_mode))
        return walk_follow(w, name, &st);
    if (!S_ISDIR(st.st_mode))
        return -ENOTDIR;
    int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    return walk_enter(w, open_component(w->folder, name, flags));
}

static int walk_open_file(const struct walk *w, const char *name)
{
    struct stat st;
    if (fstatat(w->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return -errno;
    int rc = type_allows_open(st.st_mode);
    return rc != 0 ? rc : open_component(w->folder, name, FILE_FLAGS);
}

static int walk_to_file(struct walk *w)
{
    for (;;) {
        char name[NAME_MAX + 1];
        bool last;
        int n = walk_take(w, name, sizeof(name), &last);
        if (n < 0)
            return n;
        if (n == 0)
            return -EINVAL; /* the path ends in a slash: a folder is meant */
        if (last)
            return walk_open_file(w, name);
        int rc = walk_into(w, name);
        if (rc != 0)
            return rc;
    }
}

static int open_by_walk(const char *path, int links)
{
    struct walk w = {.links_left = links};
    int fd = walk_start(&w, path);
    if (fd == 0)
        fd = walk_to_file(&w);
    if (w.folder >= 0)
        close(w.folder);
    return fd;
}

static int open_by_openat2(const char *path)
{
    struct open_how how = {
        .flags = FILE_FLAGS,
        .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long fd;
    do
        fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : (int)fd;
}

static int open_without_links(const char *path)
{
    /* Even opening can do something (wake a FIFO's writer, start a watchdog): look first. Only a
     * race gets past this look, and nobody but root can put a device into a race. */
    struct stat st;
    if (lstat(path, &st) != 0)
        return -errno;
    int rc = type_allows_open(st.st_mode);
    if (rc != 0)
        return rc;
    int fd = open_by_openat2(path);
    /* Kernels before 5.6, and seccomp filters that do not know the call. */
    return fd == -ENOSYS || fd == -EPERM ? open_by_walk(path, 0) : fd;
}

/* Takes an open descriptor or a negative errno value. */
static int finish(int fd, file_t *out, struct file_info *info)
{
    *out = FILE_NONE;
    if (fd < 0)
        return fd == -ENXIO ? -EINVAL : fd; /* ENXIO: a socket or a device without a driver */
    struct file_info here;
    int rc = file_info_of(fd, &here);
    if (rc == 0 && here.type != FILE_REGULAR)
        rc = -EINVAL;
    if (rc != 0) {
        close(fd);
        return rc;
    }
    if (info)
        *info = here;
    *out = fd;
    return 0;
}

int file_open_untrusted(const char *path, file_t *out, struct file_info *info)
{
    return finish(open_without_links(path), out, info);
}

int file_open_trusted_path(const char *path, file_t *out, struct file_info *info)
{
    int fd = open_without_links(path);
    if (fd == -ELOOP)
        fd = open_by_walk(path, LINKS_MAX);
    return finish(fd, out, info);
}
