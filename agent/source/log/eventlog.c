/*
 * Windows' event log, followed channel by channel (section [eventlog]): those below, and the
 * channels of the sections [log NAME].
 *
 * State, STORE_POSITIONS "eventlog:<channel>": the bookmark of the last event read, or "0": from
 * the channel's oldest event on.
 */
#include "platform/eventlog.h"
#include "base/mem.h"
#include "base/text.h"
#include "platform/clock.h"
#include "source/all.h"
#include "source/log/eventlog_record.h"

#include <errno.h>

#define EVENTS_A_RUN    500           /* of a channel */
#define LOST_BEFORE_MS  (3600 * 1000) /* before the last delivery; what came before it was told */
#define ASK_EVERY_MS    10000         /* without being told of new events: is it still there? */
#define UNWATCHED_MS    1000          /* with more channels than can be waited for */
#define RETRY_FIRST_MS  1000
#define RETRY_MAX_MS    60000
#define SERVICE_GONE_MS 60000 /* a restart takes less */
#define KEY_PREFIX      "eventlog:"
#define FROM_OLDEST     "0"

static const char *const always[] = {
    "Security",
    "System",
    "Application",
    "Windows PowerShell",
    "Microsoft-Windows-PowerShell/Operational",
    "PowerShellCore/Operational",
    "Microsoft-Windows-Sysmon/Operational",
    "Microsoft-Windows-Windows Defender/Operational",
    "Microsoft-Windows-TaskScheduler/Operational",
    "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
    "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
    "Microsoft-Windows-WMI-Activity/Operational",
};
#define ALWAYS (sizeof(always) / sizeof(always[0]))

struct channel {
    const char *name, *service;
    struct eventlog *log;           /* NULL: not followed now */
    char at[EVENTLOG_BOOKMARK_MAX]; /* "": not known yet */
    uint64_t id;                    /* of the event read last; 0: none */
    bool moved;                     /* events were read since `at` */
    bool changed;                   /* `at` since the last checkpoint */
    bool unsettled;                 /* events may have gone unread since the last one */
    bool unmarked;                  /* opened without a bookmark: losses are not told */
    unsigned at_once;
    int error;
    int64_t retry_ms, retry_due, ask_due;
    int64_t from_ms; /* older events were told already */
};

struct event_logs {
    struct source_host host;
    struct eventlog_record record;
    size_t n, waited_for; /* channels; the first of them that the loop wakes up for */
    int64_t gone_since;   /* the service does not answer; 0: it does */
    bool gone_told;
    struct channel channels[ALWAYS + CONFIG_LOGS_MAX];
};

/* ---- where reading stands ---- */

static void remember(struct channel *c, const char *at)
{
    snprintf(c->at, sizeof(c->at), "%s", at);
    c->changed = true;
}

static struct span key_of(const struct channel *c, char *out, size_t size)
{
    snprintf(out, size, KEY_PREFIX "%s", c->name);
    return span_of(out);
}

static void load_position(struct event_logs *self, struct channel *c)
{
    char key[EVENTLOG_CHANNEL_MAX + sizeof(KEY_PREFIX)];
    struct buf saved = BUF_INIT(EVENTLOG_BOOKMARK_MAX);
    if (store_get(self->host.store, STORE_POSITIONS, key_of(c, key, sizeof(key)), &saved) == 0)
        span_copy(buf_span(&saved), c->at, sizeof(c->at));
    c->id = eventlog_bookmark_id(buf_span(&saved));
    buf_release(&saved);
}

static void keep_position(struct channel *c)
{
    char at[EVENTLOG_BOOKMARK_MAX];
    if (!c->moved || eventlog_bookmark(c->log, at, sizeof(at)) != 0)
        return;
    c->moved = false;
    remember(c, at);
}

/* A channel met first is followed from now on; one that comes later, from its beginning. */
static int find_start(struct event_logs *self, struct channel *c)
{
    char at[EVENTLOG_BOOKMARK_MAX];
    int64_t lost = self->host.lost_after_ms;
    if (lost > 0) {
        c->from_ms = lost - LOST_BEFORE_MS;
        remember(c, FROM_OLDEST);
        return 0;
    }
    int rc = eventlog_end(c->name, at, sizeof(at));
    if (rc == 0 || rc == -ENODEV)
        remember(c, FROM_OLDEST);
    else if (rc > 0)
        remember(c, at);
    if (rc > 0)
        c->id = eventlog_bookmark_id(span_of(at));
    return rc < 0 ? rc : 0;
}

/* ---- channels come and go ---- */

static void tell_activity(struct event_logs *self, const struct channel *c, int activity,
                          const char *message, uint64_t id)
{
    struct event e = {.class_uid = EVENT_LOG_ACTIVITY,
                      .activity = activity,
                      .severity = SEVERITY_HIGH,
                      .time_ms = clock_wall_ms(),
                      .message = message,
                      .u.log = {.log_name = span_of(c->name),
                                .log_type_id = eventlog_type_of(span_of(c->name)),
                                .actor.uid = -1}};
    uint64_t numbers[] = {(uint64_t)activity, c->id, id};
    struct span parts[] = {SPAN("eventlog"), e.u.log.log_name, span_make(numbers, sizeof(numbers))};
    event_uid_make(e.uid, parts, sizeof(parts) / sizeof(parts[0]));
    self->host.emit(self->host.ctx, &e);
}

