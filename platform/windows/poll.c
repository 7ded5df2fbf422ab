/* Everything that is waited for is an event that stays set until it is reset by hand, so that
 * looking at it takes nothing from it. */
#include "platform/poll.h"

#include "platform/windows/wide.h"

#include <errno.h>
#include <stdlib.h>
#include <windows.h>

_Static_assert(POLL_MAX == MAXIMUM_WAIT_OBJECTS, "Windows waits for 64 at most");

int poll_wait(struct poll_item *items, size_t n, int64_t timeout_ms)
{
    HANDLE all[POLL_MAX];
    int count = 0;
    if (n > POLL_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        all[i] = (HANDLE)items[i].what;
        items[i].ready = false;
    }
    DWORD wait = timeout_ms < 0          ? INFINITE
                 : timeout_ms < INFINITE ? (DWORD)timeout_ms
                                         : INFINITE - 1;
    if (n == 0) {
        Sleep(wait);
        return 0;
    }
    DWORD rc = WaitForMultipleObjects((DWORD)n, all, FALSE, wait);
    if (rc == WAIT_FAILED)
        return windows_error(GetLastError());
    for (size_t i = 0; i < n && rc != WAIT_TIMEOUT; i++) {
        items[i].ready = WaitForSingleObject(all[i], 0) == WAIT_OBJECT_0;
        count += items[i].ready;
    }
    return count;
}

struct bell {
    HANDLE event;
};

int bell_open(struct bell **out)
{
    *out = NULL;
    struct bell *b = malloc(sizeof(*b));
    if (!b)
        return -ENOMEM;
    b->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!b->event) {
        int rc = windows_error(GetLastError());
        free(b);
        return rc;
    }
    *out = b;
    return 0;
}

wait_t bell_wait(const struct bell *b)
{
    return (wait_t)b->event;
}

void bell_ring(struct bell *b)
{
    SetEvent(b->event);
}

void bell_clear(struct bell *b)
{
    ResetEvent(b->event);
}

void bell_close(struct bell *b)
{
    if (!b)
        return;
    CloseHandle(b->event);
    free(b);
}
