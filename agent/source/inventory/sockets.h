/*
 * Listening TCP sockets and unconnected UDP ones: asked of the system (platform/sockets.h), or from
 * /proc/net/{tcp,tcp6,udp,udp6} below another root and where the system cannot be asked. In
 * /proc/net/tcp the listening sockets stand before all others, so it is read no further than that.
 */
#ifndef SOURCE_INVENTORY_SOCKETS_H
#define SOURCE_INVENTORY_SOCKETS_H

#include "source/inventory/part.h"

#define INVENTORY_SOCKETS_MAX 8192
#define INVENTORY_ADDRESS_MAX 48

struct inventory_socket {
    char address[INVENTORY_ADDRESS_MAX];
    uint16_t port;
    uint8_t state; /* of the kernel: 10 listening, 7 unconnected */
    bool connected, tcp;
    uint32_t uid; /* or SOCKET_UID_UNKNOWN */
    uint32_t pid; /* 0: the system does not say */
    uint64_t inode;
};

struct inventory_sockets {
    struct inventory_socket *items;
    size_t n, room;
    uint64_t cut;
};

/* 0, or a negative errno value. Release in any case. */
int inventory_sockets_read(const struct inventory_reader *r, struct inventory_sockets *out);
void inventory_sockets_release(struct inventory_sockets *s);

/* A line of /proc/net/tcp or udp, tcp6 or udp6; false if it is none. */
bool inventory_socket_parse(struct span line, bool v6, struct inventory_socket *out);

#endif
