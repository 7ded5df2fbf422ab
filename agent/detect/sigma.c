/*
 * The detector of Sigma rules: matches records against the rules of rules_dir, counts for the
 * correlations, tells findings. A correlation tells one finding for each group and timespan; see
 * counter.h.
 */
#include "detect/all.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "detect/finding.h"
#include "detect/rule_set.h"

#include <stdlib.h>

#define STALE_MAX 65536 /* keys of state that no rule has any more, forgotten at the start */

struct sigma {
    struct detect_host host;
    struct rule_set *set;
    struct counter **counters; /* by entry; NULL where it is no correlation */
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
    for (size_t i = 0; i < s->set->n; i++)
        if (s->counters[i] && counter_restore(s->counters[i], key, value))
            return true;
    if (key.n == COUNTER_KEY_SIZE)
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

static void open_counters(struct sigma *s)
{
    struct counter_store store = {s, put_state};
    s->counters = mem_new(s->set->n, sizeof(struct counter *));
    for (size_t i = 0; i < s->set->n; i++) {
        const struct rule_entry *entry = &s->set->entries[i];
        if (entry->rule->correlation.type != CORRELATION_NONE)
            s->counters[i] = counter_new(&entry->rule->correlation, entry->version, store);
    }
    if (s->host.store)
        store_each(s->host.store, STORE_DETECT, COUNTER_KEY_PREFIX, restore_one, s);
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
    s->set = host->config->detect ? rule_set_load(host->config->rules_dir, note_problem, s)
                                  : rule_set_parse("", SPAN(""), NULL, NULL);
    open_counters(s);
    log_info("detector sigma: %zu rules in force, %zu problems", s->set->n - s->set->off,
             s->set->broken);
    *self = s;
    return 0;
}

/* ---- records ---- */

static void tell(struct sigma *s, const struct rule *rule, const struct counted *counted,
                 const uint8_t *group)
{
    struct event e;
    finding_make(&e, rule, &s->hit, counted, group, &s->work);
    s->host.emit(s->host.ctx, &e);
}

/* What value_count counts by; 0 for event_count. False when the field is missing. */
static bool value_of(const struct sigma *s, const struct rule_correlation *c, uint64_t *out)
{
    struct span value;
    uint8_t full[SHA256_SIZE];
    *out = 0;
    if (c->type != CORRELATION_VALUE_COUNT)
        return true;
    if (!hit_field(&s->hit, c->field, &value))
        return false;
    sha256_of(value.p, value.n, full);
    memcpy(out, full, sizeof(*out));
    return true;
}

static void count(struct sigma *s, size_t correlation)
{
    const struct rule *rule = s->set->entries[correlation].rule;
    uint8_t group[COUNTER_GROUP_SIZE];
    struct counted counted;
    uint64_t value;
    if (!hit_group(&s->hit, &rule->correlation, group) || !value_of(s, &rule->correlation, &value))
        return;
    if (counter_add(s->counters[correlation], group, s->hit.record->time_ms, value, &counted))
        tell(s, rule, &counted, group);
}

static void take_hit(void *ctx, size_t at)
{
    struct sigma *s = ctx;
    const struct rule_entry *entry = &s->set->entries[at];
    hit_make(&s->hit, entry->rule, s->view.record, s->view.work);
    if (entry->fires)
        tell(s, entry->rule, NULL, NULL);
    for (size_t i = 0; i < entry->uses_n; i++)
        count(s, entry->uses[i]);
}

static void sigma_record(void *self, const struct record *r)
{
    struct sigma *s = self;
    rule_set_match(s->set, &s->view, r, take_hit, s);
}

static void sigma_checkpoint(void *self)
{
    struct sigma *s = self;
    forget_stale(s);
    for (size_t i = 0; i < s->set->n; i++)
        if (s->counters[i])
            counter_checkpoint(s->counters[i]);
}

static void sigma_health(void *self, struct detect_health *out)
{
    struct sigma *s = self;
    uint64_t evicted = 0, gave_up = regex_gave_up(s->view.work);
    *out = (struct detect_health){.rules = s->set->n - s->set->off, .broken = s->set->broken};
    for (size_t i = 0; i < s->set->n; i++)
        evicted += s->counters[i] ? counter_evicted(s->counters[i]) : 0;
    if (s->first_problem[0])
        span_copy(span_of(s->first_problem), out->detail, sizeof(out->detail));
    else if (gave_up > 0)
        snprintf(out->detail, sizeof(out->detail),
                 "expressions gave up on %llu lines; make them simpler",
                 (unsigned long long)gave_up);
    else if (evicted > 0)
        snprintf(out->detail, sizeof(out->detail),
                 "counting gave up %llu groups (more than %d at once)", (unsigned long long)evicted,
                 COUNTER_GROUPS_MAX);
}

static void sigma_close(void *self)
{
    struct sigma *s = self;
    for (size_t i = 0; i < s->set->n; i++)
        counter_free(s->counters[i]);
    free(s->counters);
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
    .checkpoint = sigma_checkpoint,
    .health = sigma_health,
    .close = sigma_close,
};
