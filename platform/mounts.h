/* Where file systems are mounted, and which of them a scan has to keep out of. Windows: drives. */
#ifndef PLATFORM_MOUNTS_H
#define PLATFORM_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

enum mount_kind {
    MOUNT_NONE,   /* nothing is mounted there */
    MOUNT_LOCAL,  /* on this machine: disks, memory, overlays */
    MOUNT_REMOTE, /* network and FUSE: what they answer, and whether, is up to others */
    MOUNT_PSEUDO  /* views of the kernel: proc, sysfs, cgroups, automounters ... */
};

struct mounts;
int mounts_read(struct mounts **out); /* 0, or a negative errno value */
void mounts_free(struct mounts *m);

/* What is mounted exactly there; m may be NULL (nothing known). Touches nothing on disk. */
enum mount_kind mounts_at(const struct mounts *m, const char *path);
/* What the path lies on. */
enum mount_kind mounts_of(const struct mounts *m, const char *path);
/* Tells one mount from another: of what the path lies on; 0 if nothing is known. */
int mounts_id_of(const struct mounts *m, const char *path);
/* Where a container's files are put together (overlayfs) whose changes land in a folder that holds
 * path; NULL if it is none's. */
const char *mounts_overlay_of(const struct mounts *m, const char *path);
/* The mount point that path lies below, or is; "/" if nothing is known. Belongs to m. */
const char *mounts_point_of(const struct mounts *m, const char *path);
/* What kind the mount with this id is (Linux: mnt_id in fdinfo) of those that there are now;
 * MOUNT_NONE: it is gone. Any thread. */
enum mount_kind mounts_now_of_id(int id);
/* Every mount point below path, in no order; each() returning false ends it. */
void mounts_below(const struct mounts *m, const char *path,
                  bool (*each)(void *ctx, const char *point, enum mount_kind kind), void *ctx);

#endif
