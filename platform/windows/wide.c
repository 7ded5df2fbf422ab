#include "platform/windows/wide.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <windows.h>

/* ---- characters ---- */

/* The code point at *p, or -1; moves *p. A surrogate is taken as it is. */
static int32_t take_utf8(const unsigned char **p)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint32_t c = *(*p)++;
    unsigned more = c < 0x80 ? 0 : c >= 0xf0 && c < 0xf5 ? 3 : c >= 0xe0 ? 2 : 1;
    if (c < 0x80)
        return (int32_t)c;
    if (c < 0xc2 || c > 0xf4)
        return -1;
    c &= 0x3fu >> more;
    for (unsigned i = 0; i < more; i++, (*p)++) {
        if ((**p & 0xc0) != 0x80)
            return -1;
        c = c << 6 | (**p & 0x3fu);
    }
    return c < least[more] || c > 0x10ffff ? -1 : (int32_t)c;
}

int wide_of_text(const char *text, wchar_t *out, size_t size)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t n = 0;
    while (*p) {
        int32_t c = take_utf8(&p);
        if (c < 0)
            return -EILSEQ;
        if (n + 2 >= size)
            return -ENAMETOOLONG;
        if (c >= 0x10000)
            out[n++] = (wchar_t)(0xd800 + ((c - 0x10000) >> 10));
        out[n++] = (wchar_t)(c >= 0x10000 ? 0xdc00 + ((c - 0x10000) & 0x3ff) : c);
    }
    if (n >= size)
        return -ENAMETOOLONG;
    out[n] = L'\0';
    return (int)n;
}

static size_t put_utf8(uint32_t c, char out[4])
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[n] | c);
    return n;
}

int text_of_wide(const wchar_t *from, size_t n, char *out, size_t size)
{
    size_t done = 0;
    for (size_t i = 0; i < n; i++) {
        char bytes[4];
        uint32_t c = (uint16_t)from[i];
        if (IS_HIGH_SURROGATE(c) && i + 1 < n && IS_LOW_SURROGATE(from[i + 1]))
            c = 0x10000 + ((c - 0xd800) << 10) + ((uint16_t)from[++i] - 0xdc00u);
        size_t length = put_utf8(c, bytes);
        if (done + length >= size)
            return -ENAMETOOLONG;
        memcpy(out + done, bytes, length);
        done += length;
    }
    if (done >= size)
        return -ENAMETOOLONG;
    out[done] = '\0';
    return (int)done;
}

/* ---- paths ---- */

static bool is_divider(wchar_t c)
{
    return c == L'/' || c == L'\\';
}

static bool is_drive(const wchar_t *p)
{
    wchar_t letter = p[0] | 0x20;
    return letter >= L'a' && letter <= L'z' && p[1] == L':' && (!p[2] || is_divider(p[2]));
}

/* Appends each part of what stands at p behind a '\'. */
static int add_parts(const wchar_t *p, wchar_t out[WIDE_MAX], size_t n)
{
    while (*p) {
        size_t length = 0;
        while (is_divider(*p))
            p++;
        while (p[length] && !is_divider(p[length]))
            length++;
        if (length == 2 && p[0] == L'.' && p[1] == L'.')
            return -EINVAL;
        if (length > 0 && !(length == 1 && p[0] == L'.')) {
            if (n + length + 2 >= WIDE_MAX)
                return -ENAMETOOLONG;
            out[n++] = L'\\';
            wmemcpy(out + n, p, length);
            n += length;
        }
        p += length;
    }
    out[n] = L'\0';
    return (int)n;
}

static const wchar_t prefix[] = L"\\\\?\\";
#define PREFIX_N 4

/* Folder of this program's own things, or the current one. */
static int start_below(bool own, wchar_t out[WIDE_MAX])
{
    wchar_t base[1024];
    DWORD n = own ? GetEnvironmentVariableW(L"ProgramData", base, 1000)
                  : GetCurrentDirectoryW(1000, base);
    if (n == 0 || n >= 1000 || !is_drive(base))
        return -ENOENT;
    wmemcpy(out, prefix, PREFIX_N);
    wmemcpy(out + PREFIX_N, base, 2);
    int length = add_parts(base + 2, out, PREFIX_N + 2);
    return length > 0 && own ? add_parts(L"Vigia", out, (size_t)length) : length;
}

int wide_path(const char *path, wchar_t out[WIDE_MAX])
{
    wchar_t given[WIDE_MAX];
    const wchar_t *p = given;
    int n = wide_of_text(path, given, WIDE_MAX);
    if (n <= 0)
        return n < 0 ? n : -ENOENT;
    if (wcsncmp(p, prefix, PREFIX_N) == 0)
        p += PREFIX_N;
    if (is_divider(p[0]) && is_drive(p + 1))
        p++;
    if (is_drive(p)) {
        wmemcpy(out, prefix, PREFIX_N);
        wmemcpy(out + PREFIX_N, p, 2);
        n = add_parts(p + 2, out, PREFIX_N + 2);
    } else {
        n = start_below(is_divider(p[0]), out);
        n = n < 0 ? n : add_parts(p, out, (size_t)n);
    }
    if (n == PREFIX_N + 2) { /* the drive itself is "C:\" */
        out[n++] = L'\\';
        out[n] = L'\0';
    }
    return n;
}

/* ---- errors ---- */

int windows_error(unsigned long code)
{
    static const struct {
        DWORD code;
        int is;
    } known[] = {
        {ERROR_FILE_NOT_FOUND, ENOENT},    {ERROR_PATH_NOT_FOUND, ENOENT},
        {ERROR_INVALID_NAME, ENOENT},      {ERROR_BAD_PATHNAME, ENOENT},
        {ERROR_BAD_NETPATH, ENOENT},       {ERROR_DELETE_PENDING, ENOENT},
        {ERROR_ACCESS_DENIED, EACCES},     {ERROR_PRIVILEGE_NOT_HELD, EPERM},
        {ERROR_SHARING_VIOLATION, EAGAIN}, {ERROR_LOCK_VIOLATION, EWOULDBLOCK},
        {ERROR_FILE_EXISTS, EEXIST},       {ERROR_ALREADY_EXISTS, EEXIST},
        {ERROR_DIRECTORY, ENOTDIR},        {ERROR_DIR_NOT_EMPTY, ENOTEMPTY},
        {ERROR_DISK_FULL, ENOSPC},         {ERROR_HANDLE_DISK_FULL, ENOSPC},
        {ERROR_NOT_ENOUGH_MEMORY, ENOMEM}, {ERROR_OUTOFMEMORY, ENOMEM},
        {ERROR_INVALID_HANDLE, EBADF},     {ERROR_INVALID_PARAMETER, EINVAL},
        {ERROR_CANT_ACCESS_FILE, ELOOP},   {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
        {ERROR_NOT_SUPPORTED, ENOSYS},     {ERROR_INVALID_FUNCTION, ENOSYS},
        {ERROR_WRITE_PROTECT, EROFS},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].code == code)
            return -known[i].is;
    return -EIO;
}
