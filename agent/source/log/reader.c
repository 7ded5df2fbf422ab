#include "source/log/reader.h"

#include "base/sha256.h"
#include "base/text.h"
#include "platform/clock.h"
#include "source/log/event_xml.h"

#define BACK_MS       (5 * 60 * 1000)  /* what order of arrival explains */
#define CHANGE_MS     (65 * 60 * 1000) /* and what the end of summer time does */
#define AROUND_MS     (3 * 3600 * 1000)
#define FUTURE_MS     86400000
#define CLOCK_JUMP_MS 1000
#define EXPLAINS_MS   60000

/* ---- the clock ---- */

void log_times_now(struct log_times *t, int64_t mono_ms, int64_t wall_ms, int64_t local_offset_s)
{
    int64_t passed = mono_ms - t->mono_ms;
    if (t->mono_ms != 0 && wall_ms < t->clock.now_ms + passed - CLOCK_JUMP_MS)
        t->clock_set_until = mono_ms + EXPLAINS_MS;
    t->mono_ms = mono_ms;
    syslog_clock_init(&t->clock, wall_ms, local_offset_s);
}

/* A time service that says that it set the clock. */
static bool tells_of_a_set_clock(struct span program, struct span message)
{
#define KNOWN(program, says)                                                                       \
    {                                                                                              \
        {program, sizeof(program) - 1},                                                            \
        {                                                                                          \
            says, sizeof(says) - 1                                                                 \
        }                                                                                          \
    }
    static const struct {
        struct span program, says;
    } known[] = {
        KNOWN("systemd", "Time has been changed"),
        KNOWN("systemd-timesyncd", "clock synchronization"),
        KNOWN("chronyd", "System clock was stepped"),
        KNOWN("chronyd", "System clock wrong by"),
        KNOWN("ntpd", "time reset"),
        KNOWN("ntpd", "step"),
        KNOWN("ntpdate", "step time server"),
        KNOWN("systemd-resolved", "Clock change detected"),
    };
#undef KNOWN
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (program.n == known[i].program.n && span_equal(program, known[i].program) &&
            span_find_span(message, known[i].says) < message.n)
            return true;
    return false;
}

/* ---- time going back ---- */

static bool is_explained_by_summer_time(const struct log_reader *r, int64_t time_ms)
{
    int64_t newest = r->at->newest_ms;
    return newest - time_ms <= CHANGE_MS &&
           clock_local_offset_s(time_ms - AROUND_MS) != clock_local_offset_s(newest + AROUND_MS);
}

static void tell_back(struct log_reader *r, const struct record *record)
{
    bool synced = r->times->mono_ms < r->times->sync_told_until;
    bool set = r->times->mono_ms < r->times->clock_set_until;
    char message[256], before[TEXT_TIME_SIZE], after[TEXT_TIME_SIZE];
    text_time(r->at->newest_ms, before);
    text_time(record->time_ms, after);
    snprintf(message, sizeof(message), "time goes back in a log: after %s comes %s%s", before,
             after,
             synced ? "; a time service set the clock"
             : set  ? "; the clock of this host was set back"
                    : "");
    struct event e = {
        .class_uid = EVENT_DETECTION,
        .activity = FINDING_CREATE,
        .severity = synced ? SEVERITY_INFORMATIONAL
                    : set  ? SEVERITY_LOW
                           : SEVERITY_MEDIUM,
        .time_ms = r->times->clock.now_ms,
        .message = message,
        .u.detection = {.rule_id = SPAN("vigia-log-time-back"),
                        .rule_title = SPAN("Time goes back in a log"),
                        .analytic_type_id = 1,
                        .confidence_id = 1,
                        .log_name = span_of(r->path),
                        .evidence = record->raw,
                        .first_ms = record->time_ms,
                        .last_ms = r->at->newest_ms},
    };
    struct span parts[] = {e.u.detection.rule_id, span_make(record->uid, sizeof(record->uid))};
    event_uid_make(e.uid, parts, sizeof(parts) / sizeof(parts[0]));
    r->host->emit(r->host->ctx, &e);
}

static void watch_time(struct log_reader *r, const struct record *record, bool zoned)
{
    struct log_position *at = r->at;
    if (record->time_ms > r->times->clock.now_ms + FUTURE_MS)
        return; /* it would make everything after it look old */
    if (record->time_ms >= at->newest_ms) {
        at->newest_ms = record->time_ms;
        at->back_told = false;
        return;
    }
    if (at->back_told || at->newest_ms - record->time_ms < BACK_MS ||
        (!zoned && is_explained_by_summer_time(r, record->time_ms)))
        return;
    tell_back(r, record);
    at->back_told = true;
}

/* ---- records ---- */

/* Only tells apart what stands at the same place of the same file, one after the other. */
static uint64_t mix(struct span text)
{
    uint64_t sum = text.n, word;
    for (; text.n >= sizeof(word); text.p += sizeof(word), text.n -= sizeof(word)) {
        memcpy(&word, text.p, sizeof(word));
        sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
        sum ^= sum >> 29;
    }
    word = 0;
    memcpy(&word, text.p, text.n);
    sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
    return sum ^ sum >> 32;
}

