/* They stand in files, which whoever asks reads there. */
#include "platform/accounts.h"

#include <errno.h>

int accounts_users(bool (*each)(void *ctx, const struct local_user *u), void *ctx)
{
    (void)each;
    (void)ctx;
    return -ENOSYS;
}

int accounts_groups(bool (*each)(void *ctx, const struct local_group *g), void *ctx)
{
    (void)each;
    (void)ctx;
    return -ENOSYS;
}

int accounts_members(const char *group, bool (*each)(void *ctx, const char *sid), void *ctx)
{
    (void)group;
    (void)each;
    (void)ctx;
    return -ENOSYS;
}

void accounts_machine_sid(char *out, size_t size)
{
    if (size > 0)
        out[0] = '\0';
}
