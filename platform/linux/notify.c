/* inotify; a folder's id is its watch descriptor, which the kernel gives once for each inode. */
#include "platform/notify.h"

#include "platform/linux/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define CHANGES                                                                                    \
    (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY |            \
     IN_DELETE_SELF | IN_MOVE_SELF)
#define READS_MAX 16 /* in one round, so that a busy log does not hold the loop */

struct notify {
    int fd;
    int last;  /* id that was given last in this round: repeats are left out */
    int reads; /* in this round */
    size_t at;
    size_t n;
    char events[4096];
};

int notify_open(struct notify **out)
{
    *out = NULL;
    struct notify *n = calloc(1, sizeof(*n));
    if (!n)
        return -ENOMEM;
    n->last = -1;
    n->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (n->fd < 0) {
        int rc = -errno;
        free(n);
        return rc;
    }
    *out = n;
    return 0;
}

int notify_add(struct notify *n, const char *folder)
{
    char path[48];
    int look = reach(folder, O_PATH, REACH_ANY_LINKS);
    if (look < 0)
        return look;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", look);
    int id = inotify_add_watch(n->fd, path, CHANGES);
    int rc = id < 0 ? -errno : id;
    close(look);
    return rc;
}

wait_t notify_wait(const struct notify *n)
{
    return n->fd;
}

static bool fill(struct notify *n)
{
    if (n->reads++ >= READS_MAX)
        return false;
    ssize_t got;
    do
        got = read(n->fd, n->events, sizeof(n->events));
    while (got < 0 && errno == EINTR);
    n->at = 0;
    n->n = got > 0 ? (size_t)got : 0;
    return n->n > 0;
}

static int take(struct notify *n)
{
    struct inotify_event e;
    memcpy(&e, n->events + n->at, sizeof(e));
    n->at += sizeof(e) + e.len;
    return e.mask & IN_Q_OVERFLOW ? -2 : e.wd;
}

int notify_next(struct notify *n)
{
    while (n->at < n->n || fill(n)) {
        int id = take(n);
        if (id == n->last)
            continue;
        n->last = id;
        return id;
    }
    n->last = -1;
    n->reads = 0;
    return -1;
}

void notify_close(struct notify *n)
{
    if (!n)
        return;
    close(n->fd);
    free(n);
}
