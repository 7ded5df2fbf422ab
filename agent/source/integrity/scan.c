#include "source/integrity/scan.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/thread.h"
#include "source/integrity/pending.h"
#include "source/integrity/walk.h"

#define JOBS_MAX  64
#define FOUND_MAX 256
#define RUNS_MAX  3    /* everything, a tree that interrupts it, and one that interrupts that */
#define TREE_MS   1000 /* a tree goes on so long before another may interrupt it */

struct run {
    const struct integrity_job *job;
    int64_t since_ms; /* when it began or went on */
};

struct integrity_scan {
    struct integrity_walk_host host;
    struct lock *lock; /* of what follows */
    struct integrity_job *jobs[JOBS_MAX];
    size_t jobs_n;
    size_t open_n;                           /* jobs whose end was not taken yet */
    struct integrity_found found[FOUND_MAX]; /* a ring */
    size_t first, found_n;
    bool stop;
    uint64_t progress;
    struct run runs[RUNS_MAX]; /* the worker's, as the next: what runs, the innermost last */
    size_t runs_n;
    struct bell *to_loop, *to_worker;
    struct thread *worker;
};

struct integrity_job *integrity_job_new(const char *path, struct integrity_actor *actor)
{
    struct integrity_job *job = mem_new(1, sizeof(*job));
    job->path = mem_text(path);
    job->actor = actor;
    return job;
}

void integrity_job_free(struct integrity_job *job)
{
    if (!job)
        return;
    integrity_actor_drop(job->actor);
    free(job->path);
    free(job->from);
    free(job->adopt);
    free(job);
}

void integrity_found_free(struct integrity_found *f)
{
    free(f->path);
    free(f->signature);
    f->path = NULL;
    f->signature = NULL;
}

/* ---- the worker's side ---- */

static bool must_stop(void *ctx)
{
    struct integrity_scan *s = ctx;
    return __atomic_load_n(&s->stop, __ATOMIC_RELAXED);
}

static void pause_worker(struct integrity_scan *s, int64_t ms)
{
    struct poll_item item = {bell_wait(s->to_worker), false};
    poll_wait(&item, 1, ms);
    bell_clear(s->to_worker);
}

static bool push(struct integrity_scan *s, const struct integrity_found *f)
{
    for (;;) {
        lock_take(s->lock);
        bool room = s->found_n < FOUND_MAX, ring = s->found_n == 0;
        if (room)
            s->found[(s->first + s->found_n++) % FOUND_MAX] = *f;
        lock_drop(s->lock);
        if (room && ring)
            bell_ring(s->to_loop);
        if (room || must_stop(s))
            return room;
        pause_worker(s, 100);
    }
}

static void found(void *ctx, const struct integrity_found *f)
{
    struct integrity_found mine = *f;
    if (!push(ctx, f))
        integrity_found_free(&mine);
}

static bool is_running(const struct integrity_scan *s, const char *path)
{
    for (size_t i = 0; i < s->runs_n; i++)
        if (s->runs[i].job->path && strcmp(s->runs[i].job->path, path) == 0)
            return true;
    return false;
}

/* The first of the trees; everything comes after them. */
static struct integrity_job *take_job(struct integrity_scan *s)
{
    struct integrity_job *job = NULL;
    lock_take(s->lock);
    for (size_t i = 0; i < s->jobs_n && !job; i++) {
        bool tree = s->jobs[i]->path && !is_running(s, s->jobs[i]->path);
        if (!tree && (s->runs_n > 0 || i + 1 < s->jobs_n))
            continue;
        job = s->jobs[i];
        memmove(&s->jobs[i], &s->jobs[i + 1], (--s->jobs_n - i) * sizeof(struct integrity_job *));
    }
    lock_drop(s->lock);
    return job;
}

static void run_job(struct integrity_scan *s, struct integrity_job *job)
{
    int64_t began = clock_mono_ms();
    s->runs[s->runs_n++] = (struct run){job, began};
    job->result.started_ms = clock_wall_ms();
    integrity_walk(&s->host, job);
    job->result.duration_ms = clock_mono_ms() - began;
    s->runs_n--;
    struct integrity_found end = {.kind = INTEGRITY_FOUND_END, .job = job};
    if (!push(s, &end))
        integrity_job_free(job);
}

/* Trees go before what is left of everything; and, so that one with a million files does not hold
 * up all others, in turns with what is left of a long one. */
