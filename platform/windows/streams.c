#include "platform/windows/streams.h"

#include "platform/windows/reach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define LIST_SIZE   (32 * 1024)
#define STREAMS_MAX 16
#define NAME_SIZE   1024
#define SIZE_N      8 /* u64 in front of a content */

static const wchar_t data_type[] = L":$DATA";

/* ":name:$DATA" of the list without its end; false for the content itself and for other types. */
static bool take_name(const FILE_STREAM_INFO *s, wchar_t *out, size_t max)
{
    size_t n = s->StreamNameLength / sizeof(wchar_t), end = sizeof(data_type) / sizeof(wchar_t) - 1;
    if (n <= end + 1 || n >= max || wmemcmp(s->StreamName + n - end, data_type, end) != 0)
        return false;
    n -= end;
    wmemcpy(out, s->StreamName, n);
    out[n] = L'\0';
    return true;
}

static DWORD read_begin(HANDLE file, const wchar_t *name, unsigned char *out)
{
    HANDLE h;
    DWORD n = 0;
    if (reach_in(file, name, REACH_ANY, FILE_READ_DATA, 0, &h) != 0)
        return 0;
    if (!ReadFile(h, out, WALK_STREAM_MAX, &n, NULL))
        n = 0;
    CloseHandle(h);
    return n;
}

static void hand_on(HANDLE file, const FILE_STREAM_INFO *s, unsigned char *value,
                    walk_attribute_fn *each, void *ctx)
{
    wchar_t wide[NAME_SIZE / 3];
    char name[NAME_SIZE], full[NAME_SIZE + 16];
    if (!take_name(s, wide, NAME_SIZE / 3) ||
        text_of_wide(wide + 1, wcslen(wide + 1), name, sizeof(name)) <= 0)
        return;
    uint64_t size = (uint64_t)s->StreamSize.QuadPart;
    memcpy(value, &size, SIZE_N);
    DWORD n = read_begin(file, wide, value + SIZE_N);
    bool program = n >= 2 && memcmp(value + SIZE_N, "MZ", 2) == 0;
    snprintf(full, sizeof(full), "%s:%s", program ? "program" : "stream", name);
    each(ctx, full, value, SIZE_N + n);
}

void streams_each(HANDLE h, walk_attribute_fn *each, void *ctx)
{
    size_t taken = 0;
    unsigned char *value = NULL, *list = malloc(LIST_SIZE);
    const FILE_STREAM_INFO *s = (const void *)list;
    bool more = list && GetFileInformationByHandleEx(h, FileStreamInfo, list, LIST_SIZE);
    while (more) {
        bool other = s->StreamNameLength > 0 && wmemcmp(s->StreamName, L"::", 2) != 0;
        if (other && !value)
            value = malloc(SIZE_N + WALK_STREAM_MAX);
        if (other && value && taken++ < STREAMS_MAX)
            hand_on(h, s, value, each, ctx);
        more = s->NextEntryOffset > 0;
        s = (const void *)((const char *)s + s->NextEntryOffset);
    }
    if (taken > STREAMS_MAX)
        each(ctx, "stream:", &taken, sizeof(taken)); /* so many there are */
    free(value);
    free(list);
}
