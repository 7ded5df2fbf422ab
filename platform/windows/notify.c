#include "platform/notify.h"

#include "platform/windows/changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDERS_MAX 1024

struct entry {
    wchar_t *path;
    wchar_t *file; /* the one file of the folder that is meant, NULL: all */
    struct changes *changes;
};

struct notify {
    HANDLE event;
    struct entry *entries; /* an id is an index */
    size_t n;
};

int notify_open(struct notify **out)
{
    struct notify *n = calloc(1, sizeof(*n));
    *out = NULL;
    if (!n)
        return -ENOMEM;
    n->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!n->event) {
        free(n);
        return errno_of_last();
    }
    *out = n;
    return 0;
}

static bool is_same_path(const wchar_t *a, const wchar_t *b)
{
    return CompareStringOrdinal(a, -1, b, -1, TRUE) == CSTR_EQUAL;
}

/* The entry of that path, if it still tells of it; else it is let go. */
static int find(struct notify *n, const wchar_t *path, const wchar_t *folder)
{
    for (size_t i = 0; i < n->n; i++) {
        struct entry *e = &n->entries[i];
        if (!e->changes || !is_same_path(e->path, path))
            continue;
        if (changes_is_same_folder(e->changes, folder))
            return (int)i;
        changes_close(e->changes);
        e->changes = NULL;
    }
    return -1;
}

static int add(struct notify *n, const wchar_t *path, const wchar_t *folder, const wchar_t *file)
{
    struct entry e = {0};
    if (n->n == FOLDERS_MAX)
        return -ENOSPC;
    struct entry *grown = realloc(n->entries, (n->n + 1) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    n->entries = grown;
    e.path = _wcsdup(path);
    e.file = file ? _wcsdup(file) : NULL;
    int rc =
        e.path && (e.file || !file) ? changes_open(folder, false, n->event, &e.changes) : -ENOMEM;
    if (rc != 0) {
        free(e.path);
        free(e.file);
        return rc;
    }
    n->entries[n->n] = e;
    return (int)n->n++;
}

int notify_add(struct notify *n, const char *path)
{
    wchar_t wide[PATH_WIDE_MAX], folder[PATH_WIDE_MAX];
    const wchar_t *file = NULL;
    int rc = path_wide(path, wide);
    if (rc != 0)
        return rc;
    DWORD attributes = GetFileAttributesW(wide);
    if (attributes == INVALID_FILE_ATTRIBUTES)
        return errno_of_last();
    memcpy(folder, wide, sizeof(folder));
    wchar_t *slash = wcsrchr(folder, L'\\');
    if (!(attributes & FILE_ATTRIBUTE_DIRECTORY) && slash) {
        *slash = L'\0';
        file = slash + 1;
    }
    int id = find(n, wide, folder);
    return id >= 0 ? id : add(n, wide, folder, file);
}

wait_t notify_wait(const struct notify *n)
{
    return (wait_t)n->event;
}

static bool is_meant(const struct entry *e, const FILE_NOTIFY_INFORMATION *record)
{
    return !e->file || CompareStringOrdinal(e->file, -1, record->FileName,
                                            (int)(record->FileNameLength / sizeof(wchar_t)),
                                            TRUE) == CSTR_EQUAL;
}

/* Takes all that is told of one folder now. */
static int drain(struct entry *e)
{
    const FILE_NOTIFY_INFORMATION *record;
    bool changed = false;
    int rc;
    while ((rc = changes_take(e->changes, &record)) == 1)
        changed = changed || is_meant(e, record);
    if (rc == -EOVERFLOW)
        return rc;
    if (rc < 0) {
        changes_close(e->changes);
        e->changes = NULL;
        return 1; /* gone: who looks sees it */
    }
    return changed;
}

int notify_next(struct notify *n)
{
    ResetEvent(n->event);
    for (size_t i = 0; i < n->n; i++) {
        int rc = n->entries[i].changes ? drain(&n->entries[i]) : 0;
        if (rc == 0)
            continue;
        SetEvent(n->event); /* the others were not asked yet */
        return rc < 0 ? -2 : (int)i;
    }
    return -1;
}

void notify_close(struct notify *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->n; i++) {
        changes_close(n->entries[i].changes);
        free(n->entries[i].path);
        free(n->entries[i].file);
    }
    free(n->entries);
    CloseHandle(n->event);
    free(n);
}
