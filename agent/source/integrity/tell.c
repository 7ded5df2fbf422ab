#include "source/integrity/tell.h"

#include "base/buf.h"
#include "base/json_write.h"
#include "platform/account.h"

#define NS_PER_MS       1000000
#define XATTRIBUTES_MAX 12000 /* of all in one event, as JSON */
#define XATTRIBUTE_MAX  1500  /* of one */
#define SID_MAX         192
#define SECURITY_MAX    (2 * SID_MAX + INTEGRITY_ATTRIBUTE_MAX)

static const struct {
    unsigned change;
    const char *word;
} words[] = {
    {INTEGRITY_CREATED, "created"},
    {INTEGRITY_DELETED, "deleted"},
    {INTEGRITY_RENAMED, "renamed"},
    {INTEGRITY_TYPE, "type"},
    {INTEGRITY_CONTENT, "content"},
    {INTEGRITY_MODE, "mode"},
    {INTEGRITY_SETUID, "setuid"},
    {INTEGRITY_OWNER, "owner"},
    {INTEGRITY_TIMES, "times"},
    {INTEGRITY_CAPABILITIES, "capabilities"},
    {INTEGRITY_GAINED, "gained_capabilities"},
    {INTEGRITY_ACL, "acl"},
    {INTEGRITY_XATTR, "xattributes"},
    {INTEGRITY_FLAGS, "flags"},
    {INTEGRITY_STREAM, "stream"},
    {INTEGRITY_HIDDEN_PROGRAM, "hidden_program"},
};

unsigned integrity_change_of_word(struct span word)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (span_equal_text(word, words[i].word))
            return words[i].change;
    return 0;
}

static int activity_of(unsigned change)
{
    static const struct {
        unsigned change;
        int activity;
    } rows[] = {
        {INTEGRITY_CREATED, FILE_ACTIVITY_CREATE},
        {INTEGRITY_DELETED, FILE_ACTIVITY_DELETE},
        {INTEGRITY_RENAMED, FILE_ACTIVITY_RENAME},
        {INTEGRITY_TYPE | INTEGRITY_CONTENT | INTEGRITY_STREAM, FILE_ACTIVITY_UPDATE},
        {INTEGRITY_SECURITY, FILE_ACTIVITY_SET_SECURITY},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].change & change)
            return rows[i].activity;
    return FILE_ACTIVITY_SET_ATTRIBUTES;
}

static int type_id_of(enum file_type t)
{
    static const int ids[] = {
        [FILE_NO_TYPE] = 0, [FILE_REGULAR] = 1, [FILE_FOLDER] = 2,      [FILE_SYMLINK] = 7,
        [FILE_FIFO] = 5,    [FILE_SOCKET] = 6,  [FILE_CHAR_DEVICE] = 3, [FILE_BLOCK_DEVICE] = 4};
    return ids[t];
}

struct names {
    char owner[SID_MAX], group[SID_MAX];
    char security[SECURITY_MAX]; /* a security descriptor as SDDL */
    struct buf xattributes;      /* a JSON object */
};

/* What put_security tells. */
static bool is_descriptor(const struct integrity_attribute *a)
{
    return !a->is_hash && (span_equal_text(a->name, "security.owner") ||
                           span_equal_text(a->name, "security.group") ||
                           span_equal_text(a->name, "security.dacl"));
}

/* Cut rather than too long for an event: the baseline knows all of it. */
static void put_attributes(struct span attributes, struct buf *out)
{
    struct integrity_attribute a;
    struct buf text = BUF_INIT(XATTRIBUTE_MAX);
    struct json_out j;
    char name[UINT8_MAX + 1];
    bool fits = true;
    json_start(&j, out);
    json_object(&j, NULL);
    while (integrity_attributes_next(&attributes, &a) && fits) {
        if (is_descriptor(&a))
            continue;
        buf_clear(&text);
        integrity_attribute_put_text(&text, &a);
        span_copy(a.name, name, sizeof(name));
        fits = out->n + 6 * (a.name.n + text.n) + 100 < XATTRIBUTES_MAX;
        json_span(&j, fits ? name : "(more)", fits ? buf_span(&text) : SPAN("cut"));
    }
    json_end_object(&j);
    if (out->n <= 2)
        buf_clear(out); /* there is none */
    buf_release(&text);
}