/* Whoever ends the service quietly (its threads, its process) is not told of by the log itself. */
static void note_service(struct event_logs *self, const struct channel *c, int64_t now_ms)
{
    if (c->error != -ECONNRESET) {
        self->gone_since = c->error == 0 ? 0 : self->gone_since;
        self->gone_told = self->gone_told && self->gone_since != 0;
        return;
    }
    if (self->gone_since == 0)
        self->gone_since = now_ms;
    if (self->gone_told || now_ms - self->gone_since < SERVICE_GONE_MS)
        return;
    tell_activity(self, c, LOG_ACTIVITY_STOP, "the service EventLog does not answer any more", 0);
    self->gone_told = true;
}

static void stop(struct channel *c)
{
    if (c->log)
        keep_position(c);
    eventlog_close(c->log);
    c->log = NULL;
}

/* Closed, and tried again later and later. */
static void give_up(struct event_logs *self, struct channel *c, int error, int64_t now_ms)
{
    stop(c);
    c->error = error;
    c->unsettled = true;
    if (error == -EMSGSIZE && c->at_once > 1)
        c->at_once /= 2;
    c->retry_ms = c->retry_ms == 0                 ? RETRY_FIRST_MS
                  : c->retry_ms < RETRY_MAX_MS / 2 ? c->retry_ms * 2
                                                   : RETRY_MAX_MS;
    c->retry_due = now_ms + c->retry_ms;
    note_service(self, c, now_ms);
}

static void start(struct event_logs *self, struct channel *c, int64_t now_ms)
{
    int rc = c->at[0] ? 0 : find_start(self, c);
    const char *at = strcmp(c->at, FROM_OLDEST) == 0 ? NULL : c->at;
    if (rc == 0)
        rc = eventlog_open(c->name, at, c->at_once, &c->log);
    c->unmarked = !at || rc == -ENOENT;
    if (rc == -ENOENT && at) {
        c->unsettled = true;
        rc = eventlog_open(c->name, NULL, c->at_once, &c->log);
    }
    if (rc != 0) {
        give_up(self, c, rc, now_ms);
        return;
    }
    c->error = 0;
    c->ask_due = now_ms;
    note_service(self, c, now_ms);
}

/* ---- reading ---- */

/* The first event after something happened to the channel. */
static void look_for_gap(struct event_logs *self, struct channel *c, uint64_t id)
{
    if (c->id != 0 && id > c->id + 1)
        self->host.dropped(self->host.ctx, "events overwritten unread", id - c->id - 1);
    else if (c->id != 0 && id != 0 && id <= c->id)
        tell_activity(self, c, LOG_ACTIVITY_DELETE,
                      "a channel of the event log was made anew: its numbers begin again", id);
    c->unsettled = false;
}

static void take_event(struct event_logs *self, struct channel *c, struct span xml)
{
    struct eventlog_record *e = &self->record;
    struct event activity;
    if (!eventlog_record_take(e, c->name, c->service, xml, clock_wall_ms())) {
        self->host.dropped(self->host.ctx, "event damaged", 1);
        return;
    }
    if (c->unsettled)
        look_for_gap(self, c, e->id);
    if (e->id != 0)
        c->id = e->id;
    if (e->record.time_ms < c->from_ms)
        return;
    if (e->cut)
        self->host.dropped(self->host.ctx, "event cut", 1);
    if (eventlog_record_activity(e, &activity))
        self->host.emit(self->host.ctx, &activity);
    self->host.emit_record(self->host.ctx, &e->record);
}

/* True when there is more. */
static bool read_events(struct event_logs *self, struct channel *c, int64_t now_ms)
{
    int rc = 1;
    for (int i = 0; i < EVENTS_A_RUN && rc > 0; i++) {
        const char *xml;
        size_t n;
        rc = eventlog_next(c->log, &xml, &n);
        if (rc == -ENODATA) {
            self->host.dropped(self->host.ctx, "event cannot be shown", 1);
            rc = 1;
        } else if (rc > 0) {
            take_event(self, c, span_make(xml, n));
        }
        if (rc > 0) {
            c->moved = true;
            c->retry_ms = 0;
        }
    }
    c->ask_due = now_ms - now_ms % ASK_EVERY_MS + ASK_EVERY_MS; /* all at the same time */
    if (rc < 0) {
        give_up(self, c, rc, now_ms);
    } else if (rc == 0 && c->unmarked && c->id != 0) {
        stop(c);
        c->retry_due = now_ms;
    }
    return rc > 0;
}

/* ---- the contract ---- */

