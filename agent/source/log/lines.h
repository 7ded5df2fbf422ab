/* Lines out of the content of a log, from where its position stands. */
#ifndef SOURCE_LOG_LINES_H
#define SOURCE_LOG_LINES_H

#include "source/log/follow.h"

/* Hands on lines for up to budget bytes (a little more for the last one); how many bytes were
 * consumed. ended: nobody writes to the file any more, so what has no newline is a line too. */
uint64_t log_lines_read(struct log_follow *f, uint64_t budget,
                        const struct log_follow_callbacks *cb, bool ended);

#endif
