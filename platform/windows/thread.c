#include "platform/thread.h"

#include "platform/windows/path.h"

#include <errno.h>
#include <process.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#define STACK_SIZE (512 * 1024)

struct lock {
    SRWLOCK is;
};

struct lock *lock_new(void)
{
    struct lock *l = malloc(sizeof(*l));
    if (!l) {
        fprintf(stderr, "vigia: making a lock failed\n");
        abort();
    }
    InitializeSRWLock(&l->is);
    return l;
}

void lock_free(struct lock *l)
{
    free(l);
}

void lock_take(struct lock *l)
{
    AcquireSRWLockExclusive(&l->is);
}

void lock_drop(struct lock *l)
{
    ReleaseSRWLockExclusive(&l->is);
}

struct thread {
    HANDLE handle;
    void (*run)(void *arg);
    void *arg;
    bool background;
    atomic_bool parted; /* it has ended, or was left: who comes second frees */
};

static unsigned __stdcall thread_main(void *arg)
{
    struct thread *t = arg;
    if (t->background) /* CPU, disk and memory all three */
        SetThreadPriority(GetCurrentThread(), THREAD_MODE_BACKGROUND_BEGIN);
    t->run(t->arg);
    if (atomic_exchange(&t->parted, true))
        free(t);
    return 0;
}

int thread_start(void (*run)(void *arg), void *arg, bool background, struct thread **out)
{
    *out = NULL;
    struct thread *t = malloc(sizeof(*t));
    if (!t)
        return -ENOMEM;
    *t = (struct thread){.run = run, .arg = arg, .background = background};
    t->handle = (HANDLE)_beginthreadex(NULL, STACK_SIZE, thread_main, t,
                                       STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (!t->handle) {
        free(t);
        return -EAGAIN;
    }
    *out = t;
    return 0;
}

void thread_join(struct thread *t)
{
    if (!t)
        return;
    WaitForSingleObject(t->handle, INFINITE);
    CloseHandle(t->handle);
    free(t);
}

void thread_leave(struct thread *t)
{
    CloseHandle(t->handle);
    if (atomic_exchange(&t->parted, true))
        free(t);
}
