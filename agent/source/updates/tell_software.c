/* The software inventory (tell.h). How many entries fit a line depends on what their installers
 * wrote, which may be anything: they are counted by their length. */
#include "source/updates/tell.h"

#include "base/json_write.h"
#include "base/mem.h"

#define DAY_MS    86400000
#define PART_MAX  (48 * 1024) /* of what names say in one line */
#define ENTRY_MAX 120         /* of what stands around them */

static size_t cost_of(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text >= ' ' && *text < 0x7f && *text != '"' && *text != '\\' ? 1 : 6;
    return n;
}

static size_t cost(const struct software_item *item)
{
    size_t names = cost_of(item->name) + cost_of(item->version);
    return ENTRY_MAX + names + cost_of(item->publisher) +
           (item->user[0] ? ENTRY_MAX + names + cost_of(item->user) : 0);
}

/* Where the part that begins there ends; at least one entry further. */
static size_t end_of_part(const struct software *s, size_t from)
{
    size_t sum = 0, at = from;
    while (at < s->n && (at == from || sum + cost(&s->items[at]) < PART_MAX))
        sum += cost(&s->items[at++]);
    return at;
}

/* What one event holds of the list. */
struct part {
    size_t from, to;
    uint64_t number, of; /* from 1 */
};

static void put_more(struct buf *out, const struct software *s, const struct part *p)
{
    struct json_out j;
    json_start(&j, out);
    json_object(&j, NULL);
    json_uint(&j, "part", p->number);
    json_uint(&j, "parts", p->of);
    json_uint(&j, "packages", s->n);
    if (s->left_out > 0)
        json_uint(&j, "left_out", s->left_out);
    json_array(&j, "per_user");
    for (size_t i = p->from; i < p->to; i++) {
        if (!s->items[i].user[0])
            continue;
        json_object(&j, NULL);
        json_name(&j, "name", span_of(s->items[i].name));
        json_name(&j, "version", span_of(s->items[i].version));
        json_name(&j, "user", span_of(s->items[i].user));
        json_end_object(&j);
    }
    json_end_array(&j);
    json_end_object(&j);
}

static void tell_part(const struct updates_facts *f, const uint8_t digest[32], const struct part *p,
                      void (*emit)(void *ctx, const struct event *e), void *ctx)
{
    const struct software *s = &f->host->software;
    struct event_component *components = mem_new(p->to - p->from, sizeof(*components));
    struct buf vigia = BUF_INIT(PART_MAX);
    uint64_t numbers[2] = {(uint64_t)(f->now_ms / DAY_MS), p->number};
    for (size_t i = p->from; i < p->to; i++)
        components[i - p->from] =
            (struct event_component){.name = span_of(s->items[i].name),
                                     .version = span_of(s->items[i].version),
                                     .author = span_of(s->items[i].publisher)};
    put_more(&vigia, s, p);
    struct event e = {.class_uid = EVENT_SOFTWARE,
                      .activity = INVENTORY_COLLECT,
                      .severity = SEVERITY_INFORMATIONAL,
                      .time_ms = f->now_ms,
                      .vigia = buf_span(&vigia),
                      .u.software = {p->to - p->from, components}};
    struct span of[] = {SPAN("software"), span_make(digest, 32),
                        span_make(numbers, sizeof(numbers))};
    event_uid_make(e.uid, of, sizeof(of) / sizeof(of[0]));
    emit(ctx, &e);
    buf_release(&vigia);
    free(components);
}

void updates_tell_software(const struct updates_facts *f,
                           void (*emit)(void *ctx, const struct event *e), void *ctx)
{
    const struct software *s = &f->host->software;
    struct part part = {0};
    uint8_t digest[32];
    software_digest(s, digest);
    for (size_t at = 0; at < s->n; at = end_of_part(s, at))
        part.of++;
    while (part.to < s->n) {
        part.from = part.to;
        part.to = end_of_part(s, part.from);
        part.number++;
        tell_part(f, digest, &part, emit, ctx);
    }
}
