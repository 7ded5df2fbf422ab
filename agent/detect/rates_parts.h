/* What rates.c and rates_state.c share. */
#ifndef DETECT_RATES_PARTS_H
#define DETECT_RATES_PARTS_H

#include "detect/rates.h"
#include "detect/rates_usual.h"

struct rates_series {
    bool used, whole;
    bool dirty; /* what stands in the series' own entry has changed */
    bool told_silence;
    uint32_t key;
    uint32_t messages; /* ever; up to RATES_LEARN_MESSAGES is all that matters */
    int64_t first_ms;
    int64_t seen_ms;                 /* the last message, or since when silence counts */
    uint32_t longest_s[RATES_WEEKS]; /* silence, by week, this one first */
    int64_t told_hour;               /* of the last spike */
    char name[RATES_NAME_MAX];
    uint8_t past[RATES_HOURS][RATES_WEEKS]; /* codes, the newest week first */
    /* of this hour: */
    uint64_t count;
    bool late; /* it began within the hour */
    struct rates_usual usual;
};

#define RATES_INDEX 1024 /* a power of two, far more than RATES_MAX */

struct rates {
    void (*tell)(void *ctx, const struct rates_finding *f);
    void *ctx;
    struct rates_limits limits;
    int64_t now_ms; /* of the last tick; 0: there was none */
    int64_t hour;   /* since 1970 */
    int64_t week;   /* that longest_s[0] is of */
    bool partial;   /* this hour is not watched whole */
    bool head_dirty;
    bool hour_dirty[RATES_HOURS];
    size_t used;
    int64_t full_ms; /* the tick at which no place was found */
    uint64_t refused;
    struct rates_series series[RATES_MAX];
    uint16_t index[RATES_INDEX]; /* by key: slot + 1, or 0; a taken place means the next one */
};

/* NULL: not known. */
struct rates_series *rates_find(struct rates *r, bool whole, uint32_t key);
void rates_index(struct rates *r); /* anew, after a slot became another's */

#endif
