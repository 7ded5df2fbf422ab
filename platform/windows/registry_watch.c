/*
 * One event for many keys. Windows tells of a key once, and of each event that a key was given: so
 * the keys are closed and opened anew each time, or what it keeps of them would grow for ever.
 */
#include "platform/windows/path.h"
#include "platform/windows/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define KEYS_MAX 1024

struct registry_watch {
    HANDLE event; /* stays set until it is reset */
    size_t n, room;
    HKEY *keys;
};

int registry_watch_open(struct registry_watch **out)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return -ENOMEM;
    (*out)->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if ((*out)->event)
        return 0;
    int rc = errno_of_last();
    free(*out);
    *out = NULL;
    return rc;
}

/* Closing a key sets its event too. */
void registry_watch_reset(struct registry_watch *w)
{
    while (w->n > 0)
        RegCloseKey(w->keys[--w->n]);
    ResetEvent(w->event);
}

void registry_watch_close(struct registry_watch *w)
{
    if (!w)
        return;
    registry_watch_reset(w);
    CloseHandle(w->event);
    free(w->keys);
    free(w);
}

static bool make_room(struct registry_watch *w)
{
    if (w->n < w->room)
        return true;
    HKEY *keys = realloc(w->keys, (w->room * 2 + 16) * sizeof(*keys));
    if (!keys)
        return false;
    w->keys = keys;
    w->room = w->room * 2 + 16;
    return true;
}

/* The key, or the nearest one above that is there. */
static LSTATUS open_nearest(HKEY hive, wchar_t *path, REGSAM view, HKEY *out, bool *itself)
{
    *itself = true;
    for (;;) {
        LSTATUS status = RegOpenKeyExW(hive, path, 0, KEY_NOTIFY | view, out);
        if (status != ERROR_FILE_NOT_FOUND || !path[0])
            return status;
        wchar_t *end = wcsrchr(path, L'\\');
        *(end ? end : path) = L'\0';
        *itself = false;
    }
}

int registry_watch_add(struct registry_watch *w, const char *path, enum registry_view view)
{
    wchar_t wide[REGISTRY_PATH_MAX];
    HKEY hive, key;
    const char *rest;
    bool itself;
    if (!registry_hive(path, &hive, &rest))
        return -ENOENT;
    int n = wide_of_text(rest, strlen(rest), wide, REGISTRY_PATH_MAX);
    if (n < 0)
        return n;
    if (w->n >= KEYS_MAX || !make_room(w))
        return -ENOMEM;
    LSTATUS status = open_nearest(hive, wide, registry_sam(view), &key, &itself);
    if (status != ERROR_SUCCESS)
        return errno_of_error((DWORD)status);
    DWORD what =
        itself ? REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET | REG_NOTIFY_CHANGE_SECURITY
               : REG_NOTIFY_CHANGE_NAME;
    status =
        RegNotifyChangeKeyValue(key, itself, what | REG_NOTIFY_THREAD_AGNOSTIC, w->event, TRUE);
    if (status != ERROR_SUCCESS) {
        RegCloseKey(key);
        return errno_of_error((DWORD)status);
    }
    w->keys[w->n++] = key;
    return 0;
}

bool registry_watch_ready(const struct registry_watch *w)
{
    return WaitForSingleObject(w->event, 0) == WAIT_OBJECT_0;
}

wait_t registry_watch_wait(const struct registry_watch *w)
{
    return (wait_t)w->event;
}
