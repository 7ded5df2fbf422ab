/*
 * The bytes of one log file by offset, whether it lies there as it was written or packed by
 * gzip, xz, zstd or lz4 (as logrotate leaves it): offsets always count what was written.
 *
 * A packed file is hostile input. It is unpacked piece by piece, in 200 KB for gzip and at most
 * UNPACK_MEMORY_MAX for the others, of which no more than four are open at once; the caller bounds
 * the work of each call, and nothing behind LOG_UNPACKED_MAX is read. Reading goes forward; an
 * offset before the last one costs unpacking from the beginning.
 */
#ifndef SOURCE_LOG_CONTENT_H
#define SOURCE_LOG_CONTENT_H

#include "platform/file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_CONTENT_BLOCK (64 * 1024) /* most that log_content_read_at gives at once */
#define LOG_UNPACKED_MAX  (16ull << 30)

struct log_content {
    file_t file;               /* FILE_NONE: nothing open */
    struct log_unpack *unpack; /* NULL: not packed */
};

/* Takes an open file over (it is closed on failure too). 0, -ENOTSUP when it is packed in a way
 * that cannot be read here (bzip2; no library for it on this host; too much memory, or too many
 * open at once), or another negative errno value. */
int log_content_take(struct log_content *c, file_t file);
/* An open file that is known not to be packed. */
void log_content_plain(struct log_content *c, file_t file);
void log_content_close(struct log_content *c);
static inline bool log_content_is_open(const struct log_content *c)
{
    return c->file != FILE_NONE;
}

/* Bytes read, fewer than n only at the end; -EBADMSG where a packed file is damaged (what stands
 * before the damage is read, but for up to a block of .zst and .lz4), -EFBIG at LOG_UNPACKED_MAX. n
 * is at most LOG_CONTENT_BLOCK. */
int64_t log_content_read_at(struct log_content *c, uint64_t offset, void *data, size_t n);
/* Where something else than a hole begins, at offset or behind it. */
uint64_t log_content_next_data(const struct log_content *c, uint64_t offset);
/* Unpacks up to offset, but no more than budget bytes; returns how many bytes are still missing
 * (0: arrived; always 0 for a plain file), -ENODATA when the content ends before. */
int64_t log_content_skip(struct log_content *c, uint64_t offset, uint64_t budget);
/* How many bytes there are: of a packed file those unpacked so far. */
uint64_t log_content_size(const struct log_content *c);

#endif
