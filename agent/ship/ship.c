#include "ship/ship.h"

#include "base/log.h"
#include "base/text.h"
#include "config/config.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/notify.h"
#include "platform/random.h"
#include "platform/service.h"
#include "ship/backoff.h"
#include "ship/health.h"
#include "ship/limits.h"
#include "ship/queue.h"
#include "ship/renew.h"
#include "ship/send.h"
#include "trust/identity.h"

#include <errno.h>

#define LOOK_EVERY_MS  300000 /* at folders, even when nobody told of a change */
#define CLEAN_AFTER_MS 1000   /* marks, after the outbox changed */
#define PATH_SIZE      4400

struct ship {
    const char *config_file;
    struct config *config;
    struct trust trust;
    bool enrolled;
    struct send_setup setup;
    struct sender *sender; /* while enrolled */
    struct notify *notify;
    struct queue queue;
    struct health health;
    struct limits limits;
    bool ends; /* to be started again */
    struct renew renew;
    unsigned failures; /* in a row */
    unsigned silences; /* in a row */
    /* monotonic ms; INT64_MAX: never */
    int64_t retry_at; /* nothing is sent before */
    int64_t pace_at;  /* nothing is sent before, for the rate's sake */
    int64_t look_due;
    int64_t clean_due;
};

static uint32_t chance(void)
{
    uint32_t any = 0;
    random_fill(&any, sizeof(any)); /* without chance there is only less spread */
    return any;
}

/* ---- who we are ---- */

static const char *center_of(const struct ship *s)
{
    return s->config->center_url[0] ? s->config->center_url : s->trust.center_url;
}

static void try_at_once(struct ship *s)
{
    s->failures = s->silences = 0;
    s->retry_at = 0;
}

static void drop_identity(struct ship *s, const char *words)
{
    sender_free(s->sender);
    s->sender = NULL;
    trust_close(&s->trust);
    s->enrolled = false;
    health_no_identity(&s->health);
    health_error(&s->health, words, 0);
}

/* Only a new process has all ports again. */
static void end_for_port(struct ship *s)
{
    log_warning("%s has another port than before, which ship has given up; it ends, for the "
                "service manager to start it again",
                center_of(s));
    s->ends = true;
}

/* A renewal is up to three requests, each of which may take its time. */
static bool is_stopped(void)
{
    static int64_t told;
    int64_t now = clock_mono_ms();
    if (now - told >= 1000) {
        told = now;
        service_alive();
    }
    return service_stop_asked();
}

static void open_sender(struct ship *s)
{
    struct error e;
    if (!limits_center(&s->limits, center_of(s)))
        end_for_port(s);
    health_confined(&s->health, &s->limits.result);
    s->setup = (struct send_setup){center_of(s), &s->trust, s->config->timeout_s,
                                   s->config->rate_bytes, is_stopped};
    sender_free(s->sender);
    s->sender = sender_new(&s->setup, &e);
    if (s->sender)
        health_identity(&s->health, &s->trust.own, s->setup.url);
    else
        drop_identity(s, e.text);
}

static void take_identity(struct ship *s, const struct trust *next)
{
    char until[TEXT_TIME_SIZE];
    sender_free(s->sender);
    s->sender = NULL;
    trust_close(&s->trust);
    s->trust = *next;
    s->enrolled = true;
    text_time(s->trust.own.not_after_ms, until);
    log_info("%s of %s delivers to %s; certificate until %.10s", s->trust.own.cn,
             s->trust.own.institution, center_of(s), until);
    health_well(&s->health);
    try_at_once(s);
    renew_restart(&s->renew);
    open_sender(s);
}

/* A new certificate is taken up; a broken one leaves the one of before in force. */
static void look_at_identity(struct ship *s)
{
    struct trust next;
    struct error e;
    enum trust_state state = trust_open(s->config->pki_dir, &next, &e);
    bool stays = state == TRUST_BROKEN && s->enrolled;
    health_identity_error(&s->health, stays ? e.text : "");
    if (state == TRUST_READY && s->enrolled && trust_equal(&next, &s->trust))
        trust_close(&next);
    else if (state == TRUST_READY)
        take_identity(s, &next);
    else if (!stays)
        drop_identity(s, e.text);
}

/* ---- the next certificate ---- */

static struct renew_with renewing(struct ship *s)
{
    return (struct renew_with){s->config->pki_dir, &s->trust, &s->setup, s->sender, &s->health};
}

static void plan_renewal(struct ship *s)
{
    struct renew_with with = renewing(s);
    if (s->enrolled)
        renew_plan(&s->renew, &with);
}

