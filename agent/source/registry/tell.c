#include "source/registry/tell.h"

#include "base/json_write.h"
#include "source/registry/data.h"
#include "source/registry/keys.h"

#define VIGIA_MAX   8192
#define MESSAGE_MAX 600

/* ---- what all have in common ---- */

/* The same change has the same uid whoever finds it: what makes a key's state this one and no other
 * is when it was written, and what is in it. */
static void make_uid(struct event *e, const struct registry_fact *f, struct span name,
                     struct span before, struct span after)
{
    char folded[REGISTRY_PATH_MAX];
    const struct registry_state *s = f->after ? f->after : f->before;
    uint64_t numbers[] = {e->class_uid, (uint64_t)e->activity, s ? (uint64_t)s->written_ms : 0};
    registry_fold(f->path, folded, sizeof(folded));
    struct span parts[] = {SPAN("registry"),
                           span_of(folded),
                           name,
                           span_make(numbers, sizeof(numbers)),
                           before,
                           after};
    event_uid_make(e->uid, parts, sizeof(parts) / sizeof(parts[0]));
}

static struct event begin(const struct registry_fact *f, enum event_class class_uid, int activity)
{
    struct event e = {.class_uid = class_uid,
                      .activity = activity,
                      .severity = f->severity,
                      .time_ms = f->seen_ms};
    /* a scan comes late; when the key was written dates the change */
    if (f->by_scan && f->after && f->after->written_ms > 0 && f->after->written_ms < f->seen_ms)
        e.time_ms = f->after->written_ms;
    return e;
}

static void put_how(struct json_out *j, const struct registry_fact *f)
{
    json_text(j, "found_by", f->by_scan ? "scan" : "watch");
    if (f->while_off)
        json_bool(j, "while_off", true);
    if (f->first)
        json_bool(j, "first_seen", true);
}

static void send(struct event *e, struct buf *message, struct buf *vigia, registry_emit *emit,
                 void *ctx)
{
    e->message = message->p;
    e->vigia = vigia->failed ? SPAN("") : buf_span(vigia);
    emit(ctx, e);
    buf_release(message);
    buf_release(vigia);
}

/* ---- keys and values ---- */

void registry_tell_key(const struct registry_fact *f, int activity, registry_emit *emit, void *ctx)
{
    static const char *const words[] = {[REGISTRY_KEY_CREATE] = "created",
                                        [REGISTRY_KEY_DELETE] = "deleted",
                                        [REGISTRY_KEY_SET_SECURITY] = "permissions changed"};
    struct event e = begin(f, EVENT_REGISTRY_KEY, activity);
    struct buf message = BUF_INIT(MESSAGE_MAX), vigia = BUF_INIT(VIGIA_MAX);
    struct json_out j;
    e.u.registry.path = span_of(f->path);
    e.u.registry.written_ms = f->after ? f->after->written_ms : 0;
    json_start(&j, &vigia);
    json_object(&j, NULL);
    put_how(&j, f);
    json_end_object(&j);
    buf_printf(&message, "Watched registry key: %s", words[activity]);
    make_uid(&e, f, SPAN(""),
             span_make(f->before ? f->before->security : NULL, f->before ? REGISTRY_SECURITY : 0),
             span_make(f->after ? f->after->security : NULL, f->after ? REGISTRY_SECURITY : 0));
    send(&e, &message, &vigia, emit, ctx);
}

static void put_data(struct event_registry_data *out, const struct registry_entry *e, bool secret)
{
    if (!e)
        return;
    *out = (struct event_registry_data){.present = true, .type = e->type, .size = e->size};
    out->text = e->text;
    if (!secret)
        out->sha256 = span_make(e->sha256, SHA256_SIZE);
}

/* The hash of what holds a secret would let it be guessed. */
static bool has_mask(const struct registry_entry *e)
{
    return e && span_find_span(e->text, SPAN("***")) < e->text.n;
}

static struct span fingerprint(const struct registry_entry *e)
{
    return e ? span_make(e->sha256, SHA256_SIZE) : SPAN("");
}

