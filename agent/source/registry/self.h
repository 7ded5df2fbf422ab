/* What the files of this source share. */
#ifndef SOURCE_REGISTRY_SELF_H
#define SOURCE_REGISTRY_SELF_H

#include "source/integrity/severity.h"
#include "source/registry/storm.h"
#include "source/registry/tell.h"
#include "source/registry/walk.h"
#include "source/source.h"

#define REGISTRY_HIVES 64 /* users that were never seen before, of one pass */

struct registry_slot {
    struct registry_watch *watch; /* NULL: changes are only found by scans */
    bool noticed;                 /* and not looked at yet */
    int64_t due_ms, rest_until_ms;
    unsigned fruitless; /* looks in a row that found nothing to tell */
    uint64_t unwatched; /* keys that cannot be watched */
};

/* One pass over the items of some slots, in pieces. */
struct registry_pass {
    bool active, full, manual, first;
    unsigned slots, noticed; /* bits */
    size_t item;
    bool walking, sweeping;
    int64_t started_ms, started_mono_ms;
    int64_t worked_ms; /* of its own */
    uint64_t keys, told, adopted, unreadable, cut;
    size_t new_hives_n;
    char *new_hives[REGISTRY_HIVES]; /* folded, "hku/s-1-5-..." */
};

struct registry {
    struct source_host host;
    struct registry_keys *keys;
    struct integrity_severity *severity;
    struct registry_storms *storms;
    struct registry_slot slots[REGISTRY_SLOTS];
    struct registry_pass pass;
    struct registry_walk walk;
    struct buf from;          /* where the sweep goes on */
    bool sweeping_from;       /* it has begun */
    struct buf old, now;      /* records */
    bool *adopt;              /* by item: what is unknown is taken as it is */
    bool adopt_any, baseline; /* baseline: there was none at all */
    bool items_changed;       /* since the baseline was made */
    struct store_bulk *bulk;
    int64_t next_full_ms, next_quick_ms;
    bool manual;
    uint64_t keys_n, skipped; /* of the last full pass */
    char severity_words[120];
    int watch_error;
    int error; /* the store could not be written */
};

/* ---- apply.c: one key ---- */

/* Compares a key with what is kept of it; tells what differs and keeps it. */
void registry_apply(struct registry *self, const char *path, struct registry_key *key);
/* A key that is kept and is not there any more. */
void registry_apply_gone(struct registry *self, const char *path);

/* ---- pass.c ---- */

void registry_pass_begin(struct registry *self, unsigned slots, bool full, int64_t now_ms);
/* A bounded amount of work; true when the pass has ended. */
bool registry_pass_run(struct registry *self, int64_t now_ms);
void registry_pass_drop(struct registry *self); /* breaks off */
void registry_choose_adopted(struct registry *self);

#endif
