/* Files of Windows have no numbers of users: whose they are stands in their security descriptor. */
#include "platform/account.h"

#include <stdio.h>

void account_user_name(uint32_t uid, char *out, size_t size)
{
    snprintf(out, size, "%u", (unsigned)uid);
}

void account_group_name(uint32_t gid, char *out, size_t size)
{
    snprintf(out, size, "%u", (unsigned)gid);
}
