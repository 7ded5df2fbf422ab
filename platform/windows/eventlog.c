/* The event log by wevtapi.dll: loaded when a channel is opened first, and only functions that read
 * are asked for. */
#include "platform/eventlog.h"

#include "platform/library.h"
#include "platform/windows/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <winevt.h>

#define CHANNEL_MAX  512                          /* characters of a name */
#define WIDE_MAX     (EVENTLOG_EVENT_MAX / 3 - 8) /* characters of an event, which become 3 bytes */
#define WIDE_KEPT    (32 * 1024)                  /* room that stays while nothing comes */
#define NEWEST_FIRST (EvtQueryChannelPath | EvtQueryReverseDirection)

static struct {
    bool loaded;
    EVT_HANDLE(WINAPI *subscribe)
    (EVT_HANDLE, HANDLE, LPCWSTR, LPCWSTR, EVT_HANDLE, PVOID, EVT_SUBSCRIBE_CALLBACK, DWORD);
    EVT_HANDLE(WINAPI *query)(EVT_HANDLE, LPCWSTR, LPCWSTR, DWORD);
    WINBOOL(WINAPI *next)(EVT_HANDLE, DWORD, EVT_HANDLE *, DWORD, DWORD, PDWORD);
    WINBOOL(WINAPI *render)(EVT_HANDLE, EVT_HANDLE, DWORD, DWORD, PVOID, PDWORD, PDWORD);
    EVT_HANDLE(WINAPI *create_bookmark)(LPCWSTR);
    WINBOOL(WINAPI *update_bookmark)(EVT_HANDLE, EVT_HANDLE);
    WINBOOL(WINAPI *close)(EVT_HANDLE);
} evt;

/* One for all channels: what eventlog_next gave last. */
static struct {
    wchar_t *wide;
    char *text; /* three bytes for each of wide's characters, and some more */
    size_t room;
} page;

struct eventlog {
    EVT_HANDLE subscription;
    HANDLE signal;
    EVT_HANDLE events[EVENTLOG_AT_ONCE]; /* fetched; [at] is the next one */
    DWORD at, n, at_once;
    EVT_HANDLE last; /* the one given last, for a bookmark of it */
    bool drained;    /* until the signal says otherwise */
};

static bool load(void)
{
    static const struct library_symbol wanted[] = {
        {"EvtSubscribe", &evt.subscribe},
        {"EvtQuery", &evt.query},
        {"EvtNext", &evt.next},
        {"EvtRender", &evt.render},
        {"EvtCreateBookmark", &evt.create_bookmark},
        {"EvtUpdateBookmark", &evt.update_bookmark},
        {"EvtClose", &evt.close},
        {NULL, NULL},
    };
    evt.loaded = evt.loaded || library_load("wevtapi.dll", wanted) == 0;
    return evt.loaded;
}

/* A call of wine's may fail without saying why: that is an error, too. */
static int error_of(DWORD error)
{
    static const struct {
        DWORD error;
        int number;
    } known[] = {
        {ERROR_SUCCESS, ENOSYS},
        {ERROR_CALL_NOT_IMPLEMENTED, ENOSYS},
        {ERROR_EVT_CHANNEL_NOT_FOUND, ENODEV},
        {ERROR_EVT_INVALID_CHANNEL_PATH, ENODEV},
        {ERROR_EVT_SUBSCRIPTION_TO_DIRECT_CHANNEL, ENOTSUP},
        {ERROR_NOT_FOUND, ENOENT},
        {ERROR_EVT_QUERY_RESULT_STALE, EOVERFLOW},
        {ERROR_EVT_QUERY_RESULT_INVALID_POSITION, EOVERFLOW},
        {RPC_S_INVALID_BOUND, EMSGSIZE},
        {RPC_S_SERVER_UNAVAILABLE, ECONNRESET},
        {RPC_S_CALL_FAILED, ECONNRESET},
        {RPC_S_CALL_FAILED_DNE, ECONNRESET},
        {RPC_S_CALL_CANCELLED, ECONNRESET},
        {RPC_S_UNKNOWN_IF, ECONNRESET},
        {EPT_S_NOT_REGISTERED, ECONNRESET},
        {ERROR_SERVICE_NOT_ACTIVE, ECONNRESET},
        {ERROR_INVALID_HANDLE, ECONNRESET},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].error == error)
            return -known[i].number;
    return errno_of_error(error);
}

