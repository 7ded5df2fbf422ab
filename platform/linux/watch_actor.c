/*
 * Who made a change. A process is looked at in /proc as soon as its event is read; one that is gone
 * by then is known from the start of its program (FAN_OPEN_EXEC), kept in a table of the latest
 * process ids. Bounded: a slot for each remainder of the id.
 */
#include "platform/linux/watch_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define SLOTS       512
#define FRESH_MS    1000   /* what was read this recently is not read again */
#define REMEMBER_MS 600000 /* a process that is gone is believed to be the same this long */
#define UNSETTLED   32
#define LOGIN_UNSET UINT32_MAX

struct actor { /* packed: one block with the texts behind it */
    int shares;
    bool known;
    int pid, ppid;
    uint32_t uid, login_uid;
    int parents;
    int parent_pid[WATCH_PARENTS_MAX];
    char text[]; /* exe, command, tty, the parents' exes, each with its NUL */
};

struct slot {
    struct actor *actor;
    int64_t seen_ms;
    bool partial; /* seen while the program was still being loaded */
};

struct actor_table {
    struct slot slots[SLOTS];
    int unsettled[UNSETTLED];
    size_t unsettled_n;
    struct watch_actor scratch;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- packing ---- */

static struct actor *actor_pack(const struct watch_actor *a)
{
    const char *texts[3 + WATCH_PARENTS_MAX] = {a->exe, a->command, a->tty};
    size_t n = 3, size = 0;
    for (int i = 0; i < a->parents; i++)
        texts[n++] = a->parent[i].exe;
    for (size_t i = 0; i < n; i++)
        size += strlen(texts[i]) + 1;
    struct actor *out = malloc(sizeof(*out) + size);
    if (!out)
        return NULL;
    *out = (struct actor){1, a->known, a->pid, a->ppid, a->uid, a->login_uid, a->parents, {0}};
    for (int i = 0; i < a->parents; i++)
        out->parent_pid[i] = a->parent[i].pid;
    char *to = out->text;
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(texts[i]) + 1;
        memcpy(to, texts[i], length);
        to += length;
    }
    return out;
}

static const char *unpack_text(const char *from, char *to, size_t size)
{
    snprintf(to, size, "%s", from);
    return from + strlen(from) + 1;
}

void actor_unpack(const struct actor *a, struct watch_actor *out)
{
    memset(out, 0, sizeof(*out));
    out->known = a->known;
    out->pid = a->pid;
    out->ppid = a->ppid;
    out->uid = a->uid;
    out->login_uid = a->login_uid;
    out->parents = a->parents;
    const char *from = unpack_text(a->text, out->exe, sizeof(out->exe));
    from = unpack_text(from, out->command, sizeof(out->command));
    from = unpack_text(from, out->tty, sizeof(out->tty));
    for (int i = 0; i < a->parents; i++) {
        out->parent[i].pid = a->parent_pid[i];
        from = unpack_text(from, out->parent[i].exe, sizeof(out->parent[i].exe));
    }
}

struct actor *actor_share(struct actor *a)
{
    __atomic_add_fetch(&a->shares, 1, __ATOMIC_RELAXED);
    return a;
}

void actor_drop(struct actor *a)
{
    if (a && __atomic_sub_fetch(&a->shares, 1, __ATOMIC_ACQ_REL) == 0)
        free(a);
}

/* ---- /proc ---- */

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
        return LOGIN_UNSET;
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

static void read_parents(struct watch_actor *a)
{
    int pid = a->ppid;
    while (pid > 0 && a->parents < WATCH_PARENTS_MAX) {
        int folder = proc_open(pid), ppid = 0, tty;
        if (folder < 0)
            return;
        struct watch_parent *p = &a->parent[a->parents++];
        p->pid = pid;
        read_exe(folder, p->exe, sizeof(p->exe));
        bool fine = read_stat(folder, &ppid, &tty);
        close(folder);
        pid = fine ? ppid : 0;
    }
}

