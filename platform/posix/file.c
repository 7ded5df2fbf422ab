#include "platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PIECE_MAX (1u << 30) /* one read or write; Linux moves no more than 2 GiB at once */

static int open_at(int folder, const char *path, int flags, uint32_t mode, file_t *out)
{
    int fd;
    do
        fd = openat(folder, path, flags | O_CLOEXEC | O_NOCTTY, (mode_t)mode);
    while (fd < 0 && errno == EINTR);
    *out = fd < 0 ? FILE_NONE : fd;
    return fd < 0 ? -errno : 0;
}

int file_open_read(const char *path, file_t *out)
{
    return open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0, out);
}

/* The umask must not take rights from what another role of ours has to read. */
static int create_at(int folder, const char *path, uint32_t mode, file_t *out)
{
    int rc = open_at(folder, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode, out);
    if (rc == 0 && fchmod((int)*out, (mode_t)mode) != 0) {
        rc = -errno;
        unlinkat(folder, path, 0);
        file_close(*out);
        *out = FILE_NONE;
    }
    return rc;
}

int file_create(const char *path, uint32_t mode, file_t *out)
{
    return create_at(AT_FDCWD, path, mode, out);
}

int file_open_rw(const char *path, uint32_t mode, file_t *out)
{
    int rc = open_at(AT_FDCWD, path, O_RDWR, 0, out);
    if (rc != -ENOENT)
        return rc;
    rc = file_create(path, mode, out);
    return rc == -EEXIST ? open_at(AT_FDCWD, path, O_RDWR, 0, out) : rc;
}

void file_close(file_t f)
{
    if (f != FILE_NONE)
        close((int)f);
}

static bool range_fits(uint64_t offset, size_t n)
{
    return offset <= INT64_MAX && n <= INT64_MAX - offset;
}

