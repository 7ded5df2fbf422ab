#include "platform/windows/path.h"

#include "platform/common/wtf8.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>
#include <winternl.h>

#define LONG_PREFIX L"\\\\?\\"
#define UNC_PREFIX  L"\\\\?\\UNC\\"

/* of ntstatus.h and ntrtl.h */
#define STATUS_DELETE_PENDING_  ((LONG)0xC0000056)
#define STATUS_NOT_A_DIRECTORY_ ((LONG)0xC0000103)
NTSYSAPI LONG NTAPI RtlGetLastNtStatus(void);

int errno_of_error(DWORD error)
{
    static const struct {
        DWORD error;
        int number;
    } known[] = {
        {ERROR_FILE_NOT_FOUND, ENOENT},
        {ERROR_PATH_NOT_FOUND, ENOENT},
        {ERROR_INVALID_DRIVE, ENOENT},
        {ERROR_BAD_PATHNAME, ENOENT},
        {ERROR_INVALID_NAME, ENOENT},
        {ERROR_BAD_NETPATH, ENOENT},
        {ERROR_DELETE_PENDING, ENOENT},
        {ERROR_ACCESS_DENIED, EACCES},
        {ERROR_PRIVILEGE_NOT_HELD, EPERM},
        {ERROR_SHARING_VIOLATION, EAGAIN},
        {ERROR_LOCK_VIOLATION, EWOULDBLOCK},
        {ERROR_FILE_EXISTS, EEXIST},
        {ERROR_ALREADY_EXISTS, EEXIST},
        {ERROR_DISK_FULL, ENOSPC},
        {ERROR_HANDLE_DISK_FULL, ENOSPC},
        {ERROR_NOT_ENOUGH_MEMORY, ENOMEM},
        {ERROR_OUTOFMEMORY, ENOMEM},
        {ERROR_INVALID_PARAMETER, EINVAL},
        {ERROR_NOT_SUPPORTED, ENOSYS},
        {ERROR_INVALID_FUNCTION, ENOSYS},
        {ERROR_DIRECTORY, ENOTDIR},
        {ERROR_DIR_NOT_EMPTY, ENOTEMPTY},
        {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
        {ERROR_TOO_MANY_OPEN_FILES, EMFILE},
        {ERROR_WRITE_PROTECT, EROFS},
        {ERROR_NOT_SAME_DEVICE, EXDEV},
        {ERROR_BUSY, EBUSY},
        {ERROR_NOT_A_REPARSE_POINT, EINVAL},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].error == error)
            return -known[i].number;
    return -EIO;
}

/* A file that was removed while somebody has it open keeps its name until they close it. */
int errno_of_last(void)
{
    DWORD error = GetLastError();
    if (error == ERROR_ACCESS_DENIED && RtlGetLastNtStatus() == STATUS_DELETE_PENDING_)
        return -ENOENT;
    return errno_of_error(error);
}

int errno_of_status(LONG status)
{
    if (status == STATUS_DELETE_PENDING_)
        return -ENOENT;
    return status == STATUS_NOT_A_DIRECTORY_ ? -ENOTDIR
                                             : errno_of_error(RtlNtStatusToDosError(status));
}

/* ---- text ---- */

int wide_of_text(const char *text, size_t n, wchar_t *out, size_t max)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t used = 0;
    for (size_t i = 0; i < n;) {
        uint32_t c;
        size_t length = wtf8_take(s + i, n - i, &c);
        if (length == 0 || c == 0)
            return -ENOENT; /* no name of this system */
        if (used + 3 > max)
            return -ENAMETOOLONG;
        if (c >= 0x10000) {
            out[used++] = (wchar_t)(0xd800 + ((c - 0x10000) >> 10));
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        out[used++] = (wchar_t)c;
        i += length;
    }
    if (used >= max)
        return -ENAMETOOLONG;
    out[used] = L'\0';
    return (int)used;
}

int text_of_wide(const wchar_t *w, size_t n, char *out, size_t size)
{
    return wtf8_of_utf16((const unsigned char *)w, n, out, size);
}

int path_of_text(char *path)
{
    static const struct {
        const char *prefix, *instead;
    } rows[] = {{"\\\\?\\UNC\\", "//"}, {"\\\\?\\", ""}};
    size_t n = strlen(path);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t long_n = strlen(rows[i].prefix), short_n = strlen(rows[i].instead);
        if (strncmp(path, rows[i].prefix, long_n) != 0)
            continue;
        memcpy(path, rows[i].instead, short_n);
        memmove(path + short_n, path + long_n, n - long_n + 1);
        n -= long_n - short_n;
        break;
    }
    for (size_t i = 0; i < n; i++)
        if (path[i] == '\\')
            path[i] = '/';
    if (n == 3 && path[1] == ':')
        path[--n] = '\0';
    return (int)n;
}

int text_of_path(const wchar_t *w, char *out, size_t size)
{
    int n = text_of_wide(w, wcslen(w), out, size);
    return n < 0 ? n : path_of_text(out);
}

/* ---- paths ---- */

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

static bool has_drive(const char *path)
{
    return ((path[0] | 32) >= 'a' && (path[0] | 32) <= 'z') && path[1] == ':' &&
           (path[2] == '\0' || is_slash(path[2]));
}

