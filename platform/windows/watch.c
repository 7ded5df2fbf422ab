/*
 * One ReadDirectoryChangesW on each watched tree, and one on each folder that holds watched files,
 * however many they are. Nobody is told who made a change. A root that is not there is waited for
 * in the nearest folder above it that is.
 */
#include "platform/watch.h"

#include "platform/clock.h"
#include "platform/windows/changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOTS_MAX 256

struct root {
    char path[WATCH_PATH_MAX];
    char folder[WATCH_PATH_MAX]; /* the one that is asked: path, or one above it */
    bool below;                  /* what lies in its folders is meant as well */
    bool waiting;                /* path is not there yet */
    struct changes *changes;     /* NULL: nothing is told */
    int failed;
    char renamed[WATCH_PATH_MAX]; /* the old name of a rename whose new one is still to come */
};

struct watch {
    struct watch_filter filter;
    HANDLE event;
    struct root *roots[ROOTS_MAX];
    size_t n;
};

int watch_open(const struct watch_filter *filter, struct watch **out)
{
    struct watch *w = calloc(1, sizeof(*w));
    *out = NULL;
    if (!w)
        return -ENOMEM;
    w->filter = *filter;
    w->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!w->event) {
        free(w);
        return errno_of_last();
    }
    *out = w;
    return 0;
}

/* ---- roots ---- */

/* "C:/a/b" becomes "C:/a", "C:/a" becomes "C:"; false: there is nothing above. */
static bool cut_last_part(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return false;
    *slash = '\0';
    return true;
}

static int open_folder(struct watch *w, struct root *r, bool tree)
{
    wchar_t wide[PATH_WIDE_MAX];
    int rc = path_wide(r->folder, wide);
    return rc == 0 ? changes_open(wide, tree, w->event, &r->changes) : rc;
}

/* Watches path if it is a folder, else the nearest folder above. */
static int open_root(struct watch *w, struct root *r)
{
    struct file_info info;
    snprintf(r->folder, sizeof(r->folder), "%s", r->path);
    int rc = file_info_at(r->path, &info);
    r->waiting = rc == -ENOENT;
    if (rc != 0 && rc != -ENOENT)
        return rc;
    if (rc == 0 && info.type == FILE_FOLDER)
        return open_folder(w, r, r->below);
    do {
        if (!cut_last_part(r->folder))
            return -ENOENT;
        rc = open_folder(w, r, false);
    } while (rc == -ENOENT || rc == -ENOTDIR);
    return rc;
}

static bool is_file(const char *path)
{
    struct file_info info;
    return file_info_at(path, &info) == 0 && info.type != FILE_FOLDER;
}

/* Of a file the folder that holds it is watched, without what lies below that. */
int watch_add(struct watch *w, const char *path)
{
    char watched[WATCH_PATH_MAX];
    snprintf(watched, sizeof(watched), "%s", path);
    bool below = !(is_file(path) && cut_last_part(watched));
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->roots[i]->path, watched) == 0 && (w->roots[i]->below || !below))
            return w->roots[i]->failed;
    struct root *r = w->n < ROOTS_MAX ? calloc(1, sizeof(*r)) : NULL;
    if (!r)
        return -ENOMEM;
    snprintf(r->path, sizeof(r->path), "%s", watched);
    r->below = below;
    w->roots[w->n++] = r;
    r->failed = open_root(w, r);
    return r->failed;
}

wait_t watch_wait(const struct watch *w)
{
    return (wait_t)w->event;
}

/* ---- events ---- */

static bool is_folder(const char *path)
{
    struct file_info info;
    return file_info_at(path, &info) == 0 && info.type == FILE_FOLDER;
}

static void make_event(struct watch_event *out, uint32_t kinds, const char *path)
{
    memset(out, 0, sizeof(*out));
    out->actor.uid = out->actor.login_uid = WATCH_NO_USER;
    out->kinds = kinds;
    out->time_ms = clock_wall_ms();
    snprintf(out->path, sizeof(out->path), "%s", path);
    out->folder = !(kinds & (WATCH_DELETED | WATCH_OVERFLOW)) && is_folder(path);
}

static bool is_wanted(struct watch *w, const char *path)
{
    return w->filter.wanted(w->filter.ctx, path, false);
}

static bool tell(struct watch *w, struct watch_event *out, uint32_t kinds, const char *path)
{
    if (!is_wanted(w, path))
        return false;
    make_event(out, kinds, path);
    return true;
}

static bool tell_rename(struct watch *w, struct root *r, const char *to, struct watch_event *out)
{
    char from[WATCH_PATH_MAX];
    snprintf(from, sizeof(from), "%s", r->renamed);
    r->renamed[0] = '\0';
    if (from[0] == '\0' || !is_wanted(w, from))
        return tell(w, out, WATCH_CREATED, to);
    if (!is_wanted(w, to))
        return tell(w, out, WATCH_DELETED, from);
    make_event(out, WATCH_RENAMED, from);
    snprintf(out->path2, sizeof(out->path2), "%s", to);
    out->folder = is_folder(to);
    return true;
}

