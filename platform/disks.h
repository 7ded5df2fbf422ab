/* Disks of this machine, and what of them programs see. */
#ifndef PLATFORM_DISKS_H
#define PLATFORM_DISKS_H

#include <stdbool.h>
#include <stdint.h>

struct disk {
    unsigned number;
    char vendor[64], model[128], serial[128]; /* as they are stored, "" where nothing is */
    uint64_t bytes;                           /* 0: not known */
    bool removable;
};

struct volume {
    char point[8]; /* "C:" */
    char type[32]; /* "NTFS"; "" when nothing is in the drive, and of a remote one */
    bool read_only, remote, removable;
};

/* Both call each; 0, or a negative errno value (-ENOSYS: Linux, whose files tell it). A network
 * drive is not asked anything. */
int disks_each(void (*each)(void *ctx, const struct disk *d), void *ctx);
int volumes_each(void (*each)(void *ctx, const struct volume *v), void *ctx);

#endif
