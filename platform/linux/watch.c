/* The queue between the reader thread and the loop, and which mechanism watches what. */
#include "platform/watch.h"

#include "platform/clock.h"
#include "platform/linux/watch_parts.h"
#include "platform/thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define QUEUE_MAX       8192
#define QUEUE_BYTES     (4 << 20) /* of nodes: paths may be long */
#define LOST_MAX        64
#define BUCKETS         4096
#define MOUNTS_EVERY_MS 200 /* a host may mount all the time */

struct node {
    struct node *next;      /* in the order of arrival */
    struct node *same_hash; /* bucket's chain */
    uint32_t hash;
    uint32_t kinds;
    bool folder;
    int pid;
    int64_t time_ms;
    size_t bytes;
    struct actor *actor;
    size_t path2; /* where it starts in text; 0: none */
    char text[];
};

struct watch {
    struct watch_filter filter;
    struct lock *lock; /* of the queue */
    struct node *first, **last;
    struct node *buckets[BUCKETS];
    size_t n, bytes;
    char *lost[LOST_MAX]; /* folders in which something changed that found no room */
    size_t lost_n;
    bool overflow; /* not even the folder is known */
    struct bell *bell;

    struct fan *fan; /* NULL where it is refused */
    struct roots *roots;
    struct thread *reader;
    int wake; /* an eventfd: stop, or look what there is to wait for */
    bool stop;
    bool mounts_changed; /* since they were looked at; reader's, as the next */
    int64_t mounts_next_ms;
};

/* ---- the queue ---- */

bool watch_wants(const struct watch *w, const char *path, bool folder)
{
    return w->filter.wanted(w->filter.ctx, path, folder);
}

bool watch_may_want_in(const struct watch *w, const char *folder)
{
    return !w->filter.holds || w->filter.holds(w->filter.ctx, folder);
}

static uint32_t hash_of(const char *path)
{
    uint32_t hash = 2166136261u;
    for (; *path; path++)
        hash = (hash ^ (uint8_t)*path) * 16777619u;
    return hash;
}

static struct node *find(const struct watch *w, const char *path, uint32_t hash)
{
    struct node *n = w->buckets[hash % BUCKETS];
    while (n && (n->hash != hash || n->path2 || strcmp(n->text, path) != 0))
        n = n->same_hash;
    return n;
}

static struct node *node_new(const struct watch_found *f, uint32_t hash)
{
    size_t length = strlen(f->path) + 1, length2 = f->path2 ? strlen(f->path2) + 1 : 0;
    struct node *n = malloc(sizeof(*n) + length + length2);
    if (!n)
        return NULL;
    *n = (struct node){.hash = hash, .path2 = length2 ? length : 0};
    memcpy(n->text, f->path, length);
    if (length2)
        memcpy(n->text + length, f->path2, length2);
    return n;
}

static size_t node_size(const struct watch_found *f)
{
    return sizeof(struct node) + strlen(f->path) + (f->path2 ? strlen(f->path2) : 0) + 2;
}

/* The folder that holds a path is remembered instead of it. */
static void lose(struct watch *w, const char *path)
{
    size_t n = (size_t)(strrchr(path, '/') - path);
    n += n == 0;
    for (size_t i = 0; i < w->lost_n; i++)
        if (strncmp(w->lost[i], path, n) == 0 && !w->lost[i][n])
            return;
    char *folder = w->lost_n < LOST_MAX ? strndup(path, n) : NULL;
    if (folder)
        w->lost[w->lost_n++] = folder;
    else
        w->overflow = true;
}

static struct node *append(struct watch *w, const struct watch_found *f, uint32_t hash)
{
    size_t bytes = node_size(f);
    bool room = w->n < QUEUE_MAX && w->bytes + bytes <= QUEUE_BYTES;
    struct node *n = room ? node_new(f, hash) : NULL;
    if (!n) {
        lose(w, f->path);
        if (f->path2)
            lose(w, f->path2);
        return NULL;
    }
    n->bytes = bytes;
    w->bytes += bytes;
    *w->last = n;
    w->last = &n->next;
    n->same_hash = w->buckets[hash % BUCKETS];
    w->buckets[hash % BUCKETS] = n;
    w->n++;
    return n;
}

/* The last one who touched a path is the one it is ascribed to. */
void watch_push(struct watch *w, const struct watch_found *f)
{
    uint32_t hash = hash_of(f->path);
    lock_take(w->lock);
    bool ring = w->n == 0;
    struct node *n = f->path2 ? NULL : find(w, f->path, hash);
    if (!n)
        n = append(w, f, hash);
    if (n) {
        actor_drop(n->actor);
        n->actor = f->actor ? actor_share(f->actor) : NULL;
        n->kinds |= f->kinds;
        n->folder = f->folder;
        n->pid = f->pid;
        n->time_ms = clock_wall_ms();
    }
    lock_drop(w->lock);
    if (ring)
        bell_ring(w->bell);
}

void watch_push_overflow(struct watch *w)
{
    lock_take(w->lock);
    w->overflow = true;
    lock_drop(w->lock);
    bell_ring(w->bell);
}

static void unchain(struct watch *w, const struct node *n)
{
    struct node **at = &w->buckets[n->hash % BUCKETS];
    while (*at != n)
        at = &(*at)->same_hash;
    *at = n->same_hash;
}

static void unlink_first(struct watch *w)
{
    struct node *n = w->first;
    unchain(w, n);
    w->first = n->next;
    if (!w->first)
        w->last = &w->first;
    w->n--;
    w->bytes -= n->bytes;
}

