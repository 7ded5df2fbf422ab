#include "platform/windows/changes.h"

#include "platform/windows/reach.h"

#include <stdlib.h>

#define BUFFER_SIZE (64 * 1024) /* the most that a network drive takes */
#define WANTED                                                                                     \
    (FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME | FILE_NOTIFY_CHANGE_ATTRIBUTES |  \
     FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_LAST_WRITE | FILE_NOTIFY_CHANGE_SECURITY)

struct changes {
    HANDLE handle;
    bool tree;
    int failed;   /* why it tells nothing any more */
    size_t at, n; /* in records */
    OVERLAPPED asked;
    _Alignas(8) unsigned char records[BUFFER_SIZE];
};

static int ask(struct changes *c)
{
    HANDLE event = c->asked.hEvent;
    c->asked = (OVERLAPPED){.hEvent = event};
    c->at = c->n = 0;
    if (!ReadDirectoryChangesW(c->handle, c->records, sizeof(c->records), c->tree, WANTED, NULL,
                               &c->asked, NULL))
        c->failed = errno_of_last();
    SetEvent(event); /* asking has cleared it, and another folder may have set it before */
    return c->failed;
}

int changes_open(const wchar_t *folder, bool tree, HANDLE event, struct changes **out)
{
    HANDLE h;
    *out = NULL;
    int rc = reach(folder, REACH_FOLDER, FILE_LIST_DIRECTORY, REACH_BESIDE, &h);
    if (rc != 0)
        return rc;
    struct changes *c = calloc(1, sizeof(*c));
    if (!c) {
        CloseHandle(h);
        return -ENOMEM;
    }
    c->handle = h;
    c->tree = tree;
    c->asked.hEvent = event;
    rc = ask(c);
    if (rc != 0) {
        CloseHandle(h);
        free(c);
        return rc;
    }
    *out = c;
    return 0;
}

/* What the system has filled in; 0 when it has not yet. */
static int refill(struct changes *c)
{
    DWORD n = 0;
    if (!HasOverlappedIoCompleted(&c->asked))
        return 0;
    if (!GetOverlappedResult(c->handle, &c->asked, &n, FALSE)) {
        DWORD error = GetLastError();
        if (error != ERROR_NOTIFY_ENUM_DIR) {
            c->failed = errno_of_error(error);
            return c->failed;
        }
        n = 0;
    }
    c->n = n;
    c->at = 0;
    if (n > 0)
        return 1;
    return ask(c) == 0 ? -EOVERFLOW : c->failed; /* nothing: more than the buffer holds */
}

int changes_take(struct changes *c, const FILE_NOTIFY_INFORMATION **out)
{
    if (c->failed)
        return c->failed;
    if (c->n > 0 && c->at >= c->n && ask(c) != 0)
        return c->failed;
    if (c->n == 0) {
        int rc = refill(c);
        if (rc <= 0)
            return rc;
    }
    const FILE_NOTIFY_INFORMATION *record = (const void *)(c->records + c->at);
    c->at = record->NextEntryOffset ? c->at + record->NextEntryOffset : c->n;
    *out = record;
    return 1;
}

bool changes_is_same_folder(const struct changes *c, const wchar_t *folder)
{
    HANDLE h;
    struct file_info here, there;
    if (c->failed || reach(folder, REACH_FOLDER, 0, 0, &h) != 0)
        return false;
    bool same = handle_info(c->handle, &here) == 0 && handle_info(h, &there) == 0 &&
                here.dev == there.dev && here.ino == there.ino;
    CloseHandle(h);
    return same;
}

void changes_close(struct changes *c)
{
    DWORD n;
    if (!c)
        return;
    if (!c->failed && CancelIoEx(c->handle, &c->asked))
        GetOverlappedResult(c->handle, &c->asked, &n, TRUE); /* until then it may still write */
    CloseHandle(c->handle);
    free(c);
}
