#include "platform/addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_SIZE (32 * 1024)

struct reader {
    struct address *out;
    size_t max;
    int n;
};

static int ask(int s)
{
    struct {
        struct nlmsghdr header;
        struct ifaddrmsg body;
    } request = {.header = {.nlmsg_len = sizeof(request),
                            .nlmsg_type = RTM_GETADDR,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t n = sendto(s, &request, sizeof(request), 0, (struct sockaddr *)&kernel, sizeof(kernel));
    return n < 0 ? -errno : 0;
}

/* IFA_LOCAL is the own address where there is one (point to point), else IFA_ADDRESS. */
static void take_address(struct reader *r, const struct nlmsghdr *h)
{
    const struct ifaddrmsg *m = NLMSG_DATA(h);
    const struct rtattr *a = IFA_RTA(m);
    size_t left = IFA_PAYLOAD(h);
    const void *address = NULL;
    uint32_t flags = m->ifa_flags;
    size_t size = m->ifa_family == AF_INET ? 4 : 16;
    if (m->ifa_family != AF_INET && m->ifa_family != AF_INET6)
        return;
    for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD(a) >= sizeof(flags))
            memcpy(&flags, RTA_DATA(a), sizeof(flags));
        else if (RTA_PAYLOAD(a) >= size &&
                 (a->rta_type == IFA_LOCAL || (a->rta_type == IFA_ADDRESS && !address)))
            address = RTA_DATA(a);
    }
    char name[IF_NAMESIZE];
    if (!address || !if_indextoname(m->ifa_index, name))
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

/* 1: more follows; 0: that was all. */
static int take_answer(struct reader *r, const void *data, size_t n)
{
    for (const struct nlmsghdr *h = data; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
        if (h->nlmsg_type == NLMSG_DONE)
            return 0;
        if (h->nlmsg_type == NLMSG_ERROR)
            return -EIO;
        if (h->nlmsg_type == RTM_NEWADDR)
            take_address(r, h);
    }
    return 1;
}

int addresses_read(struct address *out, size_t max)
{
    struct reader r = {.out = out, .max = max};
    struct timeval wait = {.tv_sec = 1}; /* the kernel answers at once or not at all */
    _Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (s < 0)
        return -errno;
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    int rc = ask(s);
    while (rc == 0) {
        ssize_t n = recv(s, answer, sizeof(answer), 0);
        rc = n < 0 ? -errno : take_answer(&r, answer, (size_t)n);
        if (rc == 0)
            break;
        rc = rc > 0 ? 0 : rc;
    }
    close(s);
    return rc < 0 ? rc : r.n;
}
