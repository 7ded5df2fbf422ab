/*
 * Reads files to their end for the SHA-256 of their content, one alone or two side by side: two
 * take hardly longer than one (base/sha256.h).
 */
#ifndef SOURCE_INTEGRITY_READ_H
#define SOURCE_INTEGRITY_READ_H

#include "base/sha256.h"
#include "platform/file.h"

#include <stdbool.h>

enum integrity_read_end {
    INTEGRITY_READ_ON, /* there is more */
    INTEGRITY_READ_WHOLE,
    INTEGRITY_READ_SHORT, /* the file ended before its size */
    INTEGRITY_READ_SLOW,
    INTEGRITY_READ_STOPPED,
    INTEGRITY_READ_FAILED /* error says why */
};

struct integrity_pace {
    void *ctx;
    /* Called after each piece that was read; may wait; false: stop. May be NULL. */
    bool (*read)(void *ctx, size_t bytes);
};

struct integrity_read {
    file_t file; /* owned; FILE_NONE: nothing to read */
    enum integrity_read_end end;
    int error;
    uint64_t size, at;
    int64_t spent_ms; /* waiting for the disk, after the first piece */
    struct sha256 sum;
    size_t from, to; /* what is left of the piece */
    char piece[64 * 1024];
};

/* Takes file over. */
void integrity_read_begin(struct integrity_read *r, file_t file, uint64_t size);
/* Reads on until one of them has ended; second may be NULL, or have nothing to read. */
void integrity_read_on(struct integrity_read *first, struct integrity_read *second,
                       const struct integrity_pace *pace);
void integrity_read_close(struct integrity_read *r);

#endif
