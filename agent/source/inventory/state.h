/*
 * What was told last of each part, entry by entry, in the store (STORE_INVENTORY):
 *   "d<part>"          digest of the part and how many times it changed
 *   "e<part>\0<key>"   an entry: its JSON object
 *   "full"             the time slot of the last full inventory
 * Written with the events that belong to it, in one frame.
 */
#ifndef SOURCE_INVENTORY_STATE_H
#define SOURCE_INVENTORY_STATE_H

#include "source/inventory/part.h"
#include "source/source.h"

struct inventory_kept {
    uint8_t digest[32];
    uint64_t generation; /* counts changes, so that each one has a uid of its own */
};

/* False if nothing was kept of it. */
bool inventory_state_get(const struct source_host *h, const struct inventory_part *part,
                         struct inventory_kept *out);
void inventory_state_put(const struct source_host *h, const struct inventory_part *part,
                         const struct inventory_kept *kept);

/* All entries of a part, sorted. */
void inventory_state_load(const struct source_host *h, const struct inventory_part *part,
                          struct inventory_list *out);
/* value.p == NULL removes. */
void inventory_state_entry(const struct source_host *h, const struct inventory_part *part,
                           struct span key, struct span value);

bool inventory_state_slot(const struct source_host *h, int64_t *out);
void inventory_state_put_slot(const struct source_host *h, int64_t slot);

#endif
