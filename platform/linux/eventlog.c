/* Linux has no event log; its journal is read through platform/sysjournal.h. */
#include "platform/eventlog.h"

#include <errno.h>

int eventlog_end(const char *channel, char *bookmark, size_t size)
{
    (void)channel, (void)bookmark, (void)size;
    return -ENOSYS;
}

int eventlog_open(const char *channel, const char *bookmark, unsigned at_once,
                  struct eventlog **out)
{
    (void)channel, (void)bookmark, (void)at_once;
    *out = NULL;
    return -ENOSYS;
}

void eventlog_close(struct eventlog *l)
{
    (void)l;
}

wait_t eventlog_wait(struct eventlog *l)
{
    (void)l;
    return WAIT_NONE;
}

bool eventlog_ready(const struct eventlog *l)
{
    (void)l;
    return false;
}

int eventlog_next(struct eventlog *l, const char **xml, size_t *n)
{
    (void)l, (void)xml, (void)n;
    return -ENOSYS;
}

int eventlog_bookmark(struct eventlog *l, char *out, size_t size)
{
    (void)l, (void)out, (void)size;
    return -ENOSYS;
}
