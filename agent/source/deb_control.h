/*
 * Stanzas of Debian control files (deb822(5)): /var/lib/dpkg/status and apt's *_Packages, read as a
 * stream in bounded memory. Only the fields that are asked for are kept; folded lines are passed
 * over. A line longer than 64 KiB is passed over, a kept value is cut at 255 bytes.
 */
#ifndef SOURCE_DEB_CONTROL_H
#define SOURCE_DEB_CONTROL_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

#define DEB_FIELDS_MAX 6
#define DEB_VALUE_MAX  256

/* Called at the end of each stanza with values in the order of the names; empty if it had none.
 * Valid during the call. False ends the reading. */
typedef bool deb_stanza_fn(void *ctx, const struct span *values);

struct deb_reader {
    const char *const *names; /* ends with NULL */
    deb_stanza_fn *stanza;
    void *ctx;
    struct span values[DEB_FIELDS_MAX];
    char text[DEB_FIELDS_MAX][DEB_VALUE_MAX];
    bool any; /* the stanza has begun */
    bool stop;
};

void deb_reader_init(struct deb_reader *r, const char *const *names, deb_stanza_fn *stanza,
                     void *ctx);
void deb_reader_line(struct deb_reader *r, struct span line); /* without its newline */
void deb_reader_end(struct deb_reader *r);

/* A whole file through a reader: 0, or a negative errno value. */
int deb_read_file(const char *path, struct deb_reader *r);

#endif