/* Who used a short name (PROGRA~1) has that told; what is gone has no long one any more. */
static bool lengthen(char *path)
{
    wchar_t wide[PATH_WIDE_MAX], whole[PATH_WIDE_MAX];
    if (path_wide(path, wide) != 0)
        return false;
    DWORD n = GetLongPathNameW(wide, whole, PATH_WIDE_MAX);
    return n > 0 && n < PATH_WIDE_MAX && text_of_path(whole, path, WATCH_PATH_MAX) > 0;
}

/* Of a path that is gone: whether a part of it may be a short name, "PROGRA~1.TXT". */
static bool may_be_short(const char *path)
{
    for (const char *c = strchr(path, '~'); c; c = strchr(c + 1, '~'))
        if (c[1] >= '0' && c[1] <= '9')
            return true;
    return false;
}

/* False: what changed cannot be named; it lies below out. */
static bool record_path(const struct root *r, const FILE_NOTIFY_INFORMATION *record, char *out)
{
    size_t n = strlen(r->folder);
    memcpy(out, r->folder, n);
    out[n] = '/';
    int length = text_of_wide(record->FileName, record->FileNameLength / sizeof(wchar_t),
                              out + n + 1, WATCH_PATH_MAX - n - 1);
    for (char *c = out + n + 1; length > 0 && *c; c++)
        if (*c == '\\')
            *c = '/';
    bool named = length > 0;
    if (named && may_be_short(out + n) && !lengthen(out)) {
        named = false;
        *strchr(out + n, '~') = '\0';
        cut_last_part(out);
    } else if (!named) {
        out[n] = '\0';
    }
    return named;
}

/* What a root that came or went means for itself. */
static bool look_for_root(struct watch *w, struct root *r, struct watch_event *out)
{
    struct changes *before = r->changes;
    struct file_info info;
    if (file_info_at(r->path, &info) != 0 && before)
        return false; /* a part of the way may have come: the next one is waited for below */
    r->changes = NULL;
    bool waited = r->waiting;
    r->failed = open_root(w, r);
    changes_close(before);
    return tell(w, out, waited && !r->waiting ? WATCH_CREATED : WATCH_DELETED, r->path);
}

/* Whether the record of a waiting root is about the way to it. */
static bool leads_to_root(const struct root *r, const char *path)
{
    size_t n = strlen(path);
    return _strnicmp(r->path, path, n) == 0 && (r->path[n] == '/' || r->path[n] == '\0');
}

/* The root's way got longer: waits in the folder that has come. */
static bool come_closer(struct watch *w, struct root *r, const char *path, struct watch_event *out)
{
    if (!leads_to_root(r, path))
        return false;
    if (look_for_root(w, r, out))
        return true;
    struct changes *before = r->changes;
    r->changes = NULL;
    r->failed = open_root(w, r);
    changes_close(before);
    return false;
}

static bool take(struct watch *w, struct root *r, const FILE_NOTIFY_INFORMATION *record,
                 struct watch_event *out)
{
    char path[WATCH_PATH_MAX];
    DWORD action = record->Action;
    if (!record_path(r, record, path)) {
        make_event(out, WATCH_OVERFLOW, path);
        return true;
    }
    if (r->waiting)
        return come_closer(w, r, path, out);
    switch (action) {
    case FILE_ACTION_ADDED:
        return tell(w, out, WATCH_CREATED, path);
    case FILE_ACTION_REMOVED:
        return tell(w, out, WATCH_DELETED, path);
    case FILE_ACTION_MODIFIED:
        return tell(w, out, WATCH_CHANGED, path);
    case FILE_ACTION_RENAMED_OLD_NAME:
        snprintf(r->renamed, sizeof(r->renamed), "%s", path);
        return false;
    case FILE_ACTION_RENAMED_NEW_NAME:
        return tell_rename(w, r, path, out);
    default:
        return false;
    }
}

/* The next event of one root. */
static bool next_of(struct watch *w, struct root *r, struct watch_event *out)
{
    const FILE_NOTIFY_INFORMATION *record;
    int rc;
    while (r->changes && (rc = changes_take(r->changes, &record)) != 0) {
        if (rc == -EOVERFLOW) {
            make_event(out, WATCH_OVERFLOW, r->folder);
            return true;
        }
        if (rc < 0) { /* the folder that was asked is gone */
            changes_close(r->changes);
            r->changes = NULL;
            return look_for_root(w, r, out);
        }
        if (take(w, r, record, out))
            return true;
    }
    return false;
}

int watch_next(struct watch *w, struct watch_event *out)
{
    ResetEvent(w->event);
    for (size_t i = 0; i < w->n; i++) {
        if (next_of(w, w->roots[i], out)) {
            SetEvent(w->event); /* the others were not asked yet */
            return 1;
        }
    }
    return 0;
}

size_t watch_status(struct watch *w, struct watch_root_status *out, size_t max)
{
    size_t n = w->n < max ? w->n : max;
    for (size_t i = 0; i < n; i++) {
        const struct root *r = w->roots[i];
        out[i] = (struct watch_root_status){.mechanism = r->failed ? "none" : "notifications"};
        snprintf(out[i].path, sizeof(out[i].path), "%s", r->path);
        if (r->failed)
            snprintf(out[i].why, sizeof(out[i].why), "Windows tells of no changes there (%s)",
                     strerror(-r->failed));
    }
    return n;
}

void watch_close(struct watch *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->n; i++) {
        changes_close(w->roots[i]->changes);
        free(w->roots[i]);
    }
    CloseHandle(w->event);
    free(w);
}
