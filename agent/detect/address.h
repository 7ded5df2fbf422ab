/* IP addresses and ranges as text. IPv4 is held as its IPv6 form ::ffff:a.b.c.d, so both match. */
#ifndef DETECT_ADDRESS_H
#define DETECT_ADDRESS_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct address_range {
    uint8_t bytes[16];
    unsigned bits;
};

bool address_parse(struct span text, uint8_t out[16]);
/* "10.0.0.0/8", "2001:db8::/32", or an address alone. */
bool address_range_parse(struct span text, struct address_range *out);
bool address_in_range(const struct address_range *range, const uint8_t address[16]);

#endif
