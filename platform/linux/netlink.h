/*
 * Sockets that ask the kernel, and one question with its answer message by message.
 *
 * A socket that is given back is kept for the next who asks, one of each kind: a role may have
 * given up making sockets by then (platform/confine.h).
 */
#ifndef PLATFORM_LINUX_NETLINK_H
#define PLATFORM_LINUX_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>

/* NETLINK_ROUTE, NETLINK_SOCK_DIAG or NETLINK_CONNECTOR; it blocks, unless a call says otherwise.
 * What its owner before left in it may still come. A negative errno value on failure. Any thread.
 */
int netlink_take(int protocol);
void netlink_give_back(int protocol, int s);
/* From now on there is one of each kind for who asks, where the kernel has it. */
void netlink_keep(void);

/* Asks for a dump: type and body (size bytes) of the request. Each message of the answer goes to
 * take. 0, or a negative errno value. */
int netlink_dump(int protocol, unsigned short type, const void *body, size_t size, void *ctx,
                 void (*take)(void *ctx, const struct nlmsghdr *message));

#endif
