#include "event/ocsf_compliance.h"

#include "event/mask.h"

#define TEXT_MAX      1024
#define STANDARDS_MAX 16

static void put_masked(struct json_out *j, const char *key, struct span s)
{
    struct buf text = BUF_INIT(TEXT_MAX * 4 + 64);
    if (s.n == 0)
        return;
    if (s.n > TEXT_MAX)
        s.n = TEXT_MAX;
    mask_put(&text, s);
    json_name(j, key, buf_span(&text));
    buf_release(&text);
}

static void put_if(struct json_out *j, const char *key, struct span s)
{
    if (s.n > 0)
        json_name(j, key, s);
}

static void put_prose(struct json_out *j, const char *key, struct span s)
{
    if (s.n > 0)
        json_span(j, key, s);
}

static struct span standard_of(struct span reference)
{
    return (struct span){reference.p, span_find_span(reference, SPAN(": "))};
}

/* Each standard once, however many of its requirements are named. */
static void put_standards(struct json_out *j, struct span references)
{
    struct span seen[STANDARDS_MAX], line;
    size_t n = 0;
    json_array(j, "standards");
    while (n < STANDARDS_MAX && span_take_until(&references, '\n', &line)) {
        size_t i = 0;
        struct span standard = standard_of(line);
        while (i < n && !span_equal(seen[i], standard))
            i++;
        if (i < n)
            continue;
        seen[n++] = standard;
        json_span(j, NULL, standard);
    }
    json_end_array(j);
}

static void put_lines(struct json_out *j, const char *key, struct span lines)
{
    struct span line;
    if (lines.n == 0)
        return;
    json_array(j, key);
    while (span_take_until(&lines, '\n', &line))
        json_span(j, NULL, line);
    json_end_array(j);
}

static void put_outcome(struct json_out *j, const struct event *e)
{
    const struct event_compliance *c = &e->u.compliance;
    json_object(j, "compliance");
    json_span(j, "control", c->id);
    put_prose(j, "category", c->topic);
    put_prose(j, "desc", c->reason);
    if (c->references.n > 0)
        put_standards(j, c->references);
    put_lines(j, "requirements", c->references);
    json_int(j, "status_id", c->status_id);
    json_text(j, "status", c->status);
    put_masked(j, "status_detail", c->found);
    json_array(j, "checks");
    json_object(j, NULL);
    json_span(j, "uid", c->id);
    json_span(j, "name", c->title);
    if (c->check_severity > 0)
        json_int(j, "severity_id", c->check_severity);
    json_int(j, "status_id", c->status_id);
    json_end_object(j);
    json_end_array(j);
    json_end_object(j);
}

/* Stable for as long as the endpoint keeps its name: what create, update and close are about. */
static void put_finding(struct json_out *j, const struct identity *who, const struct event *e)
{
    const struct event_compliance *c = &e->u.compliance;
    char uid[160];
    snprintf(uid, sizeof(uid), "%s/%.*s", who->endpoint, (int)(c->id.n < 64 ? c->id.n : 64),
             c->id.p ? c->id.p : "");
    json_object(j, "finding_info");
    json_text(j, "uid", uid);
    json_span(j, "title", c->title);
    put_prose(j, "desc", c->reason);
    json_object(j, "analytic");
    json_int(j, "type_id", 1);
    json_span(j, "uid", c->id);
    json_span(j, "name", c->title);
    json_end_object(j);
    json_end_object(j);
}

static struct span base_name(struct span path)
{
    size_t at = path.n;
    while (at > 0 && path.p[at - 1] != '/')
        at--;
    return at == path.n ? path : (struct span){path.p + at, path.n - at};
}

/* KEY:NAME of Windows, in which a backslash is nothing special. */
static bool is_registry(struct span path)
{
    return span_starts(path, SPAN("HKLM\\")) || span_starts(path, SPAN("HKU\\"));
}

static void put_registry_value(struct json_out *j, struct span path)
{
    struct span name = path, key;
    span_take_until(&name, ':', &key);
    json_object(j, "reg_value");
    json_span(j, "name", name.n > 0 ? name : SPAN("(Default)"));
    json_span(j, "path", key);
    json_end_object(j);
}

static void put_file(struct json_out *j, struct span path)
{
    json_object(j, "file");
    json_name(j, "name", base_name(path));
    json_name(j, "path", path);
    json_int(j, "type_id", 0);
    json_end_object(j);
}

static void put_evidence(struct json_out *j, const struct event_compliance *c)
{
    if (c->found.n == 0 && c->path.n == 0)
        return;
    json_array(j, "evidences");
    json_object(j, NULL);
    json_object(j, "data");
    if (is_registry(c->place))
        json_span(j, "place", c->place);
    else
        put_if(j, "place", c->place);
    put_masked(j, "found", c->found);
    put_masked(j, "expected", c->expected);
    json_end_object(j);
    if (is_registry(c->path))
        put_registry_value(j, c->path);
    else if (c->path.n > 0)
        put_file(j, c->path);
    json_end_object(j);
    json_end_array(j);
}

void ocsf_put_compliance(struct json_out *j, const struct identity *who, const struct event *e)
{
    const struct event_compliance *c = &e->u.compliance;
    bool open = c->status_id != COMPLIANCE_PASS && c->status_id != COMPLIANCE_OTHER;
    json_int(j, "status_id", open ? 1 : 4); /* new, resolved */
    json_bool(j, "is_alert", c->status_id == COMPLIANCE_FAIL && e->severity >= SEVERITY_MEDIUM);
    put_finding(j, who, e);
    put_outcome(j, e);
    put_evidence(j, c);
    json_object(j, "remediation");
    json_span(j, "desc", c->remedy);
    put_lines(j, "references", c->references);
    json_end_object(j);
    json_array(j, "resources");
    json_object(j, NULL);
    json_text(j, "uid", who->device_uid);
    json_text(j, "hostname", who->hostname);
    json_end_object(j);
    json_end_array(j);
}