int64_t file_read_at(file_t f, uint64_t offset, void *data, size_t n)
{
    if (!range_fits(offset, n))
        return -EINVAL;
    size_t done = 0;
    while (done < n) {
        size_t piece = n - done < PIECE_MAX ? n - done : PIECE_MAX;
        ssize_t got = pread((int)f, (char *)data + done, piece, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (int64_t)done;
}

uint64_t file_next_data(file_t f, uint64_t offset)
{
    struct stat st;
    off_t at = offset <= INT64_MAX ? lseek((int)f, (off_t)offset, SEEK_DATA) : -1;
    if (at >= 0)
        return (uint64_t)at;
    bool past = errno == ENXIO && fstat((int)f, &st) == 0 && (uint64_t)st.st_size > offset;
    return past ? (uint64_t)st.st_size : offset;
}

int file_write_at(file_t f, uint64_t offset, const void *data, size_t n)
{
    if (!range_fits(offset, n))
        return -EINVAL;
    size_t done = 0;
    while (done < n) {
        size_t piece = n - done < PIECE_MAX ? n - done : PIECE_MAX;
        ssize_t put = pwrite((int)f, (const char *)data + done, piece, (off_t)(offset + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? -errno : -EIO;
        done += (size_t)put;
    }
    return 0;
}

int file_truncate(file_t f, uint64_t size)
{
    if (size > INT64_MAX)
        return -EINVAL;
    int rc;
    do
        rc = ftruncate((int)f, (off_t)size);
    while (rc != 0 && errno == EINTR);
    return rc == 0 ? 0 : -errno;
}

int file_reserve(file_t f, uint64_t size)
{
    if (size > INT64_MAX)
        return -EINVAL;
    if (size == 0)
        return 0;
    int rc;
    do
        rc = posix_fallocate((int)f, 0, (off_t)size);
    while (rc == EINTR);
    return -rc;
}

int file_sync(file_t f)
{
    int rc;
    do
        rc = fdatasync((int)f);
    while (rc != 0 && errno == EINTR);
    return rc == 0 ? 0 : -errno;
}

static int sync_all(int fd)
{
    int rc;
    do
        rc = fsync(fd);
    while (rc != 0 && errno == EINTR);
    return rc == 0 ? 0 : -errno;
}

static enum file_type type_of_mode(mode_t mode)
{
    static const struct {
        mode_t bits;
        enum file_type type;
    } types[] = {
        {S_IFREG, FILE_REGULAR},      {S_IFDIR, FILE_FOLDER},  {S_IFLNK, FILE_SYMLINK},
        {S_IFIFO, FILE_FIFO},         {S_IFSOCK, FILE_SOCKET}, {S_IFCHR, FILE_CHAR_DEVICE},
        {S_IFBLK, FILE_BLOCK_DEVICE},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if ((mode & S_IFMT) == types[i].bits)
            return types[i].type;
    return FILE_NO_TYPE;
}

/* A file system may claim any time: what does not fit in nanoseconds is cut to the ends. */
static int64_t ns_of(struct timespec t)
{
    if (t.tv_sec >= INT64_MAX / 1000000000)
        return INT64_MAX;
    if (t.tv_sec <= INT64_MIN / 1000000000)
        return INT64_MIN;
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void info_of_stat(const struct stat *st, struct file_info *info)
{
    *info = (struct file_info){
        .type = type_of_mode(st->st_mode),
        .mode = (uint32_t)st->st_mode & 07777,
        .uid = st->st_uid,
        .gid = st->st_gid,
        .nlink = (uint32_t)st->st_nlink,
        .size = st->st_size > 0 ? (uint64_t)st->st_size : 0,
        .mtime_ns = ns_of(st->st_mtim),
        .ctime_ns = ns_of(st->st_ctim),
        .dev = (uint64_t)st->st_dev,
        .ino = (uint64_t)st->st_ino,
    };
}

int file_info_of(file_t f, struct file_info *info)
{
    struct stat st;
    *info = (struct file_info){0};
    if (fstat((int)f, &st) != 0)
        return -errno;
    info_of_stat(&st, info);
    return 0;
}

static int info_at(int folder, const char *path, struct file_info *info)
{
    struct stat st;
    *info = (struct file_info){0};
    if (fstatat(folder, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return -errno;
    info_of_stat(&st, info);
    return 0;
}

int file_link_target(const char *path, char *out, size_t size)
{
    if (size == 0)
        return -EINVAL;
    ssize_t n = readlink(path, out, size);
    if (n < 0)
        return -errno;
    if ((size_t)n >= size)
        return -ENAMETOOLONG;
    out[n] = '\0';
    return (int)n;
}

int file_rename(const char *from, const char *to)
{
    return rename(from, to) == 0 ? 0 : -errno;
}

int file_remove(const char *path)
{
    return unlink(path) == 0 ? 0 : -errno;
}

static int open_folder(const char *path, int flags, file_t *out)
{
    return open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | flags, 0, out);
}

static int make_one(const char *path, uint32_t mode)
{
    if (mkdir(path, (mode_t)mode) == 0) {
        file_t f;
        int rc = open_folder(path, O_NOFOLLOW, &f);
        if (rc == 0 && fchmod((int)f, (mode_t)mode) != 0)
            rc = -errno;
        file_close(f);
        return rc;
    }
    int rc = -errno;
    struct stat st;
    if (rc == -EEXIST && stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
    return rc;
}

int folder_make(const char *path, uint32_t mode)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0)
        return -ENOENT;
    if (n >= sizeof(part))
        return -ENAMETOOLONG;
    struct stat st;
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
    memcpy(part, path, n + 1);
    while (n > 1 && part[n - 1] == '/')
        part[--n] = '\0';
    for (size_t i = 1; i < n; i++) {
        if (part[i] != '/' || part[i - 1] == '/')
            continue;
        part[i] = '\0';
        int rc = make_one(part, 0755);
        if (rc != 0)
            return rc;
        part[i] = '/';
    }
    return make_one(part, mode);
}

int folder_sync(const char *path)
{
    file_t f;
    int rc = open_folder(path, 0, &f);
    if (rc != 0)
        return rc;
    rc = sync_all((int)f);
    file_close(f);
    return rc;
}

int file_native_path(const char *path, char *out, size_t size)
{
    int n = snprintf(out, size, "%s", path);
    return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : n;
}

int file_space(const char *path, uint64_t *free_bytes, uint64_t *total_bytes)
{
    struct statvfs s;
    int rc;
    do
        rc = statvfs(path, &s);
    while (rc != 0 && errno == EINTR);
    if (rc != 0)
        return -errno;
    *free_bytes = (uint64_t)s.f_bavail * s.f_frsize;
    *total_bytes = (uint64_t)s.f_blocks * s.f_frsize;
    return 0;
}

static int lock_now(file_t f)
{
    int rc;
    do
        rc = flock((int)f, LOCK_EX | LOCK_NB);
    while (rc != 0 && errno == EINTR);
    return rc == 0 ? 0 : -errno;
}

int file_lock(const char *path, file_t *out)
{
    int rc = open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600, out);
    if (rc != 0)
        return rc;
    rc = lock_now(*out);
    if (rc != 0) {
        file_close(*out);
        *out = FILE_NONE;
    }
    return rc;
}

/* Whether name still leads to the open file f. */
static bool is_still_at(int folder, const char *name, file_t f)
{
    struct file_info open, named;
    return file_info_of(f, &open) == 0 && info_at(folder, name, &named) == 0 &&
           open.dev == named.dev && open.ino == named.ino;
}

/* What a writer that died has left; a writer that lives holds a lock on it. */
static void remove_if_abandoned(int folder, const char *name)
{
    file_t f;
    if (open_at(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &f) != 0) {
        struct file_info info; /* a link, or something else that is not ours: it may go */
        if (info_at(folder, name, &info) == 0 && info.type != FILE_REGULAR)
            unlinkat(folder, name, 0);
        return;
    }
    if (lock_now(f) == 0 && is_still_at(folder, name, f))
        unlinkat(folder, name, 0);
    file_close(f);
}

/*
 * The temporary file beside name: one of a few fixed names, so that leftovers of crashes do not
 * pile up but are replaced, each guarded by a lock, so that two writers never share one.
 */
static int create_temporary(int folder, const char *name, uint32_t mode, char *temporary,
                            size_t size, file_t *out)
{
    for (int attempt = 0; attempt < 32; attempt++) {
        int n = snprintf(temporary, size, ".%s.new%d", name, attempt % 8);
        if (n < 0 || (size_t)n >= size)
            return -ENAMETOOLONG;
        int rc = create_at(folder, temporary, mode, out);
        if (rc == -EEXIST) {
            remove_if_abandoned(folder, temporary);
            rc = create_at(folder, temporary, mode, out);
        }
        if (rc == 0 && lock_now(*out) == 0 && is_still_at(folder, temporary, *out))
            return 0;
        file_close(*out);
        if (rc != 0 && rc != -EEXIST)
            return rc;
    }
    return -EBUSY;
}

enum { REPLACE_DURABLE = 1, REPLACE_OWNED = 2 };

static int give_to_owner_of(int folder, file_t f)
{
    struct stat st;
    if (fstat(folder, &st) != 0)
        return -errno;
    if (geteuid() != 0 || st.st_uid == 0)
        return 0;
    return fchown((int)f, st.st_uid, (gid_t)-1) == 0 ? 0 : -errno;
}

static int replace_in(int folder, const char *name, const void *data, size_t n, uint32_t mode,
                      int how)
{
    char temporary[NAME_MAX + 1];
    file_t f = FILE_NONE;
    int rc = create_temporary(folder, name, mode, temporary, sizeof(temporary), &f);
    if (rc != 0)
        return rc;
    rc = how & REPLACE_OWNED ? give_to_owner_of(folder, f) : 0;
    if (rc == 0)
        rc = file_write_at(f, 0, data, n);
    if (rc == 0 && how & REPLACE_DURABLE)
        rc = sync_all((int)f);
    if (rc == 0 && renameat(folder, temporary, folder, name) != 0)
        rc = -errno;
    if (rc != 0)
        unlinkat(folder, temporary, 0);
    file_close(f);
    return rc == 0 && how & REPLACE_DURABLE ? sync_all(folder) : rc;
}

static int replace(const char *folder, const char *name, const void *data, size_t n, uint32_t mode,
                   int how)
{
    if (name[0] == '\0' || strchr(name, '/'))
        return -EINVAL;
    file_t f;
    int rc = open_folder(folder, 0, &f);
    if (rc != 0)
        return rc;
    rc = replace_in((int)f, name, data, n, mode, how);
    file_close(f);
    return rc;
}

int file_replace(const char *folder, const char *name, const void *data, size_t n, uint32_t mode)
{
    return replace(folder, name, data, n, mode, REPLACE_DURABLE);
}

int file_replace_owned(const char *folder, const char *name, const void *data, size_t n,
                       uint32_t mode)
{
    return replace(folder, name, data, n, mode, REPLACE_DURABLE | REPLACE_OWNED);
}

int file_replace_lazy(const char *folder, const char *name, const void *data, size_t n,
                      uint32_t mode)
{
    return replace(folder, name, data, n, mode, 0);
}
