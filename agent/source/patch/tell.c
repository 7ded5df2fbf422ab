#include "source/patch/tell.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "base/sha256.h"

#define DAY_MS    86400000
#define STATE_MAX (60 * 1024)
#define NAMED_MAX (52 * 1024) /* of it, until the last update is named */
#define BASE_MAX  200         /* of an archive's address */

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

/* What it was built from, where that is not the package's own name and version: advisories name
 * sources. */
static void put_upstream(struct buf *b, const struct package *p)
{
    if (!p->source && !p->source_version)
        return;
    buf_put_text(b, "&upstream=");
    put_encoded(b, p->source ? p->source : p->name);
    if (!p->source_version)
        return;
    put_encoded(b, "@");
    put_encoded(b, p->source_version);
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
    put_upstream(b, p);
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
        components[i] = (struct event_component){.name = span_of(p->name),
                                                 .version = span_of(p->version),
                                                 .arch = span_of(p->arch),
                                                 .purl = buf_span(&purls[i])};
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
            if (!p->candidate || p->security != (security == 1) || j->b->n > NAMED_MAX)
                continue;
            put_update(j, f, i);
            named++;
        }
    }
    json_end_array(j);
}

/* ---- the state ---- */

static void put_pending(struct json_out *j, const struct patch_sums *sums)
{
    json_object(j, "pending");
    json_uint(j, "total", sums->total);
    json_uint(j, "security", sums->security);
    json_uint(j, "held", sums->held);
    json_uint(j, "phased", sums->phased);
    json_uint(j, "security_blocked", sums->security_blocked);
    json_int(j, "oldest_ms", sums->oldest_ms);
    json_end_object(j);
}

static void put_archive(struct json_out *j, const struct patch_lists *l, size_t i)
{
    const struct archive *a = &l->archive[i];
    struct span base = span_of(l->sources.archive[i].base);
    base.n = base.n < BASE_MAX ? base.n : BASE_MAX;
    json_object(j, NULL);
    json_name(j, "archive", base);
    json_text(j, "state", archive_state_names[a->state]);
    if (a->release.valid_until > 0)
        json_int(j, "valid_until", a->release.valid_until);
    json_end_object(j);
}

static void count_archives(const struct patch_lists *l, size_t out[ARCHIVE_STATES])
{
    memset(out, 0, ARCHIVE_STATES * sizeof(*out));
    for (size_t i = 0; i < l->sources.archives; i++)
        out[l->archive[i].state]++;
}

/* How far the package lists can be trusted. */
static void put_lists(struct json_out *j, const struct patch_lists *l, bool with_times)
{
    size_t count[ARCHIVE_STATES], named = 0;
    count_archives(l, count);
    json_object(j, "lists");
    json_uint(j, "read", l->lists);
    json_uint(j, "unreadable", l->lists_unreadable);
    if (with_times)
        json_int(j, "updated_ms", l->updated_ms);
    json_uint(j, "archives", l->sources.archives);
    json_uint(j, "never_fetched", count[ARCHIVE_NEVER_FETCHED]);
    json_uint(j, "without_release", count[ARCHIVE_NO_RELEASE]);
    json_uint(j, "unsigned", count[ARCHIVE_UNSIGNED]);
    json_uint(j, "expired", count[ARCHIVE_EXPIRED]);
    json_uint(j, "trusted_unsigned", count[ARCHIVE_TRUSTED]);
    json_uint(j, "source_faults", l->sources.faults);
    json_uint(j, "preference_faults", l->pins.faults);
    json_array(j, "problems");
    for (size_t i = 0; i < l->sources.archives && named < PATCH_ARCHIVES_MAX; i++) {
        if (l->archive[i].state == ARCHIVE_FINE)
            continue;
        put_archive(j, l, i);
        named++;
    }
    json_end_array(j);
    json_end_object(j);
}

static void put_kernel(struct json_out *j, const struct patch_kernel *k)
{
    json_bool(j, "reboot_required", k->reboot_required);
    if (k->reason[0])
        json_text(j, "reboot_reason", k->reason);
    json_object(j, "kernel");
    json_text(j, "state", kernel_state_names[k->state]);
    json_text(j, "running", k->running);
    json_text(j, "running_version", k->running_version);
    json_text(j, "installed", k->newest);
    json_text(j, "installed_version", k->newest_version);
    json_end_object(j);
}

static void put_unattended(struct json_out *j, const struct patch_unattended *u, bool with_times)
{
    static const char *const outcomes[] = {"unknown", "success", "failed"};
    json_object(j, "unattended_upgrades");
    json_bool(j, "installed", u->installed);
    json_bool(j, "on", u->on);
    json_bool(j, "fetches_lists", u->lists_on);
    json_text(j, "last_run", outcomes[u->last]);
    if (u->error[0])
        json_text(j, "error", u->error);
    if (with_times)
        json_int(j, "last_success_ms", u->last_success_ms);
    json_end_object(j);
}

