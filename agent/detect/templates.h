/*
 * The detector of what this host never logged before: lines by their message (miner.h), events of
 * Windows by their fields (event_template.h). It learns for learn_s of the configuration, then it
 * tells
 * - template-new: a message that is of no known template, an event of a number that its provider
 *   never wrote to that channel,
 * - template-value: another value where there was always the same, when the template has been seen
 *   TEMPLATES_FIRM times: a user, a command, a destination; plain numbers do not count,
 * - template-hour: a firm template that was seen on TEMPLATES_HOUR_DAYS days, in an hour of the day
 *   (UTC) that never had it, nor had the hours beside it.
 * and, after some weeks, how often (templates_rates.h).
 * Each is learned as it is told, so it is told once; at most TEMPLATES_BUDGET an hour (budget.h).
 * What was not seen for TEMPLATES_KEEP_MS is forgotten.
 *
 * Its time is that of the records, but one record moves it by a day at most: neither can a line
 * with a false time end the learning, nor make all that was learned look old.
 *
 * State is durable with the positions of the logs (STORE_DETECT): a key for each slot of the miner
 * and one for the rest. Counts and times there may lag behind, all that decides does not.
 */
#ifndef DETECT_TEMPLATES_H
#define DETECT_TEMPLATES_H

#include "base/buf.h"
#include "base/span.h"
#include "detect/miner.h"

#include <stdbool.h>

#define TEMPLATES_DAY_MS    86400000LL
#define TEMPLATES_KEEP_MS   (90 * TEMPLATES_DAY_MS)
#define TEMPLATES_FIRM      64 /* a power of two: state holds it exactly */
#define TEMPLATES_HOUR_DAYS 7
#define TEMPLATES_BUDGET    20

#define TEMPLATES_KEY_PREFIX SPAN("tpl\0")

struct templates_head { /* what is known beside the templates */
    int64_t clock_ms;   /* 0: no record yet */
    int64_t learned_ms; /* how far the clock went since the first record */
    uint64_t evicted;
    int64_t events_from; /* learned_ms at the first structured event, plus 1; 0: there was none */
};

void templates_head_save(const struct templates_head *h, struct buf *out);
bool templates_head_load(struct span saved, struct templates_head *out);

/* How long was learned, of lines or of structured events: a host may have begun with these later,
 * as one does whose agent took no notice of them. */
int64_t templates_learned_ms(const struct templates_head *h, bool structured);
/* There is a structured event. True: the first one. */
bool templates_begin_events(struct templates_head *h);

/* What a key of the state is of: a slot, or MINER_MAX for the head; false: not ours. */
bool templates_key_slot(struct span key, size_t *slot);

#endif
