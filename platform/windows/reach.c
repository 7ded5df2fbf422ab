#include "platform/windows/reach.h"

#include "platform/windows/wide.h"

#include <string.h>
#include <winternl.h>

#define SHARE_ALL   (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define EPOCH_TICKS 116444736000000000LL /* 1970, 100 ns since 1601 */
#define DRIVE_N     7                    /* "\\?\C:\" */
#define NAME_BYTES  (32767 * 2)

/* ---- one step ---- */

static int error_of_status(NTSTATUS status)
{
    return windows_error(RtlNtStatusToDosError(status));
}

static int check_kind(HANDLE h, enum reach_kind kind)
{
    FILE_ATTRIBUTE_TAG_INFO tag;
    if (kind == REACH_ANY)
        return 0;
    if (!GetFileInformationByHandleEx(h, FileAttributeTagInfo, &tag, sizeof(tag)))
        return windows_error(GetLastError());
    if (tag.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT &&
        IsReparseTagNameSurrogate(tag.ReparseTag))
        return -ELOOP;
    bool folder = tag.FileAttributes & FILE_ATTRIBUTE_DIRECTORY;
    return kind == REACH_FOLDER && !folder ? -ENOTDIR : kind == REACH_FILE && folder ? -EISDIR : 0;
}

int reach_in(HANDLE folder, const wchar_t *name, enum reach_kind kind, ACCESS_MASK access,
             HANDLE *out)
{
    size_t bytes = wcslen(name) * sizeof(wchar_t);
    IO_STATUS_BLOCK io;
    *out = INVALID_HANDLE_VALUE;
    if (bytes == 0 || bytes > NAME_BYTES)
        return -ENOENT;
    UNICODE_STRING text = {(USHORT)bytes, (USHORT)bytes, (wchar_t *)(uintptr_t)name};
    OBJECT_ATTRIBUTES at;
    InitializeObjectAttributes(&at, &text, OBJ_CASE_INSENSITIVE, folder, NULL);
    NTSTATUS status = NtCreateFile(
        out, access | SYNCHRONIZE | FILE_READ_ATTRIBUTES, &at, &io, NULL, 0, SHARE_ALL, FILE_OPEN,
        FILE_SYNCHRONOUS_IO_NONALERT | FILE_OPEN_REPARSE_POINT | FILE_OPEN_FOR_BACKUP_INTENT, NULL,
        0);
    if (status != 0) {
        *out = INVALID_HANDLE_VALUE;
        return error_of_status(status);
    }
    int rc = check_kind(*out, kind);
    if (rc != 0) {
        CloseHandle(*out);
        *out = INVALID_HANDLE_VALUE;
    }
    return rc;
}

/* ---- all the way ---- */

