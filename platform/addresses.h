/* The machine's own network addresses, as the system has them now. */
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

#endif
