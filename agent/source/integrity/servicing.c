#include "source/integrity/servicing.h"

#include "platform/registry.h"
#include "source/updates/installed.h"

#define PREFIX SPAN("Package_for_")

/* ---- the records ---- */

bool servicing_package_parse(struct span name, struct servicing_package *out)
{
    struct span rest = name, part, version = {"", 0};
    if (!span_starts(name, PREFIX) || !span_take_until(&rest, '~', &part) || part.n == PREFIX.n)
        return false;
    span_copy((struct span){part.p + PREFIX.n, part.n - PREFIX.n}, out->name, sizeof(out->name));
    while (span_take_until(&rest, '~', &part))
        version = part;
    span_copy(version, out->version, sizeof(out->version));
    return true;
}

/* Keeps the latest ones, in their order. */
static void keep(struct servicing *s, const struct servicing_package *p)
{
    size_t at = s->n;
    while (at > 0 && s->package[at - 1].written_ms > p->written_ms)
        at--;
    if (s->n == SERVICING_PACKAGES_MAX) {
        if (at == 0)
            return;
        s->n--;
        at--;
        memmove(&s->package[0], &s->package[1], s->n * sizeof(*p));
    }
    memmove(&s->package[at + 1], &s->package[at], (s->n - at) * sizeof(*p));
    s->package[at] = *p;
    s->n++;
}

static void look_at(void *ctx, const struct registry_key *packages, const char *name)
{
    struct servicing_package p;
    struct registry_info info;
    struct registry_key *key;
    enum installed_state state;
    if (!servicing_package_parse(span_of(name), &p) ||
        !installed_package_open(packages, name, &key, &state))
        return;
    if (state == INSTALLED_YES && registry_info(key, &info) == 0) {
        p.written_ms = info.written_ms;
        keep(ctx, &p);
    }
    registry_close(key);
}

void servicing_read(struct servicing *out)
{
    out->n = 0;
    installed_packages(look_at, out);
}

/* ---- the moment ---- */

bool servicing_run_of(const struct servicing *s, int64_t changed_ms, struct servicing_run *out)
{
    size_t at = 0;
    while (at < s->n && s->package[at].written_ms + SERVICING_AFTER_MS < changed_ms)
        at++;
    if (at == s->n || s->package[at].written_ms - SERVICING_BEFORE_MS > changed_ms)
        return false;
    *out = (struct servicing_run){at, at + 1};
    while (out->first > 0 &&
           s->package[out->first].written_ms - s->package[out->first - 1].written_ms <=
               SERVICING_GAP_MS)
        out->first--;
    while (out->end < s->n &&
           s->package[out->end].written_ms - s->package[out->end - 1].written_ms <=
               SERVICING_GAP_MS)
        out->end++;
    return true;
}
