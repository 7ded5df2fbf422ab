/*
 * ReadDirectoryChangesW, recursive, of each root (of a file: of its folder). Windows does not say
 * who changed something. What does not fit between two reads is lost, and told as such.
 */
#include "platform/watch.h"

#include "platform/clock.h"
#include "platform/windows/reach.h"
#include "platform/windows/wide.h"

#include <stdlib.h>
#include <string.h>

#define ROOTS_MAX 512
#define NEWS_SIZE (64 * 1024) /* more is refused over the network */
#define CHANGES                                                                                    \
    (FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME | FILE_NOTIFY_CHANGE_ATTRIBUTES |  \
     FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_LAST_WRITE | FILE_NOTIFY_CHANGE_SECURITY |       \
     FILE_NOTIFY_CHANGE_CREATION)

struct root {
    char path[WATCH_PATH_MAX]; /* what was asked for */
    char base[WATCH_PATH_MAX]; /* the folder that is watched */
    HANDLE folder;             /* INVALID_HANDLE_VALUE: nothing is watched, why says why */
    bool tree;
    OVERLAPPED read;
    DWORD *news;
    const FILE_NOTIFY_INFORMATION *next; /* of news, NULL: they are read */
    char why[160];
};

struct watch {
    struct watch_filter filter;
    HANDLE event;
    struct root *roots[ROOTS_MAX];
    size_t n, at;
    char from[WATCH_PATH_MAX]; /* old name of a rename whose new one comes next */
};

int watch_open(const struct watch_filter *filter, struct watch **out)
{
    *out = NULL;
    struct watch *w = calloc(1, sizeof(*w));
    if (!w)
        return -ENOMEM;
    w->filter = *filter;
    w->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!w->event) {
        int rc = windows_error(GetLastError());
        free(w);
        return rc;
    }
    *out = w;
    return 0;
}

/* ---- roots ---- */

static bool start(const struct watch *w, struct root *r)
{
    r->read = (OVERLAPPED){.hEvent = w->event};
    if (ReadDirectoryChangesW(r->folder, r->news, NEWS_SIZE, r->tree, CHANGES, NULL, &r->read,
                              NULL))
        return true;
    snprintf(r->why, sizeof(r->why), "changes cannot be read: %s",
             strerror(-windows_error(GetLastError())));
    CloseHandle(r->folder);
    r->folder = INVALID_HANDLE_VALUE;
    return false;
}

/* A folder with what is below, else the folder that a file is in or will come into. */
static int open_root(struct root *r)
{
    struct file_info info;
    snprintf(r->base, sizeof(r->base), "%s", r->path);
    r->tree = true;
    int rc = reach_for_news(r->base, &r->folder, &info);
    char *end = strrchr(r->base, '/');
    if ((rc == -ENOTDIR || rc == -ENOENT) && end && end != r->base) {
        *end = '\0';
        r->tree = rc == -ENOENT;
        rc = reach_for_news(r->base, &r->folder, &info);
    }
    return rc;
}

int watch_add(struct watch *w, const char *path)
{
    if (w->n == ROOTS_MAX)
        return -ENOSPC;
    struct root *r = calloc(1, sizeof(*r));
    if (!r || !(r->news = malloc(NEWS_SIZE))) {
        free(r);
        return -ENOMEM;
    }
    w->roots[w->n++] = r;
    snprintf(r->path, sizeof(r->path), "%s", path);
    r->folder = INVALID_HANDLE_VALUE;
    int rc = open_root(r);
    if (rc == 0)
        return start(w, r) ? 0 : -ENOSYS;
    snprintf(r->why, sizeof(r->why), "%s", strerror(-rc));
    return rc;
}

wait_t watch_wait(const struct watch *w)
{
    return (wait_t)w->event;
}

/* ---- what happened ---- */

static bool path_of(const struct root *r, const FILE_NOTIFY_INFORMATION *e, char *out)
{
    size_t n = strlen(r->base);
    if (n + 1 >= WATCH_PATH_MAX)
        return false;
    memcpy(out, r->base, n);
    out[n] = '/';
    if (text_of_wide(e->FileName, e->FileNameLength / sizeof(wchar_t), out + n + 1,
                     WATCH_PATH_MAX - n - 1) < 0)
        return false;
    for (char *p = out + n; *p; p++)
        if (*p == '\\')
            *p = '/';
    return true;
}

static void overflowed(const struct root *r, struct watch_event *out)
{
    out->kinds = WATCH_OVERFLOW;
    snprintf(out->path, sizeof(out->path), "%s", r->base);
}

