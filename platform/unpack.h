/*
 * Compressed data as a stream, in bounded memory. gzip is always there; xz, lz4 and zstd are done
 * by the libraries that the host itself has (on Debian apt depends on all three), found when the
 * first stream of their kind is opened.
 */
#ifndef PLATFORM_UNPACK_H
#define PLATFORM_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum unpack_kind { UNPACK_NONE, UNPACK_GZIP, UNPACK_XZ, UNPACK_LZ4, UNPACK_ZSTD };

#define UNPACK_MEMORY_MAX (72u << 20) /* what one stream may need: xz -9 fits */

/* By a name's ending: ".gz", ".xz", ".lz4", ".zst"; else UNPACK_NONE, which copies. */
enum unpack_kind unpack_kind_of(const char *name);
/* By its first bytes, of which UNPACK_HEAD are enough. */
#define UNPACK_HEAD 6
enum unpack_kind unpack_kind_of_head(const void *head, size_t n);

struct unpack;
/* -ENOSYS: the host has no library for this kind. */
int unpack_open(enum unpack_kind kind, struct unpack **out);
void unpack_close(struct unpack *u);

/* Takes what it can from the input (moves *in, lessens *in_n) and writes at most room bytes:
 * how many, 0 when it needs more input, -EBADMSG for what is no such stream, -ENOMEM for one that
 * asks for too much memory. Several streams in a row are one. Of a damaged gzip or xz stream
 * everything before the damage comes first, of the others what earlier calls gave. */
int64_t unpack_step(struct unpack *u, const void **in, size_t *in_n, void *out, size_t room);
/* Whether all that was taken is whole streams: false at the end of a file that was cut off. */
bool unpack_is_whole(const struct unpack *u);

#endif
