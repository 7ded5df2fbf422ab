/* Everything that is waited for is an event that stays set until its owner clears it. */
#include "platform/poll.h"

#include "platform/windows/path.h"

#include <errno.h>
#include <stdlib.h>

_Static_assert(POLL_MAX <= MAXIMUM_WAIT_OBJECTS, "what the system waits for at once");

static DWORD milliseconds(int64_t timeout_ms)
{
    if (timeout_ms < 0)
        return INFINITE;
    return timeout_ms < INFINITE ? (DWORD)timeout_ms : INFINITE - 1;
}

/* One call for each that is ready and one that finds no more, however many there are. */
static int mark_ready(struct poll_item *const *waited, const HANDLE *handles, DWORD n, DWORD first)
{
    int ready = 0;
    for (DWORD at = 0, rc = first; rc < n - at; ready++) {
        at += rc;
        waited[at++]->ready = true;
        rc = at < n ? WaitForMultipleObjects(n - at, handles + at, FALSE, 0) : WAIT_TIMEOUT;
    }
    return ready;
}

int poll_wait(struct poll_item *items, size_t n, int64_t timeout_ms)
{
    HANDLE handles[POLL_MAX];
    struct poll_item *waited[POLL_MAX];
    DWORD used = 0;
    if (n > POLL_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        items[i].ready = false;
        if (items[i].what == WAIT_NONE)
            continue;
        waited[used] = &items[i];
        handles[used++] = (HANDLE)items[i].what;
    }
    if (used == 0) {
        Sleep(milliseconds(timeout_ms));
        return 0;
    }
    DWORD rc = WaitForMultipleObjects(used, handles, FALSE, milliseconds(timeout_ms));
    if (rc == WAIT_FAILED)
        return errno_of_last();
    return mark_ready(waited, handles, used, rc);
}

struct bell {
    HANDLE event;
};

int bell_open(struct bell **out)
{
    struct bell *b = calloc(1, sizeof(*b));
    *out = NULL;
    if (!b)
        return -ENOMEM;
    b->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!b->event) {
        free(b);
        return errno_of_last();
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
