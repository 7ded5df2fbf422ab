#include "source/patch_tell.h"

#include "base/json_write.h"
#include "base/mem.h"

#define DAY_MS 86400000

/* Percent-encoding of package URLs: everything but the unreserved characters. */
static void put_encoded(struct buf *b, const char *text)
{
    for (; *text; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9') || strchr("-._~", *text);
        if (plain)
            buf_put_byte(b, *text);
        else
            buf_printf(b, "%%%02X", (unsigned char)*text);
    }
}

static void put_purl(struct buf *b, const struct patch_facts *f, const struct package *p)
{
    const char *id = f->os_id[0] ? f->os_id : "debian";
    buf_printf(b, "pkg:deb/%s/", id);
    put_encoded(b, p->name);
    buf_put_byte(b, '@');
    put_encoded(b, p->version);
    buf_put_text(b, "?arch=");
    put_encoded(b, p->arch);
    buf_printf(b, "&distro=%s-", id);
    put_encoded(b, f->os_version);
}

static void put_part_of(struct buf *out, size_t part, size_t parts, size_t packages)
{
    struct json_out j;
    json_start(&j, out);
    json_object(&j, NULL);
    json_uint(&j, "part", part);
    json_uint(&j, "parts", parts);
    json_uint(&j, "packages", packages);
    json_end_object(&j);
}

/* The same inventory told again on the same day is the same event. */
static void make_uid(struct event *e, const char *what, const struct patch_facts *f,
                     uint64_t number, const void *extra, size_t extra_n)
{
    uint64_t numbers[2] = {(uint64_t)(f->now_ms / DAY_MS), number};
    struct span parts[] = {span_of(what),
                           span_make(f->packages->digest, sizeof(f->packages->digest)),
                           span_make(numbers, sizeof(numbers)), span_make(extra, extra_n)};
    event_uid_make(e->uid, parts, sizeof(parts) / sizeof(parts[0]));
}

static void tell_part(const struct patch_facts *f, size_t from, size_t n, size_t part, size_t parts,
                      void (*emit)(void *ctx, const struct event *e), void *ctx)
{
    struct event_component *components = mem_new(n, sizeof(*components));
    struct buf *purls = mem_new(n, sizeof(*purls));
    struct buf vigia = BUF_INIT(1024);
    for (size_t i = 0; i < n; i++) {
        const struct package *p = &f->packages->items[from + i];
        purls[i] = BUF_INIT(2048);
        put_purl(&purls[i], f, p);
        components[i] = (struct event_component){span_of(p->name), span_of(p->version),
                                                 span_of(p->arch), buf_span(&purls[i])};
    }
    put_part_of(&vigia, part, parts, f->packages->n);
    struct event e = {.class_uid = EVENT_SOFTWARE,
                      .activity = INVENTORY_COLLECT,
                      .severity = SEVERITY_INFORMATIONAL,
                      .time_ms = f->now_ms,
                      .vigia = buf_span(&vigia),
                      .u.software = {n, components}};
    make_uid(&e, "software", f, part, NULL, 0);
    emit(ctx, &e);
    for (size_t i = 0; i < n; i++)
        buf_release(&purls[i]);
    buf_release(&vigia);
    free(purls);
    free(components);
}

void patch_tell_software(const struct patch_facts *f,
                         void (*emit)(void *ctx, const struct event *e), void *ctx)
{
    size_t all = f->packages->n, parts = (all + PATCH_PART - 1) / PATCH_PART;
    for (size_t part = 0; part < parts; part++) {
        size_t from = part * PATCH_PART;
        size_t n = all - from < PATCH_PART ? all - from : PATCH_PART;
        tell_part(f, from, n, part + 1, parts, emit, ctx);
    }
}

bool patch_lists_known(const struct patch_facts *f)
{
    return f->lists->lists > 0;
}

void patch_sum(const struct patch_facts *f, struct patch_sums *out)
{
    *out = (struct patch_sums){0};
    for (size_t i = 0; i < f->packages->n; i++) {
        const struct package *p = &f->packages->items[i];
        out->security_blocked += p->security_blocked;
        if (!p->candidate)
            continue;
        out->total++;
        out->security += p->security;
        out->held += p->held;
        out->phased += p->phased;
        if (f->since_ms[i] > 0 && (out->oldest_ms == 0 || f->since_ms[i] < out->oldest_ms))
            out->oldest_ms = f->since_ms[i];
    }
}

static void put_update(struct json_out *j, const struct patch_facts *f, size_t i)
{
    const struct package *p = &f->packages->items[i];
    json_object(j, NULL);
    json_text(j, "name", p->name);
    json_text(j, "arch", p->arch);
    json_text(j, "installed", p->version);
    json_text(j, "candidate", p->candidate);
    if (p->source)
        json_text(j, "source", p->source);
    if (p->suite[0])
        json_text(j, "suite", p->suite);
    json_bool(j, "security", p->security);
    if (p->held)
        json_bool(j, "held", true);
    if (p->phased)
        json_bool(j, "phased", true);
    json_int(j, "since", f->since_ms[i]);
    json_end_object(j);
}

/* Security updates are named first: they are what must not fall to the limit. */
static void put_updates(struct json_out *j, const struct patch_facts *f)
{
    size_t named = 0;
    json_array(j, "updates");
    for (int security = 1; security >= 0; security--) {
        for (size_t i = 0; i < f->packages->n && named < PATCH_NAMED_MAX; i++) {
            const struct package *p = &f->packages->items[i];
            if (!p->candidate || p->security != (security == 1))
                continue;
            put_update(j, f, i);
            named++;
        }
    }
    json_end_array(j);
}

static void put_state(struct buf *out, const struct patch_facts *f, const struct patch_sums *sums)
{
    struct json_out j;
    json_start(&j, out);
    json_object(&j, NULL);
    json_object(&j, "pending");
    json_uint(&j, "total", sums->total);
    json_uint(&j, "security", sums->security);
    json_uint(&j, "held", sums->held);
    json_uint(&j, "phased", sums->phased);
    json_uint(&j, "security_blocked", sums->security_blocked);
    json_int(&j, "oldest_ms", sums->oldest_ms);
    json_end_object(&j);
    json_bool(&j, "lists_known", patch_lists_known(f));
    json_bool(&j, "reboot_required", f->reboot_required);
    json_uint(&j, "packages", f->packages->n);
    put_updates(&j, f);
    json_end_object(&j);
}

void patch_tell_state(const struct patch_facts *f, void (*emit)(void *ctx, const struct event *e),
                      void *ctx)
{
    struct patch_sums sums;
    struct buf vigia = BUF_INIT(60 * 1024);
    char detail[160];
    patch_sum(f, &sums);
    put_state(&vigia, f, &sums);
    if (patch_lists_known(f))
        snprintf(detail, sizeof(detail), "%llu updates pending, %llu of them for security; %s",
                 (unsigned long long)sums.total, (unsigned long long)sums.security,
                 f->reboot_required ? "restart required" : "no restart required");
    else
        snprintf(detail, sizeof(detail), "pending updates unknown: no package lists");
    struct event e = {.class_uid = EVENT_PATCH_STATE,
                      .activity = INVENTORY_COLLECT,
                      .severity = sums.security > 0 ? SEVERITY_LOW : SEVERITY_INFORMATIONAL,
                      .time_ms = f->now_ms,
                      .status_detail = detail,
                      .vigia = buf_span(&vigia)};
    make_uid(&e, "patch", f, 0, vigia.p, vigia.n);
    emit(ctx, &e);
    buf_release(&vigia);
}
