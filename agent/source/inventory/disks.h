/* Disks, what is mounted from them, and whether it is encrypted. */
#ifndef SOURCE_INVENTORY_DISKS_H
#define SOURCE_INVENTORY_DISKS_H

#include "source/inventory/part.h"

/* A line of mountinfo (proc(5)); false if it is none. All borrowed, octal escapes still in them. */
struct inventory_mount {
    struct span root, point, options, type, source;
};
bool inventory_mount_parse(struct span line, struct inventory_mount *out);

/* Whether a block device ("sda2", "dm-0") lies on dm-crypt, through any number of layers. */
bool inventory_disk_is_encrypted(const struct inventory_reader *r, const char *name);

/* What was encrypted and is no more, or a disk that can be carried away. */
enum event_severity inventory_disks_severity(const struct inventory_change *c);

#endif
