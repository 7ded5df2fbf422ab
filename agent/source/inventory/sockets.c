#include "source/inventory/sockets.h"

#include "base/mem.h"
#include "platform/file.h"
#include "platform/sockets.h"

#include <errno.h>

#define STATE_LISTEN 10
#define STATE_CLOSE  7 /* of an unconnected datagram socket */
#define LINE_ROOM    1024
#define FEW          256        /* what most machines have less of */
#define BYTES_MAX    (4u << 20) /* of one table */

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

static void print_address(const uint8_t bytes[16], bool v6, char *out, size_t size)
{
    uint16_t words[8];
    if (!v6) {
        snprintf(out, size, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
        return;
    }
    for (size_t i = 0; i < 8; i++)
        words[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    print_v6(words, out, size);
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
    print_address(bytes, v6, out, size);
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
    const char *path;
    bool v6, tcp;
} tables[] = {
    {"/proc/net/tcp", false, true},
    {"/proc/net/tcp6", true, true},
    {"/proc/net/udp", false, false},
    {"/proc/net/udp6", true, false},
};

static void add(struct inventory_sockets *all, const struct inventory_socket *s)
{
    if (all->n == INVENTORY_SOCKETS_MAX) {
        all->cut++;
        return;
    }
    if (all->n == all->room) {
        all->room = all->room ? all->room * 2 : 64;
        all->items = mem_grow(all->items, all->room, sizeof(*all->items));
    }
    all->items[all->n++] = *s;
}

/* Takes the whole lines off the front; false when no listening socket can follow. */
static bool take_lines(struct inventory_sockets *all, const struct table *t, struct buf *text)
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
        s.tcp = t->tcp;
        if (t->tcp && s.state != STATE_LISTEN)
            more = false;
        else if (t->tcp || (s.state == STATE_CLOSE && !s.connected && s.port != 0))
            add(all, &s);
    }
    buf_drop_front(text, end);
    return more && text->n < LINE_ROOM;
}

static int read_table(const struct inventory_reader *r, const struct table *t,
                      struct inventory_sockets *all)
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

/* ---- the system itself ---- */

static int ask_system(struct inventory_sockets *all)
{
    int room = FEW;
    struct open_socket *found = mem_new(FEW, sizeof(*found));
    int n = sockets_open_to_others(found, FEW);
    if (n > FEW) {
        room = INVENTORY_SOCKETS_MAX;
        found = mem_grow(found, INVENTORY_SOCKETS_MAX, sizeof(*found));
        n = sockets_open_to_others(found, INVENTORY_SOCKETS_MAX);
    }
    for (int i = 0; i < n; i++) {
        struct inventory_socket s = {0};
        if (i < room) {
            s.tcp = found[i].tcp;
            s.port = found[i].port;
            s.uid = found[i].uid;
            s.pid = found[i].pid;
            s.inode = found[i].inode;
            print_address(found[i].address, found[i].v6, s.address, sizeof(s.address));
        }
        add(all, &s); /* what is over the limit is counted */
    }
    free(found);
    return n < 0 ? n : 0;
}

int inventory_sockets_read(const struct inventory_reader *r, struct inventory_sockets *out)
{
    int rc = 0;
    *out = (struct inventory_sockets){0};
    if (r->root[0] == '\0' && ask_system(out) == 0)
        return 0;
    out->n = 0;
    out->cut = 0;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && rc == 0; i++)
        rc = read_table(r, &tables[i], out);
    return rc;
}

void inventory_sockets_release(struct inventory_sockets *s)
{
    free(s->items);
}
