#include "collect/pipeline.h"

#include "base/log.h"
#include "base/mem.h"
#include "collect/counters.h"
#include "collect/heartbeat.h"
#include "detect/detect.h"
#include "detect/flood.h"
#include "platform/clock.h"

#include <errno.h>

#define SOURCES_MAX       16
#define DETECTORS_MAX     8
#define WAITS_PER_SOURCE  24
#define FRAME_AGE_MS      1000  /* an event is durable at most this long after it was emitted */
#define CHECKPOINT_AGE_MS 30000 /* positions without events wait longer: re-reading is harmless */
#define RETRY_MS          1000  /* disk full */
#define TICK_MS           300000
#define STORE_PENDING_MAX (1 << 18) /* state changes held in memory before they are committed */

struct running_source {
    const struct source *is;
    void *self;
    int64_t due; /* monotonic ms */
    struct error error;
    enum source_state told; /* in the log */
};

struct running_detector {
    struct pipeline *pipeline;
    const struct detector *is;
    void *self;
    struct error error;
};

struct pipeline {
    struct store *store;
    struct spool *spool;
    const struct config *config;
    const struct identity *who;
    struct source_host source_host;
    struct running_source sources[SOURCES_MAX];
    size_t sources_n;
    struct running_detector detectors[DETECTORS_MAX];
    size_t detectors_n;
    struct flood *flood; /* which findings of the detectors are told */

    struct counters counters;
    struct buf line;
    const struct confine_result *confined; /* or NULL */
    int64_t started_ms;
    int64_t frame_since;      /* when the first event of the pending frame came, 0: none */
    int64_t checkpoint_since; /* when the first record since the last frame came, 0: none */
    int64_t spool_due, tick_due;
    bool urgent;     /* the pending frame holds an event that must go at once */
    int frame_error; /* why the journal could not be written (the frame stays in memory), or 0 */
    int seal_error;  /* why a batch could not be closed, or 0 */
    bool had_state;  /* there was a frame before this start */
    uint64_t turns;  /* how often a source became well or unwell */
};

/* While something cannot be written no source reads on: what it would read is still there later. */
static bool no_space(const struct pipeline *p)
{
    return p->frame_error || p->seal_error;
}

/* ---- what sources and detectors call ---- */

static void emit_finding(void *ctx, const struct event *e)
{
    const struct running_detector *d = ctx;
    flood_take(d->pipeline->flood, d->is, e, clock_wall_ms());
}

static void emit_told(void *ctx, const struct event *e)
{
    pipeline_emit(ctx, e);
}

/* Of a source: detectors see what is new, and what they make of it lies in the same frame. */
static void emit(void *ctx, const struct event *e)
{
    struct pipeline *p = ctx;
    uint64_t before = p->counters.emitted;
    pipeline_emit(p, e);
    for (size_t i = 0; i < p->detectors_n && p->counters.emitted > before; i++)
        if (p->detectors[i].self && p->detectors[i].is->event)
            p->detectors[i].is->event(p->detectors[i].self, e);
}

static void emit_record(void *ctx, const struct record *r)
{
    struct pipeline *p = ctx;
    p->counters.seen++;
    if (p->checkpoint_since == 0)
        p->checkpoint_since = clock_mono_ms();
    for (size_t i = 0; i < p->detectors_n; i++)
        if (p->detectors[i].self)
            p->detectors[i].is->record(p->detectors[i].self, r);
}

static void put(void *ctx, enum store_table t, struct span key, struct span value)
{
    struct pipeline *p = ctx;
    if (value.p)
        store_put(p->store, t, key, value);
    else
        store_remove(p->store, t, key);
    spool_put(p->spool, (uint8_t)t, key, value);
    if (p->checkpoint_since == 0)
        p->checkpoint_since = clock_mono_ms();
}

static void put_of_detector(void *ctx, enum store_table t, struct span key, struct span value)
{
    put(((struct running_detector *)ctx)->pipeline, t, key, value);
}

