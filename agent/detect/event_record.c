#include "detect/event_record.h"

#include <stdio.h>

static void put_field(struct record *r, const char *name, struct span value)
{
    if (value.n > 0)
        r->fields[r->fields_n++] = (struct record_field){span_of(name), value};
}

static const char *category_of(int activity)
{
    switch (activity) {
    case FILE_ACTIVITY_CREATE:
        return "file_event";
    case FILE_ACTIVITY_DELETE:
        return "file_delete";
    case FILE_ACTIVITY_RENAME:
        return "file_rename";
    default:
        return "file_change";
    }
}

static const char *type_of(const struct event_file_state *s)
{
    return s->type_id == 1 ? "file" : s->type_id == 2 ? "folder" : s->type_id == 7 ? "link" : "";
}

static void put_state(struct event_record *out, const struct event_file_state *s)
{
    if (!s->present)
        return;
    snprintf(out->mode, sizeof(out->mode), "%04o", (unsigned)(s->mode & 07777));
    put_field(&out->record, "FileType", span_of(type_of(s)));
    put_field(&out->record, "Mode", span_of(out->mode));
    if (s->type_id == 1 && (s->mode & 0111))
        put_field(&out->record, "Executable", SPAN("yes"));
}

static void put_actor(struct event_record *out, const struct event_actor *a)
{
    if (a->pid > 0)
        snprintf(out->pid, sizeof(out->pid), "%d", a->pid);
    out->record.pid = a->pid;
    put_field(&out->record, "Image", a->exe);
    put_field(&out->record, "CommandLine", a->command);
    put_field(&out->record, "User", a->user);
    put_field(&out->record, "ProcessId", span_of(out->pid));
}

static void make_of_file(const struct event *e, struct event_record *out)
{
    const struct event_file *f = &e->u.file;
    bool renamed = f->new_path.n > 0;
    struct span target = renamed ? f->new_path : f->path;
    *out = (struct event_record){
        .record = {.source = "integrity",
                   /* a source says no system, but its paths do */
                   .product = target.n > 0 && target.p[0] == '/' ? "linux" : "windows",
                   .category = category_of(e->activity),
                   .time_ms = e->time_ms,
                   .message = target,
                   .raw = target}};
    memcpy(out->record.uid, e->uid, sizeof(out->record.uid));
    put_field(&out->record, "TargetFilename", target);
    put_field(&out->record, "SourceFilename", renamed ? f->path : (struct span){0, 0});
    put_state(out, f->after.present ? &f->after : &f->before);
    put_actor(out, &f->actor);
    put_field(&out->record, "Package", f->package);
    if (f->count > 0)
        snprintf(out->count, sizeof(out->count), "%llu", (unsigned long long)f->count);
    put_field(&out->record, "Count", span_of(out->count));
}

/* ---- the registry ---- */

static struct span details_of(const struct event_registry_data *d, struct event_record *out)
{
    uint64_t number;
    if (d->type == 3)
        return SPAN("Binary Data");
    if (d->type != 4 || !span_to_u64(d->text, &number))
        return d->text;
    snprintf(out->details, sizeof(out->details), "DWORD (0x%08llx)", (unsigned long long)number);
    return span_of(out->details);
}

static void make_of_registry(const struct event *e, struct event_record *out)
{
    const struct event_registry *r = &e->u.registry;
    bool value = e->class_uid == EVENT_REGISTRY_VALUE;
    bool gone = value ? e->activity == REGISTRY_VALUE_DELETE : e->activity == REGISTRY_KEY_DELETE;
    snprintf(out->object, sizeof(out->object), "%.*s%s%.*s", (int)r->path.n, r->path.p,
             value ? "\\" : "", (int)r->name.n, value ? r->name.p : "");
    out->record = (struct record){.source = "registry",
                                  .product = "windows",
                                  .category = gone    ? "registry_delete"
                                              : value ? "registry_set"
                                                      : "registry_add",
                                  .time_ms = e->time_ms,
                                  .message = span_of(out->object),
                                  .raw = span_of(out->object)};
    memcpy(out->record.uid, e->uid, sizeof(out->record.uid));
    put_field(&out->record, "EventType",
              gone ? (value ? SPAN("DeleteValue") : SPAN("DeleteKey"))
                   : (value ? SPAN("SetValue") : SPAN("CreateKey")));
    put_field(&out->record, "TargetObject", span_of(out->object));
    if (value && !gone)
        put_field(&out->record, "Details", details_of(&r->after, out));
}

bool event_record_make(const struct event *e, struct event_record *out)
{
    bool key = e->class_uid == EVENT_REGISTRY_KEY &&
               (e->activity == REGISTRY_KEY_CREATE || e->activity == REGISTRY_KEY_DELETE);
    if (e->class_uid == EVENT_FILE)
        make_of_file(e, out);
    else if (key || e->class_uid == EVENT_REGISTRY_VALUE)
        make_of_registry(e, out);
    else
        return false;
    return true;
}
