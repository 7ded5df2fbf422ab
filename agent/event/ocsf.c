#include "event/ocsf.h"

#include "base/json_write.h"
#include "base/version.h"
#include "event/mask.h"
#include "event/ocsf_compliance.h"
#include "event/ocsf_registry.h"

#define EVIDENCE_MAX 4096
#define FIELD_MAX    512
#define COMMAND_MAX  1024
#define REPORT_MAX   16384

static bool has(struct span s)
{
    return s.n > 0;
}

static struct span cut(struct span s, size_t max)
{
    return s.n > max ? (struct span){s.p, max} : s;
}

static void put_if(struct json_out *j, const char *key, struct span s)
{
    if (has(s))
        json_name(j, key, s);
}

static void put_masked(struct json_out *j, const char *key, struct span s, size_t max)
{
    struct buf text = BUF_INIT(max * 4 + 64);
    mask_put(&text, cut(s, max));
    json_name(j, key, buf_span(&text));
    buf_release(&text);
}

/* What a person wrote, secrets masked; lines and backslashes stay as they are. */
static void put_prose(struct json_out *j, const char *key, struct span s)
{
    struct buf text = BUF_INIT(REPORT_MAX * 4 + 64);
    mask_put(&text, cut(s, REPORT_MAX));
    json_span(j, key, buf_span(&text));
    buf_release(&text);
}

static struct span base_name(struct span path)
{
    size_t at = path.n;
    while (at > 0 && path.p[at - 1] != '/' && path.p[at - 1] != '\\')
        at--;
    return at == path.n ? path : (struct span){path.p + at, path.n - at};
}

static void put_metadata(struct json_out *j, const struct identity *who, const struct event *e,
                         uint64_t sequence)
{
    json_object(j, "metadata");
    json_text(j, "version", OCSF_VERSION);
    json_hex(j, "uid", e->uid, EVENT_UID_SIZE);
    json_text(j, "tenant_uid", who->institution);
    json_uint(j, "sequence", sequence);
    json_object(j, "product");
    json_text(j, "name", "Vigia");
    json_text(j, "vendor_name", "Vigia");
    json_text(j, "version", VIGIA_VERSION);
    json_end_object(j);
    json_array(j, "profiles");
    json_text(j, NULL, "host");
    json_end_array(j);
    if (e->class_uid / 100000 == OCSF_WINDOWS)
        ocsf_put_windows(j);
    json_object(j, "reporter");
    json_text(j, "uid", who->endpoint);
    json_text(j, "hostname", who->hostname);
    json_end_object(j);
    json_end_object(j);
}

/* {members} -> members, so that two sets can stand in one object. */
static struct span members_of(struct span object)
{
    return object.n > 2 ? (struct span){object.p + 1, object.n - 2} : (struct span){"", 0};
}

/* The inventory is about the device itself: it knows more of it than what every event says. */
static void put_device(struct json_out *j, const struct identity *who, const struct event *e)
{
    static const struct event_inventory nothing;
    const struct event_inventory *more =
        e->class_uid == EVENT_INVENTORY ? &e->u.inventory : &nothing;
    struct span members = members_of(more->device);
    json_object(j, "device");
    json_text(j, "uid", who->device_uid);
    json_text(j, "hostname", who->hostname);
    json_int(j, "type_id", more->device_type);
    json_object(j, "os");
    json_text(j, "name", who->os_name);
    json_int(j, "type_id", who->os_type_id);
    json_text(j, "version", who->os_version);
    put_if(j, "kernel_release", more->kernel);
    json_end_object(j);
    if (e->class_uid == EVENT_INVENTORY) {
        json_object(j, "org");
        json_text(j, "uid", who->institution);
        json_end_object(j);
    }
    if (members.n > 0)
        json_raw(j, NULL, members);
    json_end_object(j);
}

static void put_parents(struct json_out *j, const struct event_actor *a, size_t at)
{
    if (at >= a->parents_n)
        return;
    json_object(j, "parent_process");
    json_int(j, "pid", a->parent[at].pid);
    put_if(j, "name", base_name(a->parent[at].exe));
    put_if(j, "path", a->parent[at].exe);
    put_parents(j, a, at + 1);
    json_end_object(j);
}

