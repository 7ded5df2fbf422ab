/*
 * Templates of log messages, mined as they come (after Drain: He, Zhu, Zheng, Lyu, ICWS 2017), in
 * fixed memory.
 *
 * A line's tokens (tokens.h) make a template of their own at first; a line with the same words and
 * marks in the same places belongs to it. Templates of one length, origin and first word are
 * siblings when they differ in one word, or only in words behind "=". When one comes that has
 * MINER_VARIANTS siblings at the same place, that place holds a value: all become one template.
 * Fewer variants stay apart: "stopped" is not "started".
 *
 * There is room for MINER_MAX templates. Those seen less than four times are given up first, the
 * one not seen for longest before the others, so that a log that never repeats cannot push out what
 * was learned. Nothing here knows a clock: times are the caller's.
 */
#ifndef DETECT_MINER_H
#define DETECT_MINER_H

#include "base/buf.h"
#include "detect/tokens.h"

#include <stdbool.h>
#include <stdint.h>

#define MINER_MAX      1536
#define MINER_VARIANTS 4
#define MINER_TEXT_MAX 144 /* of a template as people read it, cut */
#define MINER_VALUES   6   /* values of a template whose constancy is followed */
#define MINER_NONE     UINT16_MAX

/* What is known of a value: a hash of the one text that it always had, until there is another. */
struct miner_value {
    uint8_t at; /* position among the tokens */
    bool varies;
    uint32_t hash;
};

struct mined {
    uint32_t id;     /* 1, 2, 3 ... in the order of appearance */
    uint32_t origin; /* of the caller: who wrote it */
    uint64_t wild;   /* bit i: token i is a value */
    uint64_t marks;
    uint8_t n, values_n;
    bool used, dirty;
    uint32_t hours; /* bit h: seen in that hour of the day, UTC */
    uint16_t days;  /* on which it was seen */
    uint64_t count;
    int64_t first_ms, last_ms;
    struct miner_value values[MINER_VALUES];
    uint32_t hash[TOKENS_MAX];
    char text[MINER_TEXT_MAX]; /* ends with a NUL */
    /* the miner's own: */
    uint32_t shape;
    uint16_t next, newer, older; /* of the same shape; in order of being seen */
};

struct miner;
struct miner *miner_new(void);
void miner_free(struct miner *m);

/* The template of a line, learned if there was none. *fresh: it is new. Valid until the next call.
 * name stands in front of the text of a new one; may be empty. */
struct mined *miner_take(struct miner *m, uint32_t origin, struct span name,
                         const struct tokens *line, bool *fresh);
/* One more line of t: count, times, hours, days. */
void miner_seen(struct miner *m, struct mined *t, int64_t time_ms);
/* Forgets what was not seen since then. */
void miner_age(struct miner *m, int64_t before_ms);

size_t miner_used(const struct miner *m);
uint64_t miner_evicted(const struct miner *m);
size_t miner_bytes(void); /* all the memory that a miner takes, whatever comes in */

/* Slots 0 to MINER_MAX - 1, for state and display; not used: nothing stands there. */
struct mined *miner_slot(struct miner *m, size_t slot);

/* A template as bytes (miner_state.c) and back. False when the bytes make no sense. */
void miner_save(const struct mined *t, struct buf *out);
bool miner_read(struct span bytes, struct mined *out);
/* Into a new miner: each into its slot (false, and nothing changed, when it is bad or the slot is
 * taken), then miner_loaded once, before anything else. */
bool miner_load(struct miner *m, size_t slot, struct span bytes);
void miner_loaded(struct miner *m);

#endif
