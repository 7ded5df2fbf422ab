/*
 * What the pipeline has seen, told and not told, since the state folder was made. Kept with each
 * frame, so that a crash does not make them count twice or forget.
 */
#ifndef COLLECT_COUNTERS_H
#define COLLECT_COUNTERS_H

#include "base/buf.h"
#include "base/json_write.h"

#include <stdint.h>

#define COUNTERS_REASONS_MAX 16

struct counters {
    uint64_t sequence;   /* last metadata.sequence given out */
    uint64_t seen;       /* log records read */
    uint64_t emitted;    /* events told */
    uint64_t suppressed; /* the same event found again */
    size_t reasons_n;
    struct {
        char reason[40];
        uint64_t count;
    } dropped[COUNTERS_REASONS_MAX]; /* the last one takes what has no place of its own */
};

void counters_drop(struct counters *c, const char *reason, uint64_t n);
void counters_save(const struct counters *c, struct buf *out);
void counters_load(struct counters *c, struct span saved); /* keeps zeros on anything malformed */
void counters_describe(const struct counters *c, struct json_out *j); /* member "counters" */

#endif
