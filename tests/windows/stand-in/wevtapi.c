/*
 * A stand-in for wevtapi.dll, as far as platform/windows/eventlog.c asks for it: channels are files
 * in the folder that the variable VIGIA_CHANNELS names, one event a line as EvtRender gives it, in
 * the order of their EventRecordID. A channel's file bears its name with "%4" for "/" (as Windows
 * names its own), and ends in ".xml". Beside it may lie NAME.error: a number, the error that all
 * calls for this channel end with. What is behind the last line end is not there yet.
 *
 * Bookmarks, strict subscriptions, the pulling of events and the signal are as documented for
 * Windows; what is not asked for is not here.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <winevt.h>

#define LOOK_EVERY_MS 20
#define BOOKMARK                                                                                   \
    L"<BookmarkList><Bookmark Channel='%ls' RecordId='%llu' IsCurrent='true'/></BookmarkList>"

enum kind { RESULTS = 1, EVENT, MARK };

struct object {
    enum kind kind;
    wchar_t channel[256];
    unsigned long long id; /* of an event or bookmark */
    /* RESULTS */
    wchar_t file[1024], error[1024];
    HANDLE signal, watcher, end;
    LONGLONG offset; /* of what was given */
    bool backwards;
    /* EVENT */
    wchar_t *xml;
};

/* ---- files ---- */

static void name_file(const wchar_t *channel, const wchar_t *ending, wchar_t out[1024])
{
    wchar_t folder[512] = L"", name[512];
    size_t n = 0;
    GetEnvironmentVariableW(L"VIGIA_CHANNELS", folder, 512);
    for (const wchar_t *c = channel; *c && n + 3 < 512; c++) {
        if (*c == L'/') {
            name[n++] = L'%';
            name[n++] = L'4';
        } else {
            name[n++] = *c;
        }
    }
    name[n] = L'\0';
    swprintf(out, 1024, L"%ls/%ls%ls", folder, name, ending);
}

static HANDLE open_file(const wchar_t *name)
{
    return CreateFileW(name, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                       NULL, OPEN_EXISTING, 0, NULL);
}

static DWORD error_of(const wchar_t *name)
{
    char text[16] = "";
    DWORD n = 0;
    HANDLE h = open_file(name);
    if (h == INVALID_HANDLE_VALUE)
        return 0;
    if (!ReadFile(h, text, sizeof(text) - 1, &n, NULL))
        n = 0;
    CloseHandle(h);
    return (DWORD)strtoul(text, NULL, 10);
}

static LONGLONG size_of(const wchar_t *name)
{
    LARGE_INTEGER size = {0};
    HANDLE h = open_file(name);
    if (h == INVALID_HANDLE_VALUE)
        return -1;
    GetFileSizeEx(h, &size);
    CloseHandle(h);
    return size.QuadPart;
}

/* Complete lines from offset on, as many as fit; NUL-terminated. The caller's. */
static char *read_lines(const wchar_t *name, LONGLONG offset, size_t most, size_t *n)
{
    char *text = malloc(most + 1);
    DWORD got = 0;
    LARGE_INTEGER to = {.QuadPart = offset};
    HANDLE h = open_file(name);
    *n = 0;
    if (!text || h == INVALID_HANDLE_VALUE || !SetFilePointerEx(h, to, NULL, FILE_BEGIN) ||
        !ReadFile(h, text, (DWORD)most, &got, NULL))
        got = 0;
    if (h != INVALID_HANDLE_VALUE)
        CloseHandle(h);
    while (got > 0 && text[got - 1] != '\n')
        got--;
    if (text)
        text[got] = '\0';
    *n = got;
    return text;
}

static unsigned long long id_of(const char *line)
{
    const char *at = strstr(line, "<EventRecordID>");
    return at ? strtoull(at + 15, NULL, 10) : 0;
}

/* ---- objects ---- */

static struct object *object_new(enum kind kind, const wchar_t *channel)
{
    struct object *o = calloc(1, sizeof(*o));
    if (!o)
        return NULL;
    o->kind = kind;
    wcsncpy(o->channel, channel, 255);
    return o;
}

static DWORD WINAPI watch(void *ctx)
{
    struct object *o = ctx;
    LONGLONG seen = -2;
    DWORD failed = 0;
    while (WaitForSingleObject(o->end, LOOK_EVERY_MS) == WAIT_TIMEOUT) {
        LONGLONG size = size_of(o->file);
        DWORD error = error_of(o->error);
        if (size != seen || error != failed)
            SetEvent(o->signal);
        seen = size;
        failed = error;
    }
    return 0;
}

static struct object *results_new(const wchar_t *channel)
{
    struct object *o = object_new(RESULTS, channel);
    if (!o)
        return NULL;
    name_file(channel, L".xml", o->file);
    name_file(channel, L".error", o->error);
    DWORD error = error_of(o->error);
    if (error == 0 && size_of(o->file) < 0)
        error = ERROR_EVT_CHANNEL_NOT_FOUND;
    if (error == 0)
        return o;
    free(o);
    SetLastError(error);
    return NULL;
}

/* To behind the event of the bookmark; false if it is not there. */
static bool go_behind(struct object *o, unsigned long long id)
{
    for (;;) {
        size_t n;
        char *text = read_lines(o->file, o->offset, 1 << 20, &n);
        for (char *line = text; line && *line; line = strchr(line, '\n') + 1) {
            if (id_of(line) == id) {
                o->offset += strchr(line, '\n') + 1 - text;
                free(text);
                return true;
            }
        }
        free(text);
        if (n == 0)
            return false;
        o->offset += (LONGLONG)n;
    }
}

