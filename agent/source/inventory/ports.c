/*
 * Listening ports with the programs that hold them. Programs are found by a walk over
 * /proc/<pid>/fd, which costs: it is done only when the set of sockets is another one than before.
 *
 * A port of the range that the system gives out by itself (ip_local_port_range) counts only when
 * the same socket was there at the look before: clients' sockets (DNS, FTP's data) come and go.
 */
#include "base/mem.h"
#include "platform/sockets.h"
#include "source/inventory/owners.h"
#include "source/inventory/sockets.h"

#include <errno.h>

struct inventory_ports {
    bool primed;    /* `seen` holds a look's sockets */
    uint64_t *seen; /* inodes in the range of passing ports at the look before, sorted */
    size_t seen_n;
    struct inventory_owner *owners; /* of the listening sockets, sorted by inode */
    size_t owners_n;
    int owners_rc;
};

/* ---- which of them count ---- */

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool was_seen(const struct inventory_ports *p, uint64_t inode)
{
    return p->seen_n > 0 && bsearch(&inode, p->seen, p->seen_n, sizeof(inode), compare_u64) != NULL;
}

/* Keeps those that count; those in the passing range are remembered for the next look. */
static void settle(const struct inventory_reader *r, struct inventory_ports *p,
                   struct inventory_sockets *all)
{
    uint64_t *seen = mem_new(all->n + 1, sizeof(*seen));
    size_t kept = 0, seen_n = 0;
    uint16_t low, high;
    sockets_passing_ports(r->root, &low, &high);
    for (size_t i = 0; i < all->n; i++) {
        const struct inventory_socket *s = &all->items[i];
        bool passing = s->port >= low && s->port <= high;
        if (passing)
            seen[seen_n++] = s->inode;
        if (passing && !was_seen(p, s->inode))
            continue;
        all->items[kept++] = *s;
    }
    all->n = kept;
    qsort(seen, seen_n, sizeof(*seen), compare_u64);
    free(p->seen);
    p->seen = seen;
    p->seen_n = seen_n;
}

/* ---- whose they are ---- */

static int compare_owner(const void *a, const void *b)
{
    return compare_u64(&((const struct inventory_owner *)a)->inode,
                       &((const struct inventory_owner *)b)->inode);
}

static bool same_owners(const struct inventory_ports *p, const struct inventory_owner *owners,
                        size_t n)
{
    if (p->owners_n != n || !p->owners)
        return false;
    for (size_t i = 0; i < n; i++)
        if (p->owners[i].inode != owners[i].inode)
            return false;
    return true;
}

static void find_owners(const struct inventory_reader *r, struct inventory_ports *p,
                        const struct inventory_sockets *all)
{
    struct inventory_owner *owners = mem_new(all->n + 1, sizeof(*owners));
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        owners[i].inode = all->items[i].inode;
        owners[i].pid = (int)all->items[i].pid;
    }
    qsort(owners, all->n, sizeof(*owners), compare_owner);
    for (size_t i = 0; i < all->n; i++)
        if (n == 0 || owners[n - 1].inode != owners[i].inode)
            owners[n++] = owners[i];
    if (same_owners(p, owners, n)) {
        free(owners);
        return;
    }
    free(p->owners);
    p->owners = owners;
    p->owners_n = n;
    p->owners_rc = inventory_owners_find(r, owners, n);
}

static const struct inventory_owner *owner_of(const struct inventory_ports *p, uint64_t inode)
{
    struct inventory_owner wanted = {.inode = inode};
    if (p->owners_n == 0)
        return NULL;
    return bsearch(&wanted, p->owners, p->owners_n, sizeof(*p->owners), compare_owner);
}

/* ---- the part ---- */

static void put_socket(struct inventory_list *out, const struct inventory_ports *p,
                       const struct inventory_socket *s)
{
    char key[96];
    const char *protocol = s->tcp ? "tcp" : "udp";
    bool v6 = strchr(s->address, ':') != NULL;
    const struct inventory_owner *owner = owner_of(p, s->inode);
    snprintf(key, sizeof(key), v6 ? "%s [%s]:%u" : "%s %s:%u", protocol, s->address, s->port);
    struct json_out *j = inventory_begin(out, span_of(key));
    json_text(j, "protocol", protocol);
    json_text(j, "address", s->address);
    json_uint(j, "port", s->port);
    if (s->uid != SOCKET_UID_UNKNOWN)
        json_uint(j, "uid", s->uid);
    if (owner) {
        inventory_put(j, "program", span_of(owner->program), 200);
        inventory_put(j, "service", span_of(owner->services), 200);
    }
    inventory_end(out);
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct inventory_sockets all;
    struct inventory_ports *p = r->ports = r->ports ? r->ports : mem_new(1, sizeof(*p));
    int rc = inventory_sockets_read(r, &all);
    if (rc != 0) {
        snprintf(r->why, sizeof(r->why), "listening ports are unknown: %s", error_text(rc));
    } else if (!p->primed) {
        settle(r, p, &all);
        p->primed = true;
        rc = -EAGAIN; /* which of the passing ones stay is known at the next look */
    } else {
        settle(r, p, &all);
        find_owners(r, p, &all);
        for (size_t i = 0; i < all.n; i++)
            put_socket(out, p, &all.items[i]);
        out->cut += all.cut;
        if (p->owners_rc == -E2BIG)
            snprintf(r->why, sizeof(r->why),
                     "programs of some listening ports are unknown: too many files are open");
        else if (p->owners_rc != 0)
            snprintf(r->why, sizeof(r->why),
                     "programs of some listening ports are unknown: %s; collect needs "
                     "CAP_SYS_PTRACE",
                     error_text(p->owners_rc));
    }
    inventory_sockets_release(&all);
    return rc;
}

static void close_part(struct inventory_reader *r)
{
    struct inventory_ports *p = r->ports;
    if (!p)
        return;
    free(p->seen);
    free(p->owners);
    free(p);
}

/* What can be reached from other machines weighs more than what listens to this one. */
static enum event_severity severity(const struct inventory_change *c)
{
    struct json_doc *doc = json_read(c->after, NULL);
    struct span address = json_get_text(json_root(doc), "address");
    bool local = span_starts(address, SPAN("127.")) || span_equal_text(address, "::1");
    enum event_severity severity = SEVERITY_MEDIUM;
    if (c->kind == INVENTORY_REMOVED)
        severity = SEVERITY_INFORMATIONAL;
    else if (local)
        severity = SEVERITY_LOW;
    json_free(doc);
    return severity;
}

const struct inventory_part inventory_ports = {
    .name = "ports",
    .one = "listening port",
    .many = "listening ports",
    .read = read_part,
    .close = close_part,
    .severity = severity,
};