static void put_process(struct json_out *j, const struct event_actor *a)
{
    json_object(j, "process");
    json_int(j, "pid", a->pid);
    put_if(j, "name", base_name(a->exe));
    put_if(j, "path", a->exe);
    if (has(a->command))
        put_masked(j, "cmd_line", a->command, COMMAND_MAX);
    put_parents(j, a, 0);
    json_end_object(j);
}

static void put_actor(struct json_out *j, const struct event_actor *a)
{
    json_object(j, "actor");
    if (a->pid > 0)
        put_process(j, a);
    json_object(j, "user");
    if (a->known && (has(a->user) || a->uid >= 0)) {
        put_if(j, "name", a->user);
        if (a->uid >= 0) {
            char digits[24];
            snprintf(digits, sizeof(digits), "%lld", (long long)a->uid);
            json_text(j, "uid", digits);
        }
    } else {
        json_text(j, "name", "unknown");
        json_int(j, "type_id", 0);
    }
    json_end_object(j);
    if (has(a->tty) || has(a->login_user)) {
        json_object(j, "session");
        put_if(j, "terminal", a->tty);
        put_if(j, "issuer", a->login_user);
        json_end_object(j);
    }
    json_end_object(j);
}

/* The bits that the kernel uses: Linux FS_IOC_GETFLAGS, Windows FILE_ATTRIBUTE_... */
static void put_flags(struct json_out *j, const struct event_file_state *s)
{
    int bits = (s->immutable ? 0x10 : 0) | (s->append_only ? 0x20 : 0) | (s->hidden ? 0x2 : 0) |
               (s->of_system ? 0x4 : 0) | (s->encrypted ? 0x4000 : 0);
    if (bits)
        json_int(j, "attributes", bits);
}

static void put_sha256(struct json_out *j, const uint8_t sha256[32])
{
    json_array(j, "hashes");
    json_object(j, NULL);
    json_int(j, "algorithm_id", 3);
    json_hex(j, "value", sha256, 32);
    json_end_object(j);
    json_end_array(j);
}

static void put_signature(struct json_out *j, const struct event_signature *s)
{
    json_object(j, "signature");
    json_int(j, "algorithm_id", 4); /* Authenticode */
    json_int(j, "state_id", s->state_id);
    json_span(j, "state", s->state);
    if (has(s->issuer) && has(s->serial)) {
        json_object(j, "certificate");
        put_if(j, "subject", s->subject);
        json_span(j, "issuer", s->issuer);
        json_span(j, "serial_number", s->serial);
        if (has(s->thumbprint)) {
            json_array(j, "fingerprints");
            json_object(j, NULL);
            json_int(j, "algorithm_id", 2); /* SHA-1 */
            json_span(j, "value", s->thumbprint);
            json_end_object(j);
            json_end_array(j);
        }
        json_end_object(j);
    }
    json_end_object(j);
}

static void put_file(struct json_out *j, const char *key, struct span path,
                     const struct event_file_state *s)
{
    json_object(j, key);
    json_name(j, "name", base_name(path));
    json_name(j, "path", path);
    json_int(j, "type_id", s->type_id); /* also of what only its kind is known */
    if (s->present) {
        json_uint(j, "size", s->size);
        json_int(j, "modified_time", s->mtime_ms);
        json_object(j, "owner");
        put_if(j, "name", s->owner);
        char digits[24];
        snprintf(digits, sizeof(digits), "%lu", (unsigned long)s->uid);
        json_span(j, "uid", has(s->owner_sid) ? s->owner_sid : span_of(digits));
        json_end_object(j);
        put_flags(j, s);
        put_if(j, "security_descriptor", s->security_descriptor);
        if (has(s->xattributes))
            json_raw(j, "xattributes", s->xattributes);
    }
    if (s->has_sha256)
        put_sha256(j, s->sha256);
    if (s->signature)
        put_signature(j, s->signature);
    json_end_object(j);
}