/* Where owners have no numbers they are attributes, and stand here as OCSF has them. */
static void put_security(struct span attributes, struct names *names, struct event_file_state *out)
{
    struct integrity_attribute owner, group, list;
    if (!integrity_attributes_find(attributes, "security.owner", &owner) ||
        !span_copy(owner.value, names->owner, sizeof(names->owner)))
        return;
    integrity_attributes_find(attributes, "security.group", &group);
    span_copy(group.value, names->group, sizeof(names->group));
    integrity_attributes_find(attributes, "security.dacl", &list);
    out->owner_sid = out->owner = span_of(names->owner);
    out->group = span_of(names->group);
    if (list.is_hash) /* too long: the hash stands among the attributes */
        list.value = SPAN("");
    struct buf text = BUF_INIT(sizeof(names->security) - 1);
    buf_printf(&text, "O:%sG:%s%.*s", names->owner, names->group, (int)list.value.n, list.value.p);
    span_copy(buf_span(&text), names->security, sizeof(names->security));
    buf_release(&text);
    out->security_descriptor = span_of(names->security);
}

static void put_state(const struct integrity_state *s, struct names *names,
                      struct event_file_state *out)
{
    if (!s)
        return;
    account_user_name(s->info.uid, names->owner, sizeof(names->owner));
    account_group_name(s->info.gid, names->group, sizeof(names->group));
    if (s->attributes.n > 0)
        put_attributes(s->attributes, &names->xattributes);
    *out = (struct event_file_state){
        .present = true,
        .type_id = type_id_of(s->info.type),
        .size = s->info.size,
        .mode = s->info.mode,
        .uid = s->info.uid,
        .gid = s->info.gid,
        .owner = span_of(names->owner),
        .group = span_of(names->group),
        .mtime_ms = s->info.mtime_ns / NS_PER_MS,
        .ctime_ms = s->info.ctime_ns / NS_PER_MS,
        .has_sha256 = s->has_sha256,
        .link_target = s->target,
        .xattributes = {names->xattributes.p, names->xattributes.n},
        .immutable = s->info.flags & FILE_IMMUTABLE,
        .append_only = s->info.flags & FILE_APPEND_ONLY,
        .hidden = s->info.flags & FILE_HIDDEN,
        .of_system = s->info.flags & FILE_SYSTEM,
        .encrypted = s->info.flags & FILE_ENCRYPTED,
    };
    put_security(s->attributes, names, out);
    memcpy(out->sha256, s->sha256, sizeof(out->sha256));
}

static void put_signature(const struct signature *s, struct event_signature *out)
{
    static const struct {
        int id;
        const char *word;
    } states[] = {
        [SIGNATURE_UNKNOWN] = {0, "unknown"},       [SIGNATURE_NONE] = {99, "unsigned"},
        [SIGNATURE_VALID] = {1, "valid"},           [SIGNATURE_EXPIRED] = {2, "expired"},
        [SIGNATURE_REVOKED] = {3, "revoked"},       [SIGNATURE_UNTRUSTED] = {6, "untrusted"},
        [SIGNATURE_DISTRUSTED] = {7, "distrusted"}, [SIGNATURE_BROKEN] = {9, "bad"},
    };
    *out = (struct event_signature){
        .state_id = states[s->state].id,
        .state = span_of(states[s->state].word),
        .subject = span_of(s->subject),
        .issuer = span_of(s->issuer),
        .serial = span_of(s->serial),
        .thumbprint = span_of(s->thumbprint),
        .catalog = span_of(s->catalog),
    };
}

