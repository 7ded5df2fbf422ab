#include "source/log/eventlog_record.h"

#include "base/text.h"
#include "source/log/event_xml.h"

#define EVENT_MAX    (4u << 20)
#define LOG_PROVIDER "Microsoft-Windows-Eventlog"
#define FORWARDED    "ForwardedEvents"

void eventlog_record_init(struct eventlog_record *e)
{
    *e = (struct eventlog_record){.fields = BUF_INIT(EVENT_MAX)};
}

void eventlog_record_release(struct eventlog_record *e)
{
    buf_release(&e->fields);
}

/* "2026-11-30T13:00:00.1234567Z" */
static bool time_of(struct span s, int64_t *ms)
{
    int year, month, day, hour, minute, second, part = 0;
    bool good = span_take_digits(&s, 4, &year) && span_take_char(&s, '-') &&
                span_take_digits(&s, 2, &month) && span_take_char(&s, '-') &&
                span_take_digits(&s, 2, &day) && span_take_char(&s, 'T') &&
                span_take_digits(&s, 2, &hour) && span_take_char(&s, ':') &&
                span_take_digits(&s, 2, &minute) && span_take_char(&s, ':') &&
                span_take_digits(&s, 2, &second);
    if (!good || month < 1 || month > 12)
        return false;
    if (span_take_char(&s, '.'))
        span_take_digits(&s, 3, &part);
    *ms = text_utc_ms(year, month, day, hour, minute, second, part);
    return true;
}

/* What the system says of the event. Read by itself, as the data of the event may bear the same
 * names and are whatever its writer likes. */
static bool take_system(struct eventlog_record *e, struct span xml, struct span *time)
{
    struct record *r = &e->record;
    size_t n = span_find_span(xml, SPAN("</System>"));
    uint64_t pid;
    r->fields_n = 0;
    if (!event_xml_is(xml) || n == xml.n)
        return false;
    event_xml_fields((struct span){xml.p, n}, &e->fields, r);
    if (!span_to_u64(record_field(r, SPAN("EventID")), &e->event_id))
        return false;
    if (!span_to_u64(record_field(r, SPAN("EventRecordID")), &e->id))
        e->id = 0;
    *time = record_field(r, SPAN("TimeCreated_SystemTime"));
    e->of_log = span_equal_text(record_field(r, SPAN("Provider_Name")), LOG_PROVIDER);
    if (strcmp(e->channel, FORWARDED) == 0)
        span_copy(record_field(r, SPAN("Channel")), e->channel, sizeof(e->channel));
    if (span_to_u64(record_field(r, SPAN("Execution_ProcessID")), &pid) && pid <= UINT32_MAX)
        r->pid = (int64_t)pid;
    return true;
}

bool eventlog_record_take(struct eventlog_record *e, const char *channel, const char *service,
                          struct span xml, int64_t now_ms)
{
    struct record *r = &e->record;
    struct span time;
    span_copy(span_of(channel), e->channel, sizeof(e->channel));
    *r = (struct record){.source = e->channel,
                         .product = "windows",
                         .service = service,
                         .raw = xml,
                         .time_ms = now_ms};
    if (!take_system(e, xml, &time))
        return false;
    time_of(time, &r->time_ms);
    uint64_t numbers[] = {e->id, e->event_id};
    struct span parts[] = {SPAN("eventlog"), span_of(e->channel), record_field(r, SPAN("Computer")),
                           span_make(numbers, sizeof(numbers)), time};
    event_uid_make(r->uid, parts, sizeof(parts) / sizeof(parts[0]));
    r->fields_n = 0;
    e->cut = !event_xml_fields(xml, &e->fields, r);
    e->of_log = e->of_log && strcmp(channel, FORWARDED) != 0;
    r->host = record_field(r, SPAN("Computer"));
    return true;
}

int eventlog_type_of(struct span channel)
{
    static const char *const names[] = {"Security", "Application", "System"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (span_equal_text(channel, names[i]))
            return (int)i + 1;
    return 99;
}

bool eventlog_record_activity(const struct eventlog_record *e, struct event *out)
{
    static const struct {
        uint64_t event_id;
        const char *channel;
        int activity;
        enum event_severity severity;
        const char *message;
        bool of_other; /* which channel it is about stands in the event */
    } rows[] = {
        {1102, "Security", LOG_ACTIVITY_CLEAR, SEVERITY_HIGH, "the channel Security was cleared",
         false},
        {104, "System", LOG_ACTIVITY_CLEAR, SEVERITY_MEDIUM,
         "a channel of the event log was cleared", true},
        {1100, "Security", LOG_ACTIVITY_STOP, SEVERITY_LOW, "the service EventLog ended", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct record *r = &e->record;
        if (e->event_id != rows[i].event_id || strcmp(e->channel, rows[i].channel) != 0 ||
            !e->of_log)
            continue;
        struct span user = record_field(r, SPAN("SubjectUserName"));
        struct span about = record_field(r, SPAN("Channel"));
        if (!rows[i].of_other || about.n == 0)
            about = span_of(e->channel);
        *out = (struct event){.class_uid = EVENT_LOG_ACTIVITY,
                              .activity = rows[i].activity,
                              .severity = rows[i].severity,
                              .time_ms = r->time_ms,
                              .message = rows[i].message,
                              .u.log = {.log_name = about,
                                        .log_type_id = eventlog_type_of(about),
                                        .actor = {.known = user.n > 0, .user = user, .uid = -1}}};
        struct span parts[] = {SPAN("eventlog activity"), span_make(r->uid, sizeof(r->uid))};
        event_uid_make(out->uid, parts, sizeof(parts) / sizeof(parts[0]));
        return true;
    }
    return false;
}

uint64_t eventlog_bookmark_id(struct span bookmark)
{
    static const char before[] = "RecordId=";
    size_t at = span_find_span(bookmark, SPAN("RecordId="));
    struct span rest, digits;
    uint64_t id;
    if (bookmark.n - at < sizeof(before))
        return 0;
    at += sizeof(before) - 1;
    rest = (struct span){bookmark.p + at + 1, bookmark.n - at - 1};
    return span_take_until(&rest, bookmark.p[at], &digits) && span_to_u64(digits, &id) ? id : 0;
}
