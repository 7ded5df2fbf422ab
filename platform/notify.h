/*
 * Tells that something changed in a few small folders of our own (outbox, inbox, requests) or that
 * a followed log changed, so that nobody has to look every second. Says that something changed in a
 * path, not what; events may be merged or lost, so the reader looks at the folder itself, and now
 * and then without being told.
 */
#ifndef PLATFORM_NOTIFY_H
#define PLATFORM_NOTIFY_H

#include "platform/poll.h"

struct notify;
int notify_open(struct notify **out);
/* Adds a folder (entries made, renamed, removed, closed after writing, written to). Returns an id
 * >= 0 that notify_next gives back, or a negative errno value. The same folder gives the same id;
 * one that was removed and made again gets a new one, so adding again now and then finds it. A
 * single file may be added as well. */
int notify_add(struct notify *n, const char *folder);
wait_t notify_wait(const struct notify *n);
/* The next changed folder's id, -1 when there is no more, -2 when some were lost (look at all). */
int notify_next(struct notify *n);
void notify_close(struct notify *n);

#endif
