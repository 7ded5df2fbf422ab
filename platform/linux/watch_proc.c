/* What /proc tells of a process, as long as it is there; see proc(5). */
#include "platform/linux/watch_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int proc_open(int pid)
{
    char path[32];
    snprintf(path, sizeof(path), "/proc/%d", pid);
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static size_t proc_read(int folder, const char *name, char *out, size_t size)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);
    if (fd >= 0)
        close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static void read_exe(int folder, char *out, size_t size)
{
    static const char gone[] = " (deleted)";
    ssize_t n = readlinkat(folder, "exe", out, size - 1);
    size_t length = n > 0 ? (size_t)n : 0;
    out[length] = '\0';
    if (length > sizeof(gone) && strcmp(out + length - (sizeof(gone) - 1), gone) == 0)
        out[length - (sizeof(gone) - 1)] = '\0';
}

/* "pid (name) state ppid pgrp session tty_nr ..."; the name may hold anything. */
static bool read_stat(int folder, int *ppid, int *tty)
{
    char text[512];
    proc_read(folder, "stat", text, sizeof(text));
    const char *at = strrchr(text, ')');
    if (!at || at[1] != ' ' || at[2] == '\0')
        return false;
    char *end;
    *ppid = (int)strtol(at + 3, &end, 10);
    strtol(end, &end, 10);
    strtol(end, &end, 10);
    *tty = (int)strtol(end, &end, 10);
    return true;
}

static void name_tty(int device, char *out, size_t size)
{
    unsigned number = minor((dev_t)device);
    switch (major((dev_t)device)) {
    case 0:
        out[0] = '\0';
        break;
    case 4:
        snprintf(out, size, number < 64 ? "tty%u" : "ttyS%u", number < 64 ? number : number - 64);
        break;
    default: /* 136 to 143, each with 256 */
        snprintf(out, size, "pts/%u", (major((dev_t)device) - 136) * 256 + number);
    }
}

static uint32_t read_effective_user(int folder)
{
    char text[1024];
    proc_read(folder, "status", text, sizeof(text));
    const char *at = strstr(text, "\nUid:");
    char *end;
    if (!at)
        return WATCH_NO_USER;
    strtoul(at + 5, &end, 10);
    return (uint32_t)strtoul(end, NULL, 10);
}

static void read_command(int folder, char *out, size_t size)
{
    size_t n = proc_read(folder, "cmdline", out, size);
    while (n > 0 && out[n - 1] == '\0')
        n--;
    for (size_t i = 0; i < n; i++)
        if (out[i] == '\0')
            out[i] = ' ';
}

bool proc_read_process(int pid, uint32_t uid, struct watch_actor *a)
{
    char text[4096];
    int tty = 0;
    memset(a, 0, sizeof(*a));
    a->pid = pid;
    a->login_uid = WATCH_NO_USER;
    int folder = proc_open(pid);
    if (folder < 0)
        return false;
    a->uid = uid != WATCH_NO_USER ? uid : read_effective_user(folder);
    read_command(folder, a->command, sizeof(a->command));
    read_exe(folder, a->exe, sizeof(a->exe));
    a->known = read_stat(folder, &a->ppid, &tty) && a->uid != WATCH_NO_USER;
    if (proc_read(folder, "loginuid", text, sizeof(text)) > 0)
        a->login_uid = (uint32_t)strtoul(text, NULL, 10);
    if (proc_read(folder, "cgroup", text, sizeof(text)) > 0)
        container_of_cgroups(text, a->container, a->runtime);
    close(folder);
    name_tty(tty, a->tty, sizeof(a->tty));
    return a->known;
}

bool proc_read_parent(int pid, int *ppid, char *exe, size_t size)
{
    int folder = proc_open(pid), tty;
    if (folder < 0)
        return false;
    read_exe(folder, exe, size);
    bool fine = read_stat(folder, ppid, &tty);
    close(folder);
    return fine;
}

uint32_t proc_effective_user(int pid)
{
    int folder = proc_open(pid);
    uint32_t uid = folder < 0 ? WATCH_NO_USER : read_effective_user(folder);
    if (folder >= 0)
        close(folder);
    return uid;
}