static void dropped(void *ctx, const char *reason, uint64_t n)
{
    counters_drop(&((struct pipeline *)ctx)->counters, reason, n);
}

static bool is_full(void *ctx)
{
    return no_space(ctx);
}

bool pipeline_emit(struct pipeline *p, const struct event *e)
{
    bool urgent = e->urgent || e->severity >= SEVERITY_HIGH;
    buf_clear(&p->line);
    ocsf_encode(&p->line, p->who, e, p->counters.sequence + 1);
    if (p->line.failed) {
        counters_drop(&p->counters, "event too long", 1);
        return false;
    }
    int rc = spool_add(p->spool, e->uid, buf_span(&p->line), urgent);
    if (rc == 1) {
        p->counters.suppressed++;
        return true;
    }
    if (rc != 0) {
        counters_drop(&p->counters, rc == -EMSGSIZE ? "event too long" : "no space", 1);
        return false;
    }
    p->counters.sequence++;
    p->counters.emitted++;
    p->urgent = p->urgent || urgent;
    if (p->frame_since == 0)
        p->frame_since = clock_mono_ms();
    return true;
}

/* ---- what the spool calls ---- */

static void heartbeat(void *ctx, const struct spool_facts *batch, struct buf *out)
{
    struct pipeline *p = ctx;
    struct heartbeat_facts facts = {p->config, p->who, p->confined, p->started_ms,
                                    p->counters.sequence};
    heartbeat_write(out, &facts, batch, p);
}

static void restore(void *ctx, uint8_t table, struct span key, struct span value)
{
    struct pipeline *p = ctx;
    if (table >= STORE_TABLES)
        return;
    if (value.p)
        store_put(p->store, table, key, value);
    else
        store_remove(p->store, table, key);
}

static int commit(void *ctx)
{
    return store_commit(((struct pipeline *)ctx)->store);
}

/* ---- life ---- */

struct pipeline *pipeline_new(struct store *store)
{
    struct pipeline *p = mem_new(1, sizeof(*p));
    p->store = store;
    p->line = BUF_INIT(SPOOL_LINE_MAX);
    p->started_ms = clock_mono_ms();
    p->spool_due = INT64_MAX; /* until the first round has asked it */
    return p;
}

static void load_counters(struct pipeline *p)
{
    struct buf saved = BUF_INIT(4096);
    p->had_state = store_get(p->store, STORE_META, SPAN("counters"), &saved) == 0;
    if (p->had_state)
        counters_load(&p->counters, buf_span(&saved));
    buf_release(&saved);
}

int pipeline_open_spool(struct pipeline *p, const struct config *c, const struct identity *who,
                        struct error *e)
{
    struct spool_options options = {
        .state = c->state_dir,
        .outbox = c->outbox_dir,
        .inbox = c->inbox_dir,
        .cap_bytes = c->spool_cap,
        .seal_bytes = (size_t)c->seal_bytes,
        .seal_age_ms = c->seal_age_s * 1000,
        .urgent_ms = 200,
        .beat_ms = c->heartbeat_s * 1000,
        .jitter = 20,
    };
    struct spool_callbacks callbacks = {p, heartbeat, restore, commit};
    p->config = c;
    p->who = who;
    int rc = spool_open(&options, &callbacks, &p->spool, e);
    if (rc == 0)
        load_counters(p);
    return rc;
}

static void close_all(struct pipeline *p)
{
    for (size_t i = 0; i < p->sources_n; i++)
        if (p->sources[i].self)
            p->sources[i].is->close(p->sources[i].self);
    for (size_t i = 0; i < p->detectors_n; i++)
        if (p->detectors[i].self)
            p->detectors[i].is->close(p->detectors[i].self);
    flood_close(p->flood);
    p->flood = NULL;
    p->sources_n = p->detectors_n = 0;
}

void pipeline_confined(struct pipeline *p, const struct confine_result *confined)
{
    p->confined = confined;
}

void pipeline_free(struct pipeline *p)
{
    close_all(p);
    spool_close(p->spool);
    buf_release(&p->line);
    free(p);
}

