/*
 * What number of messages is usual in an hour of the week, from the same hour of the weeks before.
 * Robust: a median and the median distance from it, so that one strange day moves nothing.
 *
 * Counts are kept in one byte: eight steps for each doubling, so within 7 % up to 2^31.
 */
#ifndef DETECT_RATES_USUAL_H
#define DETECT_RATES_USUAL_H

#include <stdint.h>

#define RATES_WEEKS 4
#define RATES_HOURS 168 /* of a week */

#define RATES_UNKNOWN 0 /* the code of an hour that nobody watched whole */

uint8_t rates_code(uint64_t count);
uint64_t rates_decode(uint8_t code);

struct rates_usual {
    unsigned samples; /* 0: not enough is known, and nothing is usual */
    uint64_t median;
    uint64_t high; /* more than this is a spike */
    uint64_t low;  /* fewer than this is a drop; 0: no number of messages is */
};

/* hour: of the week. With fewer than six known samples of that hour and those beside it, the same
 * hour of all days is taken, five samples at least; then no number is a drop, for a day of rest may
 * be new. */
struct rates_usual rates_usual(const uint8_t past[RATES_HOURS][RATES_WEEKS], unsigned hour);

#endif
