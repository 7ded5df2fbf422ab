/* Drives by their letters. Folders that a volume is mounted in are reparse points, which nobody
 * follows. */
#include "platform/mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define DRIVES 26

struct mounts {
    enum mount_kind kinds[DRIVES];
    char points[DRIVES][3]; /* "C:" */
};

static enum mount_kind kind_of_drive(int drive)
{
    wchar_t root[] = L"A:\\";
    root[0] = (wchar_t)(L'A' + drive);
    UINT type = GetDriveTypeW(root);
    if (type == DRIVE_NO_ROOT_DIR || type == DRIVE_UNKNOWN)
        return MOUNT_NONE;
    return type == DRIVE_REMOTE ? MOUNT_REMOTE : MOUNT_LOCAL;
}

int mounts_read(struct mounts **out)
{
    struct mounts *m = calloc(1, sizeof(*m));
    *out = m;
    if (!m)
        return -ENOMEM;
    for (int i = 0; i < DRIVES; i++) {
        m->kinds[i] = kind_of_drive(i);
        m->points[i][0] = (char)('A' + i);
        m->points[i][1] = ':';
    }
    return 0;
}

void mounts_free(struct mounts *m)
{
    free(m);
}

/* -1: the path names no drive */
static int drive_of(const char *path)
{
    int drive = (path[0] | 32) - 'a';
    bool named = drive >= 0 && drive < DRIVES && path[1] == ':';
    return named && (path[2] == '\0' || path[2] == '/' || path[2] == '\\') ? drive : -1;
}

enum mount_kind mounts_of(const struct mounts *m, const char *path)
{
    int drive = drive_of(path);
    if (path[0] == '/' && path[1] == '/')
        return MOUNT_REMOTE;
    return m && drive >= 0 ? m->kinds[drive] : MOUNT_LOCAL;
}

enum mount_kind mounts_at(const struct mounts *m, const char *path)
{
    return drive_of(path) >= 0 && strlen(path) <= 3 ? mounts_of(m, path) : MOUNT_NONE;
}

int mounts_id_of(const struct mounts *m, const char *path)
{
    return m ? drive_of(path) + 1 : 0;
}

const char *mounts_overlay_of(const struct mounts *m, const char *path)
{
    (void)m;
    (void)path;
    return NULL;
}

const char *mounts_point_of(const struct mounts *m, const char *path)
{
    int drive = drive_of(path);
    return m && drive >= 0 ? m->points[drive] : "/";
}

enum mount_kind mounts_now_of_id(int id)
{
    return id >= 1 && id <= DRIVES ? kind_of_drive(id - 1) : MOUNT_LOCAL;
}

void mounts_below(const struct mounts *m, const char *path,
                  bool (*each)(void *ctx, const char *point, enum mount_kind kind), void *ctx)
{
    for (int i = 0; m && strcmp(path, "/") == 0 && i < DRIVES; i++)
        if (m->kinds[i] != MOUNT_NONE && !each(ctx, m->points[i], m->kinds[i]))
            return;
}
