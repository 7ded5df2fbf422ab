#include "platform/file.h"

#include "platform/windows/reach.h"
#include "platform/windows/rights.h"

#include <stdio.h>
#include <string.h>
#include <winioctl.h>

#define PIECE_MAX    (1u << 30)
#define TEMPORARIES  8
#define RENAME_TRIES 50
#define RENAME_PAUSE 10          /* ms */
#define LOCK_AT      0x40000000u /* far behind what such a file holds: a lock is mandatory here */

static HANDLE handle_of(file_t f)
{
    return (HANDLE)f;
}

static int open_wide(const wchar_t *path, DWORD access, DWORD share, DWORD how, DWORD flags,
                     file_t *out)
{
    HANDLE h = CreateFileW(path, access, share, NULL, how, flags, NULL);
    *out = h == INVALID_HANDLE_VALUE ? FILE_NONE : (file_t)h;
    return h == INVALID_HANDLE_VALUE ? errno_of_last() : 0;
}

static int open_path(const char *path, DWORD access, DWORD how, DWORD flags, file_t *out)
{
    wchar_t wide[PATH_WIDE_MAX];
    *out = FILE_NONE;
    int rc = path_wide(path, wide);
    return rc == 0 ? open_wide(wide, access, SHARE_ALL, how, flags, out) : rc;
}

int file_open_read(const char *path, file_t *out)
{
    return open_path(path, GENERIC_READ, OPEN_EXISTING, 0, out);
}

static int create_wide(const wchar_t *path, uint32_t mode, DWORD access, DWORD share, file_t *out)
{
    struct rights rights;
    *out = FILE_NONE;
    int rc = rights_of_mode(mode, false, &rights);
    if (rc != 0)
        return rc;
    HANDLE h = CreateFileW(path, access, share, rights_attributes(&rights), CREATE_NEW,
                           FILE_ATTRIBUTE_NORMAL, NULL);
    rc = h == INVALID_HANDLE_VALUE ? errno_of_last() : 0;
    *out = rc == 0 ? (file_t)h : FILE_NONE;
    rights_release(&rights);
    return rc;
}

int file_create(const char *path, uint32_t mode, file_t *out)
{
    wchar_t wide[PATH_WIDE_MAX];
    *out = FILE_NONE;
    int rc = path_wide(path, wide);
    return rc == 0 ? create_wide(wide, mode, GENERIC_READ | GENERIC_WRITE, SHARE_ALL, out) : rc;
}

int file_open_rw(const char *path, uint32_t mode, file_t *out)
{
    int rc = open_path(path, GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING, 0, out);
    if (rc != -ENOENT)
        return rc;
    rc = file_create(path, mode, out);
    return rc == -EEXIST ? open_path(path, GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING, 0, out)
                         : rc;
}

void file_close(file_t f)
{
    if (f != FILE_NONE)
        CloseHandle(handle_of(f));
}

/* ---- content ---- */

