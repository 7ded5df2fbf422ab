/*
 * Who started whom and under which user, as the kernel tells it while it happens: the process
 * events connector (fork, exec, change of user; see the kernel's linux/cn_proc.h). A process that
 * was gone before anybody could look into /proc is still known by it. Open to those without
 * CAP_NET_ADMIN since kernel 6.6, which also is the first that sends only the kinds asked for.
 *
 * Nobody waits for this socket: it is emptied whenever a change is to be ascribed, since what the
 * kernel said of the writer lies in it by then. If it could not hold everything, all that was known
 * is forgotten rather than trusted.
 */
#include "platform/linux/netlink.h"
#include "platform/linux/watch_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SLOTS      2048 /* of the latest processes, by remainder; a power of two */
#define BATCH      32
#define BUFFER_MAX (1 << 20) /* asked for; net.core.rmem_max may allow less */

/* A message is struct nlmsghdr, struct cn_msg, struct proc_event. */
#define EVENT_AT      (NLMSG_HDRLEN + sizeof(struct cn_msg))
#define AT(field)     ((uint32_t)(EVENT_AT + offsetof(struct proc_event, field)))
#define WORD(field)   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(field))
#define IS(value)     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, 1)
#define RETURN(bytes) BPF_STMT(BPF_RET | BPF_K, (bytes))

struct slot {
    struct lineage_process is; /* pid 0: empty */
    int64_t read_ns;           /* it was found in /proc at this time, 0: told by the kernel */
};

struct lineage {
    int socket;
    struct slot slots[SLOTS];
    _Alignas(NLMSG_ALIGNTO) char messages[BATCH][128];
};

struct request { /* PROC_CN_MCAST_LISTEN with the kinds wanted */
    struct nlmsghdr head;
    struct cn_msg message;
    uint32_t operation, kinds;
} __attribute__((packed));

/* Threads are forks too: those, and whatever else comes, are left behind in the kernel. */
static int filter_messages(int s)
{
    struct sock_filter program[] = {
        WORD(what),
        IS(htonl(PROC_EVENT_UID)),
        RETURN(UINT32_MAX),
        IS(htonl(PROC_EVENT_EXEC)),
        RETURN(UINT32_MAX),
        IS(htonl(PROC_EVENT_FORK)),
        BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
        RETURN(0),
        WORD(event_data.fork.child_tgid),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        WORD(event_data.fork.child_pid),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
        RETURN(UINT32_MAX),
        RETURN(0),
    };
    struct sock_fprog all = {sizeof(program) / sizeof(program[0]), program};
    return setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all));
}

static int subscribe(int s, uint32_t operation)
{
    int group = CN_IDX_PROC;
    int membership =
        operation == PROC_CN_MCAST_LISTEN ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP;
    struct request r = {
        .head = {.nlmsg_len = sizeof(r), .nlmsg_type = NLMSG_DONE},
        .message = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = 2 * sizeof(uint32_t)},
        .operation = operation,
        .kinds = PROC_EVENT_FORK | PROC_EVENT_EXEC | PROC_EVENT_UID,
    };
    int rc = setsockopt(s, SOL_NETLINK, membership, &group, sizeof(group));
    return rc == 0 && send(s, &r, sizeof(r), 0) >= 0 ? 0 : -errno;
}

static int listen_to(int s)
{
    int size = BUFFER_MAX;
    setsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    return filter_messages(s) == 0 ? subscribe(s, PROC_CN_MCAST_LISTEN) : -errno;
}

struct lineage *lineage_open(void)
{
    struct lineage *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->socket = netlink_take(NETLINK_CONNECTOR);
    if (l->socket < 0 || listen_to(l->socket) != 0) {
        lineage_close(l);
        return NULL;
    }
    return l;
}

void lineage_close(struct lineage *l)
{
    if (!l)
        return;
    if (l->socket >= 0) {
        subscribe(l->socket, PROC_CN_MCAST_IGNORE);
        netlink_give_back(NETLINK_CONNECTOR, l->socket);
    }
    free(l);
}

/* ---- what the kernel tells ---- */

static struct slot *slot_of(struct lineage *l, int pid)
{
    return &l->slots[(unsigned)pid % SLOTS];
}

