/*
 * Who made a change. A process is looked at in /proc as soon as its event is read; one that is gone
 * by then is known from the start of its program (FAN_OPEN_EXEC), kept in a table of the latest
 * process ids, and from what the kernel told of its birth (watch_lineage.c). What nobody told stays
 * unknown: a parent's user or terminal is never taken for the child's. Bounded: a slot for each
 * remainder of the id.
 */
#include "platform/linux/watch_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLOTS       512
#define NS_PER_MS   1000000
#define FRESH_MS    1000   /* what was read this recently is not read again */
#define REMEMBER_MS 600000 /* a process that is gone is believed to be the same this long */
#define UNSETTLED   32
#define TEXTS       5

struct actor { /* packed: one block with the texts behind it */
    int shares;
    bool known;
    int pid, ppid;
    uint32_t uid, login_uid;
    int parents;
    int parent_pid[WATCH_PARENTS_MAX];
    char text[]; /* exe, command, tty, container, runtime, the parents' exes, each with its NUL */
};

struct slot {
    struct actor *actor;
    int64_t seen_ns; /* monotonic */
    bool partial;    /* seen while the program was still being loaded */
};

struct actor_table {
    struct slot slots[SLOTS];
    int unsettled[UNSETTLED];
    size_t unsettled_n;
    struct lineage *lineage; /* NULL: the kernel does not tell */
    struct watch_actor scratch;
};

int64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- packing ---- */

