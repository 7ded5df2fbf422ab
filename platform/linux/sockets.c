#include "platform/sockets.h"

#include "platform/file.h"
#include "platform/linux/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* States of the kernel (net/tcp_states.h), as bits of a filter. */
#define LISTEN (1u << 10)
#define CLOSE  (1u << 7) /* of an unconnected datagram socket */

struct reader {
    struct open_socket *out;
    size_t max;
    int n;
    bool tcp;
};

static void take(void *ctx, const struct nlmsghdr *h)
{
    struct reader *r = ctx;
    const struct inet_diag_msg *m = NLMSG_DATA(h);
    if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY || h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) ||
        m->id.idiag_sport == 0 || (!r->tcp && m->id.idiag_dport != 0))
        return;
    if ((size_t)r->n < r->max) {
        struct open_socket *to = &r->out[r->n];
        *to = (struct open_socket){.tcp = r->tcp,
                                   .v6 = m->idiag_family == AF_INET6,
                                   .port = ntohs(m->id.idiag_sport),
                                   .uid = m->idiag_uid,
                                   .inode = m->idiag_inode};
        memcpy(to->address, m->id.idiag_src, to->v6 ? 16 : 4);
    }
    r->n++;
}

int sockets_open_to_others(struct open_socket *out, size_t max)
{
    static const struct {
        unsigned char family, protocol;
        unsigned states;
    } rows[] = {
        {AF_INET, IPPROTO_TCP, LISTEN},
        {AF_INET6, IPPROTO_TCP, LISTEN},
        {AF_INET, IPPROTO_UDP, CLOSE},
        {AF_INET6, IPPROTO_UDP, CLOSE},
    };
    struct reader r = {.out = out, .max = max};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct inet_diag_req_v2 request = {.sdiag_family = rows[i].family,
                                           .sdiag_protocol = rows[i].protocol,
                                           .idiag_states = rows[i].states};
        r.tcp = rows[i].protocol == IPPROTO_TCP;
        int rc = netlink_dump(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, &request, sizeof(request), &r,
                              take);
        if (rc != 0)
            return rc;
    }
    return r.n;
}

void sockets_passing_ports(const char *root, uint16_t *low, uint16_t *high)
{
    char path[4600], text[64];
    unsigned long from, to;
    char *end;
    file_t f;
    *low = 32768; /* the kernel's own choice */
    *high = 60999;
    snprintf(path, sizeof(path), "%s/proc/sys/net/ipv4/ip_local_port_range", root);
    if (file_open_read(path, &f) != 0)
        return;
    int64_t got = file_read_at(f, 0, text, sizeof(text) - 1);
    file_close(f);
    text[got > 0 ? got : 0] = '\0';
    from = strtoul(text, &end, 10);
    to = strtoul(end, &end, 10);
    if (from == 0 || from > to || to > UINT16_MAX)
        return;
    *low = (uint16_t)from;
    *high = (uint16_t)to;
}
