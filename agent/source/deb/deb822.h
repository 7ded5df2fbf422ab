/*
 * Small control files as people write them (deb822(5): *.sources, apt_preferences(5)), in memory.
 * Names of fields in any case, lines that start with # are comments, a value may go on over lines.
 */
#ifndef SOURCE_DEB_DEB822_H
#define SOURCE_DEB_DEB822_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

#define DEB822_FIELDS 32

struct deb822_stanza {
    size_t n;
    struct {
        struct span name, value; /* the value with its line ends and comments in it */
    } field[DEB822_FIELDS];      /* more are left out */
    size_t line;                 /* of its first field, from 1 */
};

struct deb822 {
    struct span rest;
    size_t line;
};

/* The next stanza that has a field; false at the end. */
bool deb822_next(struct deb822 *d, struct deb822_stanza *out);
/* Empty if there is none. */
struct span deb822_get(const struct deb822_stanza *s, const char *name);
/* Takes the next word off a value; false when there is none left. */
bool deb822_word(struct span *value, struct span *word);

#endif
