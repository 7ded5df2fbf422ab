/* What the service's account and its firewall rule do not: no other program is started, libraries
 * come from the system alone, nobody's hooks are loaded. */
#include "platform/confine.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

#define CHILD_POLICY ((PROCESS_MITIGATION_POLICY)13) /* ProcessChildProcessPolicy of winnt.h */

static void note(struct confine_result *out, bool good, const char *what)
{
    char *list = good ? out->in_force : out->missing;
    size_t n = strlen(list);
    snprintf(list + n, sizeof(out->in_force) - n, "%s%s", n > 0 ? ", " : "", what);
}

/* A job of one process does the same where the policy is not known. */
static bool forbid_programs(void)
{
    DWORD no_child = 1;
    if (SetProcessMitigationPolicy(CHILD_POLICY, &no_child, sizeof(no_child)))
        return true;
    JOBOBJECT_BASIC_LIMIT_INFORMATION limit = {.LimitFlags = JOB_OBJECT_LIMIT_ACTIVE_PROCESS,
                                               .ActiveProcessLimit = 1};
    HANDLE job = CreateJobObjectW(NULL, NULL);
    bool done =
        job &&
        SetInformationJobObject(job, JobObjectBasicLimitInformation, &limit, sizeof(limit)) &&
        AssignProcessToJobObject(job, GetCurrentProcess());
    if (job)
        CloseHandle(job); /* the process itself keeps it */
    return done;
}

void confine_self(const struct confine *c, struct confine_result *out)
{
    PROCESS_MITIGATION_EXTENSION_POINT_DISABLE_POLICY points = {.DisableExtensionPoints = 1};
    PROCESS_MITIGATION_IMAGE_LOAD_POLICY images = {
        .NoRemoteImages = 1, .NoLowMandatoryLabelImages = 1, .PreferSystem32Images = 1};
    *out = (struct confine_result){0};
    note(out,
         SetProcessMitigationPolicy(ProcessExtensionPointDisablePolicy, &points, sizeof(points)),
         "no extension points");
    note(out, SetProcessMitigationPolicy(ProcessImageLoadPolicy, &images, sizeof(images)),
         "libraries of the system only");
    if (c->never & CONFINE_PROGRAMS)
        note(out, forbid_programs(), "no programs");
}

/* Windows has no such right to give up: the firewall rule of the service names the program. */
bool confine_ports(const uint16_t *ports, size_t n, struct confine_result *r)
{
    (void)ports;
    (void)n;
    (void)r;
    return false;
}
