/* What is put into the baseline without a word. The store writes it in short transactions, so that
 * the loop never waits long for it, and of what was read no more than seconds are lost with the
 * power. */
#ifndef SOURCE_INTEGRITY_ADOPT_H
#define SOURCE_INTEGRITY_ADOPT_H

#include "source/integrity/state.h"
#include "store/store.h"

struct integrity_adopt {
    struct store *store;
    struct store_bulk *bulk; /* NULL until something is put */
    int64_t began_ms;        /* when the first of it was put */
    struct buf record;
    int error; /* the first one; nothing is written after it */
};

void integrity_adopt_init(struct integrity_adopt *a, struct store *store);
void integrity_adopt_put(struct integrity_adopt *a, struct span key,
                         const struct integrity_state *s);
void integrity_adopt_folder(struct integrity_adopt *a, struct span path); /* "" for "/" */
int integrity_adopt_release(struct integrity_adopt *a); /* writes the rest; the error, or 0 */

#endif