static bool read_process(int pid, struct watch_actor *a)
{
    char text[16];
    int tty = 0;
    memset(a, 0, sizeof(*a));
    a->pid = pid;
    a->login_uid = LOGIN_UNSET;
    int folder = proc_open(pid);
    if (folder < 0)
        return false;
    a->uid = read_effective_user(folder);
    read_command(folder, a->command, sizeof(a->command));
    read_exe(folder, a->exe, sizeof(a->exe));
    a->known = a->uid != LOGIN_UNSET;
    read_stat(folder, &a->ppid, &tty);
    if (proc_read(folder, "loginuid", text, sizeof(text)) > 0)
        a->login_uid = (uint32_t)strtoul(text, NULL, 10);
    close(folder);
    name_tty(tty, a->tty, sizeof(a->tty));
    if (a->known)
        read_parents(a);
    return a->known;
}

/* ---- the table ---- */

static struct slot *slot_of(struct actor_table *t, int pid)
{
    return &t->slots[(unsigned)pid % SLOTS];
}

static bool holds(const struct slot *s, int pid)
{
    return s->actor && s->actor->pid == pid;
}

static void keep(struct actor_table *t, const struct watch_actor *a, bool partial)
{
    struct actor *packed = actor_pack(a);
    struct slot *s = slot_of(t, a->pid);
    if (!packed)
        return;
    actor_drop(s->actor);
    *s = (struct slot){packed, now_ms(), partial};
}

static bool is_loader(const char *path)
{
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    return strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld-musl", 7) == 0 ||
           strncmp(name, "ld.so", 5) == 0 || strncmp(name, "ld64.so", 7) == 0;
}

/* A process that has ended and was not waited for tells its user, but no program any more. */
static void restore_program(const struct slot *s, struct watch_actor *a)
{
    if (a->exe[0])
        return;
    const char *command = unpack_text(s->actor->text, a->exe, sizeof(a->exe));
    unpack_text(command, a->command, sizeof(a->command));
}

/*
 * The event comes while the kernel still loads the program: /proc may show the one before. For a
 * script the script itself is opened first, then its interpreter, then the interpreter's loader.
 */
void actor_table_exec(struct actor_table *t, int pid, const char *path)
{
    struct watch_actor *a = &t->scratch;
    struct slot *s = slot_of(t, pid);
    char exe[sizeof(a->exe)] = "";
    if (path && !(is_loader(path) && holds(s, pid)))
        snprintf(exe, sizeof(exe), "%s", path);
    else if (holds(s, pid))
        snprintf(exe, sizeof(exe), "%s", s->actor->text);
    read_process(pid, a);
    bool other = exe[0] && strcmp(exe, a->exe) != 0, partial = other || !a->command[0];
    if (other) {
        memcpy(a->exe, exe, sizeof(exe));
        a->command[0] = '\0';
    }
    keep(t, a, partial);
    if (partial && t->unsettled_n < UNSETTLED)
        t->unsettled[t->unsettled_n++] = pid;
}

void actor_table_settle(struct actor_table *t)
{
    struct watch_actor *a = &t->scratch;
    for (size_t i = 0; i < t->unsettled_n; i++) {
        const struct slot *s = slot_of(t, t->unsettled[i]);
        if (holds(s, t->unsettled[i]) && s->partial && read_process(t->unsettled[i], a) &&
            strcmp(a->exe, s->actor->text) == 0 && a->command[0])
            keep(t, a, false);
    }
    t->unsettled_n = 0;
}

struct actor *actor_find(struct actor_table *t, int pid)
{
    if (pid <= 0)
        return NULL;
    struct slot *s = slot_of(t, pid);
    bool here = holds(s, pid);
    int64_t now = now_ms();
    if (!(here && !s->partial && now - s->seen_ms < FRESH_MS)) {
        bool found = read_process(pid, &t->scratch);
        if (found && here)
            restore_program(s, &t->scratch);
        if (found)
            keep(t, &t->scratch, false);
        else if (!here || now - s->seen_ms > REMEMBER_MS)
            return NULL;
    }
    return holds(s, pid) ? actor_share(s->actor) : NULL;
}

struct actor_table *actor_table_new(void)
{
    return calloc(1, sizeof(struct actor_table));
}

void actor_table_free(struct actor_table *t)
{
    for (size_t i = 0; t && i < SLOTS; i++)
        actor_drop(t->slots[i].actor);
    free(t);
}
