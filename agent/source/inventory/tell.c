#include "source/inventory/tell.h"

#include "platform/host.h"
#include "source/inventory/hardware.h"
#include "source/inventory/network.h"

#define EVENT_ROOM   (40 * 1024) /* of entries in one event; the line has SPOOL_LINE_MAX */
#define DEVICE_ROOM  (16 * 1024)
#define TAGS_MAX     32
#define TAG_MAX      64
#define ENTRY_BESIDE 64 /* bytes of an entry's own marks */

/* An event that is being filled. */
struct packing {
    const struct inventory_telling *t;
    struct buf vigia;
    struct json_out j;
    size_t events; /* how many there will be; 0 while they are counted */
    size_t number; /* of the present one, from 1 */
    size_t used;   /* bytes of entries in it */
    bool is_open, in_array;
    struct span uid_parts[4]; /* beside the number */
    enum event_severity severity;
    const char *message;
    struct buf device;
    int device_type;
    const char *kernel;
    const char *kind, *part; /* part: of a change */
};

/* ---- the device ---- */

static void put_device(struct packing *p)
{
    struct inventory_hardware hardware;
    const struct config *c = p->t->host->config;
    struct json_out j;
    inventory_hardware_read(p->t->reader, &hardware);
    p->device = BUF_INIT(DEVICE_ROOM);
    p->device_type = hardware.device_type;
    json_start(&j, &p->device);
    json_object(&j, NULL);
    inventory_put(&j, "vendor_name", span_of(hardware.vendor), 127);
    inventory_put(&j, "model", span_of(hardware.product), 127);
    inventory_hardware_put(&j, "hw_info", &hardware);
    inventory_network_put(&j, "network_interfaces", p->t->reader);
    if (c->tags.n > 0) {
        json_array(&j, "groups");
        for (size_t i = 0; i < c->tags.n && i < TAGS_MAX; i++) {
            json_object(&j, NULL);
            inventory_put(&j, "name", span_of(c->tags.items[i]), TAG_MAX);
            json_end_object(&j);
        }
        json_end_array(&j);
    }
    json_end_object(&j);
}

/* ---- filling events ---- */

static void emit(struct packing *p)
{
    uint64_t numbers[2] = {p->number, p->events};
    struct span parts[5] = {p->uid_parts[0], p->uid_parts[1], p->uid_parts[2], p->uid_parts[3],
                            span_make(numbers, sizeof(numbers))};
    struct event e = {.class_uid = EVENT_INVENTORY,
                      .activity = INVENTORY_COLLECT,
                      .severity = p->severity,
                      .time_ms = p->t->now_ms,
                      .message = p->message,
                      .vigia = buf_span(&p->vigia),
                      .u.inventory = {.device_type = p->device_type,
                                      .device = buf_span(&p->device),
                                      .kernel = span_of(p->kernel)}};
    event_uid_make(e.uid, parts, 5);
    p->t->host->emit(p->t->host->ctx, &e);
}

static void end_array(struct packing *p)
{
    if (p->in_array)
        json_end_array(&p->j);
    p->in_array = false;
}

static void end_event(struct packing *p)
{
    if (!p->is_open)
        return;
    end_array(p);
    json_end_object(&p->j);
    json_end_object(&p->j);
    p->is_open = false;
    if (p->events > 0)
        emit(p);
}

static void begin_event(struct packing *p)
{
    end_event(p);
    p->number++;
    p->is_open = true;
    p->used = 0;
    buf_clear(&p->vigia);
    json_start(&p->j, &p->vigia);
    json_object(&p->j, NULL);
    json_text(&p->j, "criticality", p->t->host->config->criticality);
    if (p->t->while_off)
        json_bool(&p->j, "while_off", true);
    json_object(&p->j, "inventory");
    json_text(&p->j, "kind", p->kind);
    json_text(&p->j, "part", p->part);
    json_uint(&p->j, "event", p->number);
    json_uint(&p->j, "events", p->events);
}

/* Room for n bytes more in the array of that name. */
static void want_room(struct packing *p, const char *array, size_t n)
{
    if (!p->is_open || p->used + n > EVENT_ROOM)
        begin_event(p);
    p->used += n;
    if (!p->in_array)
        json_array(&p->j, array);
    p->in_array = true;
}