static int error_of_last(void)
{
    return error_of(GetLastError());
}

/* A handle, or an error. Not every call that fails sets one: that of the call before must not be
 * taken for it. */
#define CALL(out, call) (SetLastError(ERROR_SUCCESS), ((out) = (call)) ? 0 : error_of_last())

/* ---- what is rendered ---- */

static bool make_room(size_t characters)
{
    if (characters <= page.room)
        return true;
    free(page.wide);
    free(page.text);
    page.room = 0;
    page.wide = malloc(characters * sizeof(wchar_t));
    page.text = malloc(characters * 3 + 8);
    if (page.wide && page.text)
        page.room = characters;
    return page.room > 0;
}

static void leave_room(size_t kept)
{
    if (page.room <= kept)
        return;
    free(page.wide);
    free(page.text);
    page.wide = NULL;
    page.text = NULL;
    page.room = 0;
}

/* An event or a bookmark as XML in page.text; its length, or -ENODATA. */
static int render(EVT_HANDLE what, DWORD flags)
{
    DWORD used = 0, properties = 0;
    if (!make_room(WIDE_KEPT))
        return -ENOMEM;
    bool done = evt.render(NULL, what, flags, (DWORD)(page.room * sizeof(wchar_t)), page.wide,
                           &used, &properties);
    if (!done && GetLastError() == ERROR_INSUFFICIENT_BUFFER) {
        size_t wanted = used / sizeof(wchar_t) + 1;
        if (wanted > WIDE_MAX)
            return -ENODATA;
        if (!make_room(wanted))
            return -ENOMEM;
        done = evt.render(NULL, what, flags, (DWORD)(page.room * sizeof(wchar_t)), page.wide, &used,
                          &properties);
    }
    size_t n = used / sizeof(wchar_t);
    if (!done || n > page.room)
        return -ENODATA;
    while (n > 0 && page.wide[n - 1] == L'\0')
        n--;
    int length = text_of_wide(page.wide, n, page.text, page.room * 3 + 8);
    return length < 0 ? -ENODATA : length;
}

static int bookmark_of(EVT_HANDLE event, char *out, size_t size)
{
    EVT_HANDLE mark;
    int rc = CALL(mark, evt.create_bookmark(NULL));
    if (rc != 0)
        return rc;
    if (!evt.update_bookmark(mark, event))
        rc = error_of_last();
    int n = rc == 0 ? render(mark, EvtRenderBookmark) : rc;
    evt.close(mark);
    if (n < 0)
        return n;
    if ((size_t)n >= size)
        return -ENAMETOOLONG;
    memcpy(out, page.text, (size_t)n);
    out[n] = '\0';
    return 0;
}

static int channel_name(const char *channel, wchar_t out[CHANNEL_MAX])
{
    return wide_of_text(channel, strlen(channel), out, CHANNEL_MAX) > 0 ? 0 : -ENODEV;
}

int eventlog_end(const char *channel, char *bookmark, size_t size)
{
    wchar_t name[CHANNEL_MAX];
    EVT_HANDLE found, event = NULL;
    DWORD n = 0;
    if (!load())
        return -ENOSYS;
    int rc = channel_name(channel, name);
    if (rc == 0)
        rc = CALL(found, evt.query(NULL, name, L"*", NEWEST_FIRST));
    if (rc != 0)
        return rc;
    if (evt.next(found, 1, &event, INFINITE, 0, &n) && n == 1)
        rc = bookmark_of(event, bookmark, size);
    else if (GetLastError() != ERROR_NO_MORE_ITEMS)
        rc = error_of_last();
    if (event)
        evt.close(event);
    evt.close(found);
    return rc != 0 ? rc : (int)n;
}

