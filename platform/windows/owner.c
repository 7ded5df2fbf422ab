#include "platform/owner.h"

#include "platform/windows/reach.h"
#include "platform/windows/rights.h"

#include <stdio.h>

static int check_one(const char *path, enum reach_kind kind)
{
    HANDLE h;
    int rc = reach_path(path, kind, READ_CONTROL, 0, &h);
    if (rc != 0)
        return rc;
    rc = rights_owner_is_trusted(h) ? 0 : -EPERM;
    CloseHandle(h);
    return rc;
}

static int check_entries(const char *path, char *which, size_t size)
{
    struct folder *d;
    const char *name;
    enum file_type type;
    int rc = folder_open(path, &d);
    if (rc != 0)
        return rc;
    while ((rc = folder_next(d, &name, &type)) == 1) {
        snprintf(which, size, "%s/%s", path, name);
        rc = type == FILE_SYMLINK ? -ELOOP : check_one(which, REACH_ANY);
        if (rc != 0)
            break;
    }
    folder_close(d);
    return rc;
}

/* As people here know it, and not by the agent's own name for it. */
static int real_path(const char *path, char *out, size_t size)
{
    wchar_t wide[PATH_WIDE_MAX];
    int rc = path_wide(path, wide);
    int n = rc == 0 ? text_of_path(wide, out, size) : rc;
    return n < 0 ? n : 0;
}

int owner_check(const char *path, char *which, size_t size)
{
    char real[PATH_WIDE_MAX];
    snprintf(which, size, "%s", path);
    int rc = real_path(path, real, sizeof(real));
    if (rc != 0)
        return rc;
    snprintf(which, size, "%s", real);
    rc = check_one(real, REACH_FOLDER);
    if (rc == -ENOENT)
        return 0;
    return rc == 0 ? check_entries(real, which, size) : rc;
}
