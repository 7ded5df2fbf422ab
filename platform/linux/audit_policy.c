/* Linux has no such policy. */
#include "platform/audit_policy.h"

#include <errno.h>

int audit_policy_get(uint32_t subcategory, unsigned *out)
{
    (void)subcategory;
    *out = AUDIT_POLICY_NONE;
    return -ENOSYS;
}
