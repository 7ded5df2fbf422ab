/* Sockets that others can send to: listening TCP, and unconnected UDP with a port of its own. (Of
 * Windows: every UDP socket with a port, it does not say which are connected.) */
#ifndef PLATFORM_SOCKETS_H
#define PLATFORM_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCKET_UID_UNKNOWN UINT32_MAX

struct open_socket {
    bool tcp; /* else UDP */
    bool v6;
    uint8_t address[16]; /* 4 bytes of it without v6; all zeros: every address of this machine */
    uint16_t port;
    uint32_t uid; /* whose it is */
    uint32_t pid; /* which process made it; 0: the system does not say (Linux) */
    /* Tells it from those that had its port before; 0: the system does not say. On Windows a
     * number of our own, of what else is here and when it was made. */
    uint64_t inode;
};

/* Fills at most max; how many there are may be more. The system is asked for these alone, so the
 * cost does not grow with the number of connections. Negative errno value on failure (-ENOSYS:
 * a kernel without sock_diag). */
int sockets_open_to_others(struct open_socket *out, size_t max);

/* The ports that the system gives out by itself, to clients for the most part. root: "" for the
 * host itself, or a folder that holds another one's files (tests). */
void sockets_passing_ports(const char *root, uint16_t *low, uint16_t *high);

#endif
