/*
 * The event log of Windows, channel by channel, read only. One subscription holds one channel and
 * is pulled: events are fetched when there is room for them, a burst waits in the channel and not
 * in our memory, and no thread of the system's calls into the agent. (Pushed ones would come in a
 * thread of their own, without a way to say "later".)
 *
 * wevtapi.dll is looked for at run time. Where there is none, or only one that does nothing (Linux,
 * wine), functions say -ENOSYS. Others say what is written here, or another negative errno value;
 * any error of eventlog_next but -ENODATA ends the subscription: close it, and open it again after
 * the bookmark. One thread at a time.
 *
 *   -ENODEV      there is no such channel
 *   -ENOTSUP     a channel that cannot be followed (analytic, debug)
 *   -EACCES      this account may not read it
 *   -ECONNRESET  the service EventLog does not answer, or was started anew
 *   -ENOENT      the event of the bookmark is gone: overwritten, or cleared
 *   -EOVERFLOW   events were overwritten before they were fetched
 *   -EMSGSIZE    so many events are too much at once: open it with a smaller at_once
 */
#ifndef PLATFORM_EVENTLOG_H
#define PLATFORM_EVENTLOG_H

#include "platform/poll.h"

#include <stdbool.h>
#include <stddef.h>

#define EVENTLOG_BOOKMARK_MAX 1024          /* with its NUL */
#define EVENTLOG_EVENT_MAX    (1024 * 1024) /* bytes of an event's XML */
#define EVENTLOG_AT_ONCE      64            /* events fetched at once, at most */

struct eventlog;

/* The place behind the channel's newest event: 1 and a bookmark, 0 when the channel is empty. */
int eventlog_end(const char *channel, char *bookmark, size_t size);

/* Events after that of the bookmark; NULL: from the oldest on, and then -EOVERFLOW is not told: as
 * soon as there is a bookmark, it is better opened again with that. */
int eventlog_open(const char *channel, const char *bookmark, unsigned at_once,
                  struct eventlog **out);
void eventlog_close(struct eventlog *l);

/* Ready when events came; eventlog_next has to be called then until it says 0. */
wait_t eventlog_wait(struct eventlog *l);
/* Whether eventlog_next may have something; asks nobody. */
bool eventlog_ready(const struct eventlog *l);

/* The next event as XML (Windows' event schema), UTF-8 and NUL-terminated, valid until the next
 * call of any function here: 1, 0 at the end. -ENODATA: there is one that cannot be shown, or not
 * within EVENTLOG_EVENT_MAX; it is passed over. */
int eventlog_next(struct eventlog *l, const char **xml, size_t *n);

/* A bookmark of the event that eventlog_next gave last: XML with the attributes Channel and
 * RecordId. Valid for as long as the channel holds the event, over restarts of all kinds. */
int eventlog_bookmark(struct eventlog *l, char *out, size_t size);

#endif
