/*
 * What this stream has given up: ranges of seq with reasons, in a file written in place, so that
 * a full disk cannot hide a loss. A loss is recorded before the batch is removed.
 */
#ifndef SPOOL_LOSSES_H
#define SPOOL_LOSSES_H

#include "spool/slots.h"
#include "spool/spool.h"

struct losses {
    struct slots slots;
    char stream[9];
    struct spool_loss at[SPOOL_LOSSES_MAX];
    size_t n;
};

/* Reads <state>/losses; what it holds of another stream is forgotten. */
int losses_open(struct losses *l, const char *state, const char *stream);
void losses_close(struct losses *l);
/* Adds to the range it continues (same reason, next seq), or begins one; the two oldest become one
 * when there is no place. What is recorded already is not counted twice. Durable when 0. */
int losses_record(struct losses *l, uint64_t from, uint64_t to, uint64_t events,
                  const char *reason);
/* Ranges that go beyond the number `last` are of a state that was put back, told by another life of
 * this stream: the numbers will be used again. They go from the file with the next record. */
void losses_forget(struct losses *l, uint64_t last);

#endif
