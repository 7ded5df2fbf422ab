/* Drives are looked at one by one when they are asked for: a list of them would be stale at once.
 */
#include "platform/mounts.h"

#include "platform/windows/wide.h"

#include <errno.h>
#include <stdlib.h>
#include <windows.h>

struct mounts {
    char unused;
};

int mounts_read(struct mounts **out)
{
    *out = calloc(1, sizeof(**out));
    return *out ? 0 : -ENOMEM;
}

void mounts_free(struct mounts *m)
{
    free(m);
}

static enum mount_kind kind_of_drive(const char *path)
{
    wchar_t wide[WIDE_MAX];
    if (wide_path(path, wide) < 7)
        return MOUNT_NONE;
    wide[7] = L'\0';
    return GetDriveTypeW(wide + 4) == DRIVE_REMOTE ? MOUNT_REMOTE : MOUNT_LOCAL;
}

enum mount_kind mounts_at(const struct mounts *m, const char *path)
{
    wchar_t wide[WIDE_MAX];
    (void)m;
    return wide_path(path, wide) == 7 ? kind_of_drive(path) : MOUNT_NONE;
}

enum mount_kind mounts_of(const struct mounts *m, const char *path)
{
    return m ? kind_of_drive(path) : MOUNT_NONE;
}

int mounts_id_of(const struct mounts *m, const char *path)
{
    wchar_t wide[WIDE_MAX];
    return m && wide_path(path, wide) >= 7 ? (wide[4] | 0x20) - L'a' + 1 : 0;
}

const char *mounts_overlay_of(const struct mounts *m, const char *path)
{
    (void)m;
    (void)path;
    return NULL;
}

const char *mounts_point_of(const struct mounts *m, const char *path)
{
    (void)m;
    (void)path;
    return "/";
}

enum mount_kind mounts_now_of_id(int id)
{
    (void)id;
    return MOUNT_LOCAL;
}

void mounts_below(const struct mounts *m, const char *path,
                  bool (*each)(void *ctx, const char *point, enum mount_kind kind), void *ctx)
{
    (void)m;
    (void)path;
    (void)each;
    (void)ctx;
}