static void put_actor(const struct watch_actor *a, struct names *names, struct event_actor *out)
{
    *out = (struct event_actor){.uid = -1};
    if (!a)
        return;
    out->known = a->known;
    out->pid = a->pid;
    out->ppid = a->ppid;
    out->exe = span_of(a->exe);
    out->command = span_of(a->command);
    out->tty = span_of(a->tty);
    out->container = span_of(a->container);
    out->runtime = span_of(a->runtime);
    if (a->known) {
        out->uid = a->uid;
        account_user_name(a->uid, names->owner, sizeof(names->owner));
        out->user = span_of(names->owner);
    }
    if (a->login_uid != WATCH_NO_USER) {
        account_user_name(a->login_uid, names->group, sizeof(names->group));
        out->login_user = span_of(names->group);
    }
    out->parents_n = a->parents > 0 ? (size_t)a->parents : 0;
    for (size_t i = 0; i < out->parents_n; i++)
        out->parent[i] = (struct event_parent){a->parent[i].pid, span_of(a->parent[i].exe)};
}

/* What makes a state this one and no other. */
static struct span fingerprint(const struct integrity_state *s, uint64_t numbers[6])
{
    numbers[0] = (uint64_t)s->info.ctime_ns;
    numbers[1] = (uint64_t)s->info.mtime_ns;
    numbers[2] = s->info.ino;
    numbers[3] = s->info.size;
    numbers[4] = (uint64_t)s->info.uid << 32 | s->info.gid;
    numbers[5] = (uint64_t)s->info.type << 32 | s->info.mode;
    return span_make(numbers, 6 * sizeof(*numbers));
}

static void make_uid(const struct integrity_fact *f, int activity, uint8_t out[EVENT_UID_SIZE])
{
    uint64_t numbers[6];
    uint8_t what = (uint8_t)activity;
    const struct integrity_state *s = f->after ? f->after : f->before;
    struct span parts[] = {SPAN("file"),
                           span_of(f->path),
                           span_of(f->new_path ? f->new_path : ""),
                           span_make(&what, 1),
                           fingerprint(s, numbers),
                           span_make(s->sha256, s->has_sha256 ? sizeof(s->sha256) : 0)};
    event_uid_make(out, parts, sizeof(parts) / sizeof(parts[0]));
}

static void describe(const struct integrity_fact *f, struct buf *message, struct buf *vigia)
{
    struct json_out j;
    const char *between = "";
    json_start(&j, vigia);
    json_object(&j, NULL);
    json_array(&j, "changed");
    buf_put_text(message, "Watched file: ");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!(f->change & words[i].change))
            continue;
        json_text(&j, NULL, words[i].word);
        buf_printf(message, "%s%s", between, words[i].word);
        between = ", ";
    }
    bool stays = f->before && f->after && !(f->change & INTEGRITY_RENAMED);
    buf_put_text(message, stays ? " changed" : "");
    json_end_array(&j);
    json_text(&j, "found_by", f->by_scan ? "scan" : f->by_journal ? "journal" : "watch");
    if (f->while_off)
        json_bool(&j, "while_off", true);
    if (f->conffile)
        json_bool(&j, "conffile", true);
    json_text(&j, "as_package", f->as_package);
    if (f->package)
        buf_printf(message, "; %s of package %s%s%s", f->conffile ? "configuration" : "file",
                   f->package, f->as_package ? ", " : "", f->as_package ? f->as_package : "");
    json_end_object(&j);
}