/* What OCSF's file object has no place for. */
static void put_attributes(struct json_out *j, const char *key, const struct event_file_state *s)
{
    if (!s->present)
        return;
    char mode[8];
    snprintf(mode, sizeof(mode), "%04o", (unsigned)(s->mode & 07777));
    json_object(j, key);
    json_text(j, "mode", mode);
    json_uint(j, "gid", s->gid);
    put_if(j, "group", s->group);
    json_int(j, "ctime", s->ctime_ms);
    put_if(j, "link_target", s->link_target);
    if (s->immutable)
        json_bool(j, "immutable", true);
    if (s->append_only)
        json_bool(j, "append_only", true);
    if (s->signature)
        put_if(j, "catalog", s->signature->catalog);
    json_end_object(j);
}

static void put_file_activity(struct json_out *j, const struct identity *who, const struct event *e)
{
    const struct event_file *f = &e->u.file;
    (void)who;
    if (f->count > 0) {
        json_uint(j, "count", f->count);
        json_int(j, "start_time", f->first_ms);
        json_int(j, "end_time", f->last_ms);
    }
    put_actor(j, &f->actor);
    bool renamed = has(f->new_path);
    put_file(j, "file", f->path, f->before.present ? &f->before : &f->after);
    if (f->after.present && (f->before.present || renamed))
        put_file(j, "file_result", renamed ? f->new_path : f->path, &f->after);
}

/* OCSF has a container object, but only with a profile that class 1001 is exported without. Who
 * made the change names it best; else it is the one whose layer the file lies in. */
static void put_container(struct json_out *j, const struct event_file *f)
{
    struct span id = has(f->actor.container) ? f->actor.container : f->container;
    if (!has(id) && !has(f->overlay))
        return;
    json_object(j, "container");
    put_if(j, "uid", id);
    if (has(f->actor.container))
        put_if(j, "runtime", f->actor.runtime);
    put_if(j, "overlay", f->overlay);
    json_end_object(j);
}

static void unmapped_file_activity(struct json_out *j, const struct event *e)
{
    put_attributes(j, "before", &e->u.file.before);
    put_attributes(j, "after", &e->u.file.after);
    put_if(j, "package", e->u.file.package);
    put_container(j, &e->u.file);
}

static void put_log_activity(struct json_out *j, const struct identity *who, const struct event *e)
{
    (void)who;
    put_actor(j, &e->u.log.actor);
    json_name(j, "log_name", e->u.log.log_name);
    json_int(j, "log_type_id", e->u.log.log_type_id);
}

static void put_tactics(struct json_out *j, const struct event_detection *d)
{
    for (size_t i = 0; i < d->tactics_n; i++) {
        json_object(j, NULL);
        json_object(j, "tactic");
        json_span(j, "name", d->tactics[i]);
        json_end_object(j);
        json_end_object(j);
    }
}

