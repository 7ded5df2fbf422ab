/* Sockets that others can send to: listening TCP, and unconnected UDP with a port of its own. */
#ifndef PLATFORM_SOCKETS_H
#define PLATFORM_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct open_socket {
    bool tcp; /* else UDP */
    bool v6;
    uint8_t address[16]; /* 4 bytes of it without v6; all zeros: every address of this machine */
    uint16_t port;
    uint32_t uid;   /* whose it is */
    uint64_t inode; /* 0: the system does not say */
};

/* Fills at most max; how many there are may be more. The system is asked for these alone, so the
 * cost does not grow with the number of connections. Negative errno value on failure (-ENOSYS:
 * a kernel without sock_diag, or Windows, where nobody asks yet). */
int sockets_open_to_others(struct open_socket *out, size_t max);

#endif