WINBOOL WINAPI EvtClose(EVT_HANDLE h)
{
    struct object *o = h;
    if (!o)
        return FALSE;
    if (o->watcher) {
        SetEvent(o->end);
        WaitForSingleObject(o->watcher, INFINITE);
        CloseHandle(o->watcher);
        CloseHandle(o->end);
    }
    free(o->xml);
    free(o);
    return TRUE;
}

EVT_HANDLE WINAPI EvtSubscribe(EVT_HANDLE session, HANDLE signal, LPCWSTR channel, LPCWSTR query,
                               EVT_HANDLE mark, PVOID ctx, EVT_SUBSCRIBE_CALLBACK push, DWORD flags)
{
    struct object *o = results_new(channel);
    (void)session, (void)query, (void)ctx;
    if (!o)
        return NULL;
    DWORD from = flags & EvtSubscribeOriginMask, error = 0;
    if (push || !signal || from == EvtSubscribeToFutureEvents)
        error = ERROR_CALL_NOT_IMPLEMENTED;
    else if (from != EvtSubscribeStartAfterBookmark && flags & EvtSubscribeStrict)
        error = ERROR_INVALID_PARAMETER; /* what Windows says to it is not documented */
    else if (from == EvtSubscribeStartAfterBookmark && !go_behind(o, ((struct object *)mark)->id))
        error = flags & EvtSubscribeStrict ? ERROR_NOT_FOUND : 0;
    o->signal = signal;
    if (error == 0) {
        o->end = CreateEventW(NULL, TRUE, FALSE, NULL);
        o->watcher = CreateThread(NULL, 64 * 1024, watch, o, 0, NULL);
        return o;
    }
    EvtClose(o);
    SetLastError(error);
    return NULL;
}

EVT_HANDLE WINAPI EvtQuery(EVT_HANDLE session, LPCWSTR channel, LPCWSTR query, DWORD flags)
{
    struct object *o = results_new(channel);
    (void)session, (void)query;
    if (o)
        o->backwards = (flags & EvtQueryReverseDirection) != 0;
    return o;
}

static struct object *event_new(struct object *results, const char *line, size_t n)
{
    struct object *e = object_new(EVENT, results->channel);
    if (!e)
        return NULL;
    e->id = id_of(line);
    e->xml = calloc(n + 1, sizeof(wchar_t));
    if (e->xml)
        MultiByteToWideChar(CP_UTF8, 0, line, (int)n, e->xml, (int)n);
    return e;
}

/* The last line alone is enough for what asks backwards. */
static void turn_round(struct object *o)
{
    for (;;) {
        size_t n;
        char *text = read_lines(o->file, o->offset, 1 << 18, &n), *line = text;
        if (n == 0) {
            free(text);
            return;
        }
        char *last = text + n - 1;
        while (last > line && last[-1] != '\n')
            last--;
        bool end = size_of(o->file) <= o->offset + (LONGLONG)n;
        o->offset += end ? last - text : (LONGLONG)n;
        free(text);
        if (end)
            return;
    }
}

WINBOOL WINAPI EvtNext(EVT_HANDLE results, DWORD most, EVT_HANDLE *events, DWORD timeout,
                       DWORD flags, PDWORD returned)
{
    struct object *o = results;
    size_t n;
    DWORD error = error_of(o->error);
    (void)timeout, (void)flags;
    *returned = 0;
    if (error == 0 && size_of(o->file) < o->offset)
        error = ERROR_EVT_QUERY_RESULT_STALE; /* cleared, or overwritten */
    if (error != 0) {
        SetLastError(error);
        return FALSE;
    }
    if (o->backwards)
        turn_round(o);
    o->backwards = false;
    char *text = read_lines(o->file, o->offset, 1 << 18, &n), *line = text;
    while (*returned < most && line && *line) {
        char *end = strchr(line, '\n');
        events[(*returned)++] = event_new(o, line, (size_t)(end - line));
        line = end + 1;
    }
    o->offset += line - text;
    free(text);
    if (*returned == 0)
        SetLastError(ERROR_NO_MORE_ITEMS);
    return *returned > 0;
}

WINBOOL WINAPI EvtRender(EVT_HANDLE context, EVT_HANDLE what, DWORD flags, DWORD size, PVOID out,
                         PDWORD used, PDWORD properties)
{
    const struct object *o = what;
    wchar_t mark[512];
    (void)context;
    swprintf(mark, 512, BOOKMARK, o->channel, o->id);
    const wchar_t *text = flags == EvtRenderBookmark ? mark : o->xml;
    *properties = 0;
    *used = (DWORD)((wcslen(text) + 1) * sizeof(wchar_t));
    if (*used > size) {
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return FALSE;
    }
    memcpy(out, text, *used);
    return TRUE;
}

EVT_HANDLE WINAPI EvtCreateBookmark(LPCWSTR xml)
{
    struct object *o = object_new(MARK, L"");
    const wchar_t *id = xml ? wcsstr(xml, L"RecordId='") : NULL;
    if (o && id)
        o->id = wcstoul(id + 10, NULL, 10);
    return o;
}

WINBOOL WINAPI EvtUpdateBookmark(EVT_HANDLE mark, EVT_HANDLE event)
{
    struct object *m = mark;
    const struct object *e = event;
    m->id = e->id;
    memcpy(m->channel, e->channel, sizeof(m->channel));
    return TRUE;
}
