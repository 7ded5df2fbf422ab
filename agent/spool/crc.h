/* CRC-32 as in gzip (RFC 1952), for what the spool writes. */
#ifndef SPOOL_CRC_H
#define SPOOL_CRC_H

#include "base/span.h"

uint32_t crc_of(struct span data);

#endif
