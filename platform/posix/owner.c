#include "platform/owner.h"

#include "platform/file.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static int check_entries(const char *path, char *which, size_t size)
{
    struct folder *d;
    const char *name;
    enum file_type type;
    int rc = folder_open(path, &d);
    if (rc != 0)
        return rc;
    while ((rc = folder_next(d, &name, &type)) == 1)
        if (type == FILE_SYMLINK) {
            snprintf(which, size, "%s/%s", path, name);
            rc = -ELOOP;
            break;
        }
    folder_close(d);
    return rc;
}

int owner_check(const char *path, char *which, size_t size)
{
    struct file_info info;
    snprintf(which, size, "%s", path);
    int rc = file_info_at(path, &info);
    if (rc == -ENOENT)
        return 0;
    if (rc != 0)
        return rc;
    if (info.type != FILE_FOLDER)
        return info.type == FILE_SYMLINK ? -ELOOP : -ENOTDIR;
    if (info.uid != 0 && info.uid != geteuid())
        return -EPERM;
    return check_entries(path, which, size);
}
