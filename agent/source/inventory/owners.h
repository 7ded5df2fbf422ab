/* Which program holds a socket: a walk over /proc/<pid>/fd, bounded; on Windows the process is
 * known.
 */
#ifndef SOURCE_INVENTORY_OWNERS_H
#define SOURCE_INVENTORY_OWNERS_H

#include "source/inventory/part.h"

struct inventory_owner {
    uint64_t inode; /* what is looked for */
    /* Linux finds it: lowest that holds it, 1 only if no other does. Windows takes what stands
     * here. 0: not found */
    int pid;
    char program[200];
    char services[200]; /* that run in it, "," between them; Linux: "" */
};

/* owners_linux.c, owners_windows.c. Fills program, and what else of each there is; the owners are
 * sorted by inode. 0, or why some processes could not be looked into although some owner was not
 * found. */
int inventory_owners_find(const struct inventory_reader *r, struct inventory_owner *owners,
                          size_t n);

#endif
