#include "platform/hardlink.h"

#include <errno.h>

int hardlink_each(const char *path, bool (*each)(void *ctx, const char *name), void *ctx)
{
    (void)path, (void)each, (void)ctx;
    return -ENOSYS;
}
