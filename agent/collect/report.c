#include "collect/report.h"

#include "base/hex.h"
#include "base/json_write.h"
#include "base/text.h"

const struct report_category report_categories[] = {
    {"malware", "Malicious Code",
     "virus, ransomware, trojan, a machine that takes part in a botnet"},
    {"phishing", "Fraud",
     "mail, page or call that asks for credentials or money under a false name"},
    {"intrusion", "Intrusions", "somebody is or was in a system or account who should not be"},
    {"intrusion-attempt", "Intrusion Attempts", "somebody tries: guessed passwords, exploits"},
    {"scanning", "Information Gathering", "probing, sniffing, people asked for internal matters"},
    {"dos", "Availability", "a service is flooded or made to fail on purpose"},
    {"availability", "Availability", "an outage without known intent: power, disk, line, mistake"},
    {"data-breach", "Information Content Security",
     "data seen, taken, changed or deleted without right"},
    {"fraud", "Fraud", "resources or an identity used without right"},
    {"abusive-content", "Abusive Content", "spam, harassment, forbidden material"},
    {"vulnerability", "Vulnerable", "a weak spot that was found and not used, as far as is known"},
    {"other", "Other", "anything else"},
    {NULL, NULL, NULL},
};

static const struct {
    const char *name;
    enum event_severity severity;
} severities[] = {
    {"low", SEVERITY_LOW},
    {"medium", SEVERITY_MEDIUM},
    {"high", SEVERITY_HIGH},
    {"critical", SEVERITY_CRITICAL},
};
#define SEVERITIES (sizeof(severities) / sizeof(severities[0]))

const struct report_category *report_category_named(struct span name)
{
    for (const struct report_category *c = report_categories; c->name; c++)
        if (span_equal_text(name, c->name))
            return c;
    return NULL;
}

enum event_severity report_severity_named(struct span name)
{
    for (size_t i = 0; i < SEVERITIES; i++)
        if (span_equal_text(name, severities[i].name))
            return severities[i].severity;
    return (enum event_severity)0;
}

static const char *severity_name(enum event_severity severity)
{
    for (size_t i = 0; i < SEVERITIES; i++)
        if (severities[i].severity == severity)
            return severities[i].name;
    return "";
}

/* Controls (C0 but tab and LF, DEL, C1) and marks that turn the direction of writing round. */
static bool is_odd(struct span c)
{
    unsigned char first = (unsigned char)c.p[0];
    if (c.n == 1)
        return (first < 0x20 && first != '\t' && first != '\n') || first == 0x7f;
    if (c.n == 2)
        return first == 0xc2 && (unsigned char)c.p[1] < 0xa0;
    unsigned char second = (unsigned char)c.p[1], third = (unsigned char)c.p[2];
    return c.n == 3 && first == 0xe2 &&
           ((second == 0x80 && third >= 0xa8 && third <= 0xae) ||
            (second == 0x81 && third >= 0xa6 && third <= 0xa9));
}

void report_clean(struct buf *out, struct span text, size_t max)
{
    size_t taken = 0;
    while (text.n > 0) {
        size_t n = text_utf8_length(text);
        struct span c = {text.p, n ? n : 1};
        if (taken + c.n > max)
            return;
        if (n > 0 && !is_odd(c))
            buf_put_span(out, c);
        else
            for (size_t i = 0; i < c.n; i++)
                buf_printf(out, "\\x%02X", (unsigned char)c.p[i]);
        taken += c.n;
        text.p += c.n;
        text.n -= c.n;
    }
}

/* ---- the request ---- */

static void put_clean(struct json_out *j, const char *key, struct span text, size_t max)
{
    struct buf clean = BUF_INIT(4 * max + 1);
    report_clean(&clean, text, max);
    json_span(j, key, buf_span(&clean));
    buf_release(&clean);
}

void report_write(const struct report *r, struct buf *out)
{
    struct json_out j;
    json_start(&j, out);
    json_object(&j, NULL);
    json_text(&j, "request", "report");
    json_hex(&j, "id", r->id, sizeof(r->id));
    json_int(&j, "time", r->time_ms);
    json_text(&j, "category", r->category->name);
    json_text(&j, "severity", severity_name(r->severity));
    put_clean(&j, "words", r->words, REPORT_WORDS_MAX);
    put_clean(&j, "reporter", r->reporter, REPORT_NAME_MAX);
    put_clean(&j, "contact", r->contact, REPORT_NAME_MAX);
    json_array(&j, "files");
    for (size_t i = 0; i < r->files_n; i++) {
        json_object(&j, NULL);
        put_clean(&j, "name", r->files[i].name, REPORT_NAME_MAX);
        json_uint(&j, "size", r->files[i].size);
        json_hex(&j, "sha256", r->files[i].sha256, sizeof(r->files[i].sha256));
        json_end_object(&j);
    }
    json_end_array(&j);
    json_end_object(&j);
}

