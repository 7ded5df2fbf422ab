/*
 * Changes of files in real time, with who made them where the system tells.
 *
 * Linux: one fanotify mark on each whole file system that holds a watched path, names by directory
 * handle, actors from a process table that FAN_OPEN_EXEC fills; inotify (recursive, no actor) where
 * the mark is refused (overlayfs, old kernels, missing capability). A reader thread resolves actors
 * at once, puts events into a bounded queue and rings the bell; the poll loop takes them out.
 *
 * Windows: ReadDirectoryChangesW on each path, no actor.
 *
 * A new folder is told as created; whether what was put into it at once is told by itself depends
 * on the mechanism, so who needs it looks into the folder. What this process does itself is not
 * told by fanotify.
 */
#ifndef PLATFORM_WATCH_H
#define PLATFORM_WATCH_H

#include "platform/poll.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATCH_PATH_MAX      4096
#define WATCH_PARENTS_MAX   4
#define WATCH_CONTAINER_MAX 80
#define WATCH_RUNTIME_MAX   16
#define WATCH_NO_USER       UINT32_MAX

struct watch_parent {
    int pid;
    char exe[256];
};

struct watch_actor {
    bool known; /* false: the user is not known; whatever else is, is set */
    int pid;
    int ppid;
    uint32_t uid;       /* effective user */
    uint32_t login_uid; /* audit login user, WATCH_NO_USER if none or not known */
    char exe[512];
    char command[256];                   /* command line, arguments separated by spaces, cut */
    char tty[32];                        /* "pts/3", empty if none */
    char container[WATCH_CONTAINER_MAX]; /* id of the container it runs in, empty if none */
    char runtime[WATCH_RUNTIME_MAX];     /* "docker", "podman" ..., empty if not known */
    int parents;
    struct watch_parent parent[WATCH_PARENTS_MAX];
};

enum watch_kind {
    WATCH_CHANGED = 1, /* content (closed after writing) or attributes */
    WATCH_CREATED = 2,
    WATCH_DELETED = 4,
    WATCH_RENAMED = 8,   /* path -> path2 */
    WATCH_OVERFLOW = 16, /* events were lost below path, or everywhere if it is empty */
    WATCH_MOUNTED = 32   /* path shows another file system than before: one came or went */
};

struct watch_event {
    uint32_t kinds; /* several kinds of one path may be merged */
    bool folder;
    int64_t time_ms; /* wall clock when it was read */
    struct watch_actor actor;
    char path[WATCH_PATH_MAX];
    char path2[WATCH_PATH_MAX]; /* new name of a rename, else empty */
};

struct watch_filter {
    void *ctx;
    /* Whether a path matters; called in the reader thread, must be quick and thread-safe. */
    bool (*wanted)(void *ctx, const char *path, bool folder);
    /* Whether an entry of a folder may ever matter; the same thread. The kernel is told to keep
     * quiet about busy folders where none does. May be NULL. */
    bool (*holds)(void *ctx, const char *folder);
};

struct watch_root_status {
    char path[WATCH_PATH_MAX];
    const char *mechanism; /* "fanotify", "inotify", "notifications", "none"; literals */
    char why[160];         /* why not the best that the system has, in words; empty if it is */
};

struct watch;
int watch_open(const struct watch_filter *filter, struct watch **out);
/* Watches path and what is below, also when it or a file system there comes later. 0, or a negative
 * errno value (then its status tells why). */
int watch_add(struct watch *w, const char *path);
wait_t watch_wait(const struct watch *w);
/* 1 and *out, or 0 when there is none. */
int watch_next(struct watch *w, struct watch_event *out);
size_t watch_status(struct watch *w, struct watch_root_status *out, size_t max);
void watch_close(struct watch *w);

#endif
