/*
 * How often things are logged, beside what is usual at this hour of the week (rates_usual.h), in
 * fixed memory. A series is a whole log, or one template of its messages.
 *
 * Told are, at once, a series with far more messages in this hour than ever usual; at the end of
 * the hour, one with far fewer; and a whole log that is silent for three times as long as it ever
 * was in the last four weeks (silence_ms at least).
 *
 * It knows no clock: rates_tick says what time it is, every few minutes. An hour that was not
 * watched from its begin to its end teaches nothing, nor is anything missed in it: after a start,
 * a pause or a jump of the clock.
 *
 * Whole logs need learn_ms and RATES_LEARN_MESSAGES before their silence counts. There is
 * room for RATES_MAX series; a new one takes the place of a template that was not seen for
 * RATES_IDLE_MS, or is refused.
 */
#ifndef DETECT_RATES_H
#define DETECT_RATES_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATES_MAX            256
#define RATES_NAME_MAX       96
#define RATES_HOUR_MS        3600000LL
#define RATES_PAUSE_MS       (15 * 60000LL) /* a longer time between two ticks is a pause */
#define RATES_LEARN_MESSAGES 100
#define RATES_IDLE_MS        (14 * 24 * RATES_HOUR_MS)

enum rates_kind { RATES_SPIKE, RATES_DROP, RATES_SILENT };

struct rates_finding {
    enum rates_kind kind;
    bool whole; /* of a log, not of a template */
    uint32_t key;
    struct span name; /* of the series; valid during the call */
    int64_t hour_ms;  /* when the hour began */
    uint64_t count;   /* in it, so far */
    uint64_t usual, bound;
    unsigned samples;              /* hours that `usual` is of */
    int64_t silent_ms, longest_ms; /* RATES_SILENT: now, and ever before */
};

struct rates_limits {
    int64_t learn_ms, silence_ms;
};

struct rates;
/* tell: called by rates_count and rates_tick. */
struct rates *rates_new(struct rates_limits limits,
                        void (*tell)(void *ctx, const struct rates_finding *f), void *ctx);
void rates_free(struct rates *r);

/* One more message of the series. key tells series apart, name is for people. */
void rates_count(struct rates *r, bool whole, uint32_t key, struct span name);
void rates_tick(struct rates *r, int64_t now_ms);

size_t rates_used(const struct rates *r);
uint64_t rates_refused(const struct rates *r); /* messages of series that had no room */
size_t rates_bytes(void);                      /* all the memory it takes, whatever comes in */

/* State (rates_state.c): what changed since the last save; and back, before the first tick, in the
 * order of the keys, which begin with RATES_KEY_PREFIX. False: the bytes make no sense. */
#define RATES_KEY_PREFIX SPAN("rat\0")
void rates_save(struct rates *r, void (*put)(void *ctx, struct span key, struct span value),
                void *ctx);
bool rates_load(struct rates *r, struct span key, struct span value);

#endif