/* ---- a subscription ---- */

static int subscribe(struct eventlog *l, const char *channel, const char *bookmark)
{
    wchar_t name[CHANNEL_MAX], text[EVENTLOG_BOOKMARK_MAX];
    EVT_HANDLE mark = NULL;
    int rc = channel_name(channel, name);
    if (rc == 0 && bookmark) {
        if (wide_of_text(bookmark, strlen(bookmark), text, EVENTLOG_BOOKMARK_MAX) <= 0)
            return -ENOENT;
        rc = CALL(mark, evt.create_bookmark(text));
        if (rc != 0 && rc != -ENOSYS)
            rc = -ENOENT; /* nothing that leads anywhere */
    }
    /* strict: a bookmark that is gone, and events that were missed, are errors */
    DWORD from = bookmark ? EvtSubscribeStartAfterBookmark | EvtSubscribeStrict
                          : EvtSubscribeStartAtOldestRecord;
    if (rc == 0)
        rc = CALL(l->subscription,
                  evt.subscribe(NULL, l->signal, name, L"*", mark, NULL, NULL, from));
    if (mark)
        evt.close(mark);
    return rc;
}

int eventlog_open(const char *channel, const char *bookmark, unsigned at_once,
                  struct eventlog **out)
{
    *out = NULL;
    if (!load())
        return -ENOSYS;
    struct eventlog *l = calloc(1, sizeof(*l));
    if (!l)
        return -ENOMEM;
    l->at_once = at_once < 1 ? 1 : at_once > EVENTLOG_AT_ONCE ? EVENTLOG_AT_ONCE : at_once;
    l->signal = CreateEventW(NULL, TRUE, FALSE, NULL);
    int rc = l->signal ? subscribe(l, channel, bookmark) : errno_of_last();
    if (rc != 0) {
        eventlog_close(l);
        return rc;
    }
    *out = l;
    return 0;
}

static void close_last(struct eventlog *l)
{
    if (l->last)
        evt.close(l->last);
    l->last = NULL;
}

void eventlog_close(struct eventlog *l)
{
    if (!l)
        return;
    close_last(l);
    while (l->at < l->n)
        evt.close(l->events[l->at++]);
    if (l->subscription)
        evt.close(l->subscription);
    if (l->signal)
        CloseHandle(l->signal);
    leave_room(0);
    free(l);
}

wait_t eventlog_wait(struct eventlog *l)
{
    return (wait_t)l->signal;
}

bool eventlog_ready(const struct eventlog *l)
{
    return l->at < l->n || !l->drained || WaitForSingleObject(l->signal, 0) == WAIT_OBJECT_0;
}

/* 1, 0 at the end. The signal is taken back before it is asked for more, so that none is missed. */
static int fetch(struct eventlog *l)
{
    l->at = l->n = 0;
    ResetEvent(l->signal);
    SetLastError(ERROR_SUCCESS);
    if (evt.next(l->subscription, l->at_once, l->events, 0, 0, &l->n) && l->n > 0) {
        l->drained = false;
        return 1;
    }
    DWORD error = GetLastError();
    l->n = 0;
    if (error != ERROR_NO_MORE_ITEMS && error != ERROR_TIMEOUT && error != ERROR_INVALID_OPERATION)
        return error_of(error);
    l->drained = true; /* the last of the three: nothing there, as older systems say it */
    leave_room(WIDE_KEPT);
    return 0;
}

int eventlog_next(struct eventlog *l, const char **xml, size_t *n)
{
    *xml = NULL;
    *n = 0;
    int rc = l->at < l->n ? 1 : fetch(l);
    if (rc <= 0)
        return rc;
    close_last(l);
    l->last = l->events[l->at++];
    int length = render(l->last, EvtRenderEventXml);
    if (length < 0)
        return length;
    *xml = page.text;
    *n = (size_t)length;
    return 1;
}

int eventlog_bookmark(struct eventlog *l, char *out, size_t size)
{
    return l->last ? bookmark_of(l->last, out, size) : -ENOENT;
}
