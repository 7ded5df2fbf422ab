/* What the service's account and its firewall rule do not: no other program is started, libraries
 * come from the system alone, pages are not made executable later. */
#include "platform/confine.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

static void add(char *list, size_t size, const char *word)
{
    size_t n = strlen(list);
    snprintf(list + n, size - n, "%s%s", n > 0 ? ", " : "", word);
}

static void note(struct confine_result *out, BOOL good, const char *what)
{
    add(good ? out->in_force : out->missing, sizeof(out->in_force), what);
}

void confine_self(const struct confine *c, struct confine_result *out)
{
    PROCESS_MITIGATION_EXTENSION_POINT_DISABLE_POLICY points = {.DisableExtensionPoints = 1};
    PROCESS_MITIGATION_IMAGE_LOAD_POLICY images = {.NoRemoteImages = 1,
                                                   .NoLowMandatoryLabelImages = 1};
    *out = (struct confine_result){0};
    note(out, SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32),
         "libraries of the system only");
    note(out,
         SetProcessMitigationPolicy(ProcessExtensionPointDisablePolicy, &points, sizeof(points)),
         "no extension points");
    note(out, SetProcessMitigationPolicy(ProcessImageLoadPolicy, &images, sizeof(images)),
         "no remote images");
    if (c->never & CONFINE_PROGRAMS) {
        DWORD no_child = 1;
        note(out,
             SetProcessMitigationPolicy((PROCESS_MITIGATION_POLICY)13, &no_child, sizeof(no_child)),
             "no programs");
    }
}

/* Windows has no such right to give up: the firewall rule of the service names the program. */
bool confine_ports(const uint16_t *ports, size_t n, struct confine_result *r)
{
    (void)ports;
    (void)n;
    (void)r;
    return false;
}
