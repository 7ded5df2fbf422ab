#include "platform/services.h"

#include "platform/windows/path.h"

#include <errno.h>
#include <stdlib.h>

#define PIECE      (64 * 1024) /* bytes; the service manager allows 256 KiB */
#define PIECES_MAX 64
#define NAME_SIZE  (3 * 256 + 1)

static bool tell(const ENUM_SERVICE_STATUS_PROCESSW *s,
                 bool (*each)(void *ctx, const char *name, uint32_t pid), void *ctx)
{
    char name[NAME_SIZE];
    if (text_of_wide(s->lpServiceName, wcslen(s->lpServiceName), name, sizeof(name)) < 0)
        return true;
    return each(ctx, name, s->ServiceStatusProcess.dwProcessId);
}

int services_running(bool (*each)(void *ctx, const char *name, uint32_t pid), void *ctx)
{
    DWORD needed, n, from = 0;
    int rc = 0;
    bool more = true;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ENUMERATE_SERVICE);
    if (!manager)
        return errno_of_last();
    ENUM_SERVICE_STATUS_PROCESSW *all = malloc(PIECE);
    for (int i = 0; i < PIECES_MAX && more; i++) {
        n = 0;
        bool whole = all && EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32,
                                                  SERVICE_ACTIVE, (BYTE *)all, PIECE, &needed, &n,
                                                  &from, NULL);
        DWORD error = whole ? 0 : GetLastError();
        if (!all)
            rc = -ENOMEM;
        else if (!whole && error != ERROR_MORE_DATA)
            rc = errno_of_error(error);
        more = rc == 0 && !whole;
        for (DWORD k = 0; k < n && rc == 0; k++)
            if (!tell(&all[k], each, ctx)) {
                more = false;
                break;
            }
    }
    free(all);
    CloseServiceHandle(manager);
    return rc;
}
