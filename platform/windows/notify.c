/*
 * ReadDirectoryChangesW of each folder, all with one event, which is set when any has news. Taking
 * the news of one starts its next read, which resets the event: so before nobody has more to say,
 * all are looked at once again.
 */
#include "platform/notify.h"

#include "platform/windows/reach.h"
#include "platform/windows/wide.h"

#include <stdlib.h>
#include <string.h>

#define FOLDERS_MAX 256
#define NEWS_SIZE   4096
#define CHANGES                                                                                    \
    (FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME | FILE_NOTIFY_CHANGE_SIZE |        \
     FILE_NOTIFY_CHANGE_LAST_WRITE)

struct noted {
    HANDLE folder; /* INVALID_HANDLE_VALUE: gone; its id is not given again */
    uint64_t dev, ino;
    OVERLAPPED read;
    DWORD news[NEWS_SIZE / sizeof(DWORD)]; /* what it says is of no interest */
};

struct notify {
    HANDLE event;
    struct noted *all[FOLDERS_MAX];
    size_t n;
    size_t at; /* the one looked at next, so that a busy one does not hide the others */
};

int notify_open(struct notify **out)
{
    *out = NULL;
    struct notify *n = calloc(1, sizeof(*n));
    if (!n)
        return -ENOMEM;
    n->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!n->event) {
        int rc = windows_error(GetLastError());
        free(n);
        return rc;
    }
    *out = n;
    return 0;
}

static bool start(const struct notify *n, struct noted *f)
{
    f->read = (OVERLAPPED){.hEvent = n->event};
    if (ReadDirectoryChangesW(f->folder, f->news, sizeof(f->news), FALSE, CHANGES, NULL, &f->read,
                              NULL))
        return true;
    CloseHandle(f->folder);
    f->folder = INVALID_HANDLE_VALUE;
    return false;
}

static int add_folder(struct notify *n, const char *path)
{
    struct file_info info;
    HANDLE h;
    int rc = reach_for_news(path, &h, &info);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n->n; i++) {
        const struct noted *f = n->all[i];
        if (f->folder != INVALID_HANDLE_VALUE && f->dev == info.dev && f->ino == info.ino) {
            CloseHandle(h);
            return (int)i;
        }
    }
    struct noted *f = n->n < FOLDERS_MAX ? calloc(1, sizeof(*f)) : NULL;
    if (!f) {
        CloseHandle(h);
        return n->n < FOLDERS_MAX ? -ENOMEM : -ENOSPC;
    }
    *f = (struct noted){.folder = h, .dev = info.dev, .ino = info.ino};
    if (!start(n, f)) {
        free(f);
        return -ENOSYS;
    }
    n->all[n->n] = f;
    return (int)n->n++;
}

int notify_add(struct notify *n, const char *path)
{
    char above[WIDE_MAX];
    int rc = add_folder(n, path);
    const char *end = strrchr(path, '/');
    if (rc != -ENOTDIR || !end || (size_t)(end - path) >= sizeof(above))
        return rc;
    memcpy(above, path, (size_t)(end - path)); /* a file: the folder tells of it */
    above[end - path] = '\0';
    return add_folder(n, above);
}

wait_t notify_wait(const struct notify *n)
{
    return (wait_t)n->event;
}

static int next(struct notify *n)
{
    for (size_t looked = 0; looked < n->n; looked++) {
        size_t i = n->at;
        struct noted *f = n->all[i];
        n->at = (n->at + 1) % n->n;
        if (f->folder == INVALID_HANDLE_VALUE || !HasOverlappedIoCompleted(&f->read))
            continue;
        start(n, f);
        return (int)i;
    }
    return -1;
}

int notify_next(struct notify *n)
{
    int id = next(n);
    if (id < 0) {
        ResetEvent(n->event);
        id = next(n);
    }
    return id;
}

void notify_close(struct notify *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->n; i++) {
        struct noted *f = n->all[i];
        end_news(f->folder, &f->read);
        free(f);
    }
    CloseHandle(n->event);
    free(n);
}
