/*
 * What the Security log of Windows gets: for each kind of event (a subcategory, as auditpol names
 * them) whether successes, failures, both or neither are logged. Other systems have no such thing:
 * -ENOSYS.
 */
#ifndef PLATFORM_AUDIT_POLICY_H
#define PLATFORM_AUDIT_POLICY_H

#include <stdint.h>

enum audit_policy { AUDIT_POLICY_NONE = 0, AUDIT_POLICY_SUCCESS = 1, AUDIT_POLICY_FAILURE = 2 };

/* subcategory: the first 32 bits of its GUID, 0CCE92xx; all of them end with
 * -69AE-11D9-BED3-505054503030 (ntsecapi.h, MS-GPAC 2.2.1.2). The sum of enum audit_policy in *out.
 * 0, or a negative errno value: -EPERM, -EACCES: it takes an administrator; -ENOENT: there is no
 * such subcategory. */
int audit_policy_get(uint32_t subcategory, unsigned *out);

#endif