static struct slot *find(struct lineage *l, int pid)
{
    struct slot *s = slot_of(l, pid);
    return pid > 0 && s->is.pid == pid ? s : NULL;
}

/* A process that was there before anybody listened, or was crowded out of its slot. */
static struct slot *find_or_read(struct lineage *l, int pid)
{
    struct slot *s = find(l, pid);
    uint32_t uid = s ? 0 : proc_effective_user(pid);
    if (s || uid == WATCH_NO_USER)
        return s;
    s = slot_of(l, pid);
    *s = (struct slot){{.pid = pid, .uid = uid}, monotonic_ns()};
    return s;
}

static void take_fork(struct lineage *l, int pid, int parent, int64_t at_ns)
{
    const struct slot *from = find_or_read(l, parent);
    struct lineage_process is = {
        .pid = pid, .ppid = parent, .uid = from ? from->is.uid : WATCH_NO_USER, .forked_ns = at_ns};
    *slot_of(l, pid) = (struct slot){is, 0};
}

/* The user was read from /proc after this change: what was forked before it had another one. */
static void doubt_children(struct lineage *l, int parent, int64_t changed_ns)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (l->slots[i].is.ppid == parent && l->slots[i].is.forked_ns < changed_ns)
            l->slots[i].is.uid = WATCH_NO_USER;
}

static void take_user(struct lineage *l, int pid, uint32_t uid, int64_t at_ns)
{
    struct slot *s = find(l, pid);
    if (!s)
        return;
    if (at_ns < s->read_ns)
        doubt_children(l, pid, at_ns);
    s->is.uid = uid;
}

static void take(struct lineage *l, const struct proc_event *e)
{
    int64_t at_ns = (int64_t)e->timestamp_ns;
    if (e->what == PROC_EVENT_FORK) {
        take_fork(l, e->event_data.fork.child_tgid, e->event_data.fork.parent_tgid, at_ns);
    } else if (e->what == PROC_EVENT_EXEC) {
        struct slot *s = find(l, e->event_data.exec.process_tgid);
        if (s)
            s->is.started_ns = at_ns;
    } else if (e->what == PROC_EVENT_UID &&
               e->event_data.id.process_pid == e->event_data.id.process_tgid) {
        take_user(l, e->event_data.id.process_tgid, e->event_data.id.e.euid, at_ns);
    }
}

static void take_message(struct lineage *l, const struct mmsghdr *m, const char *bytes)
{
    const struct sockaddr_nl *from = m->msg_hdr.msg_name;
    struct proc_event e;
    if (from->nl_pid != 0 || m->msg_len < EVENT_AT + sizeof(e))
        return; /* not the kernel */
    memcpy(&e, bytes + EVENT_AT, sizeof(e));
    take(l, &e);
}

static void forget_all(struct lineage *l)
{
    memset(l->slots, 0, sizeof(l->slots));
}

void lineage_read(struct lineage *l)
{
    struct sockaddr_nl from[BATCH];
    struct iovec room[BATCH];
    struct mmsghdr all[BATCH];
    bool lost = false;
    int n;
    do {
        for (size_t i = 0; i < BATCH; i++) {
            room[i] = (struct iovec){l->messages[i], sizeof(l->messages[i])};
            all[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &from[i],
                                                  .msg_namelen = sizeof(from[i]),
                                                  .msg_iov = &room[i],
                                                  .msg_iovlen = 1}};
        }
        n = recvmmsg(l->socket, all, BATCH, MSG_DONTWAIT, NULL);
        lost = lost || (n < 0 && errno == ENOBUFS);
        for (int i = 0; i < n; i++)
            take_message(l, &all[i], l->messages[i]);
    } while (n > 0 || (n < 0 && (errno == ENOBUFS || errno == EINTR)));
    if (lost)
        forget_all(l);
}

bool lineage_find(const struct lineage *l, int pid, struct lineage_process *out)
{
    const struct slot *s = &l->slots[(unsigned)pid % SLOTS];
    if (pid <= 0 || s->is.pid != pid)
        return false;
    *out = s->is;
    return true;
}
