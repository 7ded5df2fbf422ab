#include "detect/flood.h"

#include "base/log.h"
#include "base/mem.h"
#include "config/suppress_file.h"
#include "detect/budget.h"
#include "detect/condition.h"
#include "detect/repeats.h"

#include <stdlib.h>

struct flood {
    struct flood_host host;
    struct suppress_table suppressions;
    size_t broken;
    char problem[256]; /* the first one */
    struct repeats *repeats;
    struct budget *budget;
    struct buf stale; /* keys of state that makes no sense, each with its length before it */
    uint64_t told, repeated, over, suppressed;
};

static void note_problem(void *ctx, const char *problem)
{
    struct flood *f = ctx;
    log_warning("suppression is off: %s", problem);
    if (f->broken++ == 0)
        span_copy(span_of(problem), f->problem, sizeof(f->problem));
}

static bool restore_one(void *ctx, struct span key, struct span value)
{
    struct flood *f = ctx;
    bool taken = (f->host.config->repeat_window_s > 0 && repeats_restore(f->repeats, key, value)) ||
                 budget_restore(f->budget, key, value);
    if (!taken) {
        buf_put_u32(&f->stale, (uint32_t)key.n);
        buf_put_span(&f->stale, key);
    }
    return true;
}

struct flood *flood_open(const struct flood_host *host, int64_t wall_ms)
{
    struct flood *f = mem_new(1, sizeof(*f));
    f->host = *host;
    f->repeats = repeats_new(&f->host);
    f->budget = budget_new(&f->host);
    f->stale = BUF_INIT(65536);
    suppress_table_load(host->config->suppress_file, note_problem, f, &f->suppressions);
    for (size_t i = 0; i < f->suppressions.n; i++)
        if (suppression_has_expired(&f->suppressions.items[i], wall_ms))
            log_warning("the suppression [%s] has expired; renew or remove it",
                        f->suppressions.items[i].name);
    if (host->store)
        store_each(host->store, STORE_DETECT, SPAN("flood."), restore_one, f);
    return f;
}

void flood_close(struct flood *f)
{
    if (!f)
        return;
    suppress_table_release(&f->suppressions);
    repeats_free(f->repeats);
    budget_free(f->budget);
    buf_release(&f->stale);
    free(f);
}

/* ---- suppressions ---- */

static bool names_rule(const struct suppression *s, const struct event_detection *d)
{
    for (size_t i = 0; i < s->rules_n; i++)
        if (span_equal_text(d->rule_id, s->rules[i]) || span_equal_text(d->rule_title, s->rules[i]))
            return true;
    return false;
}

static bool fields_fit(const struct suppression *s, const struct event_detection *d)
{
    for (size_t i = 0; i < s->fields_n; i++) {
        struct span value;
        if (!d->field || !d->field(d->field_ctx, span_of(s->fields[i].name), &value) ||
            !condition_name_matches(span_of(s->fields[i].value), value))
            return false;
    }
    return true;
}

static bool is_suppressed(const struct flood *f, const struct event *e, int64_t wall_ms)
{
    for (size_t i = 0; i < f->suppressions.n; i++) {
        const struct suppression *s = &f->suppressions.items[i];
        if (names_rule(s, &e->u.detection) && fields_fit(s, &e->u.detection) &&
            !suppression_has_expired(s, wall_ms))
            return true;
    }
    return false;
}

/* ---- findings ---- */

static bool can_repeat(const struct flood *f, const struct event *e)
{
    static const uint8_t none[EVENT_UID_SIZE];
    return f->host.config->repeat_window_s > 0 &&
           memcmp(e->u.detection.same, none, sizeof(none)) != 0;
}

void flood_take(struct flood *f, const struct detector *from, const struct event *e,
                int64_t wall_ms)
{
    bool repeats = can_repeat(f, e);
    flood_run(f, wall_ms);
    if (is_suppressed(f, e, wall_ms)) {
        f->suppressed++;
    } else if (repeats && repeats_take(f->repeats, e)) {
        f->repeated++;
    } else if (!budget_take(f->budget, from, e, wall_ms)) {
        f->over++;
        f->host.dropped(f->host.ctx, "findings over the budget", 1);
    } else {
        f->told++;
        if (repeats)
            repeats_begin(f->repeats, e, wall_ms);
        f->host.emit(f->host.ctx, e);
    }
}

int64_t flood_run(struct flood *f, int64_t wall_ms)
{
    int64_t repeats = repeats_run(f->repeats, wall_ms), budget = budget_run(f->budget, wall_ms);
    return repeats < budget ? repeats : budget;
}

void flood_checkpoint(struct flood *f)
{
    struct span rest = buf_span(&f->stale), key;
    uint32_t n;
    while (span_take_u32(&rest, &n) && span_take(&rest, n, &key))
        f->host.put(f->host.ctx, STORE_DETECT, key, (struct span){0, 0});
    buf_release(&f->stale);
    repeats_checkpoint(f->repeats);
    budget_checkpoint(f->budget);
}

/* ---- what is told of it ---- */

static const struct suppression *first_expired(const struct flood *f, int64_t wall_ms, size_t *n)
{
    const struct suppression *first = NULL;
    *n = 0;
    for (size_t i = f->suppressions.n; i-- > 0;)
        if (suppression_has_expired(&f->suppressions.items[i], wall_ms)) {
            first = &f->suppressions.items[i];
            ++*n;
        }
    return first;
}

void flood_describe(const struct flood *f, struct json_out *j, int64_t wall_ms)
{
    size_t expired;
    first_expired(f, wall_ms, &expired);
    json_uint(j, "told", f->told);
    json_uint(j, "repeated", f->repeated);
    json_uint(j, "over_budget", f->over);
    json_uint(j, "suppressed", f->suppressed);
    json_uint(j, "suppressions", f->suppressions.n - expired);
    json_uint(j, "expired", expired);
}

void flood_problem(const struct flood *f, int64_t wall_ms, size_t *broken, char *out, size_t size)
{
    size_t expired;
    const struct suppression *s = first_expired(f, wall_ms, &expired);
    *broken = f->broken;
    out[0] = '\0';
    if (f->broken > 0)
        span_copy(span_of(f->problem), out, size);
    else if (s)
        snprintf(out, size, "the suppression [%.80s] expired on %s; renew or remove it", s->name,
                 s->until);
}
