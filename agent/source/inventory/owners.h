/* Which program holds a socket: a walk over /proc/<pid>/fd, bounded. */
#ifndef SOURCE_INVENTORY_OWNERS_H
#define SOURCE_INVENTORY_OWNERS_H

#include "source/inventory/part.h"

struct inventory_owner {
    uint64_t inode; /* what is looked for */
    int pid;        /* lowest that holds it, 1 only if no other does; 0: not found */
    char program[200];
};

/* Fills pid and program of each; the owners are sorted by inode. 0, or why some processes could not
 * be looked into although some owner was not found. */
int inventory_owners_find(const struct inventory_reader *r, struct inventory_owner *owners,
                          size_t n);

#endif
