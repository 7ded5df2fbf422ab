#include "platform/poll.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

int poll_wait(struct poll_item *items, size_t n, int64_t timeout_ms)
{
    struct pollfd fds[POLL_MAX];
    if (n > POLL_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        fds[i] = (struct pollfd){.fd = (int)items[i].what, .events = POLLIN};
        items[i].ready = false;
    }
    int wait = timeout_ms < 0 ? -1 : timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
    int count = poll(fds, (nfds_t)n, wait);
    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    for (size_t i = 0; i < n; i++) {
        if (fds[i].revents & POLLNVAL)
            return -EBADF;
        items[i].ready = fds[i].revents != 0;
    }
    return count;
}