/* Hash of path, first line of the file, offset and line: one block of SHA-256 a line. */
static void make_uid(uint8_t out[EVENT_UID_SIZE], struct log_reader *r, const struct log_line *line)
{
    const uint8_t *head = line->file->head;
    if (!r->keyed || memcmp(r->head, head, sizeof(r->head)) != 0) {
        struct span parts[] = {span_of(r->path), span_make(head, sizeof(r->head))};
        event_uid_make(r->key, parts, sizeof(parts) / sizeof(parts[0]));
        memcpy(r->head, head, sizeof(r->head));
        r->keyed = true;
    }
    uint8_t full[SHA256_SIZE], block[EVENT_UID_SIZE + 16];
    uint64_t sum = mix(line->text);
    memcpy(block, r->key, EVENT_UID_SIZE);
    memcpy(block + EVENT_UID_SIZE, &line->offset, 8);
    memcpy(block + EVENT_UID_SIZE + 8, &sum, 8);
    sha256_of(block, sizeof(block), full);
    memcpy(out, full, EVENT_UID_SIZE);
}

static void take_event(void *ctx, struct record *record)
{
    struct log_reader *r = ctx;
    record->source = r->path;
    if (r->log->service[0])
        record->service = r->log->service;
    watch_time(r, record, true);
    r->host->emit_record(r->host->ctx, record);
}

static void take_dropped(void *ctx, const char *reason)
{
    struct log_reader *r = ctx;
    r->host->dropped(r->host->ctx, reason, 1);
}

void log_reader_take(struct log_reader *r, const struct log_line *line)
{
    struct syslog_line parsed = {.time_ms = r->times->clock.now_ms, .message = line->text};
    struct record *record = &r->times->record; /* without fields */
    make_uid(record->uid, r, line);
    if (line->cut)
        take_dropped(r, "log line cut");
    if (r->audit && audit_take(r->audit, line->text, record->uid, r->times->mono_ms))
        return;
    if (r->format == LOG_FORMAT_SYSLOG)
        syslog_parse(line->text, &r->times->clock, &parsed);
    record->source = r->path;
    record->product = "linux";
    record->service = r->log->service[0] ? r->log->service : NULL;
    record->program = parsed.program;
    record->host = parsed.host;
    record->pid = parsed.pid;
    record->time_ms = parsed.time_ms;
    record->message = parsed.message;
    record->raw = line->text;
    record->fields_n = 0;
    if (event_xml_is(parsed.message) && !event_xml_fields(parsed.message, &r->fields, record))
        take_dropped(r, "event cut");
    if (parsed.dated != SYSLOG_NO_TIME) {
        if (tells_of_a_set_clock(parsed.program, parsed.message))
            r->times->sync_told_until = r->times->mono_ms + EXPLAINS_MS;
        watch_time(r, record, parsed.dated == SYSLOG_ZONED_TIME);
    }
    r->host->emit_record(r->host->ctx, record);
}

/* ---- life ---- */

static void state_key(const struct log_reader *r, struct buf *key)
{
    buf_put_text(key, "audit:");
    buf_put_text(key, r->path);
}

void log_reader_init(struct log_reader *r)
{
    r->fields = BUF_INIT(4 * LOG_LINE_MAX);
    static const char *const formats[] = {"syslog", "plain", "audit"};
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (strcmp(r->log->format, formats[i]) == 0)
            r->format = (enum log_format)i;
    if (r->format != LOG_FORMAT_AUDIT)
        return;
    const struct audit_callbacks cb = {r, take_event, take_dropped};
    struct buf key = BUF_INIT(8192), saved = BUF_INIT(2 * AUDIT_SAVED_MAX);
    r->audit = audit_new(&cb);
    state_key(r, &key);
    if (store_get(r->host->store, STORE_POSITIONS, buf_span(&key), &saved) == 0)
        audit_restore(r->audit, buf_span(&saved), clock_mono_ms());
    buf_release(&key);
    buf_release(&saved);
}

void log_reader_release(struct log_reader *r)
{
    audit_free(r->audit);
    r->audit = NULL;
    buf_release(&r->fields);
}

int64_t log_reader_flush(struct log_reader *r, int64_t now_ms)
{
    return r->audit ? audit_flush_old(r->audit, now_ms) : INT64_MAX;
}

void log_reader_checkpoint(struct log_reader *r)
{
    struct buf key = BUF_INIT(8192), saved = BUF_INIT(2 * AUDIT_SAVED_MAX);
    if (r->audit && audit_save(r->audit, &saved)) {
        struct span nothing = {0, 0};
        state_key(r, &key);
        r->host->put(r->host->ctx, STORE_POSITIONS, buf_span(&key),
                     saved.n > 0 ? buf_span(&saved) : nothing);
    }
    buf_release(&key);
    buf_release(&saved);
}
