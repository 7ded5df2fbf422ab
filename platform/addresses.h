/* The machine's own network interfaces and addresses, as the system has them now. */
#ifndef PLATFORM_ADDRESSES_H
#define PLATFORM_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>

#define ADDRESSES_MAX 256

struct address {
    char interface_name[64];
    char text[48]; /* "192.0.2.7", "2001:db8::7" */
    int prefix;    /* bits of the network */
    bool v6;
    bool temporary; /* made for privacy, changes by itself every day (RFC 8981) */
};

/* Fills at most max, in no order; how many there are may be more. Negative errno value on failure.
 */
int addresses_read(struct address *out, size_t max);

enum interface_kind { INTERFACE_OTHER, INTERFACE_WIRED, INTERFACE_WIRELESS, INTERFACE_TUNNEL };

struct network_interface {
    char name[64]; /* as in addresses; on Windows the one that people see, "Ethernet 2" */
    char mac[32];  /* "02:00:00:00:00:01", or "" */
    enum interface_kind kind;
};

/* The same way. Not among them: the loopback, and ends of containers' cables, which come and go
 * with these. root: "" for the host itself, or a folder that holds another one's files (tests). */
int interfaces_read(const char *root, struct network_interface *out, size_t max);

#endif
