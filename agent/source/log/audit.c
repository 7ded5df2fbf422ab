#include "source/log/audit.h"

#include "base/mem.h"
#include "source/log/audit_line.h"

#define WAIT_MS  2000
#define ARGS_MAX 32 /* of EXECVE that become fields; the message has them all */

struct pending {
    int64_t time_ms;
    uint64_t serial;
    int64_t since; /* monotonic ms of the last line */
    uint8_t uid[EVENT_UID_SIZE];
    bool cut;
    struct buf lines;
};

struct audit {
    struct audit_callbacks cb;
    size_t n;
    struct pending pending[AUDIT_PENDING_MAX]; /* the oldest first */
    struct buf text;
    struct record record;
    bool changed;
};

struct audit *audit_new(const struct audit_callbacks *cb)
{
    struct audit *a = mem_new(1, sizeof(*a));
    a->cb = *cb;
    a->text = BUF_INIT(2 * AUDIT_EVENT_MAX);
    return a;
}

void audit_free(struct audit *a)
{
    for (size_t i = 0; a && i < a->n; i++)
        buf_release(&a->pending[i].lines);
    if (a)
        buf_release(&a->text);
    free(a);
}

/* ---- the record of an event ---- */

/* Says nothing to a rule or a reader that another field does not say better. */
static bool is_left_out(struct span name)
{
    static const char *const names[] = {"items", "item",  "inode", "dev",  "mode", "ouid", "ogid",
                                        "rdev",  "fsuid", "fsgid", "suid", "sgid", "argc", "OUID",
                                        "OGID",  "FSUID", "FSGID", "SUID", "SGID", "obj",  "subj"};
    if (span_starts(name, SPAN("cap_")))
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (span_equal_text(name, names[i]))
            return true;
    return false;
}

/* "a0", "a12", and "a1[0]" of one that is told in pieces; -1: another name. */
static int argument_of(struct span name, bool *piece)
{
    struct span number = {name.p + 1, name.n > 0 ? name.n - 1 : 0};
    uint64_t value;
    size_t bracket = span_find(number, '[');
    *piece = bracket < number.n;
    number.n = bracket;
    if (name.n < 2 || name.p[0] != 'a' || !span_to_u64(number, &value) || value > 100000)
        return -1;
    return (int)value;
}

static void add_field(struct audit *a, struct span name, struct span value)
{
    struct record *r = &a->record;
    for (size_t i = 0; i < r->fields_n; i++)
        if (span_equal(r->fields[i].name, name) && span_equal(r->fields[i].value, value))
            return;
    if (r->fields_n < RECORD_FIELDS_MAX)
        r->fields[r->fields_n++] = (struct record_field){name, value};
    else
        a->cb.dropped(a->cb.ctx, "audit field left out");
}

/* A further piece of the argument that was added last: what stands in the text is one value. */
static bool continues_argument(struct audit *a, struct span name, struct span value)
{
    struct record_field *last =
        a->record.fields_n > 0 ? &a->record.fields[a->record.fields_n - 1] : NULL;
    if (!last || !span_equal(last->name, name) || last->value.p + last->value.n != value.p)
        return false;
    last->value.n += value.n;
    return true;
}

static void add_argument(struct audit *a, struct span type, const struct audit_field *f, bool piece)
{
    struct span name = {f->name.p, span_find(f->name, '[')};
    struct record *r = &a->record;
    bool further = piece && r->fields_n > 0 && span_equal(r->fields[r->fields_n - 1].name, name);
    if (!further) {
        buf_put_span(&a->text, name);
        buf_put_byte(&a->text, '=');
    } else {
        a->text.n--; /* the blank behind the piece before */
    }
    size_t from = a->text.n;
    audit_field_put(&a->text, type, f);
    struct span value = {a->text.p + from, a->text.n - from};
    buf_put_byte(&a->text, ' ');
    if (!further || !continues_argument(a, name, value))
        add_field(a, name, value);
}

