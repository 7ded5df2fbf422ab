/*
 * The few threads this program has: the scan worker and the reader of file notifications beside the
 * poll loop. Locks are not recursive. Failure to make a lock ends the process (out of memory).
 */
#ifndef PLATFORM_THREAD_H
#define PLATFORM_THREAD_H

#include <stdbool.h>

struct lock;
struct lock *lock_new(void);
void lock_free(struct lock *l);
void lock_take(struct lock *l);
void lock_drop(struct lock *l);

struct thread;
/* background: idle I/O priority and a low one for the CPU (a tenth of what others get), for scans.
 * Small stack (512 KiB). */
int thread_start(void (*run)(void *arg), void *arg, bool background, struct thread **out);
void thread_join(struct thread *t); /* waits for the end and frees t */
/* Instead of it: the thread goes on by itself, and t is freed at its end, which may never come. */
void thread_leave(struct thread *t);

#endif
