#include "platform/process.h"

#include "platform/windows/wide.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <psapi.h>

#define COMMAND_MAX 8192
#define TICKS_A_MS  10000

static uint64_t ms_of(FILETIME t)
{
    return ((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime) / TICKS_A_MS;
}

void process_cost_of_self(struct process_cost *out)
{
    FILETIME begun, ended, kernel, user;
    PROCESS_MEMORY_COUNTERS memory = {.cb = sizeof(memory)};
    *out = (struct process_cost){0};
    if (GetProcessTimes(GetCurrentProcess(), &begun, &ended, &kernel, &user))
        out->cpu_ms = ms_of(kernel) + ms_of(user);
    if (GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof(memory))) {
        out->rss_kib = memory.WorkingSetSize / 1024;
        out->peak_kib = memory.PeakWorkingSetSize / 1024;
    }
}

uint64_t process_faults(void)
{
    PROCESS_MEMORY_COUNTERS memory = {.cb = sizeof(memory)};
    return GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof(memory))
               ? memory.PageFaultCount
               : 0;
}

int process_self_id(void)
{
    return (int)GetCurrentProcessId();
}

int process_self_path(char *out, size_t size)
{
    wchar_t path[WIDE_MAX];
    DWORD n = GetModuleFileNameW(NULL, path, WIDE_MAX);
    if (n == 0 || n >= WIDE_MAX)
        return n == 0 ? windows_error(GetLastError()) : -ENAMETOOLONG;
    return text_of_wide(path, n, out, size);
}

/* ---- roles ---- */

struct process {
    HANDLE handle, job;
    DWORD id;
};

/* As the C library of the child takes it apart: backslashes count only before a quotation mark. */
static bool add_quoted(char *out, size_t *n, const char *word)
{
    size_t slashes = 0, at = *n;
    if (at + 2 * strlen(word) + 4 >= COMMAND_MAX)
        return false;
    if (at > 0)
        out[at++] = ' ';
    out[at++] = '"';
    for (const char *p = word; *p; p++) {
        for (size_t i = 0; *p == '"' && i <= slashes; i++)
            out[at++] = '\\';
        slashes = *p == '\\' ? slashes + 1 : 0;
        out[at++] = *p;
    }
    for (size_t i = 0; i < slashes; i++)
        out[at++] = '\\';
    out[at++] = '"';
    out[at] = '\0';
    *n = at;
    return true;
}

/* What is in it ends with the last handle to it, so with this process. */
static HANDLE new_job(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags =
                                                       JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
    HANDLE job = CreateJobObjectW(NULL, NULL);
    if (job)
        SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits));
    return job;
}

static int create(char *command, struct process *p)
{
    wchar_t wide[COMMAND_MAX];
    STARTUPINFOW how = {.cb = sizeof(how)};
    PROCESS_INFORMATION made;
    int rc = wide_of_text(command, wide, COMMAND_MAX);
    if (rc < 0)
        return rc;
    p->job = new_job();
    if (!p->job)
        return windows_error(GetLastError());
    if (!CreateProcessW(NULL, wide, NULL, NULL, TRUE, CREATE_NEW_PROCESS_GROUP | CREATE_SUSPENDED,
                        NULL, NULL, &how, &made))
        return windows_error(GetLastError());
    AssignProcessToJobObject(p->job, made.hProcess);
    ResumeThread(made.hThread);
    CloseHandle(made.hThread);
    p->handle = made.hProcess;
    p->id = made.dwProcessId;
    return 0;
}

int process_start(const char *const *argv, struct process **out)
{
    char command[COMMAND_MAX] = "";
    size_t n = 0;
    *out = NULL;
    for (; *argv; argv++)
        if (!add_quoted(command, &n, *argv))
            return -E2BIG;
    struct process *p = calloc(1, sizeof(*p));
    if (!p)
        return -ENOMEM;
    int rc = create(command, p);
    if (rc != 0) {
        process_free(p);
        return rc;
    }
    *out = p;
    return 0;
}

void process_ask_to_stop(struct process *p)
{
    GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, p->id);
}

int process_ended(struct process *p, int *code)
{
    DWORD ended;
    if (WaitForSingleObject(p->handle, 0) != WAIT_OBJECT_0 ||
        !GetExitCodeProcess(p->handle, &ended))
        return 0;
    *code = (int)ended;
    return 1;
}

void process_free(struct process *p)
{
    if (!p)
        return;
    if (p->handle)
        CloseHandle(p->handle);
    if (p->job)
        CloseHandle(p->job);
    free(p);
}

bool process_is_alive(int id)
{
    HANDLE h = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)id);
    bool alive = h && WaitForSingleObject(h, 0) == WAIT_TIMEOUT;
    if (h)
        CloseHandle(h);
    return alive;
}
