/*
 * FileHardLinkInformation ([MS-FSCC] 2.4.16) gives each name with the number of its folder; what
 * the folder is called its handle tells. FindFirstFileNameW would do the same, but opens the file
 * by its path, through links on the way.
 */
#include "platform/hardlink.h"

#include "platform/windows/reach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <winternl.h>

#define LINK_INFORMATION 46 /* FileHardLinkInformation */
#define LIST_SIZE        (32 * 1024)
#define MORE             ((NTSTATUS)0x80000005) /* STATUS_BUFFER_OVERFLOW: whole entries, not all */

struct list_head {
    ULONG needed, n;
};

struct link_entry {
    ULONG next; /* offset from this one; 0: it is the last */
    ULONGLONG folder;
    ULONG name_n; /* characters */
    wchar_t name[];
};
_Static_assert(offsetof(struct link_entry, folder) == 8 && offsetof(struct link_entry, name) == 20,
               "as the kernel has it");

struct asked {
    HANDLE file;
    const wchar_t *last; /* part of the path */
    bool (*each)(void *ctx, const char *name);
    void *ctx;
};

static int folder_path(HANDLE file, ULONGLONG number, char *out, size_t size)
{
    wchar_t wide[PATH_WIDE_MAX];
    FILE_ID_DESCRIPTOR id = {.dwSize = sizeof(id), .FileId.QuadPart = (LONGLONG)number};
    HANDLE h = OpenFileById(file, &id, FILE_READ_ATTRIBUTES, SHARE_ALL, NULL,
                            FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
    if (h == INVALID_HANDLE_VALUE)
        return errno_of_last();
    int rc = handle_path(h, wide);
    CloseHandle(h);
    return rc == 0 ? text_of_path(wide, out, size) : rc;
}

static bool hand_on(const struct asked *a, const struct link_entry *e)
{
    char path[4096];
    size_t n = wcslen(a->last);
    if (e->name_n != n || _wcsnicmp(e->name, a->last, n) != 0)
        return true;
    int folder = folder_path(a->file, e->folder, path, sizeof(path) - 1);
    if (folder <= 0)
        return true; /* it went away */
    path[folder] = '/';
    int name = text_of_wide(e->name, n, path + folder + 1, sizeof(path) - (size_t)folder - 1);
    return name <= 0 || a->each(a->ctx, path);
}

static void walk_list(const struct asked *a, const unsigned char *list, size_t size)
{
    const size_t head = offsetof(struct link_entry, name);
    const struct link_entry *e;
    for (size_t at = sizeof(struct list_head); size - at >= head && at < size; at += e->next) {
        e = (const struct link_entry *)(list + at);
        if (e->name_n > (size - at - head) / sizeof(wchar_t) || !hand_on(a, e) || e->next == 0 ||
            e->next % sizeof(ULONGLONG) != 0 || e->next > size - at)
            return;
    }
}

static int read_list(const struct asked *a)
{
    IO_STATUS_BLOCK io = {.Information = 0};
    unsigned char *list = malloc(LIST_SIZE);
    if (!list)
        return -ENOMEM;
    NTSTATUS status = NtQueryInformationFile(a->file, &io, list, LIST_SIZE,
                                             (FILE_INFORMATION_CLASS)LINK_INFORMATION);
    bool some = status == 0 || status == MORE;
    if (some && io.Information > sizeof(struct list_head) && io.Information <= LIST_SIZE &&
        ((const struct list_head *)list)->n > 0)
        walk_list(a, list, io.Information);
    free(list);
    return some ? 0 : errno_of_status(status);
}

int hardlink_each(const char *path, bool (*each)(void *ctx, const char *name), void *ctx)
{
    wchar_t wide[PATH_WIDE_MAX];
    int rc = path_wide(path, wide);
    const wchar_t *slash = rc == 0 ? wcsrchr(wide, L'\\') : NULL;
    struct asked a = {.last = slash ? slash + 1 : wide, .each = each, .ctx = ctx};
    if (rc == 0)
        rc = reach(wide, REACH_FILE, FILE_READ_ATTRIBUTES, 0, &a.file);
    if (rc != 0)
        return rc;
    rc = read_list(&a);
    CloseHandle(a.file);
    return rc;
}
