#include "source/inventory_ports.h"

#include "base/mem.h"
#include "platform/file.h"
#include "source/inventory_owners.h"

#include <errno.h>

#define STATE_LISTEN 10
#define STATE_CLOSE  7 /* of an unconnected datagram socket */
#define LINE_ROOM    1024
#define BYTES_MAX    (4u << 20) /* of one table */

struct sockets {
    struct inventory_socket *items;
    const char **protocols;
    size_t n;
    uint64_t cut;
};

struct inventory_ports {
    bool primed;    /* `seen` holds a look's sockets */
    uint64_t *seen; /* inodes in the range of passing ports at the look before, sorted */
    size_t seen_n;
    struct inventory_owner *owners; /* of the listening sockets, sorted by inode */
    size_t owners_n;
    int owners_rc;
};

/* ---- a line ---- */

static bool take_hex(struct span s, uint64_t *out)
{
    uint64_t n = 0;
    if (s.n == 0 || s.n > 16)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        uint64_t digit = c >= '0' && c <= '9'   ? (uint64_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint64_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return false;
        n = n << 4 | digit;
    }
    *out = n;
    return true;
}

static void print_v6(const uint16_t words[8], char *out, size_t size)
{
    size_t best = 8, best_n = 1, n = 0; /* RFC 5952: the longest run of zeros, if more than one */
    for (size_t i = 0; i < 8; i++) {
        size_t run = 0;
        while (i + run < 8 && words[i + run] == 0)
            run++;
        if (run > best_n) {
            best = i;
            best_n = run;
        }
    }
    for (size_t i = 0; i < 8 && n < size; i++) {
        if (i == best) {
            n += (size_t)snprintf(out + n, size - n, "::");
            i += best_n - 1;
            continue;
        }
        bool first = n == 0 || out[n - 1] == ':';
        n += (size_t)snprintf(out + n, size - n, first ? "%x" : ":%x", words[i]);
    }
}