static void start_detector(struct pipeline *p, const struct detector *d)
{
    struct running_detector *running = &p->detectors[p->detectors_n++];
    *running = (struct running_detector){.pipeline = p, .is = d};
    struct detect_host host = {p->config, p->store, running, emit_finding, put_of_detector};
    if (d->open(&host, &running->self, &running->error) != 0) {
        running->self = NULL;
        log_error("detector %s is off: %s", d->name, running->error.text);
    }
}

static void start_source(struct pipeline *p, const struct source *s)
{
    struct running_source *running = &p->sources[p->sources_n++];
    *running = (struct running_source){.is = s};
    if (s->open(&p->source_host, &running->self, &running->error) != 0) {
        running->self = NULL;
        log_error("source %s is off: %s", s->name, running->error.text);
    }
}

void pipeline_start(struct pipeline *p, const struct config *c, const struct identity *who)
{
    p->config = c;
    p->who = who;
    p->source_host = (struct source_host){
        .config = c,
        .store = p->store,
        .ctx = p,
        .emit = emit,
        .emit_record = emit_record,
        .put = put,
        .dropped = dropped,
        .full = is_full,
        .lost_after_ms = p->had_state ? 0 : heartbeat_last_delivery(c),
    };
    struct flood_host flood_host = {c, p->store, p, emit_told, put, dropped};
    p->flood = flood_open(&flood_host, clock_wall_ms());
    for (size_t i = 0; i < DETECTORS_MAX && all_detectors[i]; i++)
        start_detector(p, all_detectors[i]);
    for (size_t i = 0; i < SOURCES_MAX && all_sources[i]; i++)
        start_source(p, all_sources[i]);
    p->tick_due = 0;
    p->had_state = true; /* a reload is no new beginning */
}

/* ---- frames ---- */

static void save_counters(struct pipeline *p)
{
    struct buf saved = BUF_INIT(4096);
    counters_save(&p->counters, &saved);
    put(p, STORE_META, SPAN("counters"), buf_span(&saved));
    buf_release(&saved);
}

/*
 * Positions, detector state and counters go into the same frame as the events that came of them:
 * after a crash reading goes on behind the last event that is durable, with the state of then.
 */
static void add_checkpoints(struct pipeline *p)
{
    for (size_t i = 0; i < p->sources_n; i++)
        if (p->sources[i].self && p->sources[i].is->checkpoint)
            p->sources[i].is->checkpoint(p->sources[i].self);
    for (size_t i = 0; i < p->detectors_n; i++)
        if (p->detectors[i].self)
            p->detectors[i].is->checkpoint(p->detectors[i].self);
    if (p->flood)
        flood_checkpoint(p->flood);
    save_counters(p);
}

static void write_frame(struct pipeline *p)
{
    if (!p->frame_error) /* else they stand in the frame already, and nothing was read since */
        add_checkpoints(p);
    int rc = spool_flush(p->spool);
    if (rc != 0 && !p->frame_error)
        log_error("the journal cannot be written: %s; reading stops until it can", error_text(rc));
    if (rc == 0 && p->frame_error)
        log_info("the journal can be written again");
    p->frame_error = rc;
    if (rc != 0)
        return;
    p->frame_since = p->checkpoint_since = 0;
    p->urgent = false;
    if (store_pending_bytes(p->store) > STORE_PENDING_MAX && store_commit(p->store) != 0)
        log_warning("state cannot be written; it stays in the journal");
}

int pipeline_flush(struct pipeline *p)
{
    write_frame(p);
    return p->frame_error;
}

static int64_t frame_due(const struct pipeline *p)
{
    int64_t due = INT64_MAX;
    if (spool_frame_is_full(p->spool))
        return 0;
    if (p->frame_since)
        due = p->frame_since + (p->urgent ? 0 : FRAME_AGE_MS);
    if (p->checkpoint_since && p->checkpoint_since + CHECKPOINT_AGE_MS < due)
        due = p->checkpoint_since + CHECKPOINT_AGE_MS;
    return due;
}

