/* The queue between the reader thread and the loop, and which mechanism watches what. */
#include "platform/watch.h"

#include "platform/clock.h"
#include "platform/file.h"
#include "platform/linux/watch_parts.h"
#include "platform/mounts.h"
#include "platform/thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define QUEUE_MAX 8192
#define BUCKETS   4096
#define ROOTS_MAX 256

struct node {
    struct node *next;      /* in the order of arrival */
    struct node *same_hash; /* bucket's chain */
    uint32_t hash;
    uint32_t kinds;
    bool folder;
    int pid;
    int64_t time_ms;
    struct actor *actor;
    size_t path2; /* where it starts in text; 0: none */
    char text[];
};

struct root {
    char *path;
    const char *mechanism;
    char why[160];
};

struct watch {
    struct watch_filter filter;
    struct lock *lock; /* of the queue */
    struct node *first, **last;
    struct node *buckets[BUCKETS];
    size_t n;
    bool overflow;
    struct bell *bell;

    struct fan *fan; /* NULL where it is refused: fan_error */
    int fan_error;
    struct ino *ino; /* made when first needed; grows only */
    struct root roots[ROOTS_MAX];
    size_t roots_n;
    struct thread *reader;
    int wake; /* an eventfd: stop, or look what there is to wait for */
    bool stop;
};

/* ---- the queue ---- */

bool watch_wants(const struct watch *w, const char *path, bool folder)
{
    return w->filter.wanted(w->filter.ctx, path, folder);
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

static struct node *append(struct watch *w, const struct watch_found *f, uint32_t hash)
{
    struct node *n = w->n < QUEUE_MAX ? node_new(f, hash) : NULL;
    if (!n) {
        w->overflow = true;
        return NULL;
    }
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

static struct node *take(struct watch *w, bool *overflow)
{
    lock_take(w->lock);
    *overflow = w->overflow;
    w->overflow = false;
    struct node *n = *overflow ? NULL : w->first;
    if (n) {
        unchain(w, n);
        w->first = n->next;
        if (!w->first)
            w->last = &w->first;
        w->n--;
    } else if (!*overflow) {
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

int watch_next(struct watch *w, struct watch_event *out)
{
    bool overflow;
    struct node *n = take(w, &overflow);
    if (!n && !overflow)
        return 0;
    out->kinds = n ? n->kinds : WATCH_OVERFLOW;
    out->folder = n && n->folder;
    out->time_ms = n ? n->time_ms : clock_wall_ms();
    out->path[0] = out->path2[0] = '\0';
    memset(&out->actor, 0, sizeof(out->actor));
    out->actor.login_uid = WATCH_NO_USER;
    if (!n)
        return 1;
    snprintf(out->path, sizeof(out->path), "%s", n->text);
    if (n->path2)
        snprintf(out->path2, sizeof(out->path2), "%s", n->text + n->path2);
    if (n->actor)
        actor_unpack(n->actor, &out->actor);
    out->actor.pid = n->pid;
    node_free(n);
    return 1;
}

wait_t watch_wait(const struct watch *w)
{
    return bell_wait(w->bell);
}

/* ---- the reader thread ---- */

static void read_loop(void *arg)
{
    struct watch *w = arg;
    while (!__atomic_load_n(&w->stop, __ATOMIC_ACQUIRE)) {
        struct pollfd fds[4] = {{.fd = w->wake, .events = POLLIN}};
        nfds_t n = 1;
        struct ino *ino = __atomic_load_n(&w->ino, __ATOMIC_ACQUIRE);
        if (w->fan)
            n += fan_polls(w->fan, fds + n);
        if (ino)
            n += ino_polls(ino, fds + n);
        if (poll(fds, n, -1) < 0)
            continue;
        eventfd_t rings;
        if (fds[0].revents)
            eventfd_read(w->wake, &rings);
        if (w->fan)
            fan_read(w->fan);
        if (ino)
            ino_read(ino);
    }
}

/* ---- roots ---- */

static int add_by_inotify(struct watch *w, const char *path, char *why, size_t size)
{
    if (!w->ino) {
        struct ino *ino;
        int rc = ino_open(w, &ino);
        if (rc != 0) {
            snprintf(why, size, "inotify was refused (%s)", strerror(-rc));
            return rc;
        }
        __atomic_store_n(&w->ino, ino, __ATOMIC_RELEASE);
        eventfd_write(w->wake, 1);
    }
    return ino_add(w->ino, path, why, size);
}

/* The folder to mark: path itself, or the nearest one above it that is there. */
static void nearest_folder(const char *path, char *out, size_t size)
{
    struct file_info info;
    snprintf(out, size, "%s", path);
    while (out[1] && (file_info_at(out, &info) != 0 || info.type != FILE_FOLDER)) {
        char *slash = strrchr(out, '/');
        slash[slash == out] = '\0';
    }
}

static int add_one(struct watch *w, const char *path)
{
    char folder[WATCH_PATH_MAX];
    struct root *r = w->roots_n < ROOTS_MAX ? &w->roots[w->roots_n] : NULL;
    if (!r)
        return -ENOSPC;
    *r = (struct root){.path = strdup(path), .mechanism = "fanotify"};
    if (!r->path)
        return -ENOMEM;
    w->roots_n++;
    int rc = w->fan_error;
    nearest_folder(path, folder, sizeof(folder));
    if (w->fan)
        rc = fan_add(w->fan, folder, r->why, sizeof(r->why));
    else
        snprintf(r->why, sizeof(r->why), "fanotify is not available (%s)", strerror(-rc));
    if (rc == 0)
        return 0;
    rc = add_by_inotify(w, path, r->why, sizeof(r->why));
    r->mechanism = rc == 0 ? "inotify" : "none";
    return rc;
}

static bool add_mounted(void *ctx, const char *point, enum mount_kind kind)
{
    struct watch *w = ctx;
    if (kind == MOUNT_LOCAL && watch_wants(w, point, true))
        add_one(w, point);
    return true;
}

int watch_add(struct watch *w, const char *path)
{
    struct mounts *mounts = NULL;
    if (path[0] != '/' || strlen(path) >= WATCH_PATH_MAX)
        return -EINVAL;
    int rc = add_one(w, path);
    if (mounts_read(&mounts) == 0)
        mounts_below(mounts, path, add_mounted, w);
    mounts_free(mounts);
    return rc;
}

size_t watch_status(struct watch *w, struct watch_root_status *out, size_t max)
{
    size_t n = w->roots_n < max ? w->roots_n : max;
    for (size_t i = 0; i < n; i++) {
        snprintf(out[i].path, sizeof(out[i].path), "%s", w->roots[i].path);
        snprintf(out[i].why, sizeof(out[i].why), "%s", w->roots[i].why);
        out[i].mechanism = w->roots[i].mechanism;
    }
    return n;
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
    w->fan_error = fan_open(w, &w->fan);
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
    ino_close(w->ino);
    while (w->first) {
        struct node *n = w->first;
        w->first = n->next;
        node_free(n);
    }
    for (size_t i = 0; i < w->roots_n; i++)
        free(w->roots[i].path);
    if (w->wake >= 0)
        close(w->wake);
    bell_close(w->bell);
    lock_free(w->lock);
    free(w);
}
