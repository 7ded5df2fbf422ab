#include "platform/sockets.h"

#include "platform/windows/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>
#include <ws2tcpip.h>

#include <iphlpapi.h>

#define TABLE_MAX    (16u << 20)
#define PASSING_LOW  49152 /* of RFC 6335, and what Windows comes with */
#define PASSING_HIGH 65535

/* What the four tables say of a socket, in rows of different make. */
struct row_form {
    ULONG family;
    bool tcp;
    size_t head, size; /* bytes before the first row, of a row */
    size_t address, port, pid, made;
};

#define FORM(family_, tcp_, table_, row_, address_)                                                \
    {                                                                                              \
        family_, tcp_, offsetof(table_, table), sizeof(row_), offsetof(row_, address_),            \
            offsetof(row_, dwLocalPort), offsetof(row_, dwOwningPid),                              \
            offsetof(row_, liCreateTimestamp)                                                      \
    }

static const struct row_form forms[] = {
    FORM(AF_INET, true, MIB_TCPTABLE_OWNER_MODULE, MIB_TCPROW_OWNER_MODULE, dwLocalAddr),
    FORM(AF_INET6, true, MIB_TCP6TABLE_OWNER_MODULE, MIB_TCP6ROW_OWNER_MODULE, ucLocalAddr),
    FORM(AF_INET, false, MIB_UDPTABLE_OWNER_MODULE, MIB_UDPROW_OWNER_MODULE, dwLocalAddr),
    FORM(AF_INET6, false, MIB_UDP6TABLE_OWNER_MODULE, MIB_UDP6ROW_OWNER_MODULE, ucLocalAddr),
};

static DWORD ask(const struct row_form *f, void *table, DWORD *size)
{
    if (f->tcp)
        return GetExtendedTcpTable(table, size, FALSE, f->family, TCP_TABLE_OWNER_MODULE_LISTENER,
                                   0);
    return GetExtendedUdpTable(table, size, FALSE, f->family, UDP_TABLE_OWNER_MODULE, 0);
}

/* FNV-1a */
static uint64_t number_of(const struct open_socket *s, uint64_t made)
{
    uint64_t hash = 14695981039346656037u;
    struct open_socket whole = *s;
    const uint8_t *bytes = (const uint8_t *)&whole;
    whole.inode = made;
    for (size_t i = 0; i < sizeof(whole); i++)
        hash = (hash ^ bytes[i]) * 1099511628211u;
    return hash ? hash : 1;
}

static void take(const struct row_form *f, const uint8_t *row, struct open_socket *out)
{
    uint32_t port;
    uint64_t made;
    memset(out, 0, sizeof(*out)); /* with what lies between its members: it is hashed */
    out->tcp = f->tcp;
    out->v6 = f->family == AF_INET6;
    out->uid = SOCKET_UID_UNKNOWN;
    memcpy(out->address, row + f->address, out->v6 ? 16 : 4);
    memcpy(&port, row + f->port, sizeof(port));
    memcpy(&out->pid, row + f->pid, sizeof(out->pid));
    memcpy(&made, row + f->made, sizeof(made));
    out->port = ntohs((uint16_t)port);
    out->inode = number_of(out, made);
}

/* It may grow between two calls. */
static int read_table(const struct row_form *f, uint8_t **out, DWORD *size)
{
    DWORD rc;
    *out = NULL;
    *size = 64 * 1024;
    do {
        free(*out);
        *out = malloc(*size);
        rc = *out ? ask(f, *out, size) : ERROR_OUTOFMEMORY;
    } while (rc == ERROR_INSUFFICIENT_BUFFER && *size <= TABLE_MAX);
    return rc == NO_ERROR ? 0 : errno_of_error(rc);
}

static int read_rows(const struct row_form *f, struct open_socket *out, size_t max, int *n)
{
    uint8_t *table;
    DWORD size, rows = 0;
    int rc = read_table(f, &table, &size);
    if (rc == 0 && size >= sizeof(rows))
        memcpy(&rows, table, sizeof(rows));
    for (DWORD i = 0; i < rows && f->head + (i + (size_t)1) * f->size <= size; i++) {
        struct open_socket one;
        take(f, table + f->head + i * f->size, &one);
        if (one.port == 0)
            continue;
        if ((size_t)*n < max)
            out[*n] = one;
        (*n)++;
    }
    free(table);
    return rc;
}

int sockets_open_to_others(struct open_socket *out, size_t max)
{
    int n = 0;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        int rc = read_rows(&forms[i], out, max, &n);
        if (rc != 0 && forms[i].family == AF_INET) /* a system may lack IPv6 */
            return rc;
    }
    return n;
}

void sockets_passing_ports(const char *root, uint16_t *low, uint16_t *high)
{
    (void)root;
    *low = PASSING_LOW;
    *high = PASSING_HIGH;
}