static void add_line(struct audit *a, struct span line, bool has_arguments)
{
    struct audit_line parsed;
    struct audit_field f;
    if (!audit_line_parse(line, &parsed))
        return;
    bool execve = span_equal_text(parsed.type, "EXECVE");
    buf_put_text(&a->text, "type=");
    buf_put_span(&a->text, parsed.type);
    buf_put_byte(&a->text, ' ');
    add_field(a, SPAN("type"), parsed.type);
    while (audit_field_next(&parsed.fields, &f)) {
        bool piece;
        int argument = argument_of(f.name, &piece);
        if (is_left_out(f.name) || span_equal_text(f.value, "(null)") ||
            (argument >= 0 && !execve && has_arguments))
            continue;
        if (argument >= 0 && execve && argument < ARGS_MAX) {
            add_argument(a, parsed.type, &f, piece);
            continue;
        }
        buf_put_span(&a->text, f.name);
        buf_put_byte(&a->text, '=');
        size_t from = a->text.n;
        audit_field_put(&a->text, parsed.type, &f);
        if (!execve)
            add_field(a, f.name, (struct span){a->text.p + from, a->text.n - from});
        buf_put_byte(&a->text, ' ');
    }
}

static bool holds_execve(struct span lines)
{
    return span_find_span(lines, SPAN("type=EXECVE ")) < lines.n;
}

/* What findings take the user and the address from. */
static void add_names(struct audit *a)
{
    static const char *const users[] = {"acct", "AUID", "UID"};
    struct span value;
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        value = record_field(&a->record, span_of(users[i]));
        if (value.n > 0 && !span_equal_text(value, "unset")) {
            add_field(a, SPAN("user"), value);
            break;
        }
    }
    value = record_field(&a->record, SPAN("addr"));
    if (value.n > 0 && !span_equal_text(value, "?"))
        add_field(a, SPAN("src_ip"), value);
}

static void hand_on(struct audit *a, const struct pending *p)
{
    struct span lines = buf_span(&p->lines), rest = lines, line;
    struct audit_line first;
    uint64_t pid;
    struct record *r = &a->record;
    r->fields_n = 0;
    buf_clear(&a->text);
    if (!buf_reserve(&a->text, lines.n + 16)) /* at once: fields point into it */
        return;
    bool has_arguments = holds_execve(lines);
    while (span_take_line(&rest, &line))
        add_line(a, line, has_arguments);
    add_names(a);
    rest = lines;
    span_take_line(&rest, &line);
    audit_line_parse(line, &first);
    r->product = "linux";
    r->service = "auditd";
    r->category = NULL;
    r->program = (struct span){0, 0};
    r->host = first.node;
    r->pid = span_to_u64(record_field(r, SPAN("pid")), &pid) && pid < INT32_MAX ? (int64_t)pid : 0;
    r->time_ms = p->time_ms;
    r->message = buf_span(&a->text);
    r->raw = (struct span){lines.p, lines.n > 0 ? lines.n - 1 : 0};
    memcpy(r->uid, p->uid, sizeof(r->uid));
    a->cb.record(a->cb.ctx, r);
}

/* ---- what belongs together ---- */

static void finish(struct audit *a, size_t i)
{
    hand_on(a, &a->pending[i]);
    buf_release(&a->pending[i].lines);
    a->n--;
    for (; i < a->n; i++)
        a->pending[i] = a->pending[i + 1];
    a->changed = true;
}

/* Of these the kernel, or the program that asked it to, makes one record an event. */
static bool is_alone(struct span type)
{
    static const char *const beginnings[] = {"USER_",   "CRED_",  "DAEMON_", "SERVICE_", "SYSTEM_",
                                             "ADD_",    "DEL_",   "GRP_",    "ACCT_",    "CHGRP_",
                                             "CHUSER_", "LABEL_", "VIRT_",   "CRYPTO_",  "RESP_"};
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
        if (span_starts(type, span_of(beginnings[i])))
            return true;
    return false;
}

