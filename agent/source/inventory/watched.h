/* Whether something changed at or below a key of the registry, for stamps (part.h). */
#ifndef SOURCE_INVENTORY_WATCHED_H
#define SOURCE_INVENTORY_WATCHED_H

#include "base/sha256.h"

struct inventory_watched;

/* Puts in what differs from the last time if there was a change, and else once an hour; always
 * where the key cannot be watched. *w is made at the first call. To be called before the key is
 * read. */
void inventory_watched_stamp(struct inventory_watched **w, const char *path, struct sha256 *s);
void inventory_watched_free(struct inventory_watched *w); /* NULL is fine */

#endif
