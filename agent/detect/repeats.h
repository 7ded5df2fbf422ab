/*
 * Findings that come again: the first is told at once, what follows within the window is counted,
 * and told in one event (activity Update, same finding uid, count, first and last time) when the
 * window is over, by the clock or by the time of the next one.
 *
 * Times of findings are those of their records; when a window ends without another finding says the
 * wall clock. At most REPEATS_MAX windows are open; the oldest is ended for a new one. State is
 * durable, under keys that begin with REPEATS_PREFIX.
 */
#ifndef DETECT_REPEATS_H
#define DETECT_REPEATS_H

#include "detect/flood_host.h"

#include <stdbool.h>

#define REPEATS_MAX    512
#define REPEATS_PREFIX SPAN("flood.r.")

struct repeats;
struct repeats *repeats_new(const struct flood_host *host); /* the host is borrowed */
void repeats_free(struct repeats *r);

/* True: it is one that is counted. A window that it ends is told. */
bool repeats_take(struct repeats *r, const struct event *e);
/* The finding was told: its window begins. */
void repeats_begin(struct repeats *r, const struct event *e, int64_t wall_ms);
/* Ends what is over. The wall clock's time in ms of the next end; INT64_MAX: none. */
int64_t repeats_run(struct repeats *r, int64_t wall_ms);
void repeats_checkpoint(struct repeats *r);
/* False when it makes no sense. */
bool repeats_restore(struct repeats *r, struct span key, struct span value);

#endif
