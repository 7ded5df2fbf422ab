/* Linux has no such service: its package managers leave files. */
#include "platform/updates.h"

#include <errno.h>

int updates_pending(bool (*each)(void *ctx, const struct update *u), void *ctx, uint32_t *code)
{
    (void)each;
    (void)ctx;
    *code = 0;
    return -ENOSYS;
}

int updates_history(bool (*each)(void *ctx, const struct update_past *u), void *ctx, uint32_t *code)
{
    (void)each;
    (void)ctx;
    *code = 0;
    return -ENOSYS;
}

int updates_fixes(bool (*each)(void *ctx, const char *name), void *ctx, uint32_t *code)
{
    (void)each;
    (void)ctx;
    *code = 0;
    return -ENOSYS;
}

int updates_times(struct updates_times *out, uint32_t *code)
{
    *out = (struct updates_times){0};
    *code = 0;
    return -ENOSYS;
}