static void between(void *ctx, uint64_t files)
{
    struct integrity_scan *s = ctx;
    struct run *run = &s->runs[s->runs_n - 1];
    struct integrity_job *job;
    if (!run->job->path)
        __atomic_store_n(&s->progress, files, __ATOMIC_RELAXED);
    if (__atomic_load_n(&s->jobs_n, __ATOMIC_RELAXED) == 0 || s->runs_n == RUNS_MAX)
        return;
    int64_t now = clock_mono_ms(), until = run->job->path ? now + TREE_MS : INT64_MAX;
    if (run->job->path && now - run->since_ms < TREE_MS)
        return;
    while (now < until && (job = take_job(s))) {
        run_job(s, job);
        now = clock_mono_ms();
    }
    run->since_ms = now;
}

static void work(void *arg)
{
    struct integrity_scan *s = arg;
    while (!must_stop(s)) {
        struct integrity_job *job = take_job(s);
        if (job)
            run_job(s, job);
        else
            pause_worker(s, -1);
    }
}

/* ---- the loop's side ---- */

/* Whether another job that has not begun will see all that this one would. */
static bool is_waiting(const struct integrity_scan *s, const struct integrity_job *job)
{
    for (size_t i = 0; i < s->jobs_n && job->path && !job->actor; i++)
        if (s->jobs[i]->path && !s->jobs[i]->actor && strcmp(s->jobs[i]->path, job->path) == 0)
            return true;
    return false;
}

bool integrity_scan_give(struct integrity_scan *s, struct integrity_job *job)
{
    lock_take(s->lock);
    bool waits = is_waiting(s, job), room = waits || s->jobs_n < JOBS_MAX;
    if (waits) {
        integrity_job_free(job);
    } else if (room) {
        s->open_n++;
        s->jobs[s->jobs_n] = job;
        __atomic_store_n(&s->jobs_n, s->jobs_n + 1, __ATOMIC_RELAXED);
    }
    lock_drop(s->lock);
    if (room)
        bell_ring(s->to_worker);
    return room;
}

bool integrity_scan_next(struct integrity_scan *s, struct integrity_found *out)
{
    lock_take(s->lock);
    bool any = s->found_n > 0, was_full = s->found_n == FOUND_MAX;
    if (any) {
        *out = s->found[s->first];
        s->first = (s->first + 1) % FOUND_MAX;
        s->found_n--;
        s->open_n -= out->kind == INTEGRITY_FOUND_END;
    } else {
        bell_clear(s->to_loop);
    }
    lock_drop(s->lock);
    if (was_full)
        bell_ring(s->to_worker);
    return any;
}

bool integrity_scan_idle(struct integrity_scan *s)
{
    lock_take(s->lock);
    bool idle = s->open_n == 0;
    lock_drop(s->lock);
    return idle;
}

wait_t integrity_scan_wait(const struct integrity_scan *s)
{
    return bell_wait(s->to_loop);
}

uint64_t integrity_scan_progress(const struct integrity_scan *s)
{
    return __atomic_load_n(&s->progress, __ATOMIC_RELAXED);
}

int integrity_scan_open(const struct config *c, const struct integrity_paths *paths,
                        struct store *store, struct integrity_scan **out)
{
    struct integrity_scan *s = mem_new(1, sizeof(*s));
    *out = NULL;
    s->host = (struct integrity_walk_host){c, paths, store, s, must_stop, found, between};
    s->lock = lock_new();
    int rc = bell_open(&s->to_loop);
    if (rc == 0)
        rc = bell_open(&s->to_worker);
    if (rc == 0)
        rc = thread_start(work, s, true, &s->worker);
    if (rc != 0)
        integrity_scan_close(s);
    else
        *out = s;
    return rc;
}

void integrity_scan_close(struct integrity_scan *s)
{
    struct integrity_found f;
    if (!s)
        return;
    __atomic_store_n(&s->stop, true, __ATOMIC_RELAXED);
    if (s->worker) {
        bell_ring(s->to_worker);
        thread_join(s->worker);
    }
    while (s->to_loop && integrity_scan_next(s, &f)) {
        integrity_found_free(&f);
        if (f.kind == INTEGRITY_FOUND_END)
            integrity_job_free(f.job);
    }
    for (size_t i = 0; i < s->jobs_n; i++)
        integrity_job_free(s->jobs[i]);
    bell_close(s->to_loop);
    bell_close(s->to_worker);
    lock_free(s->lock);
    free(s);
}
