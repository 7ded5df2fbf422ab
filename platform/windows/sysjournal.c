/* Windows has no journald. */
#include "platform/sysjournal.h"

#include <errno.h>

int sysjournal_open(const char *folder, struct sysjournal **out)
{
    (void)folder;
    *out = NULL;
    return -ENOSYS;
}

void sysjournal_close(struct sysjournal *j)
{
    (void)j;
}

wait_t sysjournal_wait(struct sysjournal *j)
{
    (void)j;
    return WAIT_NONE;
}

int sysjournal_process(struct sysjournal *j)
{
    (void)j;
    return -ENOSYS;
}

int sysjournal_only(struct sysjournal *j, const char *field)
{
    (void)j;
    (void)field;
    return -ENOSYS;
}

int sysjournal_seek_time(struct sysjournal *j, int64_t wall_ms)
{
    (void)j;
    (void)wall_ms;
    return -ENOSYS;
}

int sysjournal_seek_cursor(struct sysjournal *j, const char *cursor)
{
    (void)j;
    (void)cursor;
    return -ENOSYS;
}

int sysjournal_next(struct sysjournal *j)
{
    (void)j;
    return -ENOSYS;
}

int sysjournal_cursor(struct sysjournal *j, char *out, size_t size)
{
    (void)j;
    (void)out;
    (void)size;
    return -ENOSYS;
}

int sysjournal_time(struct sysjournal *j, int64_t *wall_ms)
{
    (void)j;
    (void)wall_ms;
    return -ENOSYS;
}

int sysjournal_field(struct sysjournal *j, const char **data, size_t *n)
{
    (void)j;
    (void)data;
    (void)n;
    return -ENOSYS;
}
