#include "source/updates/service.h"

#include "base/error.h"
#include "base/mem.h"

#include <errno.h>

/* ---- pending ---- */

static bool take_pending(void *ctx, const struct update *u)
{
    struct updates_service *s = ctx;
    if (s->pending_n == SERVICE_PENDING_MAX) {
        s->pending_left_out++;
        return true;
    }
    if (s->pending_n == s->pending_room) {
        s->pending_room = s->pending_room ? 2 * s->pending_room : 16;
        s->pending = mem_grow(s->pending, s->pending_room, sizeof(*s->pending));
    }
    s->pending[s->pending_n++] = *u;
    return true;
}

/* ---- history ---- */

static bool is_known(const struct updates_service *s, uint32_t kb)
{
    for (size_t i = 0; i < s->past_n; i++)
        if (s->past[i].kb == kb)
            return true;
    return false;
}

static void add_change(struct updates_service *s, uint32_t kb, bool removal)
{
    if (s->past_n == s->past_room) {
        s->past_room = s->past_room ? 2 * s->past_room : 64;
        s->past = mem_grow(s->past, s->past_room, sizeof(*s->past));
    }
    s->past[s->past_n++] = (struct service_change){kb, removal};
}

/* A failure counts as long as nothing newer went well. */
static void add_failure(struct updates_service *s, uint32_t kb, const struct update_past *u)
{
    for (size_t i = 0; i < s->failed_n; i++)
        if (s->failed[i].kb == kb)
            return;
    if (s->failed_n < SERVICE_FAILED_MAX)
        s->failed[s->failed_n++] = (struct service_failure){kb, u->code, u->at_ms};
}

struct telling {
    struct updates_service *service;
    size_t seen;
};

static bool take_past(void *ctx, const struct update_past *u)
{
    struct telling *t = ctx;
    struct span title = span_of(u->title);
    uint32_t kb = 0;
    if (installed_kb_next(&title, &kb) && !is_known(t->service, kb)) {
        if (u->outcome == UPDATE_DONE)
            add_change(t->service, kb, u->removal);
        else if (u->outcome == UPDATE_FAILED && !u->removal)
            add_failure(t->service, kb, u);
    }
    return ++t->seen < SERVICE_HISTORY_MAX;
}

/* ---- fixes ---- */

static bool take_fix(void *ctx, const char *name)
{
    struct updates_service *s = ctx;
    struct span text = span_of(name);
    uint32_t kb;
    if (!installed_kb_next(&text, &kb))
        return true;
    if (s->fixes_n == s->fixes_room) {
        s->fixes_room = s->fixes_room ? 2 * s->fixes_room : 64;
        s->fixes = mem_grow(s->fixes, s->fixes_room, sizeof(*s->fixes));
    }
    s->fixes[s->fixes_n++] = kb;
    return s->fixes_n < INSTALLED_KBS_MAX;
}

/* ---- all of it ---- */

void updates_service_ask(struct updates_service *out)
{
    *out = (struct updates_service){0};
    struct telling t = {out, 0};
    out->history_is.rc = updates_history(take_past, &t, &out->history_is.code);
    out->fixes_is.rc = updates_fixes(take_fix, out, &out->fixes_is.code);
    out->times_is.rc = updates_times(&out->times, &out->times_is.code);
    out->pending_is.rc = updates_pending(take_pending, out, &out->pending_is.code);
}

void updates_service_release(struct updates_service *s)
{
    free(s->pending);
    free(s->past);
    free(s->fixes);
    *s = (struct updates_service){0};
}

void updates_service_reconcile(const struct updates_service *s, struct installed *i)
{
    for (size_t at = 0; at < s->past_n; at++)
        installed_add_history(i, s->past[at].kb, s->past[at].removal);
    for (size_t at = 0; at < s->fixes_n; at++)
        installed_add_fix(i, s->fixes[at]);
    installed_finish(i);
}

void updates_service_words(const struct service_part *p, char *out, size_t size)
{
    static const struct {
        uint32_t code;
        const char *words;
    } known[] = {
        {0x80070422, "the service Windows Update (wuauserv) is disabled"},
        {0x8024001e, "the service Windows Update (wuauserv) was stopping"},
        {0x8024000e, "its answer makes no sense; run the update troubleshooter"},
        {0x80240438, "it has no server to ask; see the WSUS settings"},
        {0x80080005, "the service does not start"},
        {0x80070005, "access is denied"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (p->code == known[i].code) {
            snprintf(out, size, "%s", known[i].words);
            return;
        }
    if (p->rc == -ETIMEDOUT)
        snprintf(out, size, "Windows Update does not answer; restart the service wuauserv");
    else if (p->rc == -ENOSYS)
        snprintf(out, size, "this system has no Windows Update");
    else if (p->code)
        snprintf(out, size, "Windows Update says 0x%08lx", (unsigned long)p->code);
    else
        snprintf(out, size, "Windows Update cannot be asked: %s", error_text(p->rc));
}
