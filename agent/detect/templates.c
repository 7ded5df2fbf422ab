#include "detect/templates.h"

#include "base/json_write.h"
#include "base/log.h"
#include "base/mem.h"
#include "detect/all.h"
#include "detect/event_template.h"
#include "detect/rates.h"
#include "detect/templates_rates.h"
#include "event/mask.h"

#include <stdlib.h>

#define HOUR_MS   3600000
#define VALUE_MAX 256   /* bytes of a value that are told */
#define SAVE_MS   60000 /* the clock alone is worth writing so often */
#define BEHIND_MAX                                                                                 \
    1000 /* so many records in a row from days ago: the clock was wrong, not they                  \
          */

struct templates {
    struct detect_host host;
    struct miner *miner;
    struct template_rates *rates;
    struct templates_head head;
    int64_t saved_ms; /* the clock as it was written last */
    bool head_dirty;
    unsigned behind;
    bool structured;      /* the record at hand is an event with fields */
    struct tokens tokens; /* else: of its message */
    struct buf message, vigia, masked, state;
};

enum what { WHAT_NEW, WHAT_VALUE, WHAT_HOUR };

static const struct {
    const char *id, *title;
    enum event_severity severity;
    int confidence;
} kinds[] = {
    [WHAT_NEW] = {"template-new", "Log message of a kind never seen on this host", SEVERITY_LOW, 1},
    [WHAT_VALUE] = {"template-value", "New value in a log message where it was always the same",
                    SEVERITY_LOW, 2},
    [WHAT_HOUR] = {"template-hour", "Log message at an hour that never had it", SEVERITY_LOW, 1},
};

/* ---- time ---- */

static void move_clock(struct templates *s, int64_t time_ms)
{
    struct templates_head *h = &s->head;
    int64_t step = time_ms - h->clock_ms;
    if (h->clock_ms == 0) {
        h->clock_ms = time_ms > 0 ? time_ms : 1;
        s->head_dirty = true;
        return;
    }
    s->behind = step < -TEMPLATES_DAY_MS ? s->behind + 1 : 0;
    if (s->behind > BEHIND_MAX) {
        h->clock_ms = time_ms > 0 ? time_ms : 1;
        s->head_dirty = true;
    } else if (step > 0) {
        step = step < TEMPLATES_DAY_MS ? step : TEMPLATES_DAY_MS;
        h->clock_ms += step;
        h->learned_ms += step;
    }
}

static bool is_learning(const struct templates *s, bool structured)
{
    return templates_learned_ms(&s->head, structured) < s->host.config->learn_s * 1000;
}

/* ---- findings ---- */

/* A value as it may be told: without what is secret in it; of a line, not when the words before it
 * make it a secret. */
static struct span shown(struct templates *s, const struct record *r, struct span value)
{
    struct span before = {r->message.p, 0};
    value.n = value.n < VALUE_MAX ? value.n : VALUE_MAX;
    if (s->structured)
        before = value;
    else if (value.n > 0)
        before.n = (size_t)(value.p - before.p) + value.n;
    buf_clear(&s->masked);
    mask_put(&s->masked, before);
    struct span masked = buf_span(&s->masked);
    return s->structured ? masked : span_ends(masked, value) ? value : SPAN("***");
}

static struct span put_vigia(struct templates *s, const struct record *r, const struct mined *t,
                             struct record_field of)
{
    struct json_out j;
    buf_clear(&s->vigia);
    json_start(&j, &s->vigia);
    json_object(&j, NULL);
    json_object(&j, "template");
    json_uint(&j, "id", t->id);
    json_span(&j, "text", span_of(t->text));
    json_uint(&j, "count", t->count);
    json_int(&j, "first", t->first_ms);
    json_end_object(&j);
    if (of.name.n > 0)
        json_span(&j, "field", of.name);
    if (of.value.n > 0)
        json_span(&j, "value", shown(s, r, of.value));
    json_end_object(&j);
    return s->vigia.failed ? (struct span){0, 0} : buf_span(&s->vigia);
}