/* One of the two is there. */
static struct span name_of(const struct registry_entry *before, const struct registry_entry *after)
{
    return after ? after->name : before ? before->name : SPAN("");
}

void registry_tell_value(const struct registry_fact *f, const struct registry_entry *before,
                         const struct registry_entry *after, registry_emit *emit, void *ctx)
{
    int activity = !after    ? REGISTRY_VALUE_DELETE
                   : !before ? REGISTRY_VALUE_SET
                             : REGISTRY_VALUE_MODIFY;
    struct span name = name_of(before, after);
    struct event e = begin(f, EVENT_REGISTRY_VALUE, activity);
    struct buf message = BUF_INIT(MESSAGE_MAX), vigia = BUF_INIT(VIGIA_MAX);
    struct json_out j;
    bool secret = registry_data_is_secret(name) || has_mask(before) || has_mask(after);
    e.u.registry.path = span_of(f->path);
    e.u.registry.name = name;
    e.u.registry.written_ms = f->after ? f->after->written_ms : 0;
    put_data(&e.u.registry.before, before, secret);
    put_data(&e.u.registry.after, after, secret);
    json_start(&j, &vigia);
    json_object(&j, NULL);
    put_how(&j, f);
    json_end_object(&j);
    buf_printf(&message, "Watched registry value: %s",
               !after    ? "deleted"
               : !before ? "set"
                         : "changed");
    make_uid(&e, f, name, fingerprint(before), fingerprint(after));
    send(&e, &message, &vigia, emit, ctx);
}

/* ---- sums and scans ---- */

void registry_tell_sum(const struct registry_sum *s, registry_emit *emit, void *ctx)
{
    struct event e = {.class_uid = EVENT_REGISTRY_KEY,
                      .activity = REGISTRY_KEY_MODIFY,
                      .severity = s->severity,
                      .time_ms = s->last_ms};
    struct buf message = BUF_INIT(MESSAGE_MAX), vigia = BUF_INIT(VIGIA_MAX);
    struct json_out j;
    uint64_t numbers[] = {s->count, (uint64_t)s->first_ms, (uint64_t)s->last_ms};
    struct span parts[] = {SPAN("registry sum"), span_of(s->path),
                           span_make(numbers, sizeof(numbers))};
    e.u.registry.path = span_of(s->path);
    e.u.registry.count = s->count;
    e.u.registry.first_ms = s->first_ms;
    e.u.registry.last_ms = s->last_ms;
    event_uid_make(e.uid, parts, sizeof(parts) / sizeof(parts[0]));
    json_start(&j, &vigia);
    json_object(&j, NULL);
    json_object(&j, "storm");
    json_uint(&j, "changes", s->count);
    json_end_object(&j);
    json_end_object(&j);
    buf_printf(&message, "Watched registry keys: %llu more changes, told as one",
               (unsigned long long)s->count);
    send(&e, &message, &vigia, emit, ctx);
}

void registry_tell_scan(const struct registry_scan_fact *f, registry_emit *emit, void *ctx)
{
    char id[64];
    struct buf message = BUF_INIT(MESSAGE_MAX), vigia = BUF_INIT(VIGIA_MAX);
    snprintf(id, sizeof(id), "registry-%lld", (long long)f->started_ms);
    buf_printf(&message, "%s finished: %llu registry keys, %llu changes told", f->name,
               (unsigned long long)f->keys, (unsigned long long)f->told);
    struct event e = {
        .class_uid = EVENT_SCAN,
        .activity = SCAN_COMPLETED,
        .severity = SEVERITY_INFORMATIONAL,
        .time_ms = f->started_ms + f->duration_ms,
        .u.scan = {.uid = span_of(id),
                   .name = span_of(f->name),
                   .type_id = f->manual ? 1 : 2,
                   .registry_items = f->keys,
                   .detections = f->told,
                   .skipped = f->skipped,
                   .duration_ms = f->duration_ms},
    };
    struct span parts[] = {SPAN("registry scan"), span_of(id), span_of(f->name)};
    event_uid_make(e.uid, parts, sizeof(parts) / sizeof(parts[0]));
    send(&e, &message, &vigia, emit, ctx);
}

