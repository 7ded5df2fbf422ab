#include "detect/rates.h"

#include "base/mem.h"
#include "detect/rates_parts.h"

#include <stdlib.h>

#define WEEK_MS      (RATES_HOURS * RATES_HOUR_MS)
#define SILENT_TIMES 3

size_t rates_bytes(void)
{
    return sizeof(struct rates);
}

struct rates *rates_new(struct rates_limits limits,
                        void (*tell)(void *ctx, const struct rates_finding *f), void *ctx)
{
    struct rates *r = mem_new(1, sizeof(*r));
    r->limits = limits;
    r->tell = tell;
    r->ctx = ctx;
    return r;
}

void rates_free(struct rates *r)
{
    free(r);
}

size_t rates_used(const struct rates *r)
{
    return r->used;
}

uint64_t rates_refused(const struct rates *r)
{
    return r->refused;
}

static unsigned hour_of_week(int64_t hour)
{
    return (unsigned)(hour % RATES_HOURS);
}

/* ---- findings ---- */

static void tell(struct rates *r, enum rates_kind kind, const struct rates_series *s)
{
    struct rates_finding f = {.kind = kind,
                              .whole = s->whole,
                              .key = s->key,
                              .name = span_of(s->name),
                              .hour_ms = r->hour * RATES_HOUR_MS,
                              .count = s->count,
                              .usual = s->usual.median,
                              .bound = kind == RATES_DROP ? s->usual.low : s->usual.high,
                              .samples = s->usual.samples};
    r->tell(r->ctx, &f);
}

static int64_t longest_ms(const struct rates_series *s)
{
    uint32_t longest = 0;
    for (size_t w = 0; w < RATES_WEEKS; w++)
        longest = s->longest_s[w] > longest ? s->longest_s[w] : longest;
    return (int64_t)longest * 1000;
}

static void look_for_silence(struct rates *r, struct rates_series *s)
{
    int64_t silent = r->now_ms - s->seen_ms, bound = SILENT_TIMES * longest_ms(s);
    if (s->told_silence || s->messages < RATES_LEARN_MESSAGES ||
        r->now_ms - s->first_ms < r->limits.learn_ms || silent < r->limits.silence_ms ||
        silent < bound)
        return;
    struct rates_finding f = {.kind = RATES_SILENT,
                              .whole = true,
                              .key = s->key,
                              .name = span_of(s->name),
                              .hour_ms = r->hour * RATES_HOUR_MS,
                              .silent_ms = silent,
                              .longest_ms = longest_ms(s)};
    s->told_silence = s->dirty = true;
    r->tell(r->ctx, &f);
}

/* ---- series ---- */

static size_t index_of(bool whole, uint32_t key)
{
    uint32_t mixed = (key ^ (whole ? 0x5bd1e995U : 0)) * 0x9e3779b1U;
    return mixed >> 22 & (RATES_INDEX - 1);
}

struct rates_series *rates_find(struct rates *r, bool whole, uint32_t key)
{
    for (size_t at = index_of(whole, key); r->index[at] != 0; at = (at + 1) % RATES_INDEX) {
        struct rates_series *s = &r->series[r->index[at] - 1];
        if (s->key == key && s->whole == whole)
            return s;
    }
    return NULL;
}

void rates_index(struct rates *r)
{
    memset(r->index, 0, sizeof(r->index));
    for (size_t i = 0; i < RATES_MAX; i++) {
        if (!r->series[i].used)
            continue;
        size_t at = index_of(r->series[i].whole, r->series[i].key);
        while (r->index[at] != 0)
            at = (at + 1) % RATES_INDEX;
        r->index[at] = (uint16_t)(i + 1);
    }
}

/* Where a series may begin: a free place, or a template's that is idle for longest. NULL: there is
 * no room. */
static struct rates_series *free_place(struct rates *r)
{
    struct rates_series *idle = NULL;
    for (size_t i = 0; i < RATES_MAX; i++) {
        struct rates_series *s = &r->series[i];
        if (!s->used)
            return s;
        if (!s->whole && (!idle || s->seen_ms < idle->seen_ms))
            idle = s;
    }
    return idle && r->now_ms - idle->seen_ms > RATES_IDLE_MS ? idle : NULL;
}

