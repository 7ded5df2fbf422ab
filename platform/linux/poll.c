/* The bell is an eventfd: any number of rings, one wake-up. */
#include "platform/poll.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct bell {
    int fd;
};

int bell_open(struct bell **out)
{
    *out = NULL;
    struct bell *b = malloc(sizeof(*b));
    if (!b)
        return -ENOMEM;
    b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (b->fd < 0) {
        int rc = -errno;
        free(b);
        return rc;
    }
    *out = b;
    return 0;
}

wait_t bell_wait(const struct bell *b)
{
    return b->fd;
}

void bell_ring(struct bell *b)
{
    eventfd_t one = 1; /* EAGAIN: the counter is full, so the bell is ringing already */
    while (eventfd_write(b->fd, one) != 0 && errno == EINTR)
        ;
}

void bell_clear(struct bell *b)
{
    eventfd_t rings;
    while (eventfd_read(b->fd, &rings) != 0 && errno == EINTR)
        ;
}

void bell_close(struct bell *b)
{
    if (!b)
        return;
    close(b->fd);
    free(b);
}