static struct actor *actor_pack(const struct watch_actor *a)
{
    const char *texts[TEXTS + WATCH_PARENTS_MAX] = {a->exe, a->command, a->tty, a->container,
                                                    a->runtime};
    size_t n = TEXTS, size = 0;
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
    from = unpack_text(from, out->container, sizeof(out->container));
    from = unpack_text(from, out->runtime, sizeof(out->runtime));
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

/* ---- the table ---- */

static struct slot *slot_of(struct actor_table *t, int pid)
{
    return &t->slots[(unsigned)pid % SLOTS];
}

static bool told(const struct actor_table *t, int pid, struct lineage_process *out)
{
    return t->lineage && lineage_find(t->lineage, pid, out);
}

/* Whether the slot is of this process, not of an earlier one with the same id. */
static bool holds(const struct actor_table *t, const struct slot *s, int pid)
{
    struct lineage_process is;
    return s->actor && s->actor->pid == pid &&
           monotonic_ns() - s->seen_ns < (int64_t)REMEMBER_MS * NS_PER_MS &&
           !(told(t, pid, &is) && is.forked_ns > s->seen_ns);
}

static void keep(struct actor_table *t, const struct watch_actor *a, bool partial)
{
    struct actor *packed = actor_pack(a);
    struct slot *s = slot_of(t, a->pid);
    if (!packed)
        return;
    actor_drop(s->actor);
    *s = (struct slot){packed, monotonic_ns(), partial};
}

/* ---- what is known of a process that is gone ---- */

/* Whether a child still has the program that its parent has now. */
static bool shares_program(const struct actor_table *t, const struct lineage_process *child)
{
    struct lineage_process parent;
    return child->started_ns == 0 && child->forked_ns > 0 && told(t, child->ppid, &parent) &&
           parent.started_ns < child->forked_ns && parent.forked_ns < child->forked_ns;
}

static bool read_slot(const struct actor_table *t, const struct slot *s, int pid, char *exe,
                      size_t size)
{
    if (!holds(t, s, pid) || !s->actor->text[0])
        return false;
    unpack_text(s->actor->text, exe, size);
    return true;
}

/* The program of a process, and who started it; either may stay unknown. */
static void find_program(struct actor_table *t, int pid, char *exe, size_t size, int *ppid)
{
    struct lineage_process is = {.ppid = 0};
    bool alive = proc_read_parent(pid, ppid, exe, size), is_told = told(t, pid, &is);
    if (!alive)
        *ppid = is.ppid;
    if (alive && exe[0])
        return;
    exe[0] = '\0';
    for (int i = 0; !read_slot(t, slot_of(t, pid), pid, exe, size) && i < WATCH_PARENTS_MAX; i++) {
        int unused;
        if (!is_told || !shares_program(t, &is) || proc_read_parent(is.ppid, &unused, exe, size))
            return;
        pid = is.ppid;
        is_told = told(t, pid, &is);
    }
}

/* A parent's id may be that of another process by now. */
static bool is_older(const struct actor_table *t, int pid, int child)
{
    struct lineage_process a, b;
    return !told(t, pid, &a) || !told(t, child, &b) || a.forked_ns <= b.forked_ns;
}

static void find_parents(struct actor_table *t, struct watch_actor *a)
{
    int child = a->pid, pid = a->ppid;
    a->parents = 0;
    while (pid > 0 && a->parents < WATCH_PARENTS_MAX && is_older(t, pid, child)) {
        struct watch_parent *p = &a->parent[a->parents++];
        p->pid = child = pid;
        find_program(t, child, p->exe, sizeof(p->exe), &pid);
    }
}

/* What /proc does not tell any more; true when there is something to tell. */
static bool complete(struct actor_table *t, struct watch_actor *a)
{
    struct lineage_process is;
    bool is_told = told(t, a->pid, &is);
    if (is_told && is.uid != WATCH_NO_USER) { /* it may have changed since the process was seen */
        a->uid = is.uid;
        a->known = true;
    }
    if (is_told && a->ppid == 0)
        a->ppid = is.ppid;
    if (!a->exe[0]) {
        int unused;
        find_program(t, a->pid, a->exe, sizeof(a->exe), &unused);
    }
    if (a->parents == 0)
        find_parents(t, a);
    return a->known || a->exe[0] || a->ppid > 0;
}

/* ---- programs that start ---- */

static bool is_loader(const char *path)
{
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    return strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld-musl", 7) == 0 ||
           strncmp(name, "ld.so", 5) == 0 || strncmp(name, "ld64.so", 7) == 0;
}

/*
 * The event comes while the kernel still loads the program. For a script the script itself is
 * opened first, then its interpreter, then the interpreter's loader, so the look waits for all that
 * were read at once.
 */
void actor_table_exec(struct actor_table *t, int pid, const char *path)
{
    struct watch_actor *a = &t->scratch;
    const struct slot *s = slot_of(t, pid);
    if (path && is_loader(path) && holds(t, s, pid) && s->partial)
        return;
    memset(a, 0, sizeof(*a));
    a->pid = pid;
    a->login_uid = WATCH_NO_USER;
    if (path && !(is_loader(path) && holds(t, s, pid)))
        snprintf(a->exe, sizeof(a->exe), "%s", path);
    else
        read_slot(t, s, pid, a->exe, sizeof(a->exe));
    keep(t, a, true);
    if (t->unsettled_n == UNSETTLED)
        actor_table_settle(t);
    t->unsettled[t->unsettled_n++] = pid;
}

/* The user as the kernel told it, which saves asking. */
static bool read_process(struct actor_table *t, int pid)
{
    struct lineage_process is;
    return proc_read_process(pid, told(t, pid, &is) ? is.uid : WATCH_NO_USER, &t->scratch);
}

/* /proc may still show the program before, and its command line. */
static void settle(struct actor_table *t, int pid)
{
    struct watch_actor *a = &t->scratch;
    const struct slot *s = slot_of(t, pid);
    char exe[sizeof(a->exe)] = "";
    if (!holds(t, s, pid) || !s->partial)
        return;
    read_slot(t, s, pid, exe, sizeof(exe));
    if (!read_process(t, pid))
        return;
    bool other = exe[0] && strcmp(exe, a->exe) != 0;
    if (other) {
        memcpy(a->exe, exe, sizeof(exe));
        a->command[0] = '\0';
    }
    keep(t, a, other || !a->command[0]);
}

void actor_table_settle(struct actor_table *t)
{
    for (size_t i = 0; i < t->unsettled_n; i++)
        settle(t, t->unsettled[i]);
    t->unsettled_n = 0;
}

/* ---- who it is ---- */

/* A process that has ended and was not waited for tells its user, but no program any more. */
static void restore_program(const struct slot *s, struct watch_actor *a)
{
    if (a->exe[0])
        return;
    const char *command = unpack_text(s->actor->text, a->exe, sizeof(a->exe));
    unpack_text(command, a->command, sizeof(a->command));
}

/* False when nothing is to be kept. */
static bool look(struct actor_table *t, int pid, const struct slot *s, bool here)
{
    struct watch_actor *a = &t->scratch;
    bool found = read_process(t, pid);
    if (found && here)
        restore_program(s, a);
    else if (here)
        actor_unpack(s->actor, a);
    return complete(t, a);
}

static bool has_changed_user(const struct actor_table *t, const struct actor *a)
{
    struct lineage_process is;
    return told(t, a->pid, &is) && is.uid != WATCH_NO_USER && is.uid != a->uid;
}

static bool is_fresh(const struct actor_table *t, const struct slot *s)
{
    return !s->partial && s->actor->parents > 0 &&
           monotonic_ns() - s->seen_ns < (int64_t)FRESH_MS * NS_PER_MS &&
           !has_changed_user(t, s->actor);
}

struct actor *actor_find(struct actor_table *t, int pid)
{
    if (pid <= 0)
        return NULL;
    struct slot *s = slot_of(t, pid);
    bool here = holds(t, s, pid);
    if (!(here && is_fresh(t, s)) && look(t, pid, s, here))
        keep(t, &t->scratch, false);
    return holds(t, s, pid) ? actor_share(s->actor) : NULL;
}

void actor_table_read(struct actor_table *t)
{
    if (t->lineage)
        lineage_read(t->lineage);
}

struct actor_table *actor_table_new(void)
{
    struct actor_table *t = calloc(1, sizeof(*t));
    if (t)
        t->lineage = lineage_open();
    return t;
}

void actor_table_free(struct actor_table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        actor_drop(t->slots[i].actor);
    lineage_close(t->lineage);
    free(t);
}
