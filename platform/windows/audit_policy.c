#include "platform/audit_policy.h"

#include "platform/windows/path.h"

#include <errno.h>
#include <windows.h>

#include <ntsecapi.h>

int audit_policy_get(uint32_t subcategory, unsigned *out)
{
    const GUID guid = {
        subcategory, 0x69ae, 0x11d9, {0xbe, 0xd3, 0x50, 0x50, 0x54, 0x50, 0x30, 0x30}};
    AUDIT_POLICY_INFORMATION *policy = NULL;
    *out = AUDIT_POLICY_NONE;
    if (!AuditQuerySystemPolicy(&guid, 1, &policy)) {
        DWORD error = GetLastError();
        return error == ERROR_FILE_NOT_FOUND ? -ENOENT : errno_of_error(error);
    }
    if (policy->AuditingInformation & POLICY_AUDIT_EVENT_SUCCESS)
        *out |= AUDIT_POLICY_SUCCESS;
    if (policy->AuditingInformation & POLICY_AUDIT_EVENT_FAILURE)
        *out |= AUDIT_POLICY_FAILURE;
    AuditFree(policy);
    return 0;
}