static struct rates_series *begin(struct rates *r, bool whole, uint32_t key, struct span name)
{
    struct rates_series *s = r->used == RATES_MAX && r->full_ms == r->now_ms ? NULL : free_place(r);
    if (!s) { /* not looked for again before the next tick */
        r->full_ms = r->now_ms;
        r->refused++;
        return NULL;
    }
    r->used += !s->used;
    *s = (struct rates_series){.used = true,
                               .whole = whole,
                               .dirty = true,
                               .late = true,
                               .key = key,
                               .first_ms = r->now_ms,
                               .seen_ms = r->now_ms,
                               .usual = {.high = UINT64_MAX}};
    span_copy(name, s->name, sizeof(s->name));
    rates_index(r);
    return s;
}

static void note_seen(struct rates *r, struct rates_series *s)
{
    uint32_t silent_s = (uint32_t)((r->now_ms - s->seen_ms) / 1000);
    if (s->whole && silent_s > s->longest_s[0]) {
        s->longest_s[0] = silent_s;
        s->dirty = true;
    }
    if (s->told_silence || s->messages < RATES_LEARN_MESSAGES) {
        s->messages += s->messages < RATES_LEARN_MESSAGES;
        s->dirty |= s->told_silence || s->messages == RATES_LEARN_MESSAGES;
        s->told_silence = false;
    }
    s->seen_ms = r->now_ms;
}

void rates_count(struct rates *r, bool whole, uint32_t key, struct span name)
{
    if (r->now_ms == 0)
        return;
    struct rates_series *s = rates_find(r, whole, key);
    if (!s && !(s = begin(r, whole, key, name)))
        return;
    note_seen(r, s);
    s->count++;
    if (s->count > s->usual.high && s->told_hour != r->hour) {
        s->told_hour = r->hour;
        s->dirty = true;
        tell(r, RATES_SPIKE, s);
    }
}

/* ---- time ---- */

/* What was not watched is no silence. */
static void pause(struct rates *r, int64_t now_ms)
{
    r->partial = true;
    for (size_t i = 0; i < RATES_MAX; i++)
        if (r->series[i].used)
            r->series[i].seen_ms = now_ms;
}

static void end_hour(struct rates *r)
{
    unsigned hour = hour_of_week(r->hour);
    for (size_t i = 0; i < RATES_MAX && !r->partial; i++) {
        struct rates_series *s = &r->series[i];
        if (!s->used || s->late)
            continue;
        if (s->count < s->usual.low)
            tell(r, RATES_DROP, s);
        memmove(&s->past[hour][1], &s->past[hour][0], RATES_WEEKS - 1);
        s->past[hour][0] = rates_code(s->count);
        r->hour_dirty[hour] = true;
    }
}

static void begin_hour(struct rates *r, int64_t hour)
{
    r->hour = hour;
    r->partial = r->now_ms - hour * RATES_HOUR_MS > RATES_PAUSE_MS;
    for (size_t i = 0; i < RATES_MAX; i++) {
        struct rates_series *s = &r->series[i];
        if (!s->used) /* and its memory untouched */
            continue;
        s->count = 0;
        s->late = false;
        s->usual = rates_usual(s->past, hour_of_week(hour));
    }
}

/* A week ends: its longest silences become those of a week before. */
static void begin_week(struct rates *r, int64_t week)
{
    int64_t passed = week - r->week;
    size_t weeks = passed > 0 && passed < RATES_WEEKS ? (size_t)passed : RATES_WEEKS;
    for (size_t i = 0; i < RATES_MAX && r->week != 0; i++) {
        struct rates_series *s = &r->series[i];
        if (!s->used)
            continue;
        memmove(&s->longest_s[weeks], &s->longest_s[0],
                (RATES_WEEKS - weeks) * sizeof(s->longest_s[0]));
        memset(&s->longest_s[0], 0, weeks * sizeof(s->longest_s[0]));
        s->dirty = true;
    }
    r->week = week;
    r->head_dirty = true;
}

void rates_tick(struct rates *r, int64_t now_ms)
{
    int64_t step = now_ms - r->now_ms, hour = now_ms / RATES_HOUR_MS, week = now_ms / WEEK_MS;
    if (now_ms <= 0)
        return;
    bool paused = r->now_ms == 0 || step < 0 || step > RATES_PAUSE_MS;
    r->now_ms = now_ms;
    if (paused)
        pause(r, now_ms);
    if (hour != r->hour) {
        end_hour(r);
        begin_hour(r, hour);
        r->partial |= paused;
    }
    if (week != r->week)
        begin_week(r, week);
    for (size_t i = 0; i < RATES_MAX; i++)
        if (r->series[i].used && r->series[i].whole)
            look_for_silence(r, &r->series[i]);
}
