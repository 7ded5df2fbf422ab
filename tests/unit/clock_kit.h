/* The test's own clock in place of platform/clock.h: it stands still between what the test sets,
 * and local time is UTC. */
#ifndef UNIT_CLOCK_KIT_H
#define UNIT_CLOCK_KIT_H

#include "platform/clock.h"

static int64_t mono_ms = 1000, wall_ms = 1790000000000;

int64_t clock_mono_ms(void)
{
    return mono_ms;
}

int64_t clock_wall_ms(void)
{
    return wall_ms;
}

int64_t clock_local_offset_s(int64_t at)
{
    (void)at;
    return 0;
}

void clock_sleep_ms(int64_t ms)
{
    mono_ms += ms;
}

#endif