/* One of three, or none: a change; a folder that lost some (the caller's to free); all is lost. */
static struct node *take(struct watch *w, char **lost, bool *overflow)
{
    lock_take(w->lock);
    struct node *n = NULL;
    *overflow = w->overflow;
    *lost = NULL;
    if (w->overflow) {
        w->overflow = false;
        while (w->lost_n > 0)
            free(w->lost[--w->lost_n]);
    } else if (w->first) {
        n = w->first;
        unlink_first(w);
    } else if (w->lost_n > 0) {
        *lost = w->lost[--w->lost_n];
    } else {
        bell_clear(w->bell);
    }
    lock_drop(w->lock);
    return n;
}

static void node_free(struct node *n)
{
    actor_drop(n->actor);
    free(n);
}

static void fill(struct watch_event *out, const struct node *n)
{
    out->kinds = n->kinds;
    out->folder = n->folder;
    out->time_ms = n->time_ms;
    snprintf(out->path, sizeof(out->path), "%s", n->text);
    if (n->path2)
        snprintf(out->path2, sizeof(out->path2), "%s", n->text + n->path2);
    if (n->actor)
        actor_unpack(n->actor, &out->actor);
    out->actor.pid = n->pid;
}

int watch_next(struct watch *w, struct watch_event *out)
{
    bool overflow;
    char *lost;
    struct node *n = take(w, &lost, &overflow);
    if (!n && !lost && !overflow)
        return 0;
    out->kinds = WATCH_OVERFLOW;
    out->folder = lost != NULL;
    out->time_ms = clock_wall_ms();
    out->path[0] = out->path2[0] = '\0';
    memset(&out->actor, 0, sizeof(out->actor));
    out->actor.login_uid = WATCH_NO_USER;
    if (n) {
        fill(out, n);
        node_free(n);
    } else if (lost) {
        snprintf(out->path, sizeof(out->path), "%s", lost);
        free(lost);
    }
    return 1;
}

wait_t watch_wait(const struct watch *w)
{
    return bell_wait(w->bell);
}

/* ---- the reader thread ---- */

/* Takes what is mounted now into account, not too often; how long to wait until then, -1: for ever.
 */
static int follow_mounts(struct watch *w, bool changed)
{
    w->mounts_changed = w->mounts_changed || changed;
    if (!w->mounts_changed)
        return -1;
    int64_t now = clock_mono_ms();
    if (now < w->mounts_next_ms)
        return (int)(w->mounts_next_ms - now);
    w->mounts_changed = false;
    roots_follow_mounts(w->roots);
    w->mounts_next_ms = clock_mono_ms() + MOUNTS_EVERY_MS;
    return -1;
}

static void read_loop(void *arg)
{
    struct watch *w = arg;
    int wait = -1;
    while (!__atomic_load_n(&w->stop, __ATOMIC_ACQUIRE)) {
        struct pollfd fds[5] = {{.fd = w->wake, .events = POLLIN},
                                {.fd = roots_mount_table(w->roots), .events = POLLPRI}};
        nfds_t n = 2;
        struct ino *ino = roots_inotify(w->roots);
        if (w->fan)
            n += fan_polls(w->fan, fds + n);
        if (ino)
            n += ino_polls(ino, fds + n);
        if (poll(fds, n, wait) < 0)
            continue;
        eventfd_t rings;
        if (fds[0].revents)
            eventfd_read(w->wake, &rings);
        wait = follow_mounts(w, fds[1].revents != 0);
        if (w->fan)
            fan_read(w->fan);
        if (ino)
            ino_read(ino);
    }
}

void watch_wake(struct watch *w)
{
    eventfd_write(w->wake, 1);
}

/* ---- roots ---- */

int watch_add(struct watch *w, const char *path)
{
    return roots_add(w->roots, path);
}

size_t watch_status(struct watch *w, struct watch_root_status *out, size_t max)
{
    return roots_status(w->roots, out, max);
}

/* ---- life ---- */

static int start(struct watch *w)
{
    int rc = bell_open(&w->bell);
    if (rc != 0)
        return rc;
    w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->wake < 0)
        return -errno;
    int fan_error = fan_open(w, &w->fan);
    w->roots = roots_new(w, w->fan, fan_error);
    if (!w->roots)
        return -ENOMEM;
    return thread_start(read_loop, w, false, &w->reader);
}

int watch_open(const struct watch_filter *filter, struct watch **out)
{
    *out = NULL;
    struct watch *w = calloc(1, sizeof(*w));
    if (!w)
        return -ENOMEM;
    w->filter = *filter;
    w->last = &w->first;
    w->wake = -1;
    w->lock = lock_new();
    int rc = start(w);
    if (rc != 0)
        watch_close(w);
    else
        *out = w;
    return rc;
}

void watch_close(struct watch *w)
{
    if (!w)
        return;
    if (w->reader) {
        __atomic_store_n(&w->stop, true, __ATOMIC_RELEASE);
        eventfd_write(w->wake, 1);
        thread_join(w->reader);
    }
    fan_close(w->fan);
    roots_free(w->roots);
    while (w->lost_n > 0)
        free(w->lost[--w->lost_n]);
    while (w->first) {
        struct node *n = w->first;
        w->first = n->next;
        node_free(n);
    }
    if (w->wake >= 0)
        close(w->wake);
    bell_close(w->bell);
    lock_free(w->lock);
    free(w);
}
