#include "platform/addresses.h"

#include "platform/linux/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

struct reader {
    struct address *out;
    size_t max;
    int n;
    int names; /* any socket: what interfaces are called is asked through it */
};

/* if_indextoname() would make a socket for each. */
static bool name_of(int any, unsigned index, char *out, size_t size)
{
    struct ifreq r = {.ifr_ifindex = (int)index};
    if (ioctl(any, SIOCGIFNAME, &r) != 0)
        return false;
    snprintf(out, size, "%.*s", (int)sizeof(r.ifr_name), r.ifr_name);
    return true;
}

/* IFA_LOCAL is the own address where there is one (point to point), else IFA_ADDRESS. */
static void take(void *ctx, const struct nlmsghdr *h)
{
    struct reader *r = ctx;
    const struct ifaddrmsg *m = NLMSG_DATA(h);
    if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) ||
        (m->ifa_family != AF_INET && m->ifa_family != AF_INET6))
        return;
    const struct rtattr *a = IFA_RTA(m);
    size_t left = IFA_PAYLOAD(h), size = m->ifa_family == AF_INET ? 4 : 16;
    const void *address = NULL;
    uint32_t flags = m->ifa_flags;
    for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD(a) >= sizeof(flags))
            memcpy(&flags, RTA_DATA(a), sizeof(flags));
        else if (RTA_PAYLOAD(a) >= size &&
                 (a->rta_type == IFA_LOCAL || (a->rta_type == IFA_ADDRESS && !address)))
            address = RTA_DATA(a);
    }
    char name[IF_NAMESIZE];
    if (!address || !name_of(r->names, m->ifa_index, name, sizeof(name)))
        return;
    if ((size_t)r->n < r->max) {
        struct address *to = &r->out[r->n];
        *to = (struct address){.prefix = m->ifa_prefixlen, .v6 = m->ifa_family == AF_INET6};
        to->temporary = to->v6 && (flags & IFA_F_TEMPORARY);
        snprintf(to->interface_name, sizeof(to->interface_name), "%s", name);
        inet_ntop(m->ifa_family, address, to->text, sizeof(to->text));
    }
    r->n++;
}

int addresses_read(struct address *out, size_t max)
{
    struct ifaddrmsg request = {.ifa_family = AF_UNSPEC};
    struct reader r = {.out = out, .max = max, .names = netlink_take(NETLINK_SOCK_DIAG)};
    if (r.names < 0)
        return r.names;
    int rc = netlink_dump(NETLINK_ROUTE, RTM_GETADDR, &request, sizeof(request), &r, take);
    netlink_give_back(NETLINK_SOCK_DIAG, r.names);
    return rc < 0 ? rc : r.n;
}