/* of: the value that is new; a line's has no name. */
static void tell(struct templates *s, enum what what, const struct record *r, const struct mined *t,
                 struct record_field of)
{
    struct span parts[] = {span_of(kinds[what].id), span_make(r->uid, sizeof(r->uid)), of.value,
                           of.name};
    if (is_learning(s, s->structured))
        return;
    struct event e = {.class_uid = EVENT_DETECTION,
                      .activity = FINDING_CREATE,
                      .severity = kinds[what].severity,
                      .time_ms = r->time_ms,
                      .vigia = put_vigia(s, r, t, of)};
    struct event_detection *d = &e.u.detection;
    buf_clear(&s->message);
    buf_printf(&s->message, "%s: %s%s%.*s", kinds[what].title, t->text, of.name.n > 0 ? ", " : "",
               (int)of.name.n, of.name.p);
    e.message = buf_span(&s->message).p;
    event_uid_make(e.uid, parts, sizeof(parts) / sizeof(parts[0]));
    d->rule_id = span_of(kinds[what].id);
    d->rule_title = span_of(kinds[what].title);
    d->analytic_type_id = 3;
    d->confidence_id = kinds[what].confidence;
    d->log_name = span_of(r->source);
    d->evidence = r->raw;
    d->count = 1;
    d->first_ms = d->last_ms = r->time_ms;
    s->host.emit(s->host.ctx, &e);
}

/* ---- records ---- */

static const struct record_field no_value;

static void look_at_fields(struct templates *s, const struct record *r, struct mined *t)
{
    struct record_field of;
    while (event_template_differs(r, t, &of))
        if (t->count >= TEMPLATES_FIRM)
            tell(s, WHAT_VALUE, r, t, of);
}

static void look_at_words(struct templates *s, const struct record *r, struct mined *t)
{
    for (size_t i = 0; i < t->values_n; i++) {
        struct miner_value *v = &t->values[i];
        struct span text = s->tokens.list[v->at].text;
        if (v->varies || tokens_hash(text) == v->hash)
            continue;
        v->varies = true;
        t->dirty = true;
        if (t->count >= TEMPLATES_FIRM)
            tell(s, WHAT_VALUE, r, t, (struct record_field){.value = text});
    }
}

static void look_at_hour(struct templates *s, const struct record *r, const struct mined *t)
{
    unsigned hour = (unsigned)(s->head.clock_ms / HOUR_MS % 24);
    uint32_t around = 1U << hour | 1U << (hour + 1) % 24 | 1U << (hour + 23) % 24;
    if (t->count >= TEMPLATES_FIRM && t->days >= TEMPLATES_HOUR_DAYS && (t->hours & around) == 0)
        tell(s, WHAT_HOUR, r, t, no_value);
}

static struct mined *mine(struct templates *s, const struct record *r, bool *fresh)
{
    if (s->structured)
        return event_template_take(s->miner, r, fresh);
    tokens_take(r->message, &s->tokens);
    uint32_t origin = tokens_hash(r->program) ^ tokens_hash(span_of(r->service)) * 3;
    struct span name = {r->program.p, r->program.n < 32 ? r->program.n : 32};
    return miner_take(s->miner, origin, name, &s->tokens, fresh);
}

static void templates_record(void *self, const struct record *r)
{
    struct templates *s = self;
    bool fresh;
    s->structured = event_template_is(r);
    if (!s->host.config->detect || (r->message.n == 0 && !s->structured))
        return;
    move_clock(s, r->time_ms);
    if (s->structured)
        s->head_dirty |= templates_begin_events(&s->head);
    bool current = r->time_ms <= s->head.clock_ms && r->time_ms > s->head.clock_ms - HOUR_MS;
    struct mined *t = mine(s, r, &fresh);
    if (!fresh) {
        s->structured ? look_at_fields(s, r, t) : look_at_words(s, r, t);
        if (current)
            look_at_hour(s, r, t);
    }
    miner_seen(s->miner, t, r->time_ms < s->head.clock_ms ? r->time_ms : s->head.clock_ms);
    if (fresh)
        tell(s, WHAT_NEW, r, t, no_value);
    template_rates_record(s->rates, r, t);
}

