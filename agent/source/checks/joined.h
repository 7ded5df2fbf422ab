/*
 * The lines of a text of which one goes on behind a backslash at its end (sudoers, PAM): such lines
 * are one, with a blank for each backslash; tabs become blanks. Pure, bounded by the limit.
 */
#ifndef SOURCE_CHECKS_JOINED_H
#define SOURCE_CHECKS_JOINED_H

#include "base/buf.h"
#include "base/span.h"

struct joined {
    struct span rest;
    struct span (*bare)(struct span line); /* what counts of each line, or NULL: all of it */
    struct buf line;
    int number; /* lines taken */
    int first;  /* line on which the last one taken began, from 1 */
    bool cut;   /* it was longer than the limit */
};

void joined_begin(struct joined *j, struct span text, size_t limit,
                  struct span (*bare)(struct span line));
/* False at the end. *out is good until the next call. */
bool joined_next(struct joined *j, struct span *out);
void joined_end(struct joined *j);

#endif