static int open_drive(const wchar_t *path, ACCESS_MASK access, int flags, HANDLE *out)
{
    wchar_t drive[DRIVE_N + 1];
    wmemcpy(drive, path, DRIVE_N);
    drive[DRIVE_N] = L'\0';
    if (!(flags & REACH_REMOTE) && GetDriveTypeW(drive + 4) == DRIVE_REMOTE)
        return -EREMOTE;
    *out =
        CreateFileW(drive, access | FILE_READ_ATTRIBUTES | SYNCHRONIZE, SHARE_ALL, NULL,
                    OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    return *out == INVALID_HANDLE_VALUE ? windows_error(GetLastError()) : 0;
}

int reach(const char *path, enum reach_kind kind, ACCESS_MASK access, int flags, HANDLE *out)
{
    wchar_t wide[WIDE_MAX], *part;
    *out = INVALID_HANDLE_VALUE;
    int rc = wide_path(path, wide);
    if (rc < 0)
        return rc;
    part = wide + DRIVE_N;
    bool more = *part != L'\0';
    rc = open_drive(wide, more ? FILE_TRAVERSE : access, flags, out);
    while (rc == 0 && more) {
        HANDLE above = *out;
        wchar_t *end = wcschr(part, L'\\');
        more = end != NULL;
        if (more)
            *end = L'\0';
        rc = reach_in(above, part, more ? REACH_FOLDER : kind, more ? FILE_TRAVERSE : access, out);
        CloseHandle(above);
        part = more ? end + 1 : part;
    }
    return rc;
}

/* A read goes on beside the program only on a handle that was opened for that. */
int reach_for_news(const char *path, HANDLE *out, struct file_info *info)
{
    HANDLE safe;
    wchar_t wide[WIDE_MAX];
    int rc = reach(path, REACH_FOLDER, FILE_LIST_DIRECTORY, 0, &safe);
    *out = INVALID_HANDLE_VALUE;
    if (rc != 0)
        return rc;
    rc = info_of_handle(safe, info);
    CloseHandle(safe);
    if (rc != 0 || (rc = wide_path(path, wide)) < 0)
        return rc;
    *out = CreateFileW(
        wide, FILE_LIST_DIRECTORY, SHARE_ALL, NULL, OPEN_EXISTING,
        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    return *out == INVALID_HANDLE_VALUE ? windows_error(GetLastError()) : 0;
}

void end_news(HANDLE folder, OVERLAPPED *read)
{
    DWORD got;
    if (folder == INVALID_HANDLE_VALUE)
        return;
    CancelIo(folder);
    GetOverlappedResult(folder, read, &got, TRUE);
    CloseHandle(folder);
}

/* ---- what it is ---- */

static int64_t ns_of(LARGE_INTEGER t)
{
    int64_t ticks = t.QuadPart - EPOCH_TICKS;
    if (ticks >= INT64_MAX / 100)
        return INT64_MAX;
    return ticks <= INT64_MIN / 100 ? INT64_MIN : ticks * 100;
}

static enum file_type type_of(DWORD attributes, DWORD tag)
{
    if (attributes & FILE_ATTRIBUTE_REPARSE_POINT && IsReparseTagNameSurrogate(tag))
        return FILE_SYMLINK;
    if (attributes & FILE_ATTRIBUTE_DEVICE)
        return FILE_CHAR_DEVICE;
    return attributes & FILE_ATTRIBUTE_DIRECTORY ? FILE_FOLDER : FILE_REGULAR;
}

/* Attributes that decide what may be done with a file, in the place of permissions. */
static uint32_t mode_of(DWORD attributes)
{
    uint32_t mode = attributes & FILE_ATTRIBUTE_DIRECTORY ? 0755 : 0644;
    return attributes & FILE_ATTRIBUTE_READONLY ? mode & ~0222u : mode;
}

int info_of_handle(HANDLE h, struct file_info *info)
{
    FILE_BASIC_INFO basic;
    FILE_ATTRIBUTE_TAG_INFO tag = {0};
    BY_HANDLE_FILE_INFORMATION all;
    *info = (struct file_info){0};
    if (GetFileType(h) == FILE_TYPE_PIPE) {
        info->type = FILE_FIFO;
        return 0;
    }
    if (!GetFileInformationByHandleEx(h, FileBasicInfo, &basic, sizeof(basic)) ||
        !GetFileInformationByHandle(h, &all))
        return windows_error(GetLastError());
    GetFileInformationByHandleEx(h, FileAttributeTagInfo, &tag, sizeof(tag));
    *info = (struct file_info){
        .type = type_of(all.dwFileAttributes, tag.ReparseTag),
        .mode = mode_of(all.dwFileAttributes),
        .nlink = all.nNumberOfLinks,
        .size = (uint64_t)all.nFileSizeHigh << 32 | all.nFileSizeLow,
        .mtime_ns = ns_of(basic.LastWriteTime),
        .ctime_ns = ns_of(basic.ChangeTime.QuadPart ? basic.ChangeTime : basic.LastWriteTime),
        .dev = all.dwVolumeSerialNumber,
        .ino = (uint64_t)all.nFileIndexHigh << 32 | all.nFileIndexLow,
    };
    if (info->type == FILE_FOLDER)
        info->size = 0;
    return 0;
}
