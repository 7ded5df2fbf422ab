#include "source/checks/tell.h"

#include "base/json_write.h"
#include "base/sha256.h"

#define DAY_MS       86400000
#define TOLD_VERSION 1

static const struct {
    const char *name;
    int ocsf; /* compliance.status_id */
} statuses[] = {
    [CHECK_UNKNOWN] = {"Unknown", COMPLIANCE_UNKNOWN},
    [CHECK_PASS] = {"Pass", COMPLIANCE_PASS},
    [CHECK_FAIL] = {"Fail", COMPLIANCE_FAIL},
    [CHECK_SKIPPED] = {"Not Applicable", COMPLIANCE_OTHER},
};

const char *check_status_name(enum check_status s)
{
    return statuses[s].name;
}

bool check_told_load(struct span value, struct check_told *out)
{
    if (value.n != sizeof(*out))
        return false;
    memcpy(out, value.p, sizeof(*out));
    return out->version == TOLD_VERSION && out->status <= CHECK_SKIPPED;
}

/* What is found is news only when the check fails: of one that passes the outcome is all. */
static void digest_of(const struct check *c, const struct check_outcome *o, uint8_t out[16])
{
    uint8_t full[SHA256_SIZE], small[2] = {(uint8_t)o->status, (uint8_t)c->severity};
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, small, sizeof(small));
    sha256_update(&s, c->title, strlen(c->title) + 1);
    if (o->status == CHECK_FAIL) {
        sha256_update(&s, o->found, strlen(o->found) + 1);
        sha256_update(&s, o->path, strlen(o->path) + 1);
    }
    sha256_final(&s, full);
    memcpy(out, full, 16);
}

bool check_is_news(const struct check *c, const struct check_outcome *o,
                   const struct check_told *before, int64_t now_ms, struct check_told *told)
{
    memset(told, 0, sizeof(*told)); /* it is stored as it lies in memory */
    told->version = TOLD_VERSION;
    told->status = (uint8_t)o->status;
    told->at_ms = now_ms;
    told->count = before ? before->count + 1 : 1;
    digest_of(c, o, told->digest);
    return !before || memcmp(told->digest, before->digest, sizeof(told->digest)) != 0 ||
           now_ms - before->at_ms >= DAY_MS || now_ms < before->at_ms;
}

static bool is_open(int status)
{
    return status == CHECK_FAIL || status == CHECK_UNKNOWN;
}

/* The same telling found again after a crash has the same uid. The day is in it because the count
 * begins anew with a lost state. */
static void make_uid(struct event *e, struct span id, const struct check_told *told)
{
    uint64_t numbers[2] = {told->count, (uint64_t)(told->at_ms / DAY_MS)};
    struct span parts[] = {SPAN("host check"), id, span_make(told->digest, sizeof(told->digest)),
                           span_make(numbers, sizeof(numbers))};
    event_uid_make(e->uid, parts, sizeof(parts) / sizeof(parts[0]));
}

static int activity_of(const struct check_told *before, int status)
{
    if (!before)
        return FINDING_CREATE;
    return is_open(before->status) && !is_open(status) ? FINDING_CLOSE : FINDING_UPDATE;
}

void check_tell(const struct check *c, const struct check_outcome *o,
                const struct check_told *before, const struct check_told *told, check_emit_fn *emit,
                void *ctx)
{
    char message[800], place[300] = "";
    bool repeated = before && memcmp(before->digest, told->digest, sizeof(told->digest)) == 0;
    bool grave = o->status == CHECK_FAIL && !repeated;
    if (o->path[0] && o->line > 0)
        snprintf(place, sizeof(place), "%s:%d", o->path, o->line);
    else
        snprintf(place, sizeof(place), "%s", o->path);
    snprintf(message, sizeof(message), "%s %s: %s", c->id, statuses[o->status].name, c->title);
    struct event e = {
        .class_uid = EVENT_COMPLIANCE,
        .activity = activity_of(before, (int)o->status),
        .severity = grave ? (enum event_severity)c->severity : SEVERITY_INFORMATIONAL,
        .time_ms = told->at_ms,
        .message = message,
        .u.compliance = {.id = span_of(c->id),
                         .title = span_of(c->title),
                         .topic = span_of(c->topic),
                         .reason = span_of(c->reason),
                         .remedy = span_of(c->remedy),
                         .status_id = statuses[o->status].ocsf,
                         .status = statuses[o->status].name,
                         .check_severity = c->severity,
                         .references = span_of(c->references),
                         .place = span_of(place),
                         .path = span_of(o->path),
                         .found = span_of(o->found),
                         .expected = span_of(o->expected)},
    };
    make_uid(&e, e.u.compliance.id, told);
    emit(ctx, &e);
}

void check_tell_gone(struct span id, const struct check_told *before, int64_t now_ms,
                     check_emit_fn *emit, void *ctx)
{
    struct check_told told = *before;
    struct event e = {
        .class_uid = EVENT_COMPLIANCE,
        .activity = FINDING_CLOSE,
        .severity = SEVERITY_INFORMATIONAL,
        .time_ms = now_ms,
        .message = "a host check is no longer asked",
        .u.compliance = {.id = id,
                         .title = id,
                         .remedy = SPAN("Nothing: the check was taken out of the checks folder."),
                         .status_id = COMPLIANCE_OTHER,
                         .status = "Not Asked"},
    };
    told.count++;
    told.at_ms = now_ms;
    make_uid(&e, id, &told);
    emit(ctx, &e);
}

void check_tell_totals(const struct check_totals *t, int64_t now_ms, int64_t duration_ms,
                       check_emit_fn *emit, void *ctx)
{
    struct buf vigia = BUF_INIT(1024);
    struct json_out j;
    char message[200];
    uint64_t all = t->by_status[0] + t->by_status[1] + t->by_status[2] + t->by_status[3];
    json_start(&j, &vigia);
    json_object(&j, NULL);
    json_object(&j, "checks");
    json_uint(&j, "pass", t->by_status[CHECK_PASS]);
    json_uint(&j, "fail", t->by_status[CHECK_FAIL]);
    json_uint(&j, "unknown", t->by_status[CHECK_UNKNOWN]);
    json_uint(&j, "not_applicable", t->by_status[CHECK_SKIPPED]);
    json_uint(&j, "off", t->broken);
    json_end_object(&j);
    json_end_object(&j);
    snprintf(message, sizeof(message), "host checks: %llu pass, %llu fail, %llu unknown",
             (unsigned long long)t->by_status[CHECK_PASS],
             (unsigned long long)t->by_status[CHECK_FAIL],
             (unsigned long long)t->by_status[CHECK_UNKNOWN]);
    struct event e = {
        .class_uid = EVENT_SCAN,
        .activity = SCAN_COMPLETED,
        .severity = SEVERITY_INFORMATIONAL,
        .time_ms = now_ms,
        .message = message,
        .vigia = buf_span(&vigia),
        .u.scan = {.name = SPAN("host checks"),
                   .type_id = 2,
                   .files = all,
                   .detections = t->by_status[CHECK_FAIL],
                   .skipped = t->by_status[CHECK_SKIPPED] + t->by_status[CHECK_UNKNOWN] + t->broken,
                   .duration_ms = duration_ms}};
    struct span parts[] = {SPAN("host checks"), span_make(&now_ms, sizeof(now_ms)),
                           buf_span(&vigia)};
    event_uid_make(e.uid, parts, sizeof(parts) / sizeof(parts[0]));
    emit(ctx, &e);
    buf_release(&vigia);
}
