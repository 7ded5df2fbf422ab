#include "source/integrity/explain_kind.h"

#include "base/mem.h"

#define HELD_MAX    8192
#define LOOK_MS_MAX 60000

/* ---- the contract ---- */

struct integrity_explain *integrity_explain_new(struct integrity *self)
{
    struct integrity_explain *x = explain_of_system->open(&self->host);
    x->self = self;
    x->helds = helds_new(HELD_MAX);
    x->summary = integrity_summary_new(&self->host);
    return x;
}

void integrity_explain_free(struct integrity_explain *x)
{
    if (!x)
        return;
    helds_free(x->helds);
    integrity_summary_free(x->summary);
    explain_of_system->close(x);
}

bool integrity_explain_defers(struct integrity_explain *x, const struct pending *p, int64_t now_ms)
{
    return explain_of_system->defers(x, p, now_ms);
}

enum explain_verdict integrity_explain_judge(struct integrity_explain *x, struct integrity_fact *f,
                                             struct integrity_actor *actor)
{
    if (f->change & ~(unsigned)INTEGRITY_UNTOLD)
        return explain_of_system->judge(x, f, actor);
    integrity_explain_nothing(x, f->path);
    return EXPLAIN_TELL;
}

void integrity_explain_nothing(struct integrity_explain *x, const char *path)
{
    struct held *h = helds_find(x->helds, span_of(path));
    if (h)
        helds_remove(x->helds, h);
}

int64_t integrity_explain_run(struct integrity_explain *x, int64_t now_ms)
{
    return explain_of_system->run(x, now_ms);
}

size_t integrity_explain_held(const struct integrity_explain *x)
{
    return helds_count(x->helds);
}

const char *integrity_explain_by(const struct integrity_explain *x)
{
    (void)x;
    return explain_of_system->by;
}

/* ---- holding ---- */

struct held *explain_hold(struct integrity_explain *x, const char *path,
                          struct integrity_actor *actor, int64_t seen_ms, int64_t now_ms)
{
    struct held *h = helds_add(x->helds, path, now_ms);
    if (!h) {
        x->overflow = true;
        return NULL;
    }
    held_set_actor(h, actor);
    h->seen_ms = seen_ms;
    if (h->changed_ms == 0)
        h->changed_ms = seen_ms;
    return h;
}

struct held *explain_hold_fact(struct integrity_explain *x, const struct integrity_fact *f,
                               struct integrity_actor *actor, int64_t now_ms)
{
    struct held *h = explain_hold(x, f->path, actor, f->seen_ms, now_ms);
    if (!h)
        return NULL;
    h->folder = f->after && f->after->info.type == FILE_FOLDER;
    h->gone = !f->after;
    h->by_scan = f->by_scan;
    h->while_off = f->while_off;
    if (f->after)
        h->changed_ms = f->after->info.ctime_ns / 1000000;
    return h;
}

/* ---- letting go ---- */

static bool release(struct integrity_explain *x, struct held *h, int64_t now_ms)
{
    const struct pending *newer = pendings_find(x->self->pending, h->path);
    bool changed_since = newer && newer->waiting; /* by somebody who is to be named */
    if (changed_since)
        held_set_actor(h, newer->actor);
    struct pending *p = pendings_add(x->self->pending, h->path, h->actor, now_ms, 0);
    if (!p)
        return false;
    if (!changed_since)
        p->seen_ms = h->seen_ms;
    helds_step(x->helds, h, HELD_LOOKED, now_ms);
    return true;
}

/* Folders after what is in them: a look at a new folder walks through all of it. */
void explain_release(struct integrity_explain *x, size_t most, int64_t now_ms)
{
    size_t n = 0;
    for (int folders = 0; folders < 2 && x->helds->steps[HELD_RIPE] > 0; folders++) {
        if (folders && x->helds->steps[HELD_LOOKED] > n)
            return;
        for (struct held *h = x->helds->first; h && n < most; h = h->next)
            if (h->step == HELD_RIPE && h->folder == (folders > 0) && !release(x, h, now_ms))
                return;
            else
                n += h->step == HELD_LOOKED && h->step_ms == now_ms;
    }
}

void explain_expire(struct integrity_explain *x, int64_t now_ms)
{
    struct held *next;
    for (struct held *h = x->helds->steps[HELD_LOOKED] > 0 ? x->helds->first : NULL; h; h = next) {
        const struct pending *p = pendings_find(x->self->pending, h->path);
        next = h->next;
        if (h->step == HELD_LOOKED && now_ms - h->step_ms > LOOK_MS_MAX && !(p && p->waiting))
            helds_remove(x->helds, h);
    }
}

void explain_recover(struct integrity_explain *x, int64_t now_ms)
{
    if (!x->overflow || helds_count(x->helds) >= HELD_MAX / 2)
        return;
    x->overflow = false;
    integrity_scan_soon(x->self, now_ms);
}