static void run_spool(struct pipeline *p, int64_t now)
{
    int64_t due = spool_run(p->spool, now);
    bool failed = due < 0;
    if (failed && !p->seal_error)
        log_error("a batch cannot be closed: %s; it will be tried again", error_text((int)due));
    p->seal_error = failed ? (int)due : 0;
    p->spool_due = failed ? now + RETRY_MS : due;
}

void pipeline_stop(struct pipeline *p)
{
    write_frame(p);
    close_all(p);
}

/* ---- health ---- */

static const char *const state_names[] = {"ok", "degraded", "failed", "off"};

static void health_of(const struct running_source *s, struct source_health *out)
{
    *out = (struct source_health){.state = SOURCE_FAILED};
    if (s->self)
        s->is->health(s->self, out);
    else
        span_copy(span_of(s->error.text), out->detail, sizeof(out->detail));
}

static bool is_unwell(enum source_state state)
{
    return state == SOURCE_DEGRADED || state == SOURCE_FAILED;
}

/* A source that becomes well or unwell is news: for the log, and for the status at once. */
static void note_health(struct pipeline *p, struct running_source *s)
{
    struct source_health now;
    health_of(s, &now);
    if (is_unwell(now.state) != is_unwell(s->told)) {
        p->turns++;
        if (is_unwell(now.state))
            log_warning("source %s is %s: %s", s->is->name, state_names[now.state], now.detail);
        else
            log_info("source %s is well again", s->is->name);
    }
    s->told = now.state;
}

/* ---- the round ---- */

size_t pipeline_waits(struct pipeline *p, wait_t *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < p->sources_n && !no_space(p); i++) {
        const struct running_source *s = &p->sources[i];
        size_t room = max - n < WAITS_PER_SOURCE ? max - n : WAITS_PER_SOURCE;
        if (s->self && s->is->waits)
            n += s->is->waits(s->self, out + n, room);
    }
    return n;
}

/* A silence ought to be seen not much later than it is one. */
static int64_t tick_every(const struct config *c)
{
    int64_t part = c->silence_s * 1000 / 12;
    return part < TICK_MS ? part : TICK_MS;
}

/* When they want to know the time again. */
static int64_t tick_detectors(struct pipeline *p, int64_t now_ms)
{
    if (p->tick_due > now_ms)
        return p->tick_due;
    for (size_t i = 0; i < p->detectors_n; i++)
        if (p->detectors[i].self && p->detectors[i].is->tick)
            p->detectors[i].is->tick(p->detectors[i].self, clock_wall_ms());
    p->tick_due = now_ms + tick_every(p->config);
    return p->tick_due;
}

int64_t pipeline_round(struct pipeline *p, int64_t now_ms)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < p->sources_n && !no_space(p); i++) {
        struct running_source *s = &p->sources[i];
        if (!s->self)
            continue;
        /* looking whether there is work is cheap, so every source is asked in every round */
        s->due = s->is->run(s->self, now_ms);
        note_health(p, s);
        if (s->due < next)
            next = s->due;
    }
    int64_t wall_ms = clock_wall_ms();
    int64_t flood = no_space(p) ? INT64_MAX : flood_run(p->flood, wall_ms);
    now_ms = clock_mono_ms();
    if (flood < INT64_MAX && now_ms + (flood - wall_ms) < next)
        next = now_ms + (flood - wall_ms);
    int64_t tick = tick_detectors(p, now_ms);
    if (tick < next)
        next = tick;
    if (frame_due(p) <= now_ms || (p->spool_due <= now_ms && spool_has_pending(p->spool)))
        write_frame(p);
    run_spool(p, now_ms);
    int64_t frame = p->frame_error ? now_ms + RETRY_MS : frame_due(p);
    if (frame < next)
        next = frame;
    return p->spool_due < next ? p->spool_due : next;
}

