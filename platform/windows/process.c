#include "platform/process.h"

#include "platform/windows/path.h"

#include <psapi.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_MAX 32767 /* CreateProcessW's limit */

static uint64_t ms_of(FILETIME t)
{
    return ((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime) / 10000;
}

static PROCESS_MEMORY_COUNTERS memory_of_self(void)
{
    PROCESS_MEMORY_COUNTERS m = {.cb = sizeof(m)};
    GetProcessMemoryInfo(GetCurrentProcess(), &m, sizeof(m));
    return m;
}

void process_cost_of_self(struct process_cost *out)
{
    FILETIME made, ended, kernel, user;
    PROCESS_MEMORY_COUNTERS m = memory_of_self();
    *out = (struct process_cost){.rss_kib = m.WorkingSetSize / 1024,
                                 .peak_kib = m.PeakWorkingSetSize / 1024};
    if (GetProcessTimes(GetCurrentProcess(), &made, &ended, &kernel, &user))
        out->cpu_ms = ms_of(kernel) + ms_of(user);
}

/* Windows counts those that read a disk together with the others. */
uint64_t process_faults(void)
{
    return memory_of_self().PageFaultCount;
}

int process_self_id(void)
{
    return (int)GetCurrentProcessId();
}

int process_self_path(char *out, size_t size)
{
    wchar_t path[PATH_WIDE_MAX];
    DWORD n = GetModuleFileNameW(NULL, path, PATH_WIDE_MAX);
    if (n == 0 || n >= PATH_WIDE_MAX)
        return n == 0 ? errno_of_last() : -ENAMETOOLONG;
    return text_of_path(path, out, size);
}

int process_path(int id, char *out, size_t size)
{
    wchar_t path[PATH_WIDE_MAX];
    DWORD n = PATH_WIDE_MAX;
    HANDLE handle = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)id);
    if (!handle)
        return errno_of_last();
    int rc = QueryFullProcessImageNameW(handle, 0, path, &n) ? 0 : errno_of_last();
    CloseHandle(handle);
    return rc == 0 ? text_of_path(path, out, size) : rc;
}

struct process {
    HANDLE handle;
    HANDLE job; /* closed with our own end, which ends the child */
    DWORD id;
};

/* One argument as CommandLineToArgvW takes it apart: in quotes if it has to be, and backslashes in
 * front of a quote count double. */
static int put_argument(const wchar_t *text, wchar_t *out, size_t at)
{
    size_t slashes = 0, n = wcslen(text);
    bool quoted = n == 0 || wcspbrk(text, L" \t\"");
    if (at + 2 * n + 4 > COMMAND_MAX)
        return -E2BIG;
    if (at > 0)
        out[at++] = L' ';
    if (quoted)
        out[at++] = L'"';
    for (size_t i = 0; i <= n; i++) {
        bool quote = text[i] == L'"' || (quoted && text[i] == L'\0');
        for (size_t k = 0; quote && k < slashes; k++)
            out[at++] = L'\\';
        slashes = text[i] == L'\\' ? slashes + 1 : 0;
        if (text[i] == L'"')
            out[at++] = L'\\';
        if (text[i])
            out[at++] = text[i];
    }
    if (quoted)
        out[at++] = L'"';
    out[at] = L'\0';
    return (int)at;
}

static int command_line(const char *const *argv, wchar_t *out)
{
    int at = 0;
    for (; *argv && at >= 0; argv++) {
        wchar_t wide[PATH_WIDE_MAX];
        int n = wide_of_text(*argv, strlen(*argv), wide, PATH_WIDE_MAX);
        at = n < 0 ? n : put_argument(wide, out, (size_t)at);
    }
    return at;
}

static HANDLE make_job(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = {.BasicLimitInformation.LimitFlags =
                                                      JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
    HANDLE job = CreateJobObjectW(NULL, NULL);
    if (job &&
        !SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limit, sizeof(limit))) {
        CloseHandle(job);
        job = NULL;
    }
    return job;
}

/* Begins only when it is bound to our life. */
static int start(struct process *p, const char *program, wchar_t *command)
{
    wchar_t path[PATH_WIDE_MAX];
    STARTUPINFOW how = {.cb = sizeof(how)};
    PROCESS_INFORMATION made;
    int rc = path_wide(program, path);
    if (rc != 0)
        return rc;
    p->job = make_job();
    if (!p->job)
        return errno_of_last();
    if (!CreateProcessW(path, command, NULL, NULL, TRUE, /* where it writes to */
                        CREATE_SUSPENDED | CREATE_NEW_PROCESS_GROUP, NULL, NULL, &how, &made))
        return errno_of_last();
    p->handle = made.hProcess;
    p->id = made.dwProcessId;
    if (!AssignProcessToJobObject(p->job, made.hProcess)) {
        rc = errno_of_last();
        TerminateProcess(made.hProcess, 1);
    }
    ResumeThread(made.hThread);
    CloseHandle(made.hThread);
    return rc;
}

int process_start(const char *const *argv, struct process **out)
{
    struct process *p = calloc(1, sizeof(*p));
    wchar_t *command = calloc(COMMAND_MAX + 1, sizeof(*command));
    *out = NULL;
    int rc = p && command ? command_line(argv, command) : -ENOMEM;
    rc = rc < 0 ? rc : start(p, argv[0], command);
    free(command);
    if (rc != 0)
        process_free(p);
    else
        *out = p;
    return rc;
}

/* Ctrl-Break: what a console program with a group of its own can be sent. */
void process_ask_to_stop(struct process *p)
{
    GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, p->id);
}

int process_ended(struct process *p, int *code)
{
    DWORD how;
    if (WaitForSingleObject(p->handle, 0) != WAIT_OBJECT_0)
        return 0;
    *code = GetExitCodeProcess(p->handle, &how) ? (int)how : 1;
    return 1;
}

void process_free(struct process *p)
{
    if (!p)
        return;
    if (p->handle) {
        TerminateProcess(p->handle, 1); /* of one that has ended it changes nothing */
        CloseHandle(p->handle);
    }
    if (p->job)
        CloseHandle(p->job);
    free(p);
}

bool process_is_alive(int id)
{
    HANDLE h = id > 0 ? OpenProcess(SYNCHRONIZE, FALSE, (DWORD)id) : NULL;
    if (!h)
        return id > 0 && GetLastError() == ERROR_ACCESS_DENIED;
    bool alive = WaitForSingleObject(h, 0) == WAIT_TIMEOUT;
    CloseHandle(h);
    return alive;
}
