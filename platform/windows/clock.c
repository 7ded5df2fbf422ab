#include "platform/clock.h"

#include <windows.h>

#define TICKS_A_MS  10000
#define EPOCH_TICKS 116444736000000000LL /* 1970 in FILETIME, 100 ns since 1601 */

static int64_t ticks_of(FILETIME t)
{
    return (int64_t)((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime);
}

int64_t clock_mono_ms(void)
{
    return (int64_t)GetTickCount64();
}

int64_t clock_wall_ms(void)
{
    FILETIME now;
    GetSystemTimePreciseAsFileTime(&now);
    return (ticks_of(now) - EPOCH_TICKS) / TICKS_A_MS;
}

int64_t clock_local_offset_s(int64_t wall_ms)
{
    int64_t ticks = wall_ms * TICKS_A_MS + EPOCH_TICKS;
    FILETIME utc = {(DWORD)ticks, (DWORD)(ticks >> 32)}, local;
    SYSTEMTIME at, here;
    if (!FileTimeToSystemTime(&utc, &at) || !SystemTimeToTzSpecificLocalTime(NULL, &at, &here) ||
        !SystemTimeToFileTime(&here, &local) || !SystemTimeToFileTime(&at, &utc))
        return 0;
    return (ticks_of(local) - ticks_of(utc)) / TICKS_A_MS / 1000;
}

void clock_sleep_ms(int64_t ms)
{
    if (ms > 0)
        Sleep(ms < MAXDWORD - 1 ? (DWORD)ms : MAXDWORD - 1);
}
