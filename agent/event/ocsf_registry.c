#include "event/ocsf_registry.h"

#include "event/mask.h"

#define TEXT_MAX 1024

/* Windows does not say who changed a key. */
static void put_unknown_actor(struct json_out *j)
{
    json_object(j, "actor");
    json_object(j, "user");
    json_text(j, "name", "unknown");
    json_int(j, "type_id", 0);
    json_end_object(j);
    json_end_object(j);
}

static void put_masked(struct json_out *j, const char *key, struct span s)
{
    struct buf text = BUF_INIT(TEXT_MAX * 4 + 64);
    if (s.n > TEXT_MAX)
        s.n = TEXT_MAX;
    mask_put(&text, s);
    json_span(j, key, buf_span(&text));
    buf_release(&text);
}

void ocsf_put_windows(struct json_out *j)
{
    json_array(j, "extensions");
    json_object(j, NULL);
    json_text(j, "name", "win");
    json_text(j, "uid", "2");
    json_text(j, "version", OCSF_VERSION);
    json_end_object(j);
    json_end_array(j);
}

/* ---- keys ---- */

void ocsf_put_registry_key(struct json_out *j, const struct identity *who, const struct event *e)
{
    const struct event_registry *r = &e->u.registry;
    (void)who;
    if (r->count > 0) {
        json_uint(j, "count", r->count);
        json_int(j, "start_time", r->first_ms);
        json_int(j, "end_time", r->last_ms);
    }
    put_unknown_actor(j);
    json_object(j, "reg_key");
    json_span(j, "path", r->path);
    if (r->written_ms > 0)
        json_int(j, "modified_time", r->written_ms);
    json_end_object(j);
}

/* ---- values ---- */

static void put_type(struct json_out *j, uint32_t type)
{
    static const struct {
        int id;
        const char *name;
    } types[] = {/* by Windows' number */
                 {7, "REG_NONE"},   {10, "REG_SZ"},      {4, "REG_EXPAND_SZ"},
                 {1, "REG_BINARY"}, {2, "REG_DWORD"},    {3, "REG_DWORD_BIG_ENDIAN"},
                 {5, "REG_LINK"},   {6, "REG_MULTI_SZ"}, {99, NULL},
                 {99, NULL},        {99, NULL},          {8, "REG_QWORD"}};
    bool known = type < sizeof(types) / sizeof(types[0]) && types[type].name;
    char number[16];
    snprintf(number, sizeof(number), "%lu", (unsigned long)type);
    json_int(j, "type_id", known ? types[type].id : 99);
    json_text(j, "type", known ? types[type].name : number);
}

static void put_value(struct json_out *j, const char *key, const struct event_registry *r,
                      const struct event_registry_data *d)
{
    if (!d->present)
        return;
    json_object(j, key);
    json_span(j, "path", r->path);
    json_span(j, "name", r->name.n > 0 ? r->name : SPAN("(Default)"));
    if (r->name.n == 0)
        json_bool(j, "is_default", true);
    put_type(j, d->type);
    put_masked(j, "data", d->text);
    if (r->written_ms > 0 && d == &r->after)
        json_int(j, "modified_time", r->written_ms);
    json_end_object(j);
}

void ocsf_put_registry_value(struct json_out *j, const struct identity *who, const struct event *e)
{
    const struct event_registry *r = &e->u.registry;
    bool both = r->before.present && r->after.present;
    (void)who;
    put_unknown_actor(j);
    put_value(j, "reg_value", r, r->after.present ? &r->after : &r->before);
    if (both)
        put_value(j, "prev_reg_value", r, &r->before);
}

static void put_size(struct json_out *j, const char *key, const struct event_registry_data *d)
{
    if (!d->present)
        return;
    json_object(j, key);
    json_uint(j, "size", d->size);
    if (d->sha256.n > 0)
        json_hex(j, "sha256", d->sha256.p, d->sha256.n);
    json_end_object(j);
}

void ocsf_unmapped_registry_value(struct json_out *j, const struct event *e)
{
    put_size(j, "before", &e->u.registry.before);
    put_size(j, "after", &e->u.registry.after);
}

/* ---- services ---- */

static void put_number(struct json_out *j, const char *key, int64_t value, const int *ids, size_t n)
{
    json_int(j, key, value < 0 ? 0 : (size_t)value < n ? ids[value] : 99);
}

/* SERVICE_KERNEL_DRIVER 1, FILE_SYSTEM_DRIVER 2, WIN32_OWN_PROCESS 0x10, SHARE_PROCESS 0x20; the
 * other bits say more of these. */
static void put_type_of_service(struct json_out *j, int64_t type)
{
    if (type < 0)
        return;
    bool driver = type & 0xf;
    int id = type & 1 ? 1 : type & 2 ? 2 : type & 0x10 ? 3 : type & 0x20 ? 4 : 99;
    json_int(j, "service_type_id", id);
    json_int(j, "service_category_id", driver ? 1 : 2);
}

static void put_dependencies(struct json_out *j, struct span text)
{
    struct span one;
    if (text.n == 0)
        return;
    json_array(j, "service_dependencies");
    while (span_take_line(&text, &one))
        json_span(j, NULL, one);
    json_end_array(j);
}

void ocsf_put_service(struct json_out *j, const struct identity *who, const struct event *e)
{
    static const int starts[] = {1, 2, 3, 4, 5}, controls[] = {1, 2, 3, 4};
    const struct event_service *s = &e->u.service;
    (void)who;
    put_unknown_actor(j);
    json_object(j, "win_service");
    json_span(j, "name", s->name);
    json_span(j, "uid", s->name);
    if (s->command.n > 0)
        put_masked(j, "cmd_line", s->command);
    if (s->account.n > 0)
        json_span(j, "service_start_name", s->account);
    if (s->group.n > 0)
        json_span(j, "load_order_group", s->group);
    put_dependencies(j, s->dependencies);
    put_number(j, "service_start_type_id", s->start, starts, 5);
    put_number(j, "service_error_control_id", s->error_control, controls, 4);
    put_type_of_service(j, s->type);
    json_end_object(j);
}