static void renew(struct ship *s)
{
    struct renew_with with = renewing(s);
    if (!renew_try(&s->renew, &with))
        return;
    struct renew rest = s->renew;
    look_at_identity(s);
    s->renew = rest;
    plan_renewal(s);
}

/* ---- delivering ---- */

static void fail(struct ship *s, const char *words, int64_t pause_ms)
{
    s->retry_at = clock_mono_ms() + pause_ms;
    health_error(&s->health, words, clock_wall_ms() + pause_ms);
}

static int64_t next_pause(struct ship *s)
{
    s->failures++;
    return backoff_ms(s->failures, s->config->retry_max_s * 1000, chance());
}

/* The center has the batch, and that cannot be written down: then it gets it once more (204). */
static void fail_mark(struct ship *s, int rc)
{
    char words[256];
    snprintf(words, sizeof(words),
             "%.150s: acknowledgements cannot be written: %s; nothing is lost, it is tried again",
             s->config->inbox_dir, error_text(rc));
    fail(s, words, next_pause(s));
}

static void take_delivered(struct ship *s, const struct queue_batch *b, const struct sent *sent)
{
    int rc = queue_mark_delivered(&s->queue, b);
    if (rc != 0) {
        fail_mark(s, rc);
        return;
    }
    s->failures = s->silences = 0;
    health_delivered(&s->health);
    log_debug("%s delivered (%d)", b->name, sent->answer.status);
}

static void take_refused(struct ship *s, const struct queue_batch *b, const struct sent *sent,
                         const char *words)
{
    int rc = queue_mark_refused(&s->queue, b, sent->answer.status);
    if (rc != 0) {
        fail_mark(s, rc);
        return;
    }
    s->failures = s->silences = 0;
    log_warning("%s is kept in outbox/refused", b->name);
    health_refused(&s->health, words);
}

static void take_failure(struct ship *s, const struct verdict *v, const struct sent *sent)
{
    int64_t pause = next_pause(s);
    if (v->kind == VERDICT_CERTIFICATE)
        pause = backoff_at_least_ms(s->config->retry_max_s * 1000, chance());
    if (sent->retry_after_ms > pause)
        pause = backoff_at_least_ms(sent->retry_after_ms, chance());
    s->silences = v->silence ? s->silences + 1 : 0;
    fail(s, v->words, pause);
}

static void take_answer(struct ship *s, const struct queue_batch *b, struct sent *sent)
{
    struct verdict v;
    sent->answer.own_expired = clock_wall_ms() > s->trust.own.not_after_ms;
    sent->answer.own_early = clock_wall_ms() < s->trust.own.not_before_ms;
    sent->answer.silences = s->silences;
    verdict_make(&sent->answer, &v);
    if (sent->has_offset) {
        s->health.has_offset = true;
        s->health.clock_offset_ms = sent->clock_offset_ms;
    }
    if (v.kind == VERDICT_DELIVERED)
        take_delivered(s, b, sent);
    else if (v.kind == VERDICT_REFUSED)
        take_refused(s, b, sent, v.words);
    else
        take_failure(s, &v, sent);
}

static void deliver(struct ship *s, const struct queue_batch *b)
{
    char path[PATH_SIZE], words[256];
    struct sent sent;
    int64_t begun = clock_mono_ms();
    queue_path(&s->queue, b, path, sizeof(path));
    int rc = sender_put(s->sender, path, b->name, &sent);
    if (rc == -ENOENT) { /* collect took it away */
        queue_drop(&s->queue, b);
        return;
    }
    if (rc != 0) {
        snprintf(words, sizeof(words), "outbox: %s cannot be read: %s; does ship have the right?",
                 b->name, error_text(rc));
        fail(s, words, next_pause(s));
        return;
    }
    if (s->config->rate_bytes)
        s->pace_at = begun + (int64_t)(sent.bytes * 1000 / s->config->rate_bytes);
    if (!sent.stopped)
        take_answer(s, b, &sent);
}

/* ---- what happens around ---- */

static bool watch(struct ship *s, const char *folder, const char *part)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "%s%s", folder, part);
    bool found = true;
    /* Not there yet: the nearest folder above it tells when it comes. */
    while (notify_add(s->notify, path[0] ? path : "/") < 0) {
        char *slash = strrchr(path, '/');
        found = false;
        if (!slash)
            break;
        *slash = '\0';
    }
    return found;
}