static void packing_open(struct packing *p, const struct inventory_telling *t)
{
    *p = (struct packing){.t = t, .vigia = BUF_INIT(EVENT_ROOM + 8192)};
    p->severity = SEVERITY_INFORMATIONAL;
}

static void packing_close(struct packing *p)
{
    buf_release(&p->vigia);
    buf_release(&p->device);
}

/* ---- changes ---- */

struct difference {
    const struct inventory_list *before, *after;
    size_t b, a;
};

/* The next difference of two sorted lists; false at the end. */
static bool next_change(struct difference *d, struct inventory_change *out)
{
    while (d->b < d->before->n || d->a < d->after->n) {
        struct span old_key = d->b < d->before->n ? inventory_key(d->before, d->b) : SPAN("");
        struct span new_key = d->a < d->after->n ? inventory_key(d->after, d->a) : SPAN("");
        size_t n = old_key.n < new_key.n ? old_key.n : new_key.n;
        int order = memcmp(old_key.p, new_key.p, n);
        if (order == 0)
            order = (old_key.n > new_key.n) - (old_key.n < new_key.n);
        if (d->b == d->before->n)
            order = 1;
        else if (d->a == d->after->n)
            order = -1;
        *out = (struct inventory_change){.key = order > 0 ? new_key : old_key};
        if (order <= 0)
            out->before = inventory_value(d->before, d->b++);
        if (order >= 0)
            out->after = inventory_value(d->after, d->a++);
        out->kind = order < 0 ? INVENTORY_REMOVED : order > 0 ? INVENTORY_ADDED : INVENTORY_CHANGED;
        if (order != 0 || !span_equal(out->before, out->after))
            return true;
    }
    return false;
}

static const char *const kinds[] = {"added", "removed", "changed"};

struct sum {
    size_t count[3];
    enum event_severity severity;
    struct inventory_change one; /* the gravest */
};

static void sum_up(const struct inventory_part *part, struct difference d, struct sum *out)
{
    struct inventory_change c;
    *out = (struct sum){.severity = SEVERITY_INFORMATIONAL};
    while (next_change(&d, &c)) {
        enum event_severity severity = part->severity(&c);
        if (out->one.key.n == 0 || severity > out->severity)
            out->one = c;
        if (severity > out->severity)
            out->severity = severity;
        out->count[c.kind]++;
    }
}

static void make_message(const struct inventory_part *part, const struct sum *s, struct buf *out)
{
    size_t all = s->count[0] + s->count[1] + s->count[2];
    buf_printf(out, "Inventory: %s", all == 1 ? part->one : part->many);
    for (size_t i = 0, n = 0; i < 3; i++) {
        if (s->count[i] == 0)
            continue;
        if (all == 1)
            buf_printf(out, " %s: ", kinds[i]);
        else
            buf_printf(out, "%s %zu %s", n++ ? "," : ":", s->count[i], kinds[i]);
    }
    if (all > 1)
        buf_put_text(out, "; among them ");
    buf_put_span(out, s->one.key);
}

static void pack_changes(struct packing *p, const struct inventory_part *part, struct difference d)
{
    struct inventory_change c;
    p->number = 0;
    while (next_change(&d, &c)) {
        want_room(p, "changes", 2 * c.key.n + c.before.n + c.after.n + ENTRY_BESIDE);
        json_object(&p->j, NULL);
        json_text(&p->j, "what", kinds[c.kind]);
        json_span(&p->j, "key", c.key);
        if (c.before.n > 0)
            json_raw(&p->j, "before", c.before);
        if (c.after.n > 0)
            json_raw(&p->j, "after", c.after);
        json_end_object(&p->j);
        if (p->events > 0)
            inventory_state_entry(p->t->host, part, c.key,
                                  c.after.n > 0 ? c.after : (struct span){NULL, 0});
    }
    end_event(p);
    p->events = p->number;
}

static void keep(const struct source_host *h, const struct inventory_part *part,
                 const struct inventory_list *list, struct inventory_kept *kept)
{
    inventory_list_digest(list, kept->digest);
    kept->generation++;
    inventory_state_put(h, part, kept);
}

