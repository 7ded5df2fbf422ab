#include "platform/thread.h"

#include "platform/posix/background.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* The sanitizers' frames are several times as large. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_SIZE (2048 * 1024)
#else
#define STACK_SIZE (512 * 1024)
#endif

struct lock {
    pthread_mutex_t mutex;
};

static void end_unless(bool well, const char *what)
{
    if (well)
        return;
    fprintf(stderr, "vigia: %s failed\n", what);
    abort();
}

struct lock *lock_new(void)
{
    struct lock *l = malloc(sizeof(*l));
    end_unless(l && pthread_mutex_init(&l->mutex, NULL) == 0, "making a lock");
    return l;
}

void lock_free(struct lock *l)
{
    if (!l)
        return;
    pthread_mutex_destroy(&l->mutex);
    free(l);
}

void lock_take(struct lock *l)
{
    end_unless(pthread_mutex_lock(&l->mutex) == 0, "taking a lock");
}

void lock_drop(struct lock *l)
{
    end_unless(pthread_mutex_unlock(&l->mutex) == 0, "dropping a lock");
}

struct thread {
    pthread_t id;
    void (*run)(void *arg);
    void *arg;
    bool background;
    atomic_bool parted; /* it has ended, or was left: who comes second frees */
};

static void *thread_main(void *arg)
{
    struct thread *t = arg;
    if (t->background)
        background_enter();
    t->run(t->arg);
    if (atomic_exchange(&t->parted, true))
        free(t);
    return NULL;
}

int thread_start(void (*run)(void *arg), void *arg, bool background, struct thread **out)
{
    *out = NULL;
    struct thread *t = malloc(sizeof(*t));
    if (!t)
        return -ENOMEM;
    t->run = run;
    t->arg = arg;
    t->background = background;
    atomic_init(&t->parted, false);
    pthread_attr_t attr;
    int rc = pthread_attr_init(&attr);
    if (rc == 0) {
        rc = pthread_attr_setstacksize(&attr, STACK_SIZE);
        if (rc == 0)
            rc = pthread_create(&t->id, &attr, thread_main, t);
        pthread_attr_destroy(&attr);
    }
    if (rc != 0) {
        free(t);
        return -rc;
    }
    *out = t;
    return 0;
}

void thread_join(struct thread *t)
{
    if (!t)
        return;
    pthread_join(t->id, NULL);
    free(t);
}

void thread_leave(struct thread *t)
{
    pthread_detach(t->id);
    if (atomic_exchange(&t->parted, true))
        free(t);
}
