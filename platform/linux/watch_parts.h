/* What the files of the watch share. Everything here runs in the reader thread unless it says so.
 */
#ifndef PLATFORM_LINUX_WATCH_PARTS_H
#define PLATFORM_LINUX_WATCH_PARTS_H

#include "platform/watch.h"

#include <poll.h>

/* ---- watch.c: the queue ---- */

struct actor;

struct watch_found {
    uint32_t kinds;
    bool folder;
    const char *path;
    const char *path2;   /* NULL, or the new name */
    struct actor *actor; /* NULL: unknown; the queue takes a share of its own */
    int pid;
};

bool watch_wants(const struct watch *w, const char *path, bool folder);
bool watch_may_want_in(const struct watch *w, const char *folder);
void watch_push(struct watch *w, const struct watch_found *f);
void watch_push_overflow(struct watch *w);
void watch_wake(struct watch *w); /* there is another descriptor to wait for; any thread */

/* ---- watch_roots.c: what is watched, as mounts come and go ---- */

struct fan;
struct ino;
struct roots;
struct roots *roots_new(struct watch *w, struct fan *fan, int fan_error); /* NULL: no memory */
void roots_free(struct roots *r);
int roots_add(struct roots *r, const char *path);                                /* any thread */
size_t roots_status(struct roots *r, struct watch_root_status *out, size_t max); /* any thread */
int roots_mount_table(const struct roots *r); /* to be polled for POLLPRI; -1: none */
void roots_follow_mounts(struct roots *r);    /* what is mounted has changed */
struct ino *roots_inotify(const struct roots *r);

/* ---- watch_proc.c: what /proc tells ---- */

/* Fills all but the parents; false when the process is gone (then only the pid is sure). uid: the
 * effective user if it is known already, else WATCH_NO_USER; finding it is what costs most. */
bool proc_read_process(int pid, uint32_t uid, struct watch_actor *a);
bool proc_read_parent(int pid, int *ppid, char *exe, size_t size);
uint32_t proc_effective_user(int pid); /* WATCH_NO_USER: gone */

/* ---- watch_container.c ---- */

/* text: what /proc/pid/cgroup says. Both empty: in no container. */
void container_of_cgroups(const char *text, char id[WATCH_CONTAINER_MAX],
                          char runtime[WATCH_RUNTIME_MAX]);

/* ---- watch_lineage.c: who started whom ---- */

struct lineage_process {
    int pid, ppid;
    uint32_t uid;       /* effective user, WATCH_NO_USER: not known */
    int64_t forked_ns;  /* monotonic; 0: before anybody listened */
    int64_t started_ns; /* its program, the last one; 0: still that of its parent */
};

struct lineage;
struct lineage *lineage_open(void); /* NULL: this kernel does not tell us */
void lineage_close(struct lineage *l);
void lineage_read(struct lineage *l); /* takes in all that was told so far */
bool lineage_find(const struct lineage *l, int pid, struct lineage_process *out);

/* ---- watch_actor.c: who it is ---- */

int64_t monotonic_ns(void);

struct actor_table;
struct actor_table *actor_table_new(void); /* NULL: no memory */
void actor_table_free(struct actor_table *t);
/* Takes in what the kernel told of processes; before the events read until now are looked at. */
void actor_table_read(struct actor_table *t);
/* A process starts a program. path may be NULL. */
void actor_table_exec(struct actor_table *t, int pid, const char *path);
/* Looks at the processes that started one: what is known of them now is kept for when they are
 * gone. */
void actor_table_settle(struct actor_table *t);
/* A share of who it is, as of now; NULL if nothing is known. */
struct actor *actor_find(struct actor_table *t, int pid);
struct actor *actor_share(struct actor *a);
void actor_drop(struct actor *a);                                  /* any thread */
void actor_unpack(const struct actor *a, struct watch_actor *out); /* any thread */

/* ---- watch_fanotify.c ---- */

int fan_open(struct watch *w, struct fan **out); /* loop's thread, as fan_close */
/* Marks the file system that holds a folder. 0, or a negative errno value and why in words. Any
 * thread. */
int fan_add(struct fan *f, const char *folder, char *why, size_t size);
/* What is mounted has changed: every file system is to be added again. */
void fan_forget(struct fan *f);
size_t fan_polls(const struct fan *f, struct pollfd out[2]);
void fan_read(struct fan *f);
void fan_close(struct fan *f);

/* ---- watch_inotify.c ---- */

int ino_open(struct watch *w, struct ino **out); /* any thread, as the next */
/* Watches root and what is below, also when it comes later. */
int ino_add(struct ino *n, const char *root, char *why, size_t size);
size_t ino_polls(const struct ino *n, struct pollfd out[1]);
void ino_read(struct ino *n);
void ino_close(struct ino *n); /* loop's thread */

#endif
