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
void watch_push(struct watch *w, const struct watch_found *f);
void watch_push_overflow(struct watch *w);

/* ---- watch_actor.c: who it is ---- */

struct actor_table;
struct actor_table *actor_table_new(void); /* NULL: no memory */
void actor_table_free(struct actor_table *t);
/* A process started a program: what is known of it now is kept for when it is gone. path may be
 * NULL. */
void actor_table_exec(struct actor_table *t, int pid, const char *path);
/* Looks again at processes whose start was seen before it was complete. */
void actor_table_settle(struct actor_table *t);
/* A share of who it is, as of now; NULL if nothing is known. */
struct actor *actor_find(struct actor_table *t, int pid);
struct actor *actor_share(struct actor *a);
void actor_drop(struct actor *a);                                  /* any thread */
void actor_unpack(const struct actor *a, struct watch_actor *out); /* any thread */

/* ---- watch_fanotify.c ---- */

struct fan;
int fan_open(struct watch *w, struct fan **out); /* loop's thread, as fan_add and fan_close */
/* Marks the file system that holds a folder. 0, or a negative errno value and why in words. */
int fan_add(struct fan *f, const char *folder, char *why, size_t size);
size_t fan_polls(const struct fan *f, struct pollfd out[2]);
void fan_read(struct fan *f);
void fan_close(struct fan *f);

/* ---- watch_inotify.c ---- */

struct ino;
int ino_open(struct watch *w, struct ino **out); /* loop's thread */
/* Watches root and what is below, also when it comes later. Loop's thread. */
int ino_add(struct ino *n, const char *root, char *why, size_t size);
size_t ino_polls(const struct ino *n, struct pollfd out[1]);
void ino_read(struct ino *n);
void ino_close(struct ino *n); /* loop's thread */

#endif