static void put_attacks(struct json_out *j, const struct event_detection *d)
{
    if (d->attacks_n + d->tactics_n == 0)
        return;
    json_array(j, "attacks");
    put_tactics(j, d);
    for (size_t i = 0; i < d->attacks_n; i++) {
        bool is_sub = span_find(d->attacks[i], '.') < d->attacks[i].n;
        json_object(j, NULL);
        json_object(j, is_sub ? "sub_technique" : "technique");
        json_span(j, "uid", d->attacks[i]);
        json_end_object(j);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_tag(struct json_out *j, const char *name, const struct span *values, size_t n)
{
    if (n == 0)
        return;
    json_object(j, NULL);
    json_text(j, "name", name);
    json_array(j, "values");
    for (size_t i = 0; i < n; i++)
        json_span(j, NULL, values[i]);
    json_end_array(j);
    json_end_object(j);
}

static void put_tags(struct json_out *j, const struct event_detection *d)
{
    if (d->tags_n + d->references_n == 0)
        return;
    json_array(j, "tags");
    put_tag(j, "sigma", d->tags, d->tags_n);
    put_tag(j, "references", d->references, d->references_n);
    json_end_array(j);
}

static void put_fields(struct json_out *j, const struct event_detection *d)
{
    if (d->fields_n == 0)
        return;
    json_array(j, "fields");
    for (size_t i = 0; i < d->fields_n; i++) {
        json_object(j, NULL);
        json_name(j, "name", cut(d->fields[i].name, 128));
        put_masked(j, "value", d->fields[i].value, FIELD_MAX);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_attachments(struct json_out *j, const struct event_detection *d)
{
    for (size_t i = 0; i < d->files_n && i < EVENT_ATTACHMENTS_MAX; i++) {
        const struct event_attachment *a = &d->files[i];
        json_object(j, NULL);
        json_object(j, "file");
        json_name(j, "name", cut(a->name, 1024));
        json_int(j, "type_id", 1);
        json_uint(j, "size", a->size);
        put_sha256(j, a->sha256);
        json_end_object(j);
        json_end_object(j);
    }
}

static void put_evidence(struct json_out *j, const struct event_detection *d)
{
    json_array(j, "evidences");
    json_object(j, NULL);
    json_object(j, "data");
    put_if(j, "log", d->log_name);
    if (has(d->evidence))
        put_masked(j, "line", d->evidence, EVIDENCE_MAX);
    put_fields(j, d);
    json_end_object(j);
    if (has(d->user)) {
        json_object(j, "user");
        json_name(j, "name", cut(d->user, 256));
        json_end_object(j);
    }
    if (has(d->src_ip)) {
        json_object(j, "src_endpoint");
        json_name(j, "ip", cut(d->src_ip, 64));
        json_end_object(j);
    }
    json_end_object(j);
    put_attachments(j, d);
    json_end_array(j);
}

static void put_detection(struct json_out *j, const struct identity *who, const struct event *e)
{
    const struct event_detection *d = &e->u.detection;
    (void)who;
    json_bool(j, "is_alert", e->severity >= SEVERITY_MEDIUM);
    json_int(j, "status_id", 1);
    if (d->confidence_id > 0)
        json_int(j, "confidence_id", d->confidence_id);
    if (d->count > 1)
        json_uint(j, "count", d->count);
    if (d->first_ms > 0) {
        json_int(j, "start_time", d->first_ms);
        json_int(j, "end_time", d->last_ms);
    }
    json_object(j, "finding_info");
    json_hex(j, "uid", d->finding_uid ? d->finding_uid : e->uid, EVENT_UID_SIZE);
    json_span(j, "title", d->rule_title);
    if (has(d->description))
        put_prose(j, "desc", d->description);
    if (has(d->type)) {
        json_array(j, "types");
        json_span(j, NULL, d->type);
        json_end_array(j);
    }
    json_object(j, "analytic");
    json_int(j, "type_id", d->analytic_type_id);
    json_span(j, "uid", d->rule_id);
    json_span(j, "name", d->rule_title);
    json_end_object(j);
    put_attacks(j, d);
    put_tags(j, d);
    json_end_object(j);
    put_evidence(j, d);
}

static void put_nothing(struct json_out *j, const struct identity *who, const struct event *e)
{
    (void)j, (void)who, (void)e;
}

static void put_software(struct json_out *j, const struct identity *who, const struct event *e)
{
    const struct event_software *s = &e->u.software;
    json_object(j, "sbom");
    json_object(j, "package");
    json_text(j, "name", who->hostname);
    json_text(j, "version", who->os_version[0] ? who->os_version : "unknown");
    json_end_object(j);
    json_array(j, "software_components");
    for (size_t i = 0; i < s->n; i++) {
        json_object(j, NULL);
        json_name(j, "name", s->components[i].name);
        json_name(j, "version", s->components[i].version);
        put_if(j, "purl", s->components[i].purl);
        put_if(j, "author", s->components[i].author);
        json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
}

static void put_patch_state(struct json_out *j, const struct identity *who, const struct event *e)
{
    (void)who;
    if (has(e->u.patch_state.articles))
        json_raw(j, "kb_article_list", e->u.patch_state.articles);
}

static void put_application(struct json_out *j, const struct identity *who, const struct event *e)
{
    json_text(j, "activity_name", e->u.application.activity_name);
    json_object(j, "app");
    json_text(j, "name", "vigia");
    json_text(j, "uid", who->endpoint);
    json_text(j, "version", VIGIA_VERSION);
    json_end_object(j);
    json_int(j, "status_id", 1);
}

static void put_scan(struct json_out *j, const struct identity *who, const struct event *e)
{
    const struct event_scan *s = &e->u.scan;
    (void)who;
    json_object(j, "scan");
    put_if(j, "uid", s->uid);
    put_if(j, "name", s->name);
    json_int(j, "type_id", s->type_id);
    json_end_object(j);
    json_uint(j, "num_files", s->files);
    if (s->registry_items > 0)
        json_uint(j, "num_registry_items", s->registry_items);
    json_uint(j, "num_detections", s->detections);
    json_uint(j, "num_skipped_items", s->skipped);
    json_int(j, "duration", s->duration_ms);
}

static const struct class_row {
    struct ocsf_class class;
    void (*put)(struct json_out *j, const struct identity *who, const struct event *e);
    void (*put_unmapped)(struct json_out *j, const struct event *e); /* members of unmapped.vigia */
} rows[] = {
    {{EVENT_FILE, "File System Activity"}, put_file_activity, unmapped_file_activity},
    {{EVENT_LOG_ACTIVITY, "Event Log Activity"}, put_log_activity, NULL},
    {{EVENT_COMPLIANCE, "Compliance Finding"}, ocsf_put_compliance, NULL},
    {{EVENT_DETECTION, "Detection Finding"}, put_detection, NULL},
    {{EVENT_INVENTORY, "Device Inventory Info"}, put_nothing, NULL},
    {{EVENT_PATCH_STATE, "Operating System Patch State"}, put_patch_state, NULL},
    {{EVENT_SOFTWARE, "Software Inventory Info"}, put_software, NULL},
    {{EVENT_APPLICATION, "Application Lifecycle"}, put_application, NULL},
    {{EVENT_SCAN, "Scan Activity"}, put_scan, NULL},
    {{EVENT_REGISTRY_KEY, "Registry Key Activity"}, ocsf_put_registry_key, NULL},
    {{EVENT_REGISTRY_VALUE, "Registry Value Activity"},
     ocsf_put_registry_value,
     ocsf_unmapped_registry_value},
    {{EVENT_SERVICE, "Windows Service Activity"}, ocsf_put_service, NULL},
};

static const struct class_row *row_of(enum event_class uid)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].class.uid == uid)
            return &rows[i];
    return NULL;
}

const struct ocsf_class *ocsf_class_of(enum event_class uid)
{
    const struct class_row *row = row_of(uid);
    return row ? &row->class : NULL;
}

static void put_unmapped(struct json_out *j, const struct class_row *row, const struct event *e)
{
    struct span given = members_of(e->vigia);
    if (!row->put_unmapped && given.n == 0)
        return;
    json_object(j, "unmapped");
    json_object(j, "vigia");
    if (row->put_unmapped)
        row->put_unmapped(j, e);
    if (given.n > 0)
        json_raw(j, NULL, given);
    json_end_object(j);
    json_end_object(j);
}

void ocsf_encode(struct buf *b, const struct identity *who, const struct event *e,
                 uint64_t sequence)
{
    const struct class_row *row = row_of(e->class_uid);
    struct json_out j;
    if (!row) {
        b->failed = true;
        return;
    }
    json_start(&j, b);
    json_object(&j, NULL);
    json_int(&j, "class_uid", e->class_uid);
    json_int(&j, "category_uid", e->class_uid % 100000 / 1000);
    json_int(&j, "activity_id", e->activity);
    json_int(&j, "type_uid", (int64_t)e->class_uid * 100 + e->activity);
    json_int(&j, "severity_id", e->severity);
    json_int(&j, "time", e->time_ms);
    put_metadata(&j, who, e, sequence);
    put_device(&j, who, e);
    row->put(&j, who, e);
    json_text(&j, "message", e->message);
    json_text(&j, "status_detail", e->status_detail);
    put_unmapped(&j, row, e);
    json_end_object(&j);
}
