#include "platform/walk.h"
#include "platform/linux/attributes.h"
#include "platform/linux/reach.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
#define FILE_FLAGS   (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC)
#define ENTRIES_SIZE (32 * 1024)

struct walk_folder {
    int fd;
    bool remote;  /* network and FUSE file systems below it are entered as well */
    size_t at, n; /* in entries */
    char *entries;
};

static int wrap(int fd, struct walk_folder **out)
{
    *out = NULL;
    if (fd < 0)
        return fd;
    struct walk_folder *f = calloc(1, sizeof(*f));
    if (!f) {
        close(fd);
        return -ENOMEM;
    }
    f->fd = fd;
    *out = f;
    return 0;
}

int walk_open(const char *path, struct walk_folder **out)
{
    return wrap(reach(path, FOLDER_FLAGS, 0), out);
}

int walk_open_anywhere(const char *path, struct walk_folder **out)
{
    int rc = wrap(reach(path, FOLDER_FLAGS, REACH_ANYWHERE), out);
    if (rc == 0)
        (*out)->remote = true;
    return rc;
}

int walk_enter(const struct walk_folder *parent, const char *name, struct walk_folder **out)
{
    int rc = wrap(reach_in(parent->fd, name, FOLDER_FLAGS, parent->remote), out);
    if (rc == 0)
        (*out)->remote = parent->remote;
    return rc;
}

void walk_close(struct walk_folder *f)
{
    if (!f)
        return;
    close(f->fd);
    free(f->entries);
    free(f);
}

static int fill(struct walk_folder *f)
{
    if (!f->entries && !(f->entries = malloc(ENTRIES_SIZE)))
        return -ENOMEM;
    /* not getdents64(), which glibc has from 2.30 on */
    ssize_t n = syscall(__NR_getdents64, f->fd, f->entries, ENTRIES_SIZE);
    f->at = 0;
    f->n = n > 0 ? (size_t)n : 0;
    return n < 0 ? -errno : n > 0;
}

static enum file_type type_of(unsigned char d_type)
{
    static const enum file_type types[] = {
        [DT_REG] = FILE_REGULAR,     [DT_DIR] = FILE_FOLDER,  [DT_LNK] = FILE_SYMLINK,
        [DT_FIFO] = FILE_FIFO,       [DT_SOCK] = FILE_SOCKET, [DT_CHR] = FILE_CHAR_DEVICE,
        [DT_BLK] = FILE_BLOCK_DEVICE};
    return d_type < sizeof(types) / sizeof(types[0]) ? types[d_type] : FILE_NO_TYPE;
}

int walk_next(struct walk_folder *f, const char **name, enum file_type *type)
{
    for (;;) {
        if (f->at >= f->n) {
            int rc = fill(f);
            if (rc <= 0)
                return rc;
        }
        const struct dirent64 *e = (const struct dirent64 *)(void *)(f->entries + f->at);
        f->at += e->d_reclen;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        *name = e->d_name;
        *type = type_of(e->d_type);
        return 1;
    }
}

static int64_t ns_of(int64_t s, uint32_t ns)
{
    if (s >= INT64_MAX / 1000000000)
        return INT64_MAX;
    if (s <= INT64_MIN / 1000000000)
        return INT64_MIN;
    return s * 1000000000 + ns;
}

/* Before Linux 4.11, and where a filter does not know statx. */
static int info_by_stat(int fd, const char *name, int flags, struct file_info *info)
{
    struct stat st;
    if (fstatat(fd, name, &st, flags) != 0)
        return -errno;
    *info = (struct file_info){
        .type = type_of((unsigned char)((st.st_mode & S_IFMT) >> 12)),
        .mode = (uint32_t)st.st_mode & 07777,
        .uid = st.st_uid,
        .gid = st.st_gid,
        .nlink = (uint32_t)st.st_nlink,
        .size = st.st_size > 0 ? (uint64_t)st.st_size : 0,
        .mtime_ns = ns_of(st.st_mtim.tv_sec, (uint32_t)st.st_mtim.tv_nsec),
        .ctime_ns = ns_of(st.st_ctim.tv_sec, (uint32_t)st.st_ctim.tv_nsec),
        .dev = (uint64_t)st.st_dev,
        .ino = (uint64_t)st.st_ino,
    };
    return 0;
}

