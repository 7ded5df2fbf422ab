#include "platform/windows/reach.h"

#include <wchar.h>
#include <winternl.h>

#define NAME_MAX_BYTES (255 * 2)

static int check_kind(HANDLE h, enum reach_kind kind)
{
    FILE_ATTRIBUTE_TAG_INFO tag;
    if (kind == REACH_ANY)
        return 0;
    if (!GetFileInformationByHandleEx(h, FileAttributeTagInfo, &tag, sizeof(tag)))
        return errno_of_last();
    enum file_type type = type_of_attributes(tag.FileAttributes, tag.ReparseTag);
    if (type == FILE_SYMLINK)
        return -ELOOP;
    if (kind == REACH_FOLDER)
        return type == FILE_FOLDER ? 0 : -ENOTDIR;
    return type == FILE_FOLDER ? -EISDIR : 0;
}

int reach_in(HANDLE folder, const wchar_t *name, enum reach_kind kind, ACCESS_MASK access,
             unsigned flags, HANDLE *out)
{
    size_t bytes = wcslen(name) * sizeof(wchar_t);
    ULONG how = FILE_OPEN_REPARSE_POINT | FILE_OPEN_FOR_BACKUP_INTENT;
    IO_STATUS_BLOCK io;
    OBJECT_ATTRIBUTES at;
    *out = INVALID_HANDLE_VALUE;
    if (bytes == 0 || wcspbrk(name, L"\\/"))
        return -EINVAL;
    if (bytes > NAME_MAX_BYTES)
        return -ENAMETOOLONG;
    if (!(flags & REACH_BESIDE))
        how |= FILE_SYNCHRONOUS_IO_NONALERT;
    UNICODE_STRING text = {(USHORT)bytes, (USHORT)bytes, (wchar_t *)(uintptr_t)name};
    InitializeObjectAttributes(&at, &text, OBJ_CASE_INSENSITIVE, folder, NULL);
    NTSTATUS status = NtCreateFile(out, access | SYNCHRONIZE | FILE_READ_ATTRIBUTES, &at, &io, NULL,
                                   0, SHARE_ALL, FILE_OPEN, how, NULL, 0);
    if (status != 0) {
        *out = INVALID_HANDLE_VALUE;
        return errno_of_status(status);
    }
    int rc = check_kind(*out, kind);
    if (rc != 0) {
        CloseHandle(*out);
        *out = INVALID_HANDLE_VALUE;
    }
    return rc;
}

/* ---- all the way ---- */

/* Of "\\?\C:\x" or "\\?\UNC\server\share\x", what stands before x. */
static size_t root_length(const wchar_t *path)
{
    size_t n = PATH_DRIVE_N;
    if (path_is_share(path))
        for (int parts = 0; path[n] && parts < 3; n++)
            parts += path[n] == L'\\';
    return n;
}

static int open_root(const wchar_t *path, size_t n, ACCESS_MASK access, unsigned flags, HANDLE *out)
{
    wchar_t root[PATH_WIDE_MAX];
    if (!(flags & REACH_REMOTE) && path_is_remote(path))
        return -EREMOTE;
    wmemcpy(root, path, n);
    root[n] = L'\0';
    *out = CreateFileW(root, access | FILE_READ_ATTRIBUTES | SYNCHRONIZE, SHARE_ALL, NULL,
                       OPEN_EXISTING,
                       FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT |
                           (flags & REACH_BESIDE ? FILE_FLAG_OVERLAPPED : 0),
                       NULL);
    return *out == INVALID_HANDLE_VALUE ? errno_of_last() : 0;
}

int reach(const wchar_t *path, enum reach_kind kind, ACCESS_MASK access, unsigned flags,
          HANDLE *out)
{
    size_t n = root_length(path);
    const wchar_t *part = path + n;
    *out = INVALID_HANDLE_VALUE;
    if (*part == L'\0') {
        int rc = kind == REACH_FILE ? -EISDIR : 0;
        return rc == 0 ? open_root(path, n, access, flags, out) : rc;
    }
    int rc = open_root(path, n, FILE_TRAVERSE, flags & ~(unsigned)REACH_BESIDE, out);
    while (rc == 0 && *part) {
        wchar_t name[PATH_WIDE_MAX];
        HANDLE above = *out;
        size_t length = wcscspn(part, L"\\");
        bool last = part[length] == L'\0';
        wmemcpy(name, part, length);
        name[length] = L'\0';
        rc = last ? reach_in(above, name, kind, access, flags, out)
                  : reach_in(above, name, REACH_FOLDER, FILE_TRAVERSE, 0, out);
        CloseHandle(above);
        part += length + !last;
    }
    return rc;
}

int reach_path(const char *path, enum reach_kind kind, ACCESS_MASK access, unsigned flags,
               HANDLE *out)
{
    wchar_t wide[PATH_WIDE_MAX];
    *out = INVALID_HANDLE_VALUE;
    int rc = path_wide(path, wide);
    return rc == 0 ? reach(wide, kind, access, flags, out) : rc;
}
