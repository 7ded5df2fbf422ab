/*
 * The floor for what reads the event log: each event of the channels that are named is fetched and
 * rendered, and nothing else is done with it. Prints events, seconds, seconds of the processor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>
#include <winevt.h>

#define AT_ONCE 64

static wchar_t page[1 << 20];

/* Whether there were any. */
static BOOL drain_some(EVT_HANDLE subscription, unsigned *events)
{
    EVT_HANDLE some[AT_ONCE];
    DWORD n = 0, used, properties;
    if (!EvtNext(subscription, AT_ONCE, some, 0, 0, &n))
        return FALSE;
    for (DWORD i = 0; i < n; i++) {
        *events += EvtRender(NULL, some[i], EvtRenderEventXml, sizeof(page), page, &used,
                             &properties) != FALSE;
        EvtClose(some[i]);
    }
    return n > 0;
}

static double processor_seconds(void)
{
    FILETIME made, ended, kernel, user;
    GetProcessTimes(GetCurrentProcess(), &made, &ended, &kernel, &user);
    return (double)(kernel.dwLowDateTime + user.dwLowDateTime) / 1e7;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    unsigned events = 0;
    ULONGLONG began = GetTickCount64();
    double before = processor_seconds();
    for (int i = 1; i < argc; i++) {
        HANDLE signal = CreateEventW(NULL, TRUE, FALSE, NULL);
        EVT_HANDLE subscription = EvtSubscribe(NULL, signal, argv[i], L"*", NULL, NULL, NULL,
                                               EvtSubscribeStartAtOldestRecord);
        if (!subscription)
            return 1;
        while (drain_some(subscription, &events))
            ;
        EvtClose(subscription);
        CloseHandle(signal);
    }
    printf("%u %.3f %.3f\n", events, (double)(GetTickCount64() - began) / 1e3,
           processor_seconds() - before);
    return 0;
}