void integrity_tell(const struct integrity_fact *f, void (*emit)(void *ctx, const struct event *e),
                    void *ctx)
{
    struct names names[3] = {{.xattributes = BUF_INIT(XATTRIBUTES_MAX)},
                             {.xattributes = BUF_INIT(XATTRIBUTES_MAX)}};
    struct buf message = BUF_INIT(512), vigia = BUF_INIT(1024);
    struct event e = {
        .class_uid = EVENT_FILE,
        .activity = activity_of(f->change),
        .severity = f->severity,
        .time_ms = f->seen_ms,
        .u.file.path = span_of(f->path),
        .u.file.new_path = span_of(f->new_path ? f->new_path : ""),
    };
    if (f->by_scan && f->after) /* a scan comes late; the change itself dates it */
        e.time_ms = f->after->info.ctime_ns / NS_PER_MS;
    e.u.file.overlay = span_of(f->overlay ? f->overlay : "");
    e.u.file.container = span_of(f->container ? f->container : "");
    put_state(f->before, &names[0], &e.u.file.before);
    put_state(f->after, &names[1], &e.u.file.after);
    struct event_signature signature;
    if (f->signature && f->after) {
        put_signature(f->signature, &signature);
        e.u.file.after.signature = &signature;
    }
    put_actor(f->actor, &names[2], &e.u.file.actor);
    e.u.file.package = span_of(f->package ? f->package : "");
    make_uid(f, e.activity, e.uid);
    describe(f, &message, &vigia);
    e.message = message.p;
    e.vigia = buf_span(&vigia);
    emit(ctx, &e);
    for (size_t i = 0; i < 2; i++)
        buf_release(&names[i].xattributes);
    buf_release(&message);
    buf_release(&vigia);
}

void integrity_tell_sum(const struct integrity_sum_fact *f,
                        void (*emit)(void *ctx, const struct event *e), void *ctx)
{
    struct names names[2] = {{.xattributes = BUF_INIT(XATTRIBUTES_MAX)}};
    struct event e = {
        .class_uid = EVENT_FILE,
        .activity = FILE_ACTIVITY_UPDATE,
        .severity = SEVERITY_LOW,
        .time_ms = f->time_ms,
        .message = f->message,
        .vigia = f->vigia,
        .u.file.path = span_of(f->path),
    };
    memcpy(e.uid, f->uid, sizeof(e.uid));
    put_state(f->state, &names[0], &e.u.file.after);
    put_actor(f->actor, &names[1], &e.u.file.actor);
    emit(ctx, &e);
    buf_release(&names[0].xattributes);
}

void integrity_tell_scan(const struct integrity_scan_fact *f,
                         void (*emit)(void *ctx, const struct event *e), void *ctx)
{
    char id[64], message[160];
    struct buf vigia = BUF_INIT(2048);
    struct json_out j;
    snprintf(id, sizeof(id), "integrity-%lld", (long long)f->started_ms);
    snprintf(message, sizeof(message), "Integrity %s %s: %llu files, %llu changes told", f->name,
             f->cancelled ? "was broken off" : "finished", (unsigned long long)f->files,
             (unsigned long long)f->told);
    json_start(&j, &vigia);
    json_object(&j, NULL);
    json_uint(&j, "adopted", f->adopted);
    json_raw(&j, "skipped", span_of(f->skipped_words));
    if (f->why[0])
        json_text(&j, "because", f->why);
    json_end_object(&j);
    struct event e = {
        .class_uid = EVENT_SCAN,
        .activity = f->cancelled ? SCAN_CANCELLED : SCAN_COMPLETED,
        .severity = SEVERITY_INFORMATIONAL,
        .time_ms = f->started_ms + f->duration_ms,
        .message = message,
        .vigia = buf_span(&vigia),
        .u.scan = {.uid = span_of(id),
                   .name = span_of(f->name),
                   .type_id = f->manual ? 1 : 2,
                   .files = f->files,
                   .detections = f->told,
                   .skipped = f->skipped,
                   .duration_ms = f->duration_ms},
    };
    struct span parts[] = {SPAN("integrity scan"), span_of(id), span_of(f->name)};
    event_uid_make(e.uid, parts, sizeof(parts) / sizeof(parts[0]));
    emit(ctx, &e);
    buf_release(&vigia);
}