static void add_channel(struct event_logs *self, const char *name, const char *service)
{
    for (size_t i = 0; i < self->n; i++)
        if (strcmp(self->channels[i].name, name) == 0) {
            if (service[0])
                self->channels[i].service = service;
            return;
        }
    struct channel *c = &self->channels[self->n++];
    *c = (struct channel){
        .name = name, .service = service[0] ? service : NULL, .at_once = EVENTLOG_AT_ONCE};
    load_position(self, c);
}

static int open_event_logs(const struct source_host *host, void **out, struct error *e)
{
    (void)e;
    struct event_logs *self = mem_new(1, sizeof(*self));
    const struct config *c = host->config;
    self->host = *host;
    eventlog_record_init(&self->record);
    for (size_t i = 0; i < ALWAYS && c->eventlog; i++)
        add_channel(self, always[i], "");
    for (size_t i = 0; i < c->logs_n && c->eventlog; i++)
        if (c->logs[i].channel[0])
            add_channel(self, c->logs[i].channel, c->logs[i].service);
    *out = self;
    return 0;
}

static size_t waits(void *ctx, wait_t *out, size_t max)
{
    struct event_logs *self = ctx;
    size_t n = 0;
    for (self->waited_for = 0; self->waited_for < self->n && n < max; self->waited_for++)
        if (self->channels[self->waited_for].log)
            out[n++] = eventlog_wait(self->channels[self->waited_for].log);
    return n;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t run(void *ctx, int64_t now_ms)
{
    struct event_logs *self = ctx;
    int64_t next = self->waited_for < self->n ? now_ms + UNWATCHED_MS : INT64_MAX;
    bool started = false; /* one at a time: each asks the service */
    for (size_t i = 0; i < self->n; i++) {
        struct channel *c = &self->channels[i];
        if (!c->log && !started && now_ms >= c->retry_due) {
            start(self, c, now_ms);
            started = true;
        }
        if (c->log && (now_ms >= c->ask_due || eventlog_ready(c->log)) &&
            read_events(self, c, now_ms))
            next = now_ms;
        next = earlier(next, c->log ? c->ask_due : c->retry_due);
    }
    return next;
}

static void checkpoint(void *ctx)
{
    struct event_logs *self = ctx;
    for (size_t i = 0; i < self->n; i++) {
        struct channel *c = &self->channels[i];
        char key[EVENTLOG_CHANNEL_MAX + sizeof(KEY_PREFIX)];
        if (c->log)
            keep_position(c);
        if (c->changed)
            self->host.put(self->host.ctx, STORE_POSITIONS, key_of(c, key, sizeof(key)),
                           span_of(c->at));
        c->changed = false;
    }
}

static const char *words_of(int error)
{
    static const struct {
        int error;
        const char *words;
    } known[] = {
        {-EACCES, "access denied; the service has to run as LocalSystem"},
        {-ENOTSUP, "an analytic or debug channel cannot be followed; take it out of [log]"},
        {-ECONNRESET, "the service EventLog does not answer; start it"},
        {-EOVERFLOW, "events were overwritten before they were read; make the channel larger"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].error == error)
            return known[i].words;
    return error_text(error);
}

/* Those that are not there are said and no fault: few hosts have Sysmon. */
static void say_absent(const struct event_logs *self, struct source_health *out)
{
    size_t n = strlen(out->detail);
    bool first = true;
    for (size_t i = 0; i < self->n && n < sizeof(out->detail); i++) {
        if (self->channels[i].error != -ENODEV)
            continue;
        n += (size_t)snprintf(out->detail + n, sizeof(out->detail) - n, "%s%s",
                              !first  ? ", "
                              : n > 0 ? "; not on this host: "
                                      : "not on this host: ",
                              self->channels[i].name);
        first = false;
    }
}

static void health(void *ctx, struct source_health *out)
{
    const struct event_logs *self = ctx;
    size_t missing = 0;
    *out = (struct source_health){.state = SOURCE_OK};
    for (size_t i = 0; i < self->n; i++) {
        const struct channel *c = &self->channels[i];
        missing += c->error == -ENOSYS;
        if (c->error == 0 || c->error == -ENODEV || c->error == -ENOSYS)
            continue;
        if (out->state == SOURCE_OK)
            snprintf(out->detail, sizeof(out->detail), "%.100s: %s", c->name, words_of(c->error));
        out->state = SOURCE_DEGRADED;
    }
    if (missing == self->n)
        out->state = SOURCE_OFF;
    if (missing > 0)
        snprintf(out->detail, sizeof(out->detail), "this system has no event log to read");
    say_absent(self, out);
}

static void close_event_logs(void *ctx)
{
    struct event_logs *self = ctx;
    for (size_t i = 0; i < self->n; i++)
        eventlog_close(self->channels[i].log);
    eventlog_record_release(&self->record);
    free(self);
}

const struct source source_log_events = {
    .name = "log_events",
    .open = open_event_logs,
    .waits = waits,
    .run = run,
    .checkpoint = checkpoint,
    .health = health,
    .close = close_event_logs,
};
