/*
 * When a file is read again although nothing says that it changed: within the configured period,
 * and evenly over the scans in it, so that none of them reads everything.
 */
#ifndef SOURCE_INTEGRITY_REHASH_H
#define SOURCE_INTEGRITY_REHASH_H

#include <stdbool.h>
#include <stdint.h>

struct integrity_rehash {
    int64_t now_s;    /* seconds since 1970 */
    int64_t every_s;  /* from one scan to the next */
    int64_t period_s; /* no content is older than this */
};

/* hashed_s: when the content was read last, 0: it is not known to be what was read. */
bool integrity_rehash_due(const struct integrity_rehash *r, uint64_t ino, uint32_t hashed_s);

#endif
