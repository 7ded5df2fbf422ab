/*
 * The detector of Sigma rules: matches records against the rules of rules_dir, hands hits to the
 * correlations, tells findings. A correlation tells one finding for each group and timespan; see
 * counter.h and correlate.h.
 */
#include "detect/all.h"

#include "base/log.h"
#include "base/mem.h"
#include "detect/correlate.h"
#include "detect/event_record.h"
#include "detect/rule_set.h"

#include <stdlib.h>

#define STALE_MAX 65536 /* keys of state that no rule has any more, forgotten at the start */

struct sigma {
    struct detect_host host;
    struct rule_set *set;
    struct correlate *correlate;
    struct view view;
    struct hit hit;
    struct finding_work work;
    struct buf stale; /* keys of COUNTER_KEY_SIZE bytes each */
    char first_problem[256];
};

static void note_problem(void *ctx, const char *problem)
{
    struct sigma *s = ctx;
    log_warning("rule is off: %s", problem);
    if (!s->first_problem[0])
        span_copy(span_of(problem), s->first_problem, sizeof(s->first_problem));
}

/* ---- state ---- */

static void put_state(void *ctx, struct span key, struct span value)
{
    struct sigma *s = ctx;
    s->host.put(s->host.ctx, STORE_DETECT, key, value);
}

static bool restore_one(void *ctx, struct span key, struct span value)
{
    struct sigma *s = ctx;
    if (!counters_restore(correlate_counters(s->correlate), key, value) &&
        key.n == COUNTER_KEY_SIZE)
        buf_put_span(&s->stale, key);
    return true;
}

static void forget_stale(struct sigma *s)
{
    struct span rest = buf_span(&s->stale), key;
    while (span_take(&rest, COUNTER_KEY_SIZE, &key))
        put_state(s, key, (struct span){0, 0});
    buf_release(&s->stale);
}

static void tell(struct sigma *s, const struct rule *rule, const struct hit *h,
                 const struct counted *counted, const uint8_t *group)
{
    struct event e;
    finding_make(&e, rule, h, counted, group, &s->work);
    s->host.emit(s->host.ctx, &e);
}

static void tell_correlation(void *ctx, const struct rule *rule, const struct hit *h,
                             const struct counted *counted, const uint8_t *group)
{
    tell(ctx, rule, h, counted, group);
}

static void open_correlations(struct sigma *s)
{
    s->correlate = correlate_new(s->set, (struct counter_store){s, put_state},
                                 (struct correlate_calls){s, tell_correlation});
    if (s->host.store)
        store_each(s->host.store, STORE_DETECT, COUNTER_KEY_PREFIX, restore_one, s);
    counters_restored(correlate_counters(s->correlate));
}

static void load_rules(struct sigma *s)
{
    const struct config *c = s->host.config;
    struct sigma_file tables = {0};
    size_t problems = c->detect ? sigma_file_load(c->sigma_dir, note_problem, s, &tables) : 0;
    s->set = c->detect ? rule_set_load(c->rules_dir, &tables, note_problem, s)
                       : rule_set_parse("", SPAN(""), NULL, NULL, NULL);
    s->set->broken += problems;
    sigma_file_release(&tables);
}

static int sigma_open(const struct detect_host *host, void **self, struct error *e)
{
    (void)e; /* whatever is wrong with the rules, the rest goes on: health tells */
    struct sigma *s = mem_new(1, sizeof(*s));
    s->host = *host;
    s->stale = BUF_INIT((size_t)STALE_MAX * COUNTER_KEY_SIZE);
    s->work.message = BUF_INIT(4096);
    s->work.vigia = BUF_INIT(8192);
    view_init(&s->view);
    load_rules(s);
    open_correlations(s);
    log_info("detector sigma: %zu rules in force, %zu problems", s->set->n - s->set->off,
             s->set->broken);
    *self = s;
    return 0;
}

/* ---- records ---- */

static void take_hit(void *ctx, size_t at)
{
    struct sigma *s = ctx;
    const struct rule_entry *entry = &s->set->entries[at];
    hit_make(&s->hit, entry->rule, &s->view);
    if (entry->fires)
        tell(s, entry->rule, &s->hit, NULL, NULL);
    correlate_hit(s->correlate, entry, &s->hit);
}

static void sigma_record(void *self, const struct record *r)
{
    struct sigma *s = self;
    rule_set_match(s->set, &s->view, r, take_hit, s);
}

static void sigma_event(void *self, const struct event *e)
{
    struct event_record r;
    if (event_record_make(e, &r))
        sigma_record(self, &r.record);
}

static void sigma_checkpoint(void *self)
{
    struct sigma *s = self;
    forget_stale(s);
    counters_checkpoint(correlate_counters(s->correlate));
}

static void sigma_health(void *self, struct detect_health *out)
{
    struct sigma *s = self;
    uint64_t evicted = counters_evicted(correlate_counters(s->correlate)),
             gave_up = regex_gave_up(s->view.work);
    *out = (struct detect_health){.rules = s->set->n - s->set->off, .broken = s->set->broken};
    if (s->first_problem[0])
        span_copy(span_of(s->first_problem), out->detail, sizeof(out->detail));
    else if (gave_up > 0)
        snprintf(out->detail, sizeof(out->detail),
                 "expressions gave up on %llu lines; make them simpler",
                 (unsigned long long)gave_up);
    else if (evicted > 0)
        snprintf(out->detail, sizeof(out->detail),
                 "counting gave up %llu groups within their timespan (more than fit in %u KiB)",
                 (unsigned long long)evicted, COUNTER_BYTES_MAX >> 10);
}

static void sigma_close(void *self)
{
    struct sigma *s = self;
    correlate_free(s->correlate);
    rule_set_free(s->set);
    view_release(&s->view);
    buf_release(&s->work.message);
    buf_release(&s->work.vigia);
    buf_release(&s->stale);
    free(s);
}

const struct detector detector_sigma = {
    .name = "sigma",
    .open = sigma_open,
    .record = sigma_record,
    .event = sigma_event,
    .checkpoint = sigma_checkpoint,
    .health = sigma_health,
    .close = sigma_close,
};
