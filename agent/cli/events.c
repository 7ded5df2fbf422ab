#include "cli/events.h"

#include "base/json_read.h"
#include "base/mem.h"
#include "base/slurp.h"
#include "platform/clock.h"
#include "source/log/audit.h"
#include "source/log/event_xml.h"
#include "source/log/syslog.h"

#include <errno.h>

#define FILE_MAX   ((size_t)512 << 20)
#define OBJECT_MAX ((size_t)1 << 20)

struct reader {
    const char *path;
    size_t line; /* that the event at hand begins at */
    void (*each)(void *ctx, const struct record *r, size_t line);
    void *ctx;
    struct events_counts *counts;
    struct syslog_clock clock;
    struct audit *audit;
    struct record record;
    struct buf text; /* names and values that stand in no JSON text as they are */
    bool cut;
    size_t head; /* fields of Event.System, which the event's own data of that name replaces */
    const char *source; /* the event's channel */
    const char *service;
    int64_t time_ms; /* of the last object that said one; 0: none did */
};

static void hand_on(struct reader *r, struct record *record)
{
    record->source = r->source ? r->source : r->path;
    r->counts->events++;
    r->each(r->ctx, record, r->line);
}

/* ---- JSON ---- */

static struct span keep(struct reader *r, struct span a, const char *between, struct span b)
{
    size_t from = r->text.n;
    buf_put_span(&r->text, a);
    buf_put_text(&r->text, between);
    buf_put_span(&r->text, b);
    return r->text.failed ? (struct span){"", 0}
                          : (struct span){r->text.p + from, r->text.n - from};
}

static void add_field(struct reader *r, struct span name, struct span value)
{
    struct record *record = &r->record;
    for (size_t i = 0; i < r->head; i++)
        if (span_equal(record->fields[i].name, name)) {
            record->fields[i].value = value;
            return;
        }
    if (record->fields_n == RECORD_FIELDS_MAX || r->text.failed) {
        r->cut = true;
        return;
    }
    record->fields[record->fields_n++] = (struct record_field){name, value};
}

