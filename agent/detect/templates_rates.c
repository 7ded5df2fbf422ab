#include "detect/templates_rates.h"

#include "base/buf.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "detect/rates.h"
#include "detect/templates.h"

#include <stdlib.h>

struct template_rates {
    const struct detect_host *host;
    struct miner *miner;
    struct rates *rates;
    int64_t now_ms;
    struct buf message, vigia;
};

static const struct {
    const char *id, *title;
    enum event_severity of_template, of_log;
} kinds[] = {
    [RATES_SPIKE] = {"rate-spike", "Far more log messages than usual at this hour", SEVERITY_LOW,
                     SEVERITY_LOW},
    [RATES_DROP] = {"rate-drop", "Far fewer log messages than usual at this hour", SEVERITY_LOW,
                    SEVERITY_MEDIUM},
    [RATES_SILENT] = {"source-silent", "A log is silent for longer than ever", SEVERITY_MEDIUM,
                      SEVERITY_MEDIUM},
};

/* ---- series ---- */

static uint32_t key_of(const struct mined *m)
{
    uint64_t wild = m->wild * 0x9e3779b97f4a7c15U;
    return m->id * 0x85ebca6bU ^ (uint32_t)(wild >> 32);
}

static bool is_known(struct miner *miner, uint32_t key)
{
    for (size_t i = 0; i < MINER_MAX; i++) {
        const struct mined *m = miner_slot(miner, i);
        if (m->used && key_of(m) == key)
            return true;
    }
    return false;
}

void template_rates_record(struct template_rates *t, const struct record *r, const struct mined *m)
{
    struct span source = span_of(r->source);
    int64_t age = t->now_ms - r->time_ms;
    if (age > RATES_HOUR_MS || age < -RATES_HOUR_MS)
        return; /* of another time: caught up with after a stop, or a false clock */
    rates_count(t->rates, true, tokens_hash(source), source);
    if (m->count >= TEMPLATES_FIRM)
        rates_count(t->rates, false, key_of(m), span_of(m->text));
}

/* ---- findings ---- */

static void put_numbers(struct template_rates *t, const struct rates_finding *f)
{
    struct json_out j;
    buf_clear(&t->vigia);
    json_start(&j, &t->vigia);
    json_object(&j, NULL);
    json_object(&j, "rate");
    json_span(&j, f->whole ? "log" : "template", f->name);
    json_int(&j, "hour", f->hour_ms);
    if (f->kind == RATES_SILENT) {
        json_int(&j, "silent_s", f->silent_ms / 1000);
        json_int(&j, "longest_s", f->longest_ms / 1000);
    } else {
        json_uint(&j, "count", f->count);
        json_uint(&j, "usual", f->usual);
        json_uint(&j, "bound", f->bound);
        json_uint(&j, "samples", f->samples);
    }
    json_end_object(&j);
    json_end_object(&j);
}

static void put_silence(struct buf *out, int64_t silent_s, int64_t longest_s)
{
    bool long_ago = silent_s >= 600;
    int64_t unit = long_ago ? 60 : 1;
    buf_printf(out, "for %lld %s, the longest before was %lld %s", (long long)(silent_s / unit),
               long_ago ? "min" : "s", (long long)(longest_s / unit), long_ago ? "min" : "s");
}

static void put_words(struct template_rates *t, const struct rates_finding *f)
{
    buf_clear(&t->message);
    buf_printf(&t->message, "%s: %.*s: ", kinds[f->kind].title, (int)f->name.n, f->name.p);
    if (f->kind == RATES_SILENT)
        put_silence(&t->message, f->silent_ms / 1000, f->longest_ms / 1000);
    else
        buf_printf(&t->message, "%llu, usual are about %llu", (unsigned long long)f->count,
                   (unsigned long long)f->usual);
}

static void tell(void *ctx, const struct rates_finding *f)
{
    struct template_rates *t = ctx;
    char key[32];
    snprintf(key, sizeof(key), "%lld", (long long)f->hour_ms);
    struct span parts[] = {span_of(kinds[f->kind].id), f->name, span_of(key)};
    put_words(t, f);
    put_numbers(t, f);
    struct event e = {.class_uid = EVENT_DETECTION,
                      .activity = FINDING_CREATE,
                      .severity = f->whole ? kinds[f->kind].of_log : kinds[f->kind].of_template,
                      .time_ms = t->now_ms,
                      .message = buf_span(&t->message).p,
                      .vigia = buf_span(&t->vigia)};
    struct event_detection *d = &e.u.detection;
    event_uid_make(e.uid, parts, 3);
    d->rule_id = span_of(kinds[f->kind].id);
    d->rule_title = span_of(kinds[f->kind].title);
    d->analytic_type_id = 3;
    d->confidence_id = 2;
    d->log_name = f->whole ? f->name : (struct span){0, 0};
    d->count = 1;
    d->first_ms = f->hour_ms;
    d->last_ms = t->now_ms;
    t->host->emit(t->host->ctx, &e);
}

/* A template that was forgotten or became part of another is not fewer. */
static void take_finding(void *ctx, const struct rates_finding *f)
{
    struct template_rates *t = ctx;
    if (f->kind != RATES_DROP || f->whole || is_known(t->miner, f->key))
        tell(t, f);
}

/* ---- life ---- */

static bool restore_one(void *ctx, struct span key, struct span value)
{
    rates_load(((struct template_rates *)ctx)->rates, key, value);
    return true;
}

struct template_rates *template_rates_new(const struct detect_host *host, struct miner *miner)
{
    struct template_rates *t = mem_new(1, sizeof(*t));
    struct rates_limits limits = {host->config->learn_s * 1000, host->config->silence_s * 1000};
    *t = (struct template_rates){.host = host,
                                 .miner = miner,
                                 .rates = rates_new(limits, take_finding, t),
                                 .message = BUF_INIT(1024),
                                 .vigia = BUF_INIT(4096)};
    if (host->store)
        store_each(host->store, STORE_DETECT, RATES_KEY_PREFIX, restore_one, t);
    return t;
}

void template_rates_free(struct template_rates *t)
{
    rates_free(t->rates);
    buf_release(&t->message);
    buf_release(&t->vigia);
    free(t);
}

void template_rates_tick(struct template_rates *t, int64_t now_ms)
{
    t->now_ms = now_ms;
    rates_tick(t->rates, now_ms);
}

static void put(void *ctx, struct span key, struct span value)
{
    const struct detect_host *host = ((struct template_rates *)ctx)->host;
    host->put(host->ctx, STORE_DETECT, key, value);
}

void template_rates_checkpoint(struct template_rates *t)
{
    rates_save(t->rates, put, t);
}

uint64_t template_rates_refused(const struct template_rates *t)
{
    return rates_refused(t->rates);
}
