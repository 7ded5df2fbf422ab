/*
 * Where reading of one log stands: which file it was (inode, a hash of its first line, which never
 * changes once it is complete, and the last bytes before the offset) and the offset of the first
 * line not yet handed on. Kept in STORE_POSITIONS under the log's path.
 *
 * First line and last bytes are the same in a copy and in a packed one, so what was read is found
 * again there; and a file that was written anew does not fit.
 */
#ifndef SOURCE_LOG_POSITION_H
#define SOURCE_LOG_POSITION_H

#include "base/buf.h"
#include "source/log/content.h"

#include <stdbool.h>
#include <stdint.h>

#define FINGERPRINT_MAX        256 /* bytes of the first line that are hashed */
#define TAIL_MAX               64
#define LOG_POSITION_SAVED_MAX 256

struct log_position {
    uint64_t ino;
    uint64_t offset;
    int64_t mtime_ns;  /* of the file when it was last looked at; 0: not known */
    int64_t newest_ms; /* highest time that a line had (kept for the reader), 0: none */
    bool back_told;    /* a line was far before that, and none has come up to it since */
    uint32_t head_n;   /* bytes hashed; 0: the first line was not complete yet */
    uint8_t head[16];  /* their hash */
    uint32_t tail_n;   /* bytes in tail; 0: not known */
    char tail[TAIL_MAX];
};

void log_position_save(const struct log_position *p, struct buf *out);
bool log_position_load(struct span saved, struct log_position *out);

/* Hashes the first line of an open file; head_n stays 0 while it has no complete line. */
int log_position_fingerprint(struct log_content *c, struct log_position *p);
/* The offset has moved on past these bytes. */
void log_position_tail(struct log_position *p, struct span before);
int log_position_read_tail(struct log_content *c, struct log_position *p);

/* Whether an open file begins with what p says (always true when p->head_n is 0). */
bool log_position_fits_head(struct log_content *c, const struct log_position *p);
/* Whether the tail stands where it has to. A packed file is unpacked up to there. */
bool log_position_fits_tail(struct log_content *c, const struct log_position *p);
/* The offset behind the tail in a file that was edited; 0 when it is not found in its first `most`
 * bytes. */
uint64_t log_position_find_tail(struct log_content *c, const struct log_position *p, uint64_t most);

#endif
