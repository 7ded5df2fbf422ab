#include "platform/linux/netlink.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_SIZE (32 * 1024)
#define BODY_MAX    128

static int ask(int s, unsigned short type, const void *body, size_t size)
{
    struct {
        struct nlmsghdr header;
        char body[BODY_MAX];
    } request = {.header = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
                            .nlmsg_type = type,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    if (size > sizeof(request.body))
        return -EINVAL;
    memcpy(request.body, body, size);
    ssize_t n = sendto(s, &request, request.header.nlmsg_len, 0, (struct sockaddr *)&kernel,
                       sizeof(kernel));
    return n < 0 ? -errno : 0;
}

static int error_in(const struct nlmsghdr *h)
{
    const struct nlmsgerr *e = NLMSG_DATA(h);
    if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) || e->error >= 0)
        return -EIO;
    return e->error;
}

/* 1: more follows; 0: that was all. */
static int take_answer(const void *data, size_t n, void *ctx,
                       void (*take)(void *ctx, const struct nlmsghdr *message))
{
    for (const struct nlmsghdr *h = data; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
        if (h->nlmsg_type == NLMSG_DONE)
            return 0;
        if (h->nlmsg_type == NLMSG_ERROR)
            return error_in(h);
        take(ctx, h);
    }
    return 1;
}

int netlink_dump(int protocol, unsigned short type, const void *body, size_t size, void *ctx,
                 void (*take)(void *ctx, const struct nlmsghdr *message))
{
    struct timeval wait = {.tv_sec = 1}; /* the kernel answers at once or not at all */
    _Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (s < 0)
        return -errno;
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    int rc = ask(s, type, body, size);
    for (int more = rc == 0; more;) {
        ssize_t n = recv(s, answer, sizeof(answer), 0);
        if (n < 0 && errno == EINTR)
            continue;
        rc = n < 0 ? -errno : take_answer(answer, (size_t)n, ctx, take);
        more = rc == 1;
    }
    close(s);
    return rc;
}