static OVERLAPPED at_offset(uint64_t offset)
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
        DWORD piece = (DWORD)(n - done < PIECE_MAX ? n - done : PIECE_MAX), got = 0;
        OVERLAPPED at = at_offset(offset + done);
        if (!ReadFile(handle_of(f), (char *)data + done, piece, &got, &at)) {
            if (GetLastError() == ERROR_HANDLE_EOF)
                break;
            return errno_of_last();
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
    if (offset > INT64_MAX || !GetFileSizeEx(handle_of(f), &size) ||
        size.QuadPart <= ask.FileOffset.QuadPart)
        return offset;
    ask.Length.QuadPart = size.QuadPart - ask.FileOffset.QuadPart;
    if (!DeviceIoControl(handle_of(f), FSCTL_QUERY_ALLOCATED_RANGES, &ask, sizeof(ask), &found,
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
        DWORD piece = (DWORD)(n - done < PIECE_MAX ? n - done : PIECE_MAX), put = 0;
        OVERLAPPED at = at_offset(offset + done);
        if (!WriteFile(handle_of(f), (const char *)data + done, piece, &put, &at))
            return errno_of_last();
        if (put == 0)
            return -EIO;
        done += put;
    }
    return 0;
}

int file_truncate(file_t f, uint64_t size)
{
    FILE_END_OF_FILE_INFO end;
    if (size > INT64_MAX)
        return -EINVAL;
    end.EndOfFile.QuadPart = (LONGLONG)size;
    return SetFileInformationByHandle(handle_of(f), FileEndOfFileInfo, &end, sizeof(end))
               ? 0
               : errno_of_last();
}

/* A file that is no sparse one has all its blocks up to its end. */
int file_reserve(file_t f, uint64_t size)
{
    LARGE_INTEGER now;
    if (size > INT64_MAX)
        return -EINVAL;
    if (!GetFileSizeEx(handle_of(f), &now))
        return errno_of_last();
    return (uint64_t)now.QuadPart < size ? file_truncate(f, size) : 0;
}

int file_sync(file_t f)
{
    return FlushFileBuffers(handle_of(f)) ? 0 : errno_of_last();
}

/* ---- looking ---- */

int file_info_of(file_t f, struct file_info *info)
{
    return handle_info(handle_of(f), info);
}

/* Opens what the path's last part is, be it a folder or a link. */
static int open_itself(const char *path, DWORD access, file_t *out)
{
    wchar_t wide[PATH_WIDE_MAX];
    *out = FILE_NONE;
    int rc = path_wide(path, wide);
    if (rc != 0)
        return rc;
    if (path_is_remote(wide))
        return -EREMOTE;
    return open_wide(wide, access, SHARE_ALL, OPEN_EXISTING,
                     FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, out);
}

int file_info_at(const char *path, struct file_info *info)
{
    file_t f;
    *info = (struct file_info){0};
    int rc = open_itself(path, FILE_READ_ATTRIBUTES | READ_CONTROL, &f);
    if (rc != 0)
        return rc;
    rc = file_info_of(f, info);
    file_close(f);
    return rc;
}

int file_link_target(const char *path, char *out, size_t size)
{
    file_t f;
    int rc = open_itself(path, FILE_READ_ATTRIBUTES, &f);
    if (rc != 0)
        return rc;
    rc = handle_link(handle_of(f), out, size);
    file_close(f);
    return rc;
}

int file_open_untrusted(const char *path, file_t *out, struct file_info *info)
{
    struct file_info here;
    HANDLE h;
    *out = FILE_NONE;
    int rc = reach_path(path, REACH_FILE, FILE_READ_DATA | READ_CONTROL, 0, &h);
    if (rc != 0)
        return rc == -EISDIR ? -EINVAL : rc;
    rc = handle_info(h, &here);
    if (rc == 0 && here.type != FILE_REGULAR)
        rc = -EINVAL;
    if (info)
        *info = here;
    if (rc != 0)
        CloseHandle(h);
    else
        *out = (file_t)h;
    return rc;
}

/* Links are not followed at all. A hard link needs the right to write to the file, so that nobody
 * can give a name to what is not theirs. */
int file_open_trusted_path(const char *path, file_t *out, struct file_info *info)
{
    return file_open_untrusted(path, out, info);
}

int file_native_path(const char *path, char *out, size_t size)
{
    wchar_t wide[PATH_WIDE_MAX];
    int rc = path_wide(path, wide);
    return rc < 0 ? rc : text_of_wide(wide, wcslen(wide), out, size);
}

int file_space(const char *path, uint64_t *free_bytes, uint64_t *total_bytes)
{
    wchar_t wide[PATH_WIDE_MAX];
    ULARGE_INTEGER available, total;
    int rc = path_wide(path, wide);
    if (rc != 0)
        return rc;
    if (!GetDiskFreeSpaceExW(wide, &available, &total, NULL))
        return errno_of_last();
    *free_bytes = available.QuadPart;
    *total_bytes = total.QuadPart;
    return 0;
}

/* ---- changing ---- */

/* Somebody who has the target open without sharing (a virus scanner that looks at what is new) is
 * waited for. */
static int rename_wide(const wchar_t *from, const wchar_t *to)
{
    for (int i = 0;; i++) {
        if (MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
            return 0;
        DWORD error = GetLastError();
        if (i == RENAME_TRIES || (error != ERROR_ACCESS_DENIED && error != ERROR_SHARING_VIOLATION))
            return errno_of_error(error);
        Sleep(RENAME_PAUSE);
    }
}

int file_rename(const char *from, const char *to)
{
    wchar_t wide_from[PATH_WIDE_MAX], wide_to[PATH_WIDE_MAX];
    int rc = path_wide(from, wide_from);
    if (rc == 0)
        rc = path_wide(to, wide_to);
    return rc == 0 ? rename_wide(wide_from, wide_to) : rc;
}

int file_remove(const char *path)
{
    wchar_t wide[PATH_WIDE_MAX];
    int rc = path_wide(path, wide);
    if (rc != 0)
        return rc;
    return DeleteFileW(wide) ? 0 : errno_of_last();
}

static bool is_folder(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY;
}

static int make_one(const wchar_t *path, uint32_t mode)
{
    struct rights rights;
    int rc = rights_of_mode(mode, true, &rights);
    if (rc != 0)
        return rc;
    if (!CreateDirectoryW(path, rights_attributes(&rights)))
        rc = errno_of_last();
    rights_release(&rights);
    if (rc == -EEXIST)
        return is_folder(path) ? 0 : -ENOTDIR;
    return rc;
}

/* Parents first: from the nearest one that is there. */
static int make_with_parents(wchar_t *path, uint32_t mode)
{
    int rc = make_one(path, mode);
    wchar_t *slash = wcsrchr(path, L'\\');
    if (rc != -ENOENT || !slash || slash <= path + 6)
        return rc;
    *slash = L'\0';
    rc = is_folder(path) ? 0 : make_with_parents(path, 0755);
    *slash = L'\\';
    return rc == 0 ? make_one(path, mode) : rc;
}

int folder_make(const char *path, uint32_t mode)
{
    wchar_t wide[PATH_WIDE_MAX];
    int rc = path_wide(path, wide);
    if (rc != 0)
        return rc;
    return is_folder(wide) ? 0 : make_with_parents(wide, mode);
}

/* NTFS keeps its folders by a journal, and the rename above is written through. */
int folder_sync(const char *path)
{
    wchar_t wide[PATH_WIDE_MAX];
    int rc = path_wide(path, wide);
    if (rc != 0)
        return rc;
    return is_folder(wide) ? 0 : -ENOENT;
}

int file_lock(const char *path, file_t *out)
{
    OVERLAPPED at = at_offset(LOCK_AT);
    int rc = file_open_rw(path, 0600, out);
    if (rc != 0)
        return rc;
    if (LockFileEx(handle_of(*out), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0,
                   &at))
        return 0;
    file_close(*out);
    *out = FILE_NONE;
    return -EWOULDBLOCK;
}

/* ---- replacing ---- */

/* A writer that lives shares its temporary file with nobody, so that removing it fails. */
static int create_temporary(const char *folder, const char *name, uint32_t mode,
                            wchar_t wide[PATH_WIDE_MAX], file_t *out)
{
    char path[4400];
    int rc = -EBUSY;
    for (int i = 0; i < TEMPORARIES; i++) {
        int n = snprintf(path, sizeof(path), "%s/.%s.new%d", folder, name, i);
        if (n < 0 || (size_t)n >= sizeof(path))
            return -ENAMETOOLONG;
        rc = path_wide(path, wide);
        if (rc != 0)
            return rc;
        DeleteFileW(wide);
        rc = create_wide(wide, mode, GENERIC_WRITE | DELETE, 0, out);
        if (rc == 0 || (rc != -EEXIST && rc != -EAGAIN && rc != -EACCES))
            return rc;
    }
    return rc;
}

static int replace(const char *folder, const char *name, const void *data, size_t n, uint32_t mode,
                   bool durable)
{
    wchar_t temporary[PATH_WIDE_MAX], wide[PATH_WIDE_MAX];
    char path[4400];
    file_t f;
    if (name[0] == '\0' || strpbrk(name, "/\\:"))
        return -EINVAL;
    int length = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof(path))
        return -ENAMETOOLONG;
    int rc = path_wide(path, wide);
    if (rc == 0)
        rc = create_temporary(folder, name, mode, temporary, &f);
    if (rc != 0)
        return rc;
    rc = file_write_at(f, 0, data, n);
    if (rc == 0 && durable)
        rc = file_sync(f);
    file_close(f);
    if (rc == 0)
        rc = rename_wide(temporary, wide);
    if (rc != 0)
        DeleteFileW(temporary);
    return rc;
}

int file_replace(const char *folder, const char *name, const void *data, size_t n, uint32_t mode)
{
    return replace(folder, name, data, n, mode, true);
}

/* Whose the folder is stands in its list of rights. */
int file_replace_owned(const char *folder, const char *name, const void *data, size_t n,
                       uint32_t mode)
{
    return replace(folder, name, data, n, mode | RIGHTS_SHARED, true);
}

int file_replace_lazy(const char *folder, const char *name, const void *data, size_t n,
                      uint32_t mode)
{
    return replace(folder, name, data, n, mode, false);
}
