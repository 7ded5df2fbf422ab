/* One question to the kernel over netlink, and its answer message by message. */
#ifndef PLATFORM_LINUX_NETLINK_H
#define PLATFORM_LINUX_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>

/* Asks for a dump: type and body (size bytes) of the request. Each message of the answer goes to
 * take. 0, or a negative errno value. */
int netlink_dump(int protocol, unsigned short type, const void *body, size_t size, void *ctx,
                 void (*take)(void *ctx, const struct nlmsghdr *message));

#endif
