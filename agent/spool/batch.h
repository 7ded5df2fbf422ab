/*
 * The lines of the open batch, compressed as they come, so that the size is known and sealing is
 * quick. The first few stay as they are: a quiet machine pays for a compressor only while it seals.
 *
 * The file is gzip (RFC 1952). Few lines share one member with the heartbeat, which says before
 * them much of what they say: 300 bytes less than apart. Lines that are compressed before the
 * heartbeat is known, which counts them, are members behind its own. Same lines added the same way
 * give the same bytes: no time, no name in the headers.
 */
#ifndef SPOOL_BATCH_H
#define SPOOL_BATCH_H

#include "base/buf.h"
#include "platform/file.h"

#define BATCH_FILE_MAX  (1024u * 1024)     /* the center takes no more */
#define BATCH_RAW_MAX   (8u * 1024 * 1024) /* inflated */
#define BATCH_LINES_MAX 16384

struct batch {
    struct deflater *deflater; /* NULL while lines are few, and between members */
    struct buf held;           /* lines not handed to it yet */
    struct buf out;            /* compressed so far */
    size_t unseen;             /* bytes handed to it since something last came out */
    uint64_t raw;
    uint64_t lines;
};

void batch_init(struct batch *b);
void batch_release(struct batch *b); /* empty again, no memory held */

/* Whether one more line of any size surely fits, a heartbeat of any size beside it. */
bool batch_has_room(const struct batch *b);
/* Adds the line and a newline. 0, or -ENOMEM. Only while there is room. */
int batch_add(struct batch *b, struct span line);
/* What the lines come to compressed, estimated from above for what did not come out yet. */
size_t batch_size(const struct batch *b);
/* Appends the whole file: `first` as its first line, then the lines. They stay in the batch: more
 * may be added and all of it written again. 0, -ENOMEM or -EIO. */
int batch_write(struct batch *b, struct span first, struct buf *file);

/* Lines in a sealed batch behind its heartbeat; 0 if it cannot be read. */
uint64_t batch_count_lines(file_t file);

#endif