#define OWN        L"\\Vigia"
#define DRIVE      L"%SystemDrive%"
#define LISTED_KEY L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList"

/* ProgramData: asked of the registry, not of the environment, which whoever starts the program may
 * set. */
static bool find_program_data(wchar_t out[MAX_PATH])
{
    wchar_t listed[MAX_PATH], windows[MAX_PATH];
    DWORD size = sizeof(listed);
    size_t n = sizeof(DRIVE) / sizeof(wchar_t) - 1;
    if (RegGetValueW(HKEY_LOCAL_MACHINE, LISTED_KEY, L"ProgramData",
                     RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND | RRF_SUBKEY_WOW6464KEY,
                     NULL, listed, &size) != ERROR_SUCCESS ||
        GetSystemWindowsDirectoryW(windows, MAX_PATH) < 2)
        return false;
    bool named = _wcsnicmp(listed, DRIVE, n) == 0;
    int length =
        swprintf(out, MAX_PATH, L"%.2ls%ls", named ? windows : L"", named ? listed + n : listed);
    return length > 2 && out[1] == L':';
}

/* Where paths without a drive lie; empty if that is not known. */
static const wchar_t *own_root(void)
{
    static wchar_t root[2 * MAX_PATH];
    static volatile LONG known;
    wchar_t here[MAX_PATH];
    if (!InterlockedCompareExchange(&known, 0, 0) && find_program_data(here)) {
        size_t n = wcslen(here);
        memcpy(root, here, n * sizeof(*here)); /* the same, whoever is first */
        memcpy(root + n, OWN, sizeof(OWN));
        InterlockedExchange(&known, 1);
    }
    return root;
}

static int put_wide(const wchar_t *text, wchar_t *out, size_t at)
{
    size_t n = wcslen(text);
    if (at + n >= PATH_WIDE_MAX)
        return -ENAMETOOLONG;
    memcpy(out + at, text, (n + 1) * sizeof(*out));
    return (int)(at + n);
}

/* The system resolves what is relative, as the one who typed it expects. */
static int relative_wide(const char *path, wchar_t *out)
{
    wchar_t typed[PATH_WIDE_MAX];
    int n = wide_of_text(path, strlen(path), typed, PATH_WIDE_MAX);
    if (n < 0)
        return n;
    n = put_wide(LONG_PREFIX, out, 0);
    DWORD got = GetFullPathNameW(typed, (DWORD)(PATH_WIDE_MAX - n), out + n, NULL);
    if (got == 0)
        return errno_of_last();
    if (got >= (DWORD)(PATH_WIDE_MAX - n))
        return -ENAMETOOLONG;
    return out[n] == L'\\' ? -ENOENT : 0; /* a current folder on a share */
}

/* Behind the prefix nothing is resolved: one backslash between parts, none at the end. */
static int put_parts(const char *path, wchar_t *out, size_t at, bool begun)
{
    for (;;) {
        while (is_slash(*path))
            path++;
        size_t n = strcspn(path, "/\\");
        if (n == 0)
            return (int)at;
        if ((n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.'))
            return -ENOENT;
        if (begun)
            out[at++] = L'\\';
        int used = wide_of_text(path, n, out + at, PATH_WIDE_MAX - 2 - at);
        if (used < 0)
            return used;
        at += (size_t)used;
        path += n;
        begun = true;
    }
}

/* The agent's folders have names of their own here. */
static int own_wide(const char *path, wchar_t *out)
{
    static const struct {
        const char *begin;
        const wchar_t *below;
    } places[] = {
        {"/etc/vigia", L""},
        {"/var/lib/vigia", L""},
        {"/run/vigia", L"\\run"},
    };
    int n = put_wide(own_root(), out, (size_t)put_wide(LONG_PREFIX, out, 0));
    if (n <= PATH_DRIVE_N)
        return -ENOENT;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        size_t length = strlen(places[i].begin);
        if (strncmp(path, places[i].begin, length) == 0 &&
            (path[length] == '/' || path[length] == '\0')) {
            n = put_wide(places[i].below, out, (size_t)n);
            path += length;
            break;
        }
    }
    return n < 0 ? n : put_parts(path, out, (size_t)n, true);
}

bool path_is_share(const wchar_t *path)
{
    return wcsncmp(path, UNC_PREFIX, 8) == 0;
}

bool path_is_remote(const wchar_t *path)
{
    wchar_t drive[] = L"C:\\";
    drive[0] = path[4];
    return path_is_share(path) || GetDriveTypeW(drive) == DRIVE_REMOTE;
}

int path_wide(const char *path, wchar_t out[PATH_WIDE_MAX])
{
    int n;
    if (path[0] == '\0')
        return -ENOENT;
    if (is_slash(path[0]) && is_slash(path[1])) {
        n = put_wide(UNC_PREFIX, out, 0);
    } else if (is_slash(path[0])) {
        n = own_wide(path, out);
        return n < 0 ? n : 0;
    } else if (has_drive(path)) {
        n = put_wide(LONG_PREFIX, out, 0);
    } else {
        return relative_wide(path, out);
    }
    n = put_parts(path, out, (size_t)n, false);
    if (n == 6) /* "C:" alone would be the drive's current folder */
        n = put_wide(L"\\", out, 6);
    return n < 0 ? n : 0;
}