/* ---- services ---- */

static const char services[] = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\";

struct span registry_service_of(const char *path)
{
    size_t n = sizeof(services) - 1;
    struct span all = span_of(path);
    bool below = all.n > n && span_equal_nocase((struct span){path, n}, span_of(services));
    return below && !strchr(path + n, '\\') ? (struct span){path + n, all.n - n} : SPAN("");
}

static struct span text_of(const struct registry_state *s, const char *name)
{
    struct registry_entry e;
    return registry_state_find(s, span_of(name), &e) ? e.text : SPAN("");
}

static int64_t number_of(const struct registry_state *s, const char *name)
{
    int64_t number;
    return span_to_i64(text_of(s, name), &number) ? number : -1;
}

static void put_change(struct json_out *j, const struct registry_entry *before,
                       const struct registry_entry *after)
{
    json_object(j, NULL);
    json_span(j, "name", name_of(before, after));
    if (before)
        json_span(j, "before", before->text);
    if (after)
        json_span(j, "after", after->text);
    json_end_object(j);
}

/* Every value that is not as it was; what does not fit is counted. */
static void put_changes(struct json_out *j, const struct registry_fact *f)
{
    struct span rest = f->after->values;
    struct registry_entry a, b;
    uint64_t more = 0;
    json_array(j, "changes");
    while (registry_state_next(&rest, &a)) {
        bool was = registry_state_find(f->before, a.name, &b);
        if (was && !registry_entry_differs(&a, &b))
            continue;
        if (j->b->n < VIGIA_MAX / 2)
            put_change(j, was ? &b : NULL, &a);
        else
            more++;
    }
    for (rest = f->before->values; registry_state_next(&rest, &b);) {
        if (registry_state_find(f->after, b.name, &a))
            continue;
        if (j->b->n < VIGIA_MAX / 2)
            put_change(j, &b, NULL);
        else
            more++;
    }
    json_end_array(j);
    if (more > 0)
        json_uint(j, "more_changes", more);
}

static void put_service(struct event_service *out, const char *path, const struct registry_state *s)
{
    *out = (struct event_service){
        .name = registry_service_of(path),
        .command = text_of(s, "ImagePath"),
        .account = text_of(s, "ObjectName"),
        .group = text_of(s, "Group"),
        .dependencies = text_of(s, "DependOnService"),
        .start = number_of(s, "Start"),
        .type = number_of(s, "Type"),
        .error_control = number_of(s, "ErrorControl"),
    };
}

void registry_tell_service(const struct registry_fact *f, registry_emit *emit, void *ctx)
{
    int activity = !f->after ? SERVICE_DELETE : !f->before ? SERVICE_CREATE : SERVICE_RECONFIGURE;
    struct event e = begin(f, EVENT_SERVICE, activity);
    struct buf message = BUF_INIT(MESSAGE_MAX), vigia = BUF_INIT(VIGIA_MAX);
    struct json_out j;
    uint8_t sums[2][SHA256_SIZE] = {{0}};
    put_service(&e.u.service, f->path, f->after ? f->after : f->before);
    json_start(&j, &vigia);
    json_object(&j, NULL);
    put_how(&j, f);
    if (activity == SERVICE_RECONFIGURE)
        put_changes(&j, f);
    json_end_object(&j);
    buf_printf(&message, "Service: %s",
               !f->after    ? "deleted"
               : !f->before ? "created"
                            : "configuration changed");
    if (f->before)
        sha256_of(f->before->values.p, f->before->values.n, sums[0]);
    if (f->after)
        sha256_of(f->after->values.p, f->after->values.n, sums[1]);
    make_uid(&e, f, SPAN(""), span_make(sums[0], SHA256_SIZE), span_make(sums[1], SHA256_SIZE));
    send(&e, &message, &vigia, emit, ctx);
}
