/*
 * Waiting for several things at once. A wait_t is what the system can wait on (a descriptor on
 * POSIX, an event HANDLE on Windows); the modules that produce one say when it is ready.
 */
#ifndef PLATFORM_POLL_H
#define PLATFORM_POLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef intptr_t wait_t;
#define WAIT_NONE ((wait_t)-1)
#define POLL_MAX  64

struct poll_item {
    wait_t what;
    bool ready; /* set by poll_wait */
};

/* Waits until one is ready or the time is over (timeout_ms < 0: for ever). Number ready, 0 on
 * time-out or signal, or a negative errno value. At most POLL_MAX items. */
int poll_wait(struct poll_item *items, size_t n, int64_t timeout_ms);

/* A bell that any thread may ring and one loop waits for. */
struct bell;
int bell_open(struct bell **out);
wait_t bell_wait(const struct bell *b);
void bell_ring(struct bell *b);
void bell_clear(struct bell *b);
void bell_close(struct bell *b);

#endif
