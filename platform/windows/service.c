/*
 * Started by the service control manager, or in a console: the program does not have to know which.
 * A thread of its own offers itself to the manager, whose dispatcher refuses one that it has not
 * started and never comes back from one that it has; keys of a console are taken as well.
 */
#include "platform/service.h"

#include "platform/windows/path.h"

#include <process.h>
#include <stdatomic.h>
#include <stdlib.h>

#define START_HINT_MS 60000
#define STOP_HINT_MS  20000

static struct {
    HANDLE event;
    SRWLOCK guard;                 /* of the next two */
    SERVICE_STATUS_HANDLE manager; /* NULL: nobody wants to be told */
    DWORD state;
    atomic_bool stop;
    atomic_bool stop_told;
    atomic_bool reload;
} service = {.guard = SRWLOCK_INIT, .state = SERVICE_START_PENDING};

static DWORD hint_ms(void)
{
    if (service.state == SERVICE_START_PENDING)
        return START_HINT_MS;
    return service.state == SERVICE_STOP_PENDING ? STOP_HINT_MS : 0;
}

/* With the guard held. */
static void tell_state(void)
{
    SERVICE_STATUS status = {
        .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
        .dwCurrentState = service.state,
        .dwControlsAccepted =
            service.state == SERVICE_RUNNING
                ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN | SERVICE_ACCEPT_PARAMCHANGE
                : 0,
        .dwWaitHint = hint_ms(),
    };
    if (service.manager)
        SetServiceStatus(service.manager, &status);
}

static void tell(DWORD state)
{
    AcquireSRWLockExclusive(&service.guard);
    service.state = state;
    tell_state();
    ReleaseSRWLockExclusive(&service.guard);
}

static void ask(atomic_bool *what)
{
    atomic_store(what, true);
    SetEvent(service.event);
}

static DWORD WINAPI take_control(DWORD control, DWORD type, void *data, void *ctx)
{
    (void)type;
    (void)data;
    (void)ctx;
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_PRESHUTDOWN: /* which leaves more time than the shutdown itself */
        tell(SERVICE_STOP_PENDING);
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

/* Without the word that it has stopped the manager takes the end for a crash, and starts it again:
 * so only who was asked to stop says it. */
static void tell_end(void)
{
    if (atomic_load(&service.stop))
        tell(SERVICE_STOPPED);
}

static void WINAPI begin(DWORD argc, LPWSTR *argv)
{
    (void)argc;
    (void)argv;
    AcquireSRWLockExclusive(&service.guard);
    service.manager = RegisterServiceCtrlHandlerExW(L"", take_control, NULL);
    tell_state(); /* which may be ready by now */
    ReleaseSRWLockExclusive(&service.guard);
}

static unsigned __stdcall dispatch(void *arg)
{
    wchar_t name[] = L""; /* of a service with a process of its own nobody reads it */
    const SERVICE_TABLE_ENTRYW table[] = {{name, begin}, {NULL, NULL}};
    (void)arg;
    StartServiceCtrlDispatcherW(table);
    return 0;
}

static bool is_managed(void)
{
    AcquireSRWLockShared(&service.guard);
    bool managed = service.manager != NULL;
    ReleaseSRWLockShared(&service.guard);
    return managed;
}

/* A console's programs are given some seconds to end, and are ended when this function, which has a
 * thread of its own, returns: it waits until they do. That somebody logs off is no matter of a
 * service. */
static BOOL WINAPI take_key(DWORD what)
{
    if (what == CTRL_LOGOFF_EVENT && is_managed())
        return TRUE;
    ask(&service.stop);
    if (what == CTRL_CLOSE_EVENT || what == CTRL_LOGOFF_EVENT || what == CTRL_SHUTDOWN_EVENT)
        Sleep(INFINITE);
    return TRUE;
}

int service_open(void)
{
    service.event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!service.event)
        return errno_of_last();
    SetConsoleCtrlHandler(take_key, TRUE); /* without a console there is nothing to take */
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, dispatch, NULL, 0, NULL);
    if (!thread || atexit(tell_end) != 0)
        return -ENOMEM;
    CloseHandle(thread);
    return 0;
}

wait_t service_wait(void)
{
    return (wait_t)service.event;
}

/* Ready as long as something is left to be asked for, whoever asks when. */
static void settle(void)
{
    ResetEvent(service.event);
    if (atomic_load(&service.reload) ||
        (atomic_load(&service.stop) && !atomic_load(&service.stop_told)))
        SetEvent(service.event);
}

bool service_stop_asked(void)
{
    bool asked = atomic_load(&service.stop);
    if (asked)
        atomic_store(&service.stop_told, true);
    settle();
    return asked;
}

bool service_reload_asked(void)
{
    bool asked = atomic_exchange(&service.reload, false);
    settle();
    return asked;
}

void service_ready(void)
{
    tell(SERVICE_RUNNING);
}

/* The manager has no watchdog and takes no text. */
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
