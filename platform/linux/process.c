/* What only Linux has of processes: /proc, and the signal at the parent's death. */
#include "platform/process.h"

#include "platform/file.h"
#include "platform/posix/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* A small file of /proc as a text; false if there is none. */
static bool read_proc(const char *path, char *out, size_t size)
{
    file_t f;
    out[0] = '\0';
    if (file_open_read(path, &f) != 0)
        return false;
    int64_t got = file_read_at(f, 0, out, size - 1);
    file_close(f);
    out[got > 0 ? got : 0] = '\0';
    return got > 0;
}

static uint64_t kib_of(const char *status, const char *key)
{
    const char *at = strstr(status, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

void process_cost_of_self(struct process_cost *out)
{
    struct rusage u;
    char status[4096];
    *out = (struct process_cost){0};
    if (getrusage(RUSAGE_SELF, &u) == 0)
        out->cpu_ms = (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
                      (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
    /* ru_maxrss would count what the process was before exec */
    if (!read_proc("/proc/self/status", status, sizeof(status)))
        return;
    out->rss_kib = kib_of(status, "\nVmRSS:");
    out->peak_kib = kib_of(status, "\nVmHWM:");
}

uint64_t process_faults(void)
{
    struct rusage u;
    return getrusage(RUSAGE_SELF, &u) == 0 ? (uint64_t)u.ru_minflt : 0;
}

static int path_at(const char *link, char *out, size_t size)
{
    static const char deleted[] = " (deleted)";
    int n = file_link_target(link, out, size);
    size_t tail = sizeof(deleted) - 1;
    struct file_info info;
    /* An upgrade has put a new program where ours was. */
    if (n > (int)tail && strcmp(out + (size_t)n - tail, deleted) == 0 &&
        file_info_at(out, &info) != 0) {
        n -= (int)tail;
        out[n] = '\0';
    }
    return n;
}

int process_self_path(char *out, size_t size)
{
    return path_at("/proc/self/exe", out, size);
}

int process_path(int id, char *out, size_t size)
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/%d/exe", id);
    return path_at(link, out, size);
}

/* One that ended but was not waited for yet is not alive. */
bool process_is_alive(int id)
{
    char path[64], stat[512];
    if (id <= 0 || (kill(id, 0) != 0 && errno != EPERM))
        return false;
    snprintf(path, sizeof(path), "/proc/%d/stat", id);
    if (!read_proc(path, stat, sizeof(stat)))
        return true; /* /proc may be hidden from us; the signal found it */
    const char *name_end = strrchr(stat, ')');
    return !name_end || strlen(name_end) < 3 || !strchr("ZX", name_end[2]);
}

bool child_bind_to_parent(int parent)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}
