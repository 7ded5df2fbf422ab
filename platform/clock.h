/* Clocks. Timers use the monotonic one; the wall clock only dates what is told. */
#ifndef PLATFORM_CLOCK_H
#define PLATFORM_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void); /* counts up since boot, never jumps */
int64_t clock_wall_ms(void); /* milliseconds since 1970 UTC, may jump either way */
int64_t clock_local_offset_s(int64_t wall_ms); /* local time minus UTC at that moment, seconds */
void clock_sleep_ms(int64_t ms);

#endif
