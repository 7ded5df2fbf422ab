#include "platform/hardlink.h"

#include "platform/file.h"
#include "platform/windows/path.h"

#include <errno.h>

static bool hand_on(const wchar_t *wide, bool (*each)(void *ctx, const char *name), void *ctx)
{
    char name[4096];
    if (text_of_wide(wide, wcslen(wide), name, sizeof(name)) < 0)
        return true; /* longer than any path that is told */
    for (char *c = name; *c; c++)
        if (*c == '\\')
            *c = '/';
    return each(ctx, name);
}

int hardlink_each(const char *path, bool (*each)(void *ctx, const char *name), void *ctx)
{
    wchar_t wide[PATH_WIDE_MAX];
    DWORD n = PATH_WIDE_MAX;
    int rc = path_wide(path, wide);
    if (rc != 0)
        return rc;
    HANDLE found = FindFirstFileNameW(wide, 0, &n, wide);
    if (found == INVALID_HANDLE_VALUE)
        return errno_of_last();
    while (hand_on(wide, each, ctx)) {
        n = PATH_WIDE_MAX;
        if (!FindNextFileNameW(found, &n, wide))
            break;
    }
    FindClose(found);
    return 0;
}