static void watch_folders(struct ship *s)
{
    bool all = watch(s, s->config->outbox_dir, "/urgent");
    all = watch(s, s->config->outbox_dir, "/routine") && all;
    all = watch(s, s->config->pki_dir, "") && all;
    if (!all)
        log_debug("some folders are not there yet");
}

static void make_inbox(const struct config *c)
{
    static const char *const parts[] = {"", "/ack", "/refused"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof(path), "%s%s", c->inbox_dir, parts[i]);
        int rc = folder_make(path, 0750);
        if (rc != 0)
            log_warning("%s: cannot be made: %s", path, error_text(rc));
    }
}

static void look_around(struct ship *s, int64_t now)
{
    watch_folders(s);
    look_at_identity(s);
    plan_renewal(s);
    queue_changed(&s->queue);
    health_tick(&s->health);
    s->clean_due = s->clean_due < now + CLEAN_AFTER_MS ? s->clean_due : now + CLEAN_AFTER_MS;
    s->look_due = now + LOOK_EVERY_MS;
}

static void take_notices(struct ship *s, int64_t now)
{
    bool told = false;
    while (notify_next(s->notify) != -1)
        told = true;
    if (told || now >= s->look_due)
        look_around(s, now);
}

static void reload(struct ship *s)
{
    struct error e;
    struct config *next = config_read(s->config_file, &e);
    if (!next) {
        log_error("%s; the configuration of before stays in force", e.text);
        return;
    }
    if (strcmp(next->inbox_dir, s->config->inbox_dir) != 0) {
        log_error("%s: root changed; restart the service for that", s->config_file);
        config_free(next);
        return;
    }
    struct config *before = s->config;
    s->config = next;
    queue_init(&s->queue, next->outbox_dir, next->inbox_dir);
    log_set_level((enum log_level)next->log_level);
    try_at_once(s);
    s->pace_at = 0;
    if (s->enrolled)
        open_sender(s);
    config_free(before);
    log_info("%s is in force", s->config_file);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void wait_until(struct ship *s, int64_t due)
{
    struct poll_item items[] = {{service_wait(), false}, {notify_wait(s->notify), false}};
    int64_t watchdog = service_watchdog_ms(), timeout = due - clock_mono_ms();
    if (watchdog > 0)
        timeout = smaller(timeout, watchdog);
    poll_wait(items, 2, larger(timeout, 0));
}

/* Sends at most one batch, so that a more urgent one is seen before the next. */
static void do_round(struct ship *s)
{
    struct queue_batch batch;
    int64_t now = clock_mono_ms(), due;
    take_notices(s, now);
    due = s->look_due;
    if (s->enrolled && queue_next(&s->queue, &batch)) {
        due = smaller(due, larger(s->retry_at, s->pace_at));
        if (due <= now)
            deliver(s, &batch);
    }
    if (s->enrolled && now >= s->renew.due)
        renew(s);
    if (now >= s->clean_due) {
        queue_clean_marks(&s->queue);
        s->clean_due = INT64_MAX;
    }
    if (now >= health_due(&s->health))
        health_write(&s->health, s->config->inbox_dir, now);
    service_alive();
    due = smaller(due, smaller(s->clean_due, health_due(&s->health)));
    if (s->enrolled)
        due = smaller(due, s->renew.due);
    if (due > now)
        wait_until(s, due);
}

static int start(struct ship *s)
{
    int rc = service_open();
    if (rc == 0)
        rc = notify_open(&s->notify);
    if (rc != 0) {
        log_error("ship cannot start: %s", error_text(rc));
        return 1;
    }
    log_set_level((enum log_level)s->config->log_level);
    make_inbox(s->config);
    queue_init(&s->queue, s->config->outbox_dir, s->config->inbox_dir);
    health_init(&s->health, s->config->inbox_dir);
    limits_enter(&s->limits, s->config);
    health_confined(&s->health, &s->limits.result);
    look_around(s, clock_mono_ms());
    return 0;
}

int ship_run(const char *config_file)
{
    struct error e;
    struct ship s = {.config_file = config_file, .clean_due = INT64_MAX};
    s.config = config_read(config_file, &e);
    if (!s.config) {
        log_error("%s", e.text);
        return 2;
    }
    int code = start(&s);
    if (code == 0) {
        service_ready();
        while (!service_stop_asked() && !s.ends) {
            if (service_reload_asked())
                reload(&s);
            do_round(&s);
        }
        health_write(&s.health, s.config->inbox_dir, clock_mono_ms());
    }
    sender_free(s.sender);
    trust_close(&s.trust);
    notify_close(s.notify);
    config_free(s.config);
    return code;
}
