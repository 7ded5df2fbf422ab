/*
 * Rights are not made from modes: what may touch a file is inherited from its folder, whose access
 * list the installation sets. A read-only mode becomes no attribute either, since such a file could
 * not be replaced.
 */
#include "platform/file.h"

#include "platform/windows/reach.h"
#include "platform/windows/wide.h"

#include <stdio.h>
#include <string.h>
#include <winioctl.h>

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define PIECE_MAX (1u << 30)

/* ---- opening ---- */

static int open_as(const char *path, DWORD access, DWORD how, file_t *out)
{
    wchar_t wide[WIDE_MAX];
    *out = FILE_NONE;
    int rc = wide_path(path, wide);
    if (rc < 0)
        return rc;
    HANDLE h = CreateFileW(wide, access, SHARE_ALL, NULL, how,
                           FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return windows_error(GetLastError());
    *out = (file_t)h;
    return 0;
}

int file_open_untrusted(const char *path, file_t *out, struct file_info *info)
{
    struct file_info own;
    HANDLE h;
    *out = FILE_NONE;
    int rc = reach(path, REACH_FILE, FILE_READ_DATA, 0, &h);
    if (rc == -EISDIR)
        return -EINVAL;
    if (rc == 0)
        rc = info_of_handle(h, info ? info : &own);
    if (rc == 0 && (info ? info : &own)->type != FILE_REGULAR)
        rc = -EINVAL;
    if (rc != 0) {
        if (h != INVALID_HANDLE_VALUE)
            CloseHandle(h);
        return rc;
    }
    *out = (file_t)h;
    return 0;
}

/* No link of Windows' own lies on the way to what is read. */
int file_open_trusted_path(const char *path, file_t *out, struct file_info *info)
{
    return file_open_untrusted(path, out, info);
}

int file_open_read(const char *path, file_t *out)
{
    return open_as(path, GENERIC_READ, OPEN_EXISTING, out);
}

int file_create(const char *path, uint32_t mode, file_t *out)
{
    (void)mode;
    return open_as(path, GENERIC_READ | GENERIC_WRITE | DELETE, CREATE_NEW, out);
}

int file_open_rw(const char *path, uint32_t mode, file_t *out)
{
    (void)mode;
    return open_as(path, GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS, out);
}

void file_close(file_t f)
{
    if (f != FILE_NONE)
        CloseHandle((HANDLE)f);
}

/* ---- reading and writing ---- */

static OVERLAPPED at(uint64_t offset)
{
    return (OVERLAPPED){.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
}

static bool range_fits(uint64_t offset, size_t n)
{
    return offset <= INT64_MAX && n <= INT64_MAX - offset;
}

int64_t file_read_at(file_t f, uint64_t offset, void *data, size_t n)
{
    size_t done = 0;
    if (!range_fits(offset, n))
        return -EINVAL;
    while (done < n) {
        DWORD piece = n - done < PIECE_MAX ? (DWORD)(n - done) : PIECE_MAX, got = 0;
        OVERLAPPED where = at(offset + done);
        if (!ReadFile((HANDLE)f, (char *)data + done, piece, &got, &where)) {
            if (GetLastError() == ERROR_HANDLE_EOF)
                break;
            return windows_error(GetLastError());
        }
        if (got == 0)
            break;
        done += got;
    }
    return (int64_t)done;
}

uint64_t file_next_data(file_t f, uint64_t offset)
{
    LARGE_INTEGER size;
    FILE_ALLOCATED_RANGE_BUFFER ask = {.FileOffset.QuadPart = (LONGLONG)offset}, found;
    DWORD got;
    if (offset > INT64_MAX || !GetFileSizeEx((HANDLE)f, &size) ||
        size.QuadPart <= ask.FileOffset.QuadPart)
        return offset;
    ask.Length.QuadPart = size.QuadPart - ask.FileOffset.QuadPart;
    if (!DeviceIoControl((HANDLE)f, FSCTL_QUERY_ALLOCATED_RANGES, &ask, sizeof(ask), &found,
                         sizeof(found), &got, NULL) &&
        GetLastError() != ERROR_MORE_DATA)
        return offset;
    return got < sizeof(found) ? (uint64_t)size.QuadPart : (uint64_t)found.FileOffset.QuadPart;
}

int file_write_at(file_t f, uint64_t offset, const void *data, size_t n)
{
    size_t done = 0;
    if (!range_fits(offset, n))
        return -EINVAL;
    while (done < n) {
        DWORD piece = n - done < PIECE_MAX ? (DWORD)(n - done) : PIECE_MAX, put = 0;
        OVERLAPPED where = at(offset + done);
        if (!WriteFile((HANDLE)f, (const char *)data + done, piece, &put, &where))
            return windows_error(GetLastError());
        if (put == 0)
            return -EIO;
        done += put;
    }
    return 0;
}

int file_truncate(file_t f, uint64_t size)
{
    FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = (LONGLONG)size};
    if (size > INT64_MAX)
        return -EINVAL;
    return SetFileInformationByHandle((HANDLE)f, FileEndOfFileInfo, &end, sizeof(end))
               ? 0
               : windows_error(GetLastError());
}

/* The blocks are there then; what lies behind the valid data reads as zeros. */
int file_reserve(file_t f, uint64_t size)
{
    LARGE_INTEGER now;
    if (!GetFileSizeEx((HANDLE)f, &now))
        return windows_error(GetLastError());
    return (uint64_t)now.QuadPart >= size ? 0 : file_truncate(f, size);
}

int file_sync(file_t f)
{
    return FlushFileBuffers((HANDLE)f) ? 0 : windows_error(GetLastError());
}

/* ---- looking ---- */

int file_info_of(file_t f, struct file_info *info)
{
    return info_of_handle((HANDLE)f, info);
}

int file_info_at(const char *path, struct file_info *info)
{
    HANDLE h;
    *info = (struct file_info){0};
    int rc = reach(path, REACH_ANY, FILE_READ_ATTRIBUTES, 0, &h);
    if (rc != 0)
        return rc == -ELOOP || rc == -ENOTDIR ? -ENOENT : rc;
    rc = info_of_handle(h, info);
    CloseHandle(h);
    return rc;
}

int file_link_target(const char *path, char *out, size_t size)
{
    (void)path;
    (void)out;
    (void)size;
    return -EINVAL;
}

/* ---- changing names ---- */

int file_rename(const char *from, const char *to)
{
    wchar_t a[WIDE_MAX], b[WIDE_MAX];
    int rc = wide_path(from, a);
    if (rc >= 0)
        rc = wide_path(to, b);
    if (rc < 0)
        return rc;
    return MoveFileExW(a, b, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)
               ? 0
               : windows_error(GetLastError());
}

int file_remove(const char *path)
{
    wchar_t wide[WIDE_MAX];
    int rc = wide_path(path, wide);
    if (rc < 0)
        return rc;
    return DeleteFileW(wide) ? 0 : windows_error(GetLastError());
}

static int make_one(const wchar_t *path)
{
    if (CreateDirectoryW(path, NULL))
        return 0;
    DWORD attributes = GetFileAttributesW(path), error = GetLastError();
    if (attributes == INVALID_FILE_ATTRIBUTES)
        return windows_error(error);
    if (attributes & FILE_ATTRIBUTE_REPARSE_POINT)
        return -ELOOP;
    return attributes & FILE_ATTRIBUTE_DIRECTORY ? 0 : -ENOTDIR;
}

int folder_make(const char *path, uint32_t mode)
{
    wchar_t wide[WIDE_MAX];
    int rc = wide_path(path, wide);
    (void)mode;
    if (rc < 0)
        return rc;
    wchar_t *part = wcschr(wide + 4, L'\\');
    for (rc = 0; rc == 0 && part;) {
        part = wcschr(part + 1, L'\\');
        if (part)
            *part = L'\0';
        rc = make_one(wide);
        if (part)
            *part = L'\\';
    }
    return rc;
}

/* NTFS keeps names in its journal; a folder cannot be flushed by itself. */
int folder_sync(const char *path)
{
    struct file_info info;
    return file_info_at(path, &info);
}

int file_native_path(const char *path, char *out, size_t size)
{
    wchar_t wide[WIDE_MAX];
    int n = wide_path(path, wide);
    return n < 0 ? n : text_of_wide(wide, (size_t)n, out, size);
}

int file_space(const char *path, uint64_t *free_bytes, uint64_t *total_bytes)
{
    wchar_t wide[WIDE_MAX];
    ULARGE_INTEGER available, total;
    int rc = wide_path(path, wide);
    if (rc < 0)
        return rc;
    if (!GetDiskFreeSpaceExW(wide, &available, &total, NULL))
        return windows_error(GetLastError());
    *free_bytes = available.QuadPart;
    *total_bytes = total.QuadPart;
    return 0;
}

/* ---- locks and replacing ---- */

static int lock_now(file_t f)
{
    OVERLAPPED where =
        at(INT64_MAX - 1); /* behind what is ever written, which a lock would keep others from */
    return LockFileEx((HANDLE)f, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0,
                      &where)
               ? 0
               : -EWOULDBLOCK;
}

int file_lock(const char *path, file_t *out)
{
    int rc = open_as(path, GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS, out);
    if (rc == 0)
        rc = lock_now(*out);
    if (rc != 0) {
        file_close(*out);
        *out = FILE_NONE;
    }
    return rc;
}

/* One of a few fixed names, so that leftovers of crashes do not pile up; nobody else opens it while
 * it is written, so two writers never share one. */
static int create_temporary(const char *folder, const char *name, char *path, size_t size,
                            file_t *out)
{
    for (int attempt = 0; attempt < 32; attempt++) {
        wchar_t wide[WIDE_MAX];
        int n = snprintf(path, size, "%s/.%s.new%d", folder, name, attempt % 8);
        if (n < 0 || (size_t)n >= size)
            return -ENAMETOOLONG;
        n = wide_path(path, wide);
        if (n < 0)
            return n;
        HANDLE h = CreateFileW(wide, GENERIC_WRITE | DELETE, 0, NULL, CREATE_ALWAYS,
                               FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
        *out = h == INVALID_HANDLE_VALUE ? FILE_NONE : (file_t)h;
        if (h != INVALID_HANDLE_VALUE)
            return 0;
        if (GetLastError() != ERROR_SHARING_VIOLATION)
            return windows_error(GetLastError());
    }
    return -EBUSY;
}

static int replace(const char *folder, const char *name, const void *data, size_t n, bool durable)
{
    char temporary[4400], path[4400];
    file_t f;
    if (name[0] == '\0' || strpbrk(name, "/\\"))
        return -EINVAL;
    int length = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof(path))
        return -ENAMETOOLONG;
    int rc = create_temporary(folder, name, temporary, sizeof(temporary), &f);
    if (rc != 0)
        return rc;
    rc = file_write_at(f, 0, data, n);
    if (rc == 0 && durable)
        rc = file_sync(f);
    file_close(f);
    if (rc == 0)
        rc = file_rename(temporary, path);
    if (rc != 0)
        file_remove(temporary);
    return rc;
}

int file_replace(const char *folder, const char *name, const void *data, size_t n, uint32_t mode)
{
    (void)mode;
    return replace(folder, name, data, n, true);
}

int file_replace_owned(const char *folder, const char *name, const void *data, size_t n,
                       uint32_t mode)
{
    (void)mode;
    return replace(folder, name, data, n, true);
}

int file_replace_lazy(const char *folder, const char *name, const void *data, size_t n,
                      uint32_t mode)
{
    (void)mode;
    return replace(folder, name, data, n, false);
}