/* Members of these stand for themselves. */
static bool is_passed_over(struct span name)
{
    static const char *const names[] = {"Event",       "System",      "EventData", "UserData",
                                        "#attributes", "@attributes", "#text"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (span_equal_text(name, names[i]))
            return true;
    return false;
}

static void add_value(struct reader *r, struct span name, const struct json_value *v);

/* Below UserData stands an object of the provider's own, whose name says nothing. */
static bool is_wrapper(struct span outer, const struct json_value *v)
{
    return span_equal_text(outer, "UserData") && json_is_object(v);
}

static void find_channel(struct reader *r)
{
    struct span channel = record_field(&r->record, SPAN("Channel"));
    if (channel.n > 0 && !r->source)
        r->source = keep(r, channel, "", SPAN("\0")).p;
}

static void end_head(struct reader *r)
{
    find_channel(r);
    r->head = r->record.fields_n;
}

static void add_members(struct reader *r, struct span path, struct span outer,
                        const struct json_value *object)
{
    for (size_t i = 0; i < json_count(object); i++) {
        struct span key;
        const struct json_value *v = json_member(object, i, &key);
        bool attributes =
            span_equal_text(key, "#attributes") || span_equal_text(key, "@attributes");
        if (span_equal_text(key, "EventData") || span_equal_text(key, "UserData"))
            end_head(r);
        if (json_is_object(v) && (is_passed_over(key) || is_wrapper(outer, v))) {
            struct span below = attributes && path.n > 0 ? keep(r, path, "_", SPAN("")) : path;
            add_members(r, below, key, v);
        } else {
            bool joined = path.n > 0 && path.p[path.n - 1] == '_';
            struct span name = is_passed_over(key) && path.n > 0 ? path
                               : path.n > 0 ? keep(r, path, joined ? "" : ".", key)
                                            : key;
            add_value(r, name, v);
        }
    }
}

static void add_value(struct reader *r, struct span name, const struct json_value *v)
{
    size_t from = r->text.n;
    if (json_is_object(v))
        add_members(r, name, name, v);
    else if (json_put_plain(v, &r->text))
        add_field(r, name, (struct span){r->text.p + from, r->text.n - from});
    else
        for (size_t i = 0; json_at(v, i); i++)
            add_value(r, name, json_at(v, i));
}

static void also_named(struct reader *r, const char *name, const char *other)
{
    struct span value = record_field(&r->record, span_of(other));
    if (value.p && !record_field(&r->record, span_of(name)).p)
        add_field(r, span_of(name), value);
}

/* Where it is from: a channel is Windows', but for that of Sysmon for Linux. */
static void find_origin(struct reader *r)
{
    struct record *record = &r->record;
    find_channel(r);
    r->head = 0;
    also_named(r, "Provider_Name", "SourceName"); /* as NXLog has them */
    also_named(r, "Computer", "Hostname");
    if (r->source)
        record->product = span_starts(span_of(r->source), SPAN("Linux-")) ? "linux" : "windows";
    record->host = record_field(record, SPAN("Computer"));
}

/* "2026-11-24T02:20:27Z", as Windows and Sysmon and shippers write it: with a blank, without a
 * zone. */
static bool take_time(struct span text, int64_t *out)
{
    char whole[64];
    struct span s = {whole, 0};
    if (text.n < 19 || text.n > sizeof(whole) - 2)
        return false;
    memcpy(whole, text.p, text.n);
    whole[10] = 'T';
    whole[text.n] = 'Z';
    s.n = text.n + 1;
    return syslog_take_time(&s, out);
}

static void find_time(struct reader *r)
{
    static const char *const names[] = {"TimeCreated_SystemTime", "@timestamp", "EventTime",
                                        "UtcTime", "time"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (take_time(record_field(&r->record, span_of(names[i])), &r->time_ms))
            break;
    if (r->time_ms != 0)
        r->record.time_ms = r->time_ms;
}

static int take_object(struct reader *r, const struct json_value *object, struct span raw)
{
    if (!json_is_object(object))
        return -1;
    r->record = (struct record){.raw = raw, .time_ms = r->clock.now_ms};
    r->cut = false;
    r->head = 0;
    r->source = NULL;
    buf_clear(&r->text);
    buf_reserve(&r->text, 4 * raw.n + 4096); /* at once: fields point into it */
    add_members(r, SPAN(""), SPAN(""), object);
    find_origin(r);
    find_time(r);
    r->counts->cut += r->cut;
    hand_on(r, &r->record);
    return 0;
}

static int take_json(struct reader *r, struct span text)
{
    struct error e;
    struct json_doc *doc = json_read(text, &e);
    int result = take_object(r, json_root(doc), text);
    json_free(doc);
    return result;
}

/* Length of the object in front, or 0 when it does not end within what is read of one. */
static size_t object_length(struct span text)
{
    size_t depth = 0, n = text.n < OBJECT_MAX ? text.n : OBJECT_MAX;
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        char c = text.p[i];
        if (c == '"')
            in_string = !in_string;
        else if (in_string && c == '\\')
            i++;
        else if (!in_string && (c == '{' || c == '['))
            depth++;
        else if (!in_string && (c == '}' || c == ']') && --depth == 0)
            return i + 1;
    }
    return 0;
}

/* ---- lines ---- */

static void take_audit(void *ctx, struct record *record)
{
    hand_on(ctx, record);
}

static void take_dropped(void *ctx, const char *reason)
{
    (void)reason;
    ((struct reader *)ctx)->counts->cut++;
}

static void take_line(struct reader *r, struct span line)
{
    static const uint8_t uid[EVENT_UID_SIZE];
    struct syslog_line parsed;
    if (span_trim(line).n == 0)
        return;
    r->source = NULL;
    if (audit_take(r->audit, line, uid, 0))
        return;
    syslog_parse(line, &r->clock, &parsed);
    r->record = (struct record){.product = "linux",
                                .service = r->service,
                                .program = parsed.program,
                                .host = parsed.host,
                                .pid = parsed.pid,
                                .time_ms = parsed.time_ms,
                                .message = parsed.message,
                                .raw = line};
    if (event_xml_is(parsed.message) && !event_xml_fields(parsed.message, &r->text, &r->record))
        r->counts->cut++;
    hand_on(r, &r->record);
}

static void open_reader(struct reader *r)
{
    const struct audit_callbacks cb = {r, take_audit, take_dropped};
    syslog_clock_init(&r->clock, clock_wall_ms(), 0);
    r->audit = audit_new(&cb);
    r->text = BUF_INIT(8 * OBJECT_MAX);
    *r->counts = (struct events_counts){0};
}

static void close_reader(struct reader *r)
{
    audit_flush_old(r->audit, INT64_MAX / 2);
    audit_free(r->audit);
    buf_release(&r->text);
}

/* Blanks, and between the members of an array what parts them. */
static void skip(struct reader *r, struct span *rest, bool array)
{
    const char *parts = array ? " \t\r\n[,]" : " \t\r\n";
    while (rest->n > 0 && memchr(parts, *rest->p, strlen(parts))) {
        r->line += *rest->p == '\n';
        *rest = (struct span){rest->p + 1, rest->n - 1};
    }
}

static void take_all(struct reader *r, struct span rest)
{
    struct span trimmed = span_trim(rest), event;
    bool array = trimmed.n > 0 && trimmed.p[0] == '[';
    r->line = 1;
    for (skip(r, &rest, array); rest.n > 0; skip(r, &rest, array)) {
        size_t n = rest.p[0] == '{' ? object_length(rest) : 0;
        if (n > 0) {
            span_take(&rest, n, &event);
            r->counts->unread += take_json(r, event) != 0;
            for (size_t i = 0; i < n; i++)
                r->line += event.p[i] == '\n';
        } else {
            span_take_line(&rest, &event);
            if (event.p[0] == '{')
                r->counts->unread++;
            else
                take_line(r, event);
            r->line++;
        }
    }
}

void events_parse(struct span text, void (*each)(void *ctx, const struct record *r, size_t line),
                  void *ctx, struct events_counts *counts)
{
    struct reader r = {.path = "", .each = each, .ctx = ctx, .counts = counts};
    open_reader(&r);
    take_all(&r, text);
    close_reader(&r);
}

int events_read(const char *path, const char *service,
                void (*each)(void *ctx, const struct record *r, size_t line), void *ctx,
                struct events_counts *counts, struct error *e)
{
    struct reader r = {
        .path = path, .service = service, .each = each, .ctx = ctx, .counts = counts};
    struct buf text = BUF_INIT(FILE_MAX);
    int rc = slurp(path, &text);
    open_reader(&r);
    if (rc == 0)
        take_all(&r, buf_span(&text));
    close_reader(&r);
    buf_release(&text);
    return rc == 0 ? 0
                   : error_set(e, "%.300s: %s; name a file of events of at most 512 MiB", path,
                               rc == -EFBIG ? "larger than can be read" : error_text(rc));
}
