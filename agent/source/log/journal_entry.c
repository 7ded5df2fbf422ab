#include "source/log/journal_entry.h"

#include "event/event.h"
#include "source/log/event_xml.h"

void journal_entry_init(struct journal_entry *e)
{
    *e = (struct journal_entry){.text = BUF_INIT(3 * JOURNAL_ENTRY_MAX)};
    e->fields = BUF_INIT(3 * JOURNAL_ENTRY_MAX);
    buf_reserve(&e->text, 2 * JOURNAL_ENTRY_MAX); /* at once: the record points into it */
}

void journal_entry_release(struct journal_entry *e)
{
    buf_release(&e->text);
    buf_release(&e->fields);
}

void journal_entry_begin(struct journal_entry *e)
{
    buf_clear(&e->text);
    e->record.fields_n = 0;
    e->cut = false;
}

/* Journald's own bookkeeping. */
static bool is_left_out(struct span name)
{
    static const char *const names[] = {"_BOOT_ID",         "_MACHINE_ID",
                                        "_CAP_EFFECTIVE",   "_SELINUX_CONTEXT",
                                        "_STREAM_ID",       "_SOURCE_REALTIME_TIMESTAMP",
                                        "_RUNTIME_SCOPE",   "_SOURCE_MONOTONIC_TIMESTAMP",
                                        "SYSLOG_TIMESTAMP", "_SYSTEMD_INVOCATION_ID",
                                        "SYSLOG_RAW",       "_SOURCE_BOOTTIME_TIMESTAMP"};
    if (span_starts(name, SPAN("__")))
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (span_equal_text(name, names[i]))
            return true;
    return false;
}

void journal_entry_add(struct journal_entry *e, struct span field)
{
    size_t equals = span_find(field, '=');
    struct record *r = &e->record;
    if (equals == field.n || equals == 0 || is_left_out((struct span){field.p, equals}))
        return;
    if (r->fields_n == RECORD_FIELDS_MAX || e->text.n + field.n > JOURNAL_ENTRY_MAX) {
        e->cut = true;
        return;
    }
    const char *at = e->text.p + e->text.n;
    buf_put_span(&e->text, field);
    r->fields[r->fields_n++] =
        (struct record_field){{at, equals}, {at + equals + 1, field.n - equals - 1}};
}

/* Which of the classic files it would have stood in (RFC 5424, table 1). */
static const char *service_of(const struct record *r)
{
    uint64_t facility;
    if (span_equal_text(record_field(r, SPAN("_TRANSPORT")), "kernel"))
        return "kern";
    if (!span_to_u64(record_field(r, SPAN("SYSLOG_FACILITY")), &facility))
        return "syslog";
    switch (facility) {
    case 0:
        return "kern";
    case 4:
    case 10:
        return "auth";
    case 9:
        return "cron";
    default:
        return "syslog";
    }
}

static struct span first_of(const struct record *r, const char *one, const char *other)
{
    struct span value = record_field(r, span_of(one));
    return value.n > 0 ? value : record_field(r, span_of(other));
}

void journal_entry_end(struct journal_entry *e)
{
    struct record *r = &e->record;
    struct span pid = first_of(r, "_PID", "SYSLOG_PID");
    uint64_t number;
    r->product = "linux";
    r->category = NULL;
    r->service = service_of(r);
    r->program = first_of(r, "SYSLOG_IDENTIFIER", "_COMM");
    r->host = record_field(r, SPAN("_HOSTNAME"));
    r->pid = span_to_u64(pid, &number) && number < INT32_MAX ? (int64_t)number : 0;
    r->message = record_field(r, SPAN("MESSAGE"));
    size_t from = e->text.n; /* the line that syslog would have written, without its time */
    buf_put_span(&e->text, r->host);
    buf_put_byte(&e->text, ' ');
    buf_put_span(&e->text, r->program);
    if (r->pid > 0)
        buf_printf(&e->text, "[%lld]", (long long)r->pid);
    buf_put_text(&e->text, ": ");
    buf_put_span(&e->text, r->message);
    r->raw = (struct span){e->text.p + from, e->text.n - from};
    if (!r->message.p)
        r->message = (struct span){e->text.p, 0};
    if (event_xml_is(r->message) && !event_xml_fields(r->message, &e->fields, r))
        e->cut = true;
}

/* ---- cursors: "s=...;i=...;b=...;m=...;t=...;x=..." ---- */

static struct span part_of(struct span cursor, char name)
{
    struct span part;
    while (span_take_until(&cursor, ';', &part))
        if (part.n > 2 && part.p[0] == name && part.p[1] == '=')
            return (struct span){part.p + 2, part.n - 2};
    return (struct span){0, 0};
}

void journal_entry_uid(uint8_t out[EVENT_UID_SIZE], struct span cursor)
{
    struct span parts[] = {SPAN("journal"), part_of(cursor, 'b'), part_of(cursor, 'm'),
                           part_of(cursor, 't'), part_of(cursor, 'x')};
    event_uid_make(out, parts, sizeof(parts) / sizeof(parts[0]));
}

static bool number_of(struct span cursor, char name, uint64_t *out)
{
    struct span s = part_of(cursor, name);
    *out = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *digits = "0123456789abcdef", *at = s.p[i] ? strchr(digits, s.p[i]) : NULL;
        if (!at || s.n > 16)
            return false;
        *out = *out << 4 | (uint64_t)(at - digits);
    }
    return s.n > 0;
}

int64_t journal_entry_time_ms(struct span cursor)
{
    uint64_t us;
    return number_of(cursor, 't', &us) ? (int64_t)(us / 1000) : 0;
}

bool journal_entries_share_boot(struct span a, struct span b)
{
    return span_equal(part_of(a, 'b'), part_of(b, 'b'));
}

uint64_t journal_entries_between(struct span before, struct span after)
{
    uint64_t a, b;
    if (!span_equal(part_of(before, 's'), part_of(after, 's')) || !number_of(before, 'i', &a) ||
        !number_of(after, 'i', &b) || b <= a)
        return 0;
    return b - a - 1;
}
