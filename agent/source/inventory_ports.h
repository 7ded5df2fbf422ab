/*
 * Listening sockets of /proc/net/{tcp,tcp6,udp,udp6} with the programs that hold them.
 *
 * Programs are found by a walk over /proc/<pid>/fd, which costs: it is done only when the set of
 * listening sockets is another one than before. In /proc/net/tcp the listening sockets stand before
 * all others, so a host with a hundred thousand connections costs no more than an idle one.
 *
 * A port of the range that the system gives out by itself (ip_local_port_range) counts only when
 * the same socket was there at the look before: clients' sockets (DNS, FTP's data) come and go.
 */
#ifndef SOURCE_INVENTORY_PORTS_H
#define SOURCE_INVENTORY_PORTS_H

#include "source/inventory_part.h"

#define INVENTORY_SOCKETS_MAX 8192
#define INVENTORY_ADDRESS_MAX 48

struct inventory_socket {
    char address[INVENTORY_ADDRESS_MAX];
    uint16_t port;
    uint8_t state; /* of the kernel: 10 listening, 7 unconnected */
    bool connected;
    uint32_t uid;
    uint64_t inode;
};

/* A line of /proc/net/tcp or udp, tcp6 or udp6; false if it is none. */
bool inventory_socket_parse(struct span line, bool v6, struct inventory_socket *out);

void inventory_ports_free(struct inventory_ports *p); /* NULL is fine */

#endif