bool pipeline_request(struct pipeline *p, const char *what)
{
    bool taken = false;
    for (size_t i = 0; i < p->sources_n; i++) {
        const struct running_source *s = &p->sources[i];
        if (s->self && s->is->request && s->is->request(s->self, what))
            taken = true;
    }
    return taken;
}

void pipeline_take_acks(struct pipeline *p)
{
    spool_take_acks(p->spool);
}

void pipeline_seal(struct pipeline *p)
{
    write_frame(p);
    int rc = spool_seal(p->spool);
    if (rc != 0)
        log_warning("the last batch stays open: %s; it will be closed at the next start",
                    error_text(rc));
}

/* ---- what is told of it all ---- */

/* What a suppression lacks stands with the rules: it is theirs that it changes. */
static void add_suppressions(const struct pipeline *p, struct detect_health *sum)
{
    size_t broken;
    char problem[sizeof(sum->detail)];
    flood_problem(p->flood, clock_wall_ms(), &broken, problem, sizeof(problem));
    sum->broken += broken;
    if (!sum->detail[0])
        memcpy(sum->detail, problem, sizeof(sum->detail));
}

static void sum_rules(const struct pipeline *p, struct detect_health *sum)
{
    *sum = (struct detect_health){0};
    for (size_t i = 0; i < p->detectors_n; i++) {
        struct detect_health one = {0};
        if (p->detectors[i].self)
            p->detectors[i].is->health(p->detectors[i].self, &one);
        else
            span_copy(span_of(p->detectors[i].error.text), one.detail, sizeof(one.detail));
        sum->rules += one.rules;
        sum->broken += one.broken;
        if (one.detail[0] && !sum->detail[0])
            memcpy(sum->detail, one.detail, sizeof(sum->detail));
    }
    if (p->flood)
        add_suppressions(p, sum);
}

static void describe_findings(const struct pipeline *p, struct json_out *j)
{
    json_object(j, "findings");
    flood_describe(p->flood, j, clock_wall_ms());
    json_end_object(j);
}

static void describe_rules(const struct pipeline *p, struct json_out *j)
{
    struct detect_health sum;
    sum_rules(p, &sum);
    json_object(j, "rules");
    json_uint(j, "active", sum.rules);
    json_uint(j, "broken", sum.broken);
    json_text(j, "detail", sum.detail);
    json_end_object(j);
}

void pipeline_describe(struct pipeline *p, struct json_out *j)
{
    counters_describe(&p->counters, j);
    json_array(j, "sources");
    for (size_t i = 0; i < p->sources_n; i++) {
        struct source_health health;
        health_of(&p->sources[i], &health);
        json_object(j, NULL);
        json_text(j, "name", p->sources[i].is->name);
        json_text(j, "state", state_names[health.state]);
        json_text(j, "detail", health.detail);
        json_end_object(j);
    }
    json_end_array(j);
    describe_rules(p, j);
    if (p->flood)
        describe_findings(p, j);
}

bool pipeline_is_healthy(struct pipeline *p)
{
    struct detect_health rules;
    sum_rules(p, &rules);
    for (size_t i = 0; i < p->sources_n; i++) {
        struct source_health health;
        health_of(&p->sources[i], &health);
        if (is_unwell(health.state))
            return false;
    }
    return rules.broken == 0 && !no_space(p);
}

int pipeline_spool_error(const struct pipeline *p)
{
    return p->frame_error ? p->frame_error : p->seal_error;
}

uint64_t pipeline_changes(const struct pipeline *p)
{
    struct spool_counters spool;
    spool_counters_read(p->spool, &spool);
    return p->counters.emitted + spool.sealed + spool.acknowledged + spool.refused +
           spool.given_up + p->turns + (p->frame_error ? 1u << 30 : 0) +
           (p->seal_error ? 1u << 31 : 0);
}

const char *pipeline_stream(const struct pipeline *p)
{
    return spool_stream(p->spool);
}

bool pipeline_is_new_stream(const struct pipeline *p)
{
    return spool_is_new_stream(p->spool);
}