/* Windows tells the two names of a rename one after the other. */
static bool take_rename(struct watch *w, DWORD action, struct watch_event *out)
{
    if (action == FILE_ACTION_RENAMED_OLD_NAME) {
        snprintf(w->from, sizeof(w->from), "%s", out->path);
        return false;
    }
    out->kinds = w->from[0] ? WATCH_RENAMED : WATCH_CREATED;
    if (w->from[0]) {
        snprintf(out->path2, sizeof(out->path2), "%s", out->path);
        snprintf(out->path, sizeof(out->path), "%s", w->from);
    }
    w->from[0] = '\0';
    return true;
}

/* Whether it is one to be told. */
static bool take(struct watch *w, struct root *r, struct watch_event *out)
{
    static const uint32_t kinds[] = {[FILE_ACTION_ADDED] = WATCH_CREATED,
                                     [FILE_ACTION_REMOVED] = WATCH_DELETED,
                                     [FILE_ACTION_MODIFIED] = WATCH_CHANGED};
    const FILE_NOTIFY_INFORMATION *e = r->next;
    struct file_info info;
    r->next = e->NextEntryOffset ? (const void *)((const char *)e + e->NextEntryOffset) : NULL;
    *out = (struct watch_event){.time_ms = clock_wall_ms()};
    out->actor.login_uid = WATCH_NO_USER;
    if (!path_of(r, e, out->path)) {
        overflowed(r, out);
        return true;
    }
    if (e->Action == FILE_ACTION_RENAMED_OLD_NAME || e->Action == FILE_ACTION_RENAMED_NEW_NAME) {
        if (!take_rename(w, e->Action, out))
            return false;
    } else if (e->Action < sizeof(kinds) / sizeof(kinds[0])) {
        out->kinds = kinds[e->Action];
    }
    const char *now = out->path2[0] ? out->path2 : out->path;
    out->folder =
        out->kinds != WATCH_DELETED && file_info_at(now, &info) == 0 && info.type == FILE_FOLDER;
    /* a folder changes with each of its entries, which are told themselves */
    return out->kinds && !(out->folder && out->kinds == WATCH_CHANGED) &&
           (w->filter.wanted(w->filter.ctx, out->path, out->folder) ||
            (out->path2[0] && w->filter.wanted(w->filter.ctx, out->path2, out->folder)));
}

/* Looks whether a read has ended. 1: there is news, 2: they were too many to be told. */
static int look_at(struct root *r)
{
    DWORD got = 0;
    if (r->folder == INVALID_HANDLE_VALUE || !HasOverlappedIoCompleted(&r->read))
        return 0;
    bool fine = GetOverlappedResult(r->folder, &r->read, &got, FALSE);
    r->next = fine && got > 0 ? (const void *)r->news : NULL;
    return r->next ? 1 : 2;
}

static int next_of(struct watch *w, struct root *r, struct watch_event *out)
{
    for (;;) {
        while (r->next) {
            bool told = take(w, r, out);
            if (!r->next)
                start(w, r);
            if (told)
                return 1;
        }
        int rc = look_at(r);
        if (rc == 0)
            return 0;
        if (rc == 2) {
            *out = (struct watch_event){.time_ms = clock_wall_ms()};
            overflowed(r, out);
            start(w, r);
            return 1;
        }
    }
}

static int next(struct watch *w, struct watch_event *out)
{
    for (size_t looked = 0; looked < w->n; looked++) {
        int rc = next_of(w, w->roots[w->at], out);
        if (rc == 1)
            return 1;
        w->at = (w->at + 1) % w->n;
    }
    return 0;
}

int watch_next(struct watch *w, struct watch_event *out)
{
    int rc = next(w, out);
    if (rc == 0) {
        ResetEvent(w->event);
        rc = next(w, out);
    }
    return rc;
}

size_t watch_status(struct watch *w, struct watch_root_status *out, size_t max)
{
    size_t n = 0;
    for (; n < w->n && n < max; n++) {
        const struct root *r = w->roots[n];
        snprintf(out[n].path, sizeof(out[n].path), "%s", r->path);
        out[n].mechanism = r->folder == INVALID_HANDLE_VALUE ? "none" : "ReadDirectoryChanges";
        snprintf(out[n].why, sizeof(out[n].why), "%s", r->why);
    }
    return n;
}

void watch_close(struct watch *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->n; i++) {
        struct root *r = w->roots[i];
        end_news(r->folder, &r->read);
        free(r->news);
        free(r);
    }
    CloseHandle(w->event);
    free(w);
}
