/* Paths that others can influence. */
#include "platform/file.h"

#include "platform/linux/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW)

static int type_allows_open(mode_t mode)
{
    if (S_ISLNK(mode))
        return -ELOOP;
    return S_ISREG(mode) ? 0 : -EINVAL;
}

/* Even opening can do something (wake a FIFO's writer, start a watchdog): looks first, and opens
 * what was looked at. */
static int open_file(const char *path, unsigned how)
{
    struct stat st;
    int look = reach(path, O_PATH | O_NOFOLLOW, how);
    if (look < 0)
        return look;
    int fd = fstat(look, &st) == 0 ? type_allows_open(st.st_mode) : -errno;
    if (fd == 0)
        fd = reach_again(look, FILE_FLAGS);
    close(look);
    return fd;
}

static int finish(int fd, file_t *out, struct file_info *info)
{
    struct file_info here;
    *out = FILE_NONE;
    if (fd < 0)
        return fd;
    int rc = file_info_of(fd, info ? info : &here);
    if (rc == 0)
        *out = fd;
    else
        close(fd);
    return rc;
}

int file_open_untrusted(const char *path, file_t *out, struct file_info *info)
{
    return finish(open_file(path, 0), out, info);
}

/* Whether nobody but root can have given a file the name that path ends in. */
static bool is_named_by_root(const char *path)
{
    char folder[PATH_MAX];
    struct stat st;
    const char *slash = strrchr(path, '/');
    int n = snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
                     slash ? path : ".");
    int look =
        n > 0 && (size_t)n < sizeof(folder) ? reach(folder, O_PATH, REACH_TRUSTED_LINKS) : -1;
    if (look < 0)
        return false;
    bool fine = fstat(look, &st) == 0 && st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    close(look);
    return fine;
}

int file_open_trusted_path(const char *path, file_t *out, struct file_info *info)
{
    struct file_info here;
    int rc = finish(open_file(path, REACH_TRUSTED_LINKS), out, &here);
    if (rc == 0 && here.nlink > 1 && !is_named_by_root(path)) {
        close((int)*out);
        *out = FILE_NONE;
        rc = -EMLINK;
    }
    if (info)
        *info = here;
    return rc;
}

int file_info_at(const char *path, struct file_info *info)
{
    *info = (struct file_info){0};
    int look = reach(path, O_PATH | O_NOFOLLOW, REACH_ANY_LINKS);
    if (look < 0)
        return look;
    int rc = file_info_of(look, info);
    close(look);
    return rc;
}
