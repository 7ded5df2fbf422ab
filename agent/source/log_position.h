/*
 * Where reading of one log stands: which file it was (inode, and a hash of its first line, which
 * never changes once it is complete) and the offset of the first line not yet handed on. Kept in
 * STORE_POSITIONS under the log's path.
 */
#ifndef SOURCE_LOG_POSITION_H
#define SOURCE_LOG_POSITION_H

#include "base/buf.h"
#include "platform/file.h"

#include <stdbool.h>
#include <stdint.h>

#define FINGERPRINT_MAX 256 /* bytes of the first line that are hashed */

struct log_position {
    uint64_t ino;
    uint64_t offset;
    uint32_t head_n;  /* bytes hashed; 0: the first line was not complete yet */
    uint8_t head[16]; /* their hash */
};

void log_position_save(const struct log_position *p, struct buf *out);
bool log_position_load(struct span saved, struct log_position *out);

/* Hashes the first line of an open file; head_n stays 0 while it has no complete line. */
int log_position_fingerprint(file_t f, struct log_position *p);
/* Whether an open file begins with what p says (always true when p->head_n is 0). */
bool log_position_fits(file_t f, const struct log_position *p);

#endif