static void templates_tick(void *self, int64_t now_ms)
{
    struct templates *s = self;
    template_rates_tick(s->rates, now_ms);
}

/* ---- state ---- */

static bool restore_one(void *ctx, struct span key, struct span value)
{
    struct templates *s = ctx;
    size_t slot;
    if (!templates_key_slot(key, &slot))
        return true;
    if (slot < MINER_MAX)
        miner_load(s->miner, slot, value);
    else
        templates_head_load(value, &s->head);
    return true;
}

static void save_slot(struct templates *s, size_t slot)
{
    struct mined *t = miner_slot(s->miner, slot);
    char bytes[6] = {'t', 'p', 'l', '\0', (char)(slot >> 8), (char)slot};
    struct span key = {bytes, sizeof(bytes)}, none = {0, 0};
    buf_clear(&s->state);
    if (t->used)
        miner_save(t, &s->state);
    s->host.put(s->host.ctx, STORE_DETECT, key, t->used ? buf_span(&s->state) : none);
    t->dirty = false;
}

static void templates_checkpoint(void *self)
{
    struct templates *s = self;
    miner_age(s->miner, s->head.clock_ms - TEMPLATES_KEEP_MS);
    for (size_t i = 0; i < MINER_MAX; i++)
        if (miner_slot(s->miner, i)->dirty)
            save_slot(s, i);
    template_rates_checkpoint(s->rates);
    if (!s->head_dirty && s->head.clock_ms - s->saved_ms < SAVE_MS)
        return;
    struct templates_head head = s->head;
    head.evicted += miner_evicted(s->miner);
    buf_clear(&s->state);
    templates_head_save(&head, &s->state);
    s->host.put(s->host.ctx, STORE_DETECT, SPAN("tpl\0head"), buf_span(&s->state));
    s->head_dirty = false;
    s->saved_ms = s->head.clock_ms;
}

static int templates_open(const struct detect_host *host, void **self, struct error *e)
{
    (void)e;
    struct templates *s = mem_new(1, sizeof(*s));
    s->host = *host;
    s->miner = miner_new();
    s->message = BUF_INIT(1024);
    s->vigia = BUF_INIT(8192);
    s->masked = BUF_INIT(16384);
    s->state = BUF_INIT(4096);
    if (host->store)
        store_each(host->store, STORE_DETECT, TEMPLATES_KEY_PREFIX, restore_one, s);
    miner_loaded(s->miner);
    s->rates = template_rates_new(&s->host, s->miner);
    log_info("detector templates: %zu known%s", miner_used(s->miner),
             is_learning(s, s->head.events_from > 0) ? ", still learning" : "");
    *self = s;
    return 0;
}

static void templates_health(void *self, struct detect_health *out)
{
    struct templates *s = self;
    uint64_t evicted = s->head.evicted + miner_evicted(s->miner);
    uint64_t refused = template_rates_refused(s->rates);
    *out = (struct detect_health){0};
    if (evicted > 0)
        snprintf(out->detail, sizeof(out->detail), "%llu templates given up (more than %d at once)",
                 (unsigned long long)evicted, MINER_MAX);
    else if (refused > 0)
        snprintf(out->detail, sizeof(out->detail),
                 "%llu messages not counted by the hour: there is room for %d kinds",
                 (unsigned long long)refused, RATES_MAX);
}

static void templates_close(void *self)
{
    struct templates *s = self;
    template_rates_free(s->rates);
    miner_free(s->miner);
    buf_release(&s->message);
    buf_release(&s->vigia);
    buf_release(&s->masked);
    buf_release(&s->state);
    free(s);
}

const struct detector detector_templates = {
    .name = "templates",
    .budget = TEMPLATES_BUDGET,
    .open = templates_open,
    .record = templates_record,
    .tick = templates_tick,
    .checkpoint = templates_checkpoint,
    .health = templates_health,
    .close = templates_close,
};