void inventory_tell_changes(const struct inventory_telling *t, const struct inventory_part *part,
                            const struct inventory_list *before, const struct inventory_list *after,
                            struct inventory_kept *kept)
{
    struct difference d = {.before = before, .after = after};
    struct inventory_kept old = *kept;
    struct host_info host;
    struct packing p;
    struct sum sum;
    struct buf message = BUF_INIT(4096);
    sum_up(part, d, &sum);
    keep(t->host, part, after, kept);
    if (sum.one.key.n > 0) {
        packing_open(&p, t);
        host_read(t->reader->root, &host);
        make_message(part, &sum, &message);
        p.kind = "change";
        p.part = part->name;
        p.severity = sum.severity;
        p.message = message.p;
        p.kernel = host.kernel;
        p.uid_parts[0] = SPAN("inventory change");
        p.uid_parts[1] = span_of(part->name);
        p.uid_parts[2] = span_make(&old, sizeof(old));
        p.uid_parts[3] = span_make(kept->digest, sizeof(kept->digest));
        pack_changes(&p, part, d); /* counts */
        pack_changes(&p, part, d);
        packing_close(&p);
    }
    buf_release(&message);
}

void inventory_keep_first(const struct source_host *h, const struct inventory_part *part,
                          const struct inventory_list *list, struct inventory_kept *kept)
{
    for (size_t i = 0; i < list->n; i++)
        inventory_state_entry(h, part, inventory_key(list, i), inventory_value(list, i));
    keep(h, part, list, kept);
}

/* ---- everything ---- */

static void pack_entry(struct packing *p, const struct inventory_part *part, struct span key,
                       struct span value)
{
    want_room(p, part->name, 2 * key.n + value.n + ENTRY_BESIDE);
    json_object(&p->j, NULL);
    json_span(&p->j, "key", key);
    if (value.n > 2) /* {members} -> members */
        json_raw(&p->j, NULL, (struct span){value.p + 1, value.n - 2});
    json_end_object(&p->j);
}

static void put_cuts(struct packing *p, const uint64_t *cut)
{
    if (!p->is_open)
        begin_event(p);
    json_object(&p->j, "cut");
    for (size_t i = 0; inventory_parts[i]; i++)
        if (cut[i] > 0)
            json_uint(&p->j, inventory_parts[i]->name, cut[i]);
    json_end_object(&p->j);
}

static void pack_all(struct packing *p, const uint64_t *cut)
{
    p->number = 0;
    for (size_t i = 0; inventory_parts[i]; i++) {
        struct inventory_list list = {0};
        inventory_state_load(p->t->host, inventory_parts[i], &list);
        for (size_t k = 0; k < list.n; k++)
            pack_entry(p, inventory_parts[i], inventory_key(&list, k), inventory_value(&list, k));
        end_array(p);
        inventory_list_release(&list);
    }
    put_cuts(p, cut);
    end_event(p);
    p->events = p->number;
}

static void digest_of_all(const struct source_host *h, uint8_t out[32])
{
    struct sha256 s;
    struct inventory_kept kept;
    sha256_init(&s);
    for (size_t i = 0; inventory_parts[i]; i++) {
        inventory_state_get(h, inventory_parts[i], &kept);
        sha256_update(&s, kept.digest, sizeof(kept.digest));
    }
    sha256_final(&s, out);
}

void inventory_tell_full(const struct inventory_telling *t, int64_t slot, bool asked,
                         const uint64_t *cut)
{
    struct host_info host;
    struct packing p;
    uint8_t digest[SHA256_SIZE];
    digest_of_all(t->host, digest);
    packing_open(&p, t);
    host_read(t->reader->root, &host);
    p.kind = "full";
    p.message = "Inventory of this machine";
    p.kernel = host.kernel;
    p.uid_parts[0] = SPAN("inventory full");
    p.uid_parts[1] = span_make(digest, sizeof(digest));
    p.uid_parts[2] = span_make(&slot, sizeof(slot));
    p.uid_parts[3] = asked ? span_make(&t->now_ms, sizeof(t->now_ms)) : SPAN("");
    put_device(&p);
    pack_all(&p, cut); /* counts */
    pack_all(&p, cut);
    packing_close(&p);
}
