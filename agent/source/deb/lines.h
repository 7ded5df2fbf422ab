/*
 * The lines of what dpkg and apt write, one by one, out of one block of memory that the caller
 * gives. A line that is longer than the block is passed over whole: its end is no line of its own.
 */
#ifndef SOURCE_DEB_LINES_H
#define SOURCE_DEB_LINES_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

/* A line without its newline, valid during the call. False ends the reading. */
typedef bool deb_line_fn(void *ctx, struct span line);

struct deb_lines {
    deb_line_fn *line;
    void *ctx;
    char *block;
    size_t size;
    size_t held; /* of the block: the beginning of a line; more text goes behind it */
    bool skip;   /* this is the rest of a line that was too long */
    bool stop;
};

/* n more bytes lie behind what is held (held + n <= size). Afterwards there is room again. */
void deb_lines_took(struct deb_lines *l, size_t n);
void deb_lines_end(struct deb_lines *l); /* a last line without a newline */

/* A whole file, with a block of its own: 0, -EFBIG above 256 MiB, or another negative errno value.
 */
int deb_lines_read(const char *path, deb_line_fn *line, void *ctx);

#endif