static void put_support(struct json_out *j, const struct patch_support *s)
{
    json_object(j, "support");
    json_text(j, "state", support_state_names[s->state]);
    json_text(j, "standard_end", s->standard);
    json_text(j, "lts_end", s->lts);
    json_text(j, "paid_end", s->paid);
    json_end_object(j);
}

static void put_state(struct buf *out, const struct patch_facts *f, const struct patch_sums *sums,
                      bool with_times)
{
    struct json_out j;
    json_start(&j, out);
    json_object(&j, NULL);
    put_pending(&j, sums);
    json_bool(&j, "lists_known", patch_lists_known(f));
    json_uint(&j, "packages", f->packages->n);
    put_kernel(&j, f->kernel);
    put_support(&j, f->support);
    put_unattended(&j, f->unattended, with_times);
    put_lists(&j, f->lists, with_times);
    put_updates(&j, f);
    json_end_object(&j);
}

void patch_state_digest(const struct patch_facts *f, uint8_t out[32])
{
    struct patch_sums sums;
    struct sha256 s;
    struct buf state = BUF_INIT(STATE_MAX);
    patch_sum(f, &sums);
    put_state(&state, f, &sums, false);
    sha256_init(&s);
    sha256_update(&s, f->packages->digest, sizeof(f->packages->digest));
    sha256_update(&s, state.p ? state.p : "", state.n);
    sha256_final(&s, out);
    buf_release(&state);
}

/* A release that gets no security updates any more, and packages from an archive that nobody
 * vouches for, matter more than updates that wait. */
static enum event_severity severity_of(const struct patch_facts *f, const struct patch_sums *sums)
{
    size_t count[ARCHIVE_STATES];
    count_archives(f->lists, count);
    if (f->support->state >= SUPPORT_PAID || count[ARCHIVE_NO_RELEASE] > 0 ||
        count[ARCHIVE_UNSIGNED] > 0)
        return SEVERITY_MEDIUM;
    if (sums->security > 0 || sums->security_blocked > 0 || !patch_lists_known(f) ||
        count[ARCHIVE_EXPIRED] > 0 || count[ARCHIVE_NEVER_FETCHED] > 0 ||
        f->kernel->state >= KERNEL_OLD_RELEASE || f->kernel->reboot_required ||
        f->unattended->last == UNATTENDED_FAILED)
        return SEVERITY_LOW;
    return SEVERITY_INFORMATIONAL;
}

static void put_detail(struct buf *b, const struct patch_facts *f, const struct patch_sums *sums)
{
    size_t count[ARCHIVE_STATES];
    count_archives(f->lists, count);
    if (patch_lists_known(f))
        buf_printf(b, "%llu updates pending, %llu of them for security",
                   (unsigned long long)sums->total, (unsigned long long)sums->security);
    else
        buf_put_text(b, "pending updates unknown: no package lists");
    if (count[ARCHIVE_EXPIRED] + count[ARCHIVE_NEVER_FETCHED] > 0)
        buf_printf(b, "; %zu archives expired or never fetched",
                   count[ARCHIVE_EXPIRED] + count[ARCHIVE_NEVER_FETCHED]);
    if (count[ARCHIVE_NO_RELEASE] + count[ARCHIVE_UNSIGNED] > 0)
        buf_printf(b, "; %zu archives unsigned",
                   count[ARCHIVE_NO_RELEASE] + count[ARCHIVE_UNSIGNED]);
    if (f->support->state >= SUPPORT_PAID)
        buf_printf(b, "; the release gets %s",
                   f->support->state == SUPPORT_PAID ? "updates only if they are paid for"
                                                     : "no updates any more");
    if (f->kernel->state >= KERNEL_OLD_RELEASE)
        buf_printf(b, "; the running kernel is %s", kernel_state_names[f->kernel->state]);
    buf_put_text(b, f->kernel->reboot_required ? "; restart required" : "; no restart required");
}

void patch_tell_state(const struct patch_facts *f, void (*emit)(void *ctx, const struct event *e),
                      void *ctx)
{
    struct patch_sums sums;
    struct buf vigia = BUF_INIT(STATE_MAX), detail = BUF_INIT(512);
    patch_sum(f, &sums);
    put_state(&vigia, f, &sums, true);
    put_detail(&detail, f, &sums);
    struct event e = {.class_uid = EVENT_PATCH_STATE,
                      .activity = INVENTORY_COLLECT,
                      .severity = severity_of(f, &sums),
                      .time_ms = f->now_ms,
                      .status_detail = detail.p,
                      .vigia = buf_span(&vigia)};
    make_uid(&e, "patch", f, 0, vigia.p, vigia.n);
    emit(ctx, &e);
    buf_release(&vigia);
    buf_release(&detail);
}