static struct pending *find(struct audit *a, const struct audit_line *line)
{
    for (size_t i = a->n; i > 0; i--)
        if (a->pending[i - 1].serial == line->serial && a->pending[i - 1].time_ms == line->time_ms)
            return &a->pending[i - 1];
    return NULL;
}

static struct pending *begin(struct audit *a, const struct audit_line *line,
                             const uint8_t uid[EVENT_UID_SIZE])
{
    if (a->n == AUDIT_PENDING_MAX)
        finish(a, 0);
    struct pending *p = &a->pending[a->n++];
    *p = (struct pending){
        .time_ms = line->time_ms, .serial = line->serial, .lines = BUF_INIT(AUDIT_EVENT_MAX)};
    memcpy(p->uid, uid, sizeof(p->uid));
    return p;
}

static void append(struct audit *a, struct pending *p, struct span line)
{
    if (p->lines.n + line.n + 1 > AUDIT_EVENT_MAX) {
        if (!p->cut)
            a->cb.dropped(a->cb.ctx, "audit event cut");
        p->cut = true;
        return;
    }
    buf_put_span(&p->lines, line);
    buf_put_byte(&p->lines, '\n');
}

bool audit_take(struct audit *a, struct span line, const uint8_t uid[EVENT_UID_SIZE],
                int64_t now_ms)
{
    struct audit_line parsed;
    if (!audit_line_parse(line, &parsed))
        return false;
    bool end = span_equal_text(parsed.type, "EOE");
    struct pending *p = find(a, &parsed);
    if (!p && end)
        return true; /* of an event that is handed on already */
    if (!p) {
        while (a->n > 0 && a->pending[0].time_ms < parsed.time_ms - WAIT_MS)
            finish(a, 0);
        p = begin(a, &parsed, uid);
    }
    if (!end)
        append(a, p, line);
    p->since = now_ms;
    a->changed = true;
    if (end || span_equal_text(parsed.type, "PROCTITLE") || is_alone(parsed.type))
        finish(a, (size_t)(p - a->pending));
    return true;
}

int64_t audit_flush_old(struct audit *a, int64_t now_ms)
{
    for (size_t i = 0; i < a->n;) {
        if (a->pending[i].since + WAIT_MS <= now_ms)
            finish(a, i);
        else
            i++;
    }
    int64_t due = INT64_MAX;
    for (size_t i = 0; i < a->n; i++)
        if (a->pending[i].since + WAIT_MS < due)
            due = a->pending[i].since + WAIT_MS;
    return due;
}

/* ---- over a restart ---- */

bool audit_save(struct audit *a, struct buf *out)
{
    size_t total = 0;
    for (size_t i = 0; i < a->n; i++)
        total += a->pending[i].lines.n + 64;
    for (; a->n > 0 && total > AUDIT_SAVED_MAX; finish(a, 0))
        total -= a->pending[0].lines.n + 64;
    if (!a->changed)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct pending *p = &a->pending[i];
        buf_put(out, p->uid, sizeof(p->uid));
        buf_put_u32(out, (uint32_t)p->lines.n);
        buf_put(out, p->lines.p, p->lines.n);
    }
    a->changed = false;
    return true;
}

/* Nothing is finished by it: what was waiting waits on, whatever its times say of each other. */
static void restore_line(struct audit *a, struct span line, struct span uid, int64_t now_ms)
{
    struct audit_line parsed;
    if (!audit_line_parse(line, &parsed))
        return;
    struct pending *p = find(a, &parsed);
    if (!p)
        p = begin(a, &parsed, (const uint8_t *)uid.p);
    append(a, p, line);
    p->since = now_ms;
}

void audit_restore(struct audit *a, struct span saved, int64_t now_ms)
{
    struct span uid, lines, line;
    uint32_t n;
    while (span_take(&saved, EVENT_UID_SIZE, &uid) && span_take_u32(&saved, &n) &&
           span_take(&saved, n, &lines))
        while (span_take_line(&lines, &line))
            restore_line(a, line, uid, now_ms);
    a->changed = false;
}
