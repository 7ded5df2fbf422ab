#include "platform/linux/netlink.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_SIZE (32 * 1024)
#define BODY_MAX    128
#define KINDS       (sizeof(kept) / sizeof(kept[0]))

/* ---- sockets ---- */

static struct {
    int protocol;
    int socket; /* -1: none, or somebody has it */
} kept[] = {{NETLINK_ROUTE, -1}, {NETLINK_SOCK_DIAG, -1}, {NETLINK_CONNECTOR, -1}};

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

/* Puts s in the place of the one that is kept, which is returned; -1 may stand for either. */
static int exchange(int protocol, int s)
{
    int before = s;
    pthread_mutex_lock(&guard);
    for (size_t i = 0; i < KINDS; i++)
        if (kept[i].protocol == protocol && (s < 0 || kept[i].socket < 0)) {
            before = kept[i].socket;
            kept[i].socket = s;
        }
    pthread_mutex_unlock(&guard);
    return before;
}

int netlink_take(int protocol)
{
    int s = exchange(protocol, -1);
    if (s < 0)
        s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    return s < 0 ? -errno : s;
}

void netlink_give_back(int protocol, int s)
{
    int left = s < 0 ? -1 : exchange(protocol, s);
    if (left >= 0)
        close(left);
}

void netlink_keep(void)
{
    for (size_t i = 0; i < KINDS; i++)
        netlink_give_back(kept[i].protocol, netlink_take(kept[i].protocol));
}

/* ---- a question ---- */

static int ask(int s, unsigned short type, uint32_t number, const void *body, size_t size)
{
    struct {
        struct nlmsghdr header;
        char body[BODY_MAX];
    } request = {.header = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
                            .nlmsg_type = type,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                            .nlmsg_seq = number}};
    if (size > sizeof(request.body))
        return -EINVAL;
    memcpy(request.body, body, size);
    return send(s, &request, request.header.nlmsg_len, 0) < 0 ? -errno : 0; /* to the kernel */
}

static int error_in(const struct nlmsghdr *h)
{
    const struct nlmsgerr *e = NLMSG_DATA(h);
    if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) || e->error >= 0)
        return -EIO;
    return e->error;
}

struct question {
    uint32_t number;
    void *ctx;
    void (*take)(void *ctx, const struct nlmsghdr *message);
};

/* 1: more follows; 0: that was all. */
static int take_answer(const struct question *q, const void *data, size_t n)
{
    for (const struct nlmsghdr *h = data; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
        if (h->nlmsg_seq != q->number)
            continue;
        if (h->nlmsg_type == NLMSG_DONE)
            return 0;
        if (h->nlmsg_type == NLMSG_ERROR)
            return error_in(h);
        q->take(q->ctx, h);
    }
    return 1;
}

/* What is left of an answer that its owner before gave up would stand in the way of the next. */
static void drain(int s, char *room, size_t size)
{
    while (recv(s, room, size, MSG_DONTWAIT) > 0)
        ;
}

int netlink_dump(int protocol, unsigned short type, const void *body, size_t size, void *ctx,
                 void (*take)(void *ctx, const struct nlmsghdr *message))
{
    static atomic_uint questions;
    struct timeval wait = {.tv_sec = 1}; /* the kernel answers at once or not at all */
    _Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];
    struct question q = {atomic_fetch_add(&questions, 1) + 1, ctx, take};
    int s = netlink_take(protocol);
    if (s < 0)
        return s;
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    drain(s, answer, sizeof(answer));
    int rc = ask(s, type, q.number, body, size);
    for (int more = rc == 0; more;) {
        ssize_t n = recv(s, answer, sizeof(answer), 0);
        if (n < 0 && errno == EINTR)
            continue;
        rc = n < 0 ? -errno : take_answer(&q, answer, (size_t)n);
        more = rc == 1;
    }
    netlink_give_back(protocol, s);
    return rc;
}
