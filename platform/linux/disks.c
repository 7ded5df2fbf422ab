/* They stand in /sys/block and in mountinfo. */
#include "platform/disks.h"

#include <errno.h>

int disks_each(void (*each)(void *ctx, const struct disk *d), void *ctx)
{
    (void)each;
    (void)ctx;
    return -ENOSYS;
}

int volumes_each(void (*each)(void *ctx, const struct volume *v), void *ctx)
{
    (void)each;
    (void)ctx;
    return -ENOSYS;
}