/* A mount point must not be asked before it is known whose it is. */
static bool is_mount_of_others(int folder, const char *name)
{
    int look = reach_in(folder, name, O_PATH, false);
    if (look >= 0)
        close(look);
    return look == -EREMOTE;
}

/* name "": fd itself. remote: ask whatever file system it is; else only what is known here, and
 * -EREMOTE for what is mounted there. */
static int info_of(int fd, const char *name, bool remote, struct file_info *info)
{
    struct statx st;
    int flags = (name[0] ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH) | AT_NO_AUTOMOUNT;
    if (!remote)
        flags |= AT_STATX_DONT_SYNC;
    if (statx(fd, name, flags, STATX_BASIC_STATS, &st) != 0)
        return errno == ENOSYS || errno == EPERM
                   ? info_by_stat(fd, name, flags & ~AT_STATX_DONT_SYNC, info)
                   : -errno;
    if (!remote && name[0] && (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) &&
        is_mount_of_others(fd, name))
        return -EREMOTE;
    *info = (struct file_info){
        .type = type_of((unsigned char)((st.stx_mode & S_IFMT) >> 12)),
        .mode = (uint32_t)st.stx_mode & 07777,
        .uid = st.stx_uid,
        .gid = st.stx_gid,
        .nlink = st.stx_nlink,
        .flags = (st.stx_attributes & STATX_ATTR_IMMUTABLE ? (uint32_t)FILE_IMMUTABLE : 0) |
                 (st.stx_attributes & STATX_ATTR_APPEND ? (uint32_t)FILE_APPEND_ONLY : 0),
        .size = st.stx_size <= INT64_MAX ? st.stx_size : 0,
        .mtime_ns = ns_of(st.stx_mtime.tv_sec, st.stx_mtime.tv_nsec),
        .ctime_ns = ns_of(st.stx_ctime.tv_sec, st.stx_ctime.tv_nsec),
        .dev = (uint64_t)makedev(st.stx_dev_major, st.stx_dev_minor),
        .ino = st.stx_ino,
    };
    return 0;
}

int walk_info(const struct walk_folder *f, const char *name, struct file_info *info)
{
    return info_of(f->fd, name, f->remote, info);
}

int walk_file(const struct walk_folder *f, const char *name, file_t *out, struct file_info *info)
{
    *out = FILE_NONE;
    int fd = reach_in(f->fd, name, FILE_FLAGS, f->remote);
    if (fd < 0)
        return fd == -ENXIO ? -EINVAL : fd;
    int rc = info_of(fd, "", f->remote, info);
    if (rc == 0 && info->type != FILE_REGULAR)
        rc = -EINVAL;
    if (rc != 0) {
        close(fd);
        return rc;
    }
    *out = fd;
    return 0;
}

int walk_link(const struct walk_folder *f, const char *name, char *out, size_t size)
{
    ssize_t n = readlinkat(f->fd, name, out, size);
    if (n < 0)
        return -errno;
    if ((size_t)n >= size)
        return -ENAMETOOLONG;
    out[n] = '\0';
    return (int)n;
}

int walk_attributes(const struct walk_folder *folder, const char *name, file_t f,
                    walk_attribute_fn *each, void *ctx)
{
    char path[64 + NAME_MAX];
    if (f != FILE_NONE)
        return attributes_read((int)f, NULL, each, ctx);
    /* The open folder again, and in it the entry itself, be it a link; of a folder what it is now,
     * and not what is mounted there in the next moment. */
    int look = reach_in(folder->fd, name, O_PATH | O_DIRECTORY, folder->remote);
    if (look == -EREMOTE)
        return look;
    int n = snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", look >= 0 ? look : folder->fd,
                     look >= 0 ? "." : name);
    bool fits = n > 0 && (size_t)n < sizeof(path);
    int rc = fits ? attributes_read(-1, path, each, ctx) : -ENAMETOOLONG;
    if (look >= 0)
        close(look);
    return rc;
}

int walk_real_path(const char *path, char *out, size_t size)
{
    char link[48];
    int fd = reach(path, O_PATH, REACH_ANY_LINKS);
    if (fd < 0)
        return fd;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, size);
    int rc = n < 0 ? -errno : (size_t)n < size ? (int)n : -ENAMETOOLONG;
    close(fd);
    if (rc >= 0)
        out[rc] = '\0';
    return rc;
}
