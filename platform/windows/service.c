/*
 * Started by the service manager, or in a console: which one is known when the dispatcher connects
 * or does not. It needs a thread of its own, which lives as long as the process.
 */
#include "platform/service.h"

#include "platform/windows/wide.h"

#include <errno.h>
#include <process.h>
#include <stdlib.h>
#include <windows.h>

#define START_MS 60000 /* hints to the service manager */
#define STOP_MS  60000

static struct {
    HANDLE event;
    volatile LONG stop, reload;
    bool stop_seen;
    SERVICE_STATUS_HANDLE manager; /* NULL: none */
    HANDLE connected;              /* set once it is known whether there is a manager */
} service;

static void report(DWORD state, DWORD hint_ms)
{
    SERVICE_STATUS status = {
        .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
        .dwCurrentState = state,
        .dwControlsAccepted =
            state == SERVICE_RUNNING
                ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN | SERVICE_ACCEPT_PARAMCHANGE
                : 0,
        .dwWaitHint = hint_ms,
    };
    if (service.manager)
        SetServiceStatus(service.manager, &status);
}

static void ask(volatile LONG *what)
{
    InterlockedExchange(what, 1);
    SetEvent(service.event);
}

static DWORD WINAPI control(DWORD code, DWORD type, void *data, void *ctx)
{
    (void)type;
    (void)data;
    (void)ctx;
    switch (code) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_PRESHUTDOWN:
        report(SERVICE_STOP_PENDING, STOP_MS);
        ask(&service.stop);
        return NO_ERROR;
    case SERVICE_CONTROL_PARAMCHANGE:
        ask(&service.reload);
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

static void WINAPI service_main(DWORD argc, wchar_t **argv)
{
    (void)argc;
    service.manager = RegisterServiceCtrlHandlerExW(argv && argc ? argv[0] : L"", control, NULL);
    report(SERVICE_START_PENDING, START_MS);
    SetEvent(service.connected);
}

static unsigned __stdcall dispatch(void *arg)
{
    wchar_t any[] = L"";
    const SERVICE_TABLE_ENTRYW table[] = {{any, service_main}, {NULL, NULL}};
    (void)arg;
    if (!StartServiceCtrlDispatcherW(table))
        SetEvent(service.connected);
    return 0;
}

static BOOL WINAPI console(DWORD code)
{
    (void)code;
    ask(&service.stop);
    /* of a closed window or a log-off the process is ended once this returns */
    if (code != CTRL_C_EVENT && code != CTRL_BREAK_EVENT)
        Sleep(INFINITE);
    return TRUE;
}

static void told_end(void)
{
    report(SERVICE_STOPPED, 0);
}

int service_open(void)
{
    service.event = CreateEventW(NULL, TRUE, FALSE, NULL);
    service.connected = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!service.event || !service.connected || !SetConsoleCtrlHandler(console, TRUE))
        return windows_error(GetLastError());
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, dispatch, NULL, 0, NULL);
    if (!thread)
        return -EAGAIN;
    CloseHandle(thread);
    WaitForSingleObject(service.connected, START_MS);
    return atexit(told_end) == 0 ? 0 : -ENOMEM;
}

wait_t service_wait(void)
{
    return (wait_t)service.event;
}

bool service_stop_asked(void)
{
    if (InterlockedCompareExchange(&service.stop, 0, 0))
        service.stop_seen = true;
    return service.stop_seen;
}

bool service_reload_asked(void)
{
    bool asked = InterlockedExchange(&service.reload, 0);
    if (!service_stop_asked())
        ResetEvent(service.event);
    /* asked between the two */
    if (InterlockedCompareExchange(&service.reload, 0, 0) ||
        InterlockedCompareExchange(&service.stop, 0, 0))
        SetEvent(service.event);
    return asked;
}

void service_ready(void)
{
    report(SERVICE_RUNNING, 0);
}

/* The service manager of Windows has no watchdog. */
void service_alive(void)
{
}

int64_t service_watchdog_ms(void)
{
    return -1;
}

void service_status(const char *text)
{
    (void)text;
}