static int parse_file(const struct json_value *v, struct event_attachment *out, struct error *e)
{
    int64_t size = json_get_int(v, "size", -1);
    out->name = json_get_text(v, "name");
    if (out->name.n == 0 || size < 0)
        return error_set(e, "a file without a name or a size");
    if (!hex_decode(json_get_text(v, "sha256"), out->sha256, sizeof(out->sha256)))
        return error_set(e, "a file whose sha256 is none");
    out->size = (uint64_t)size;
    return 0;
}

static int parse_files(const struct json_value *list, struct report *out, struct error *e)
{
    size_t n = json_count(list);
    if (n > EVENT_ATTACHMENTS_MAX)
        return error_set(e, "more than %d files", EVENT_ATTACHMENTS_MAX);
    for (size_t i = 0; i < n; i++)
        if (parse_file(json_at(list, i), &out->files[i], e) != 0)
            return -1;
    out->files_n = n;
    return 0;
}

int report_parse(const struct json_value *request, struct report *out, struct error *e)
{
    *out = (struct report){.time_ms = json_get_int(request, "time", 0),
                           .words = json_get_text(request, "words"),
                           .reporter = json_get_text(request, "reporter"),
                           .contact = json_get_text(request, "contact")};
    out->category = report_category_named(json_get_text(request, "category"));
    out->severity = report_severity_named(json_get_text(request, "severity"));
    if (!hex_decode(json_get_text(request, "id"), out->id, sizeof(out->id)))
        return error_set(e, "\"id\" is not 32 hex digits");
    if (!out->category)
        return error_set(e, "\"category\" is none of those that vigia report --help lists");
    if (!out->severity)
        return error_set(e, "\"severity\" is not low, medium, high or critical");
    if (out->time_ms <= 0 || out->time_ms > INT64_C(253402300799999)) /* the year 9999 */
        return error_set(e, "\"time\" is not in milliseconds since 1970");
    if (span_trim(out->words).n == 0)
        return error_set(e, "\"words\" are missing");
    return parse_files(json_get(request, "files"), out, e);
}

/* ---- the event ---- */

static void put_vigia(const struct report *r, struct buf *out)
{
    struct json_out j;
    json_start(&j, out);
    json_object(&j, NULL);
    json_object(&j, "report");
    json_text(&j, "category", r->category->name);
    json_text(&j, "taxonomy", r->category->taxonomy);
    put_clean(&j, "reporter", r->reporter, REPORT_NAME_MAX);
    put_clean(&j, "contact", r->contact, REPORT_NAME_MAX);
    json_end_object(&j);
    json_end_object(&j);
}

void report_tell(const struct report *r, void (*emit)(void *ctx, const struct event *e), void *ctx)
{
    struct buf vigia = BUF_INIT(8192), words = BUF_INIT(4 * REPORT_WORDS_MAX + 1);
    struct buf user = BUF_INIT(4 * REPORT_NAME_MAX + 1);
    char title[128], rule[64];
    snprintf(title, sizeof(title), "Reported by hand: %s", r->category->name);
    snprintf(rule, sizeof(rule), "report/%s", r->category->name);
    put_vigia(r, &vigia);
    report_clean(&words, r->words, REPORT_WORDS_MAX);
    report_clean(&user, r->reporter, REPORT_NAME_MAX);
    struct event e = {.class_uid = EVENT_DETECTION,
                      .activity = FINDING_CREATE,
                      .severity = r->severity,
                      .urgent = true, /* a person waits for an answer, whatever its severity */
                      .time_ms = r->time_ms,
                      .message = title,
                      .vigia = buf_span(&vigia),
                      .u.detection = {.rule_id = span_of(rule),
                                      .rule_title = span_of(title),
                                      .analytic_type_id = 99,
                                      .confidence_id = 3,
                                      .type = span_of(r->category->name),
                                      .description = buf_span(&words),
                                      .user = buf_span(&user),
                                      .files_n = r->files_n,
                                      .files = r->files}};
    memcpy(e.uid, r->id, sizeof(e.uid));
    emit(ctx, &e);
    buf_release(&vigia);
    buf_release(&words);
    buf_release(&user);
}
