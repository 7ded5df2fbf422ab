#include "ship/backoff.h"

/* 0 to whole, evenly. */
static int64_t part_of(int64_t whole, uint32_t chance)
{
    return (int64_t)((uint64_t)whole * chance / UINT32_MAX);
}

int64_t backoff_ms(unsigned failures, int64_t max_ms, uint32_t chance)
{
    int64_t pause = BACKOFF_FIRST_MS;
    for (unsigned i = 1; i < failures && pause < max_ms; i++)
        pause *= 2;
    if (pause > max_ms)
        pause = max_ms;
    return pause / 2 + part_of(pause - pause / 2, chance);
}

int64_t backoff_at_least_ms(int64_t pause_ms, uint32_t chance)
{
    return pause_ms + part_of(pause_ms / 4, chance);
}
