#include "detect/rates_usual.h"

#include <stdbool.h>
#include <stdlib.h>

#define DAY           24
#define SAMPLES_MAX   (7 * RATES_WEEKS)
#define OF_WEEK_LEAST 6
#define OF_DAY_LEAST  5
/* How far from the usual is worth telling. */
#define TIMES       4  /* the median */
#define DISTANCES   10 /* median distances from it */
#define FEW         20 /* more or fewer messages than this never are */
#define DROP_MEDIAN 32 /* an hour with fewer is often empty by chance */

uint8_t rates_code(uint64_t count)
{
    unsigned e = 0;
    if (count > INT32_MAX)
        count = INT32_MAX;
    while (count >> e >= 16)
        e++;
    return (uint8_t)(1 + e * 8 + (count >> e));
}

uint64_t rates_decode(uint8_t code)
{
    unsigned step = code > 0 ? code - 1U : 0;
    unsigned e = step < 16 ? 0 : step / 8 - 1;
    uint64_t least = (uint64_t)(step - e * 8) << e;
    return e == 0 ? least : least + ((uint64_t)1 << (e - 1));
}

struct samples {
    uint64_t list[SAMPLES_MAX];
    unsigned n;
};

static void take_hour(struct samples *s, const uint8_t past[RATES_WEEKS])
{
    for (unsigned w = 0; w < RATES_WEEKS; w++)
        if (past[w] != RATES_UNKNOWN)
            s->list[s->n++] = rates_decode(past[w]);
}

static int by_size(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static uint64_t median_of(struct samples *s)
{
    qsort(s->list, s->n, sizeof(s->list[0]), by_size);
    return s->list[s->n / 2];
}

static uint64_t greatest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* of_week: the samples are of this hour of the week, not of the day. */
static struct rates_usual judge(struct samples *s, bool of_week)
{
    uint64_t median = median_of(s), least = s->list[0], most = s->list[s->n - 1];
    struct samples distances = {.n = s->n};
    for (unsigned i = 0; i < s->n; i++)
        distances.list[i] = s->list[i] > median ? s->list[i] - median : median - s->list[i];
    uint64_t spread = median + DISTANCES * median_of(&distances);
    uint64_t high = greatest(greatest(TIMES * median, spread), 2 * most);
    bool steady = of_week && median >= DROP_MEDIAN && least * TIMES >= median;
    return (struct rates_usual){s->n, median, high + FEW, steady ? least / TIMES : 0};
}

struct rates_usual rates_usual(const uint8_t past[RATES_HOURS][RATES_WEEKS], unsigned hour)
{
    struct samples week = {.n = 0}, day = {.n = 0};
    for (unsigned beside = RATES_HOURS - 1; beside <= RATES_HOURS + 1; beside++)
        take_hour(&week, past[(hour + beside) % RATES_HOURS]);
    if (week.n >= OF_WEEK_LEAST)
        return judge(&week, true);
    for (unsigned h = hour % DAY; h < RATES_HOURS; h += DAY)
        take_hour(&day, past[h]);
    if (day.n >= OF_DAY_LEAST)
        return judge(&day, false);
    return (struct rates_usual){0, 0, UINT64_MAX, 0};
}
