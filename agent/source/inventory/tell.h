/*
 * From lists to events of class 5001, each within the length of a line:
 *   full:   unmapped.vigia.inventory {kind "full", event, events, <part>: [{key, ...}], cut}
 *   change: unmapped.vigia.inventory {kind "change", part, event, events,
 *           changes: [{what, key, before, after}]}
 */
#ifndef SOURCE_INVENTORY_TELL_H
#define SOURCE_INVENTORY_TELL_H

#include "source/inventory/state.h"

struct inventory_telling {
    const struct source_host *host;
    const struct inventory_reader *reader;
    int64_t now_ms;
    bool while_off; /* it may have happened while the agent did not run */
};

/* Tells what differs and keeps it: the entries and what is in `kept`, which becomes the new one. */
void inventory_tell_changes(const struct inventory_telling *t, const struct inventory_part *part,
                            const struct inventory_list *before, const struct inventory_list *after,
                            struct inventory_kept *kept);

/* Keeps a part that was not known before, without telling. */
void inventory_keep_first(const struct source_host *h, const struct inventory_part *part,
                          const struct inventory_list *list, struct inventory_kept *kept);

/* Everything that is kept, as the full inventory of a time slot; once in a slot, but again each
 * time that somebody asks for it. cut[i]: how many entries of part i were over the limits. */
void inventory_tell_full(const struct inventory_telling *t, int64_t slot, bool asked,
                         const uint64_t *cut);

#endif