/* The kernel prints each 32 bits of an address as a number of this machine's byte order. */
static bool take_address(struct span hex, bool v6, char *out, size_t size)
{
    uint8_t bytes[16];
    uint64_t word;
    size_t words = v6 ? 4 : 1;
    if (hex.n != words * 8)
        return false;
    for (size_t i = 0; i < words; i++) {
        if (!take_hex((struct span){hex.p + 8 * i, 8}, &word))
            return false;
        uint32_t host = (uint32_t)word;
        memcpy(bytes + 4 * i, &host, sizeof(host));
    }
    if (!v6) {
        snprintf(out, size, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
        return true;
    }
    uint16_t parts[8];
    for (size_t i = 0; i < 8; i++)
        parts[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    print_v6(parts, out, size);
    return true;
}

static bool split(struct span field, struct span *address, struct span *port)
{
    size_t colon = span_find(field, ':');
    if (colon >= field.n)
        return false;
    *address = (struct span){field.p, colon};
    *port = (struct span){field.p + colon + 1, field.n - colon - 1};
    return true;
}

bool inventory_socket_parse(struct span line, bool v6, struct inventory_socket *out)
{
    struct span f[10], address, port, peer, peer_port;
    uint64_t number, peer_number, state, uid;
    *out = (struct inventory_socket){0};
    if (inventory_fields(line, f, 10) < 10 || !split(f[1], &address, &port) ||
        !split(f[2], &peer, &peer_port) || !take_hex(port, &number) || number > 65535 ||
        !take_hex(peer_port, &peer_number) || !take_hex(f[3], &state) || state > 255 ||
        !span_to_u64(f[7], &uid) || !span_to_u64(f[9], &out->inode))
        return false;
    out->port = (uint16_t)number;
    out->state = (uint8_t)state;
    out->connected = peer_number != 0;
    out->uid = (uint32_t)uid;
    return take_address(address, v6, out->address, sizeof(out->address));
}

/* ---- a table ---- */

static const struct table {
    const char *path, *protocol;
    bool v6, tcp;
} tables[] = {
    {"/proc/net/tcp", "tcp", false, true},
    {"/proc/net/tcp6", "tcp6", true, true},
    {"/proc/net/udp", "udp", false, false},
    {"/proc/net/udp6", "udp6", true, false},
};

static void add(struct sockets *all, const struct table *t, const struct inventory_socket *s)
{
    if (all->n == INVENTORY_SOCKETS_MAX) {
        all->cut++;
        return;
    }
    all->protocols[all->n] = t->protocol;
    all->items[all->n++] = *s;
}

/* Takes the whole lines off the front; false when no listening socket can follow. */
static bool take_lines(struct sockets *all, const struct table *t, struct buf *text)
{
    size_t end = text->n;
    while (end > 0 && text->p[end - 1] != '\n')
        end--;
    struct span rest = {text->p, end}, line;
    struct inventory_socket s;
    bool more = true;
    while (span_take_until(&rest, '\n', &line)) {
        if (!inventory_socket_parse(line, t->v6, &s))
            continue; /* headings */
        if (t->tcp && s.state != STATE_LISTEN)
            more = false;
        else if (t->tcp || (s.state == STATE_CLOSE && !s.connected && s.port != 0))
            add(all, t, &s);
    }
    buf_drop_front(text, end);
    return more && text->n < LINE_ROOM;
}

static int read_table(const struct inventory_reader *r, const struct table *t, struct sockets *all)
{
    char path[4400], piece[16384];
    file_t f;
    struct buf text = BUF_INIT(sizeof(piece) + LINE_ROOM);
    uint64_t at = 0;
    int64_t got = 0;
    snprintf(path, sizeof(path), "%s%s", r->root, t->path);
    int rc = file_open_read(path, &f);
    if (rc != 0)
        return rc == -ENOENT ? 0 : rc; /* a kernel without IPv6 */
    while (at < BYTES_MAX && (got = file_read_at(f, at, piece, sizeof(piece))) > 0) {
        at += (uint64_t)got;
        buf_put(&text, piece, (size_t)got);
        if (!take_lines(all, t, &text))
            break;
    }
    file_close(f);
    buf_release(&text);
    return got < 0 ? (int)got : 0;
}

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

static void passing_range(const struct inventory_reader *r, uint64_t *low, uint64_t *high)
{
    char line[64];
    struct span f[2];
    *low = 32768;
    *high = 60999;
    inventory_kernel_line(r, "/proc/sys/net/ipv4/ip_local_port_range", line, sizeof(line));
    if (inventory_fields(span_of(line), f, 2) == 2 && span_to_u64(f[0], low))
        span_to_u64(f[1], high);
}

/* Keeps those that count; those in the passing range are remembered for the next look. */
static void settle(const struct inventory_reader *r, struct inventory_ports *p, struct sockets *all)
{
    uint64_t low, high, *seen = mem_new(all->n + 1, sizeof(*seen));
    size_t kept = 0, seen_n = 0;
    passing_range(r, &low, &high);
    for (size_t i = 0; i < all->n; i++) {
        const struct inventory_socket *s = &all->items[i];
        bool passing = s->port >= low && s->port <= high;
        if (passing)
            seen[seen_n++] = s->inode;
        if (passing && !was_seen(p, s->inode))
            continue;
        all->protocols[kept] = all->protocols[i];
        all->items[kept++] = *s;
    }
    all->n = kept;
    qsort(seen, seen_n, sizeof(*seen), compare_u64);
    free(p->seen);
    p->seen = seen;
    p->seen_n = seen_n;
}

/* ---- whose they are ---- */

static bool same_owners(const struct inventory_ports *p, const uint64_t *inodes, size_t n)
{
    if (p->owners_n != n || !p->owners)
        return false;
    for (size_t i = 0; i < n; i++)
        if (p->owners[i].inode != inodes[i])
            return false;
    return true;
}

static void find_owners(const struct inventory_reader *r, struct inventory_ports *p,
                        const struct sockets *all)
{
    uint64_t *inodes = mem_new(all->n + 1, sizeof(*inodes));
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        inodes[i] = all->items[i].inode;
    qsort(inodes, all->n, sizeof(*inodes), compare_u64);
    for (size_t i = 0; i < all->n; i++)
        if (n == 0 || inodes[n - 1] != inodes[i])
            inodes[n++] = inodes[i];
    if (!same_owners(p, inodes, n)) {
        free(p->owners);
        p->owners = mem_new(n + 1, sizeof(*p->owners));
        p->owners_n = n;
        for (size_t i = 0; i < n; i++)
            p->owners[i].inode = inodes[i];
        p->owners_rc = inventory_owners_find(r, p->owners, n);
    }
    free(inodes);
}

static int compare_owner(const void *key, const void *element)
{
    return compare_u64(key, &((const struct inventory_owner *)element)->inode);
}

static const struct inventory_owner *owner_of(const struct inventory_ports *p, uint64_t inode)
{
    if (p->owners_n == 0)
        return NULL;
    return bsearch(&inode, p->owners, p->owners_n, sizeof(*p->owners), compare_owner);
}

/* ---- the part ---- */

static void put_socket(struct inventory_list *out, const struct inventory_ports *p,
                       const struct inventory_socket *s, const char *protocol)
{
    char key[96], plain[8];
    bool v6 = strchr(s->address, ':') != NULL;
    const struct inventory_owner *owner = owner_of(p, s->inode);
    snprintf(plain, sizeof(plain), "%.3s", protocol);
    snprintf(key, sizeof(key), v6 ? "%s [%s]:%u" : "%s %s:%u", plain, s->address, s->port);
    struct json_out *j = inventory_begin(out, span_of(key));
    json_text(j, "protocol", plain);
    json_text(j, "address", s->address);
    json_uint(j, "port", s->port);
    json_uint(j, "uid", s->uid);
    if (owner && owner->program[0])
        inventory_put(j, "program", span_of(owner->program), 200);
    inventory_end(out);
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct sockets all = {mem_new(INVENTORY_SOCKETS_MAX, sizeof(*all.items)),
                          mem_new(INVENTORY_SOCKETS_MAX, sizeof(*all.protocols)), 0, 0};
    struct inventory_ports *p = r->ports = r->ports ? r->ports : mem_new(1, sizeof(*p));
    int rc = 0;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && rc == 0; i++)
        rc = read_table(r, &tables[i], &all);
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
            put_socket(out, p, &all.items[i], all.protocols[i]);
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
    free(all.items);
    free(all.protocols);
    return rc;
}

void inventory_ports_free(struct inventory_ports *p)
{
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
    .severity = severity,
};
