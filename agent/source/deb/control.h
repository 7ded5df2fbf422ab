/*
 * Stanzas of Debian control files (deb822(5)): /var/lib/dpkg/status and apt's *_Packages, read as a
 * stream in bounded memory. Only the fields that are asked for are kept; folded lines are passed
 * over. A line longer than 64 KiB is passed over whole (lines.h), a kept value is cut at 255 bytes.
 */
#ifndef SOURCE_DEB_CONTROL_H
#define SOURCE_DEB_CONTROL_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

#define DEB_FIELDS_MAX 16
#define DEB_VALUE_MAX  256

/* Called at the end of each stanza with values in the order of the names; empty if it had none.
 * Valid during the call. False ends the reading. */
typedef bool deb_stanza_fn(void *ctx, const struct span *values);

/* Optional. Called with the value of the first name as soon as it is read: false passes over the
 * rest of the stanza, which is much faster than reading it. */
typedef bool deb_want_fn(void *ctx, struct span value);
/* Optional. Called with every piece of a field that is asked for, uncut: its first line and the
 * lines that continue it. field: its place among the names. */
typedef void deb_piece_fn(void *ctx, size_t field, struct span piece);

struct deb_reader {
    const char *const *names; /* ends with NULL */
    deb_stanza_fn *stanza;
    void *ctx;
    deb_want_fn *want; /* set both after deb_reader_init, or leave them */
    deb_piece_fn *piece;
    size_t field; /* that the last line was of; DEB_FIELDS_MAX: one that nobody asked for */
    bool skip;    /* nobody wants this stanza */
    struct span values[DEB_FIELDS_MAX];
    char text[DEB_FIELDS_MAX][DEB_VALUE_MAX];
    bool any; /* the stanza has begun */
    bool stop;
};

void deb_reader_init(struct deb_reader *r, const char *const *names, deb_stanza_fn *stanza,
                     void *ctx);
void deb_reader_line(struct deb_reader *r, struct span line); /* without its newline */
void deb_reader_end(struct deb_reader *r);
bool deb_reader_take(void *reader, struct span line); /* the same, as deb_lines calls it */

/* A whole file through a reader: 0, or a negative errno value. */
int deb_read_file(const char *path, struct deb_reader *r);

#endif
