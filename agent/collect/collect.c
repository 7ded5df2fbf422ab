#include "collect/collect.h"

#include "base/log.h"
#include "base/mem.h"
#include "collect/identity.h"
#include "collect/pipeline.h"
#include "collect/requests.h"
#include "collect/status.h"
#include "platform/clock.h"
#include "platform/confine.h"
#include "platform/file.h"
#include "platform/memory.h"
#include "platform/notify.h"
#include "platform/random.h"
#include "platform/service.h"

#define STATUS_EVERY_MS 1000   /* at most */
#define LOOK_EVERY_MS   300000 /* at folders, even when nobody told of a change */
#define TRIM_EVERY_MS   60000

struct collect {
    const char *config_file;
    struct config *config;
    struct identity who;
    struct store *store;
    struct pipeline *pipeline;
    struct notify *notify;
    int pki_folder; /* its id in notify */
    file_t lock;
    char config_error[512];
    struct confine_result confined;
    int64_t started_wall_ms;
    int64_t status_due;      /* not before */
    uint64_t status_changes; /* what pipeline_changes() said at the last one */
    int64_t look_due;
    int64_t trim_due;
    bool look; /* at acknowledgements and requests */
    bool report_told;
};

/* ---- opening ---- */

static int make_folders(const struct config *c, struct error *e)
{
    static const char *const outbox_parts[] = {"", "/urgent", "/routine", "/refused"};
    static const char *const inbox_parts[] = {"", "/ack", "/refused"};
    char paths[16][4400];
    size_t n = 0;
    snprintf(paths[n++], sizeof(paths[0]), "%s", c->state_dir);
    snprintf(paths[n++], sizeof(paths[0]), "%s", c->requests_dir);
    snprintf(paths[n++], sizeof(paths[0]), "%s", c->run_dir);
    for (size_t i = 0; i < sizeof(outbox_parts) / sizeof(outbox_parts[0]); i++)
        snprintf(paths[n++], sizeof(paths[0]), "%s%s", c->outbox_dir, outbox_parts[i]);
    for (size_t i = 0; i < sizeof(inbox_parts) / sizeof(inbox_parts[0]); i++)
        snprintf(paths[n++], sizeof(paths[0]), "%s%s", c->inbox_dir, inbox_parts[i]);
    for (size_t i = 0; i < n; i++) {
        int rc = folder_make(paths[i], 0750);
        if (rc != 0)
            return error_set(e, "%s: cannot be made: %s", paths[i], error_text(rc));
    }
    return 0;
}

static int take_lock(struct collect *c, struct error *e)
{
    char path[4400];
    snprintf(path, sizeof(path), "%s/lock", c->config->state_dir);
    if (file_lock(path, &c->lock) == 0)
        return 0;
    return error_set(e, "%s: another collect runs with this state folder; stop it first", path);
}

static int open_notify(struct collect *c, struct error *e)
{
    char ack[4400], refused[4400];
    snprintf(ack, sizeof(ack), "%s/ack", c->config->inbox_dir);
    snprintf(refused, sizeof(refused), "%s/refused", c->config->inbox_dir);
    int rc = notify_open(&c->notify);
    if (rc != 0)
        return error_set(e, "folders cannot be watched: %s", error_text(rc));
    if (notify_add(c->notify, ack) < 0 || notify_add(c->notify, refused) < 0 ||
        notify_add(c->notify, c->config->requests_dir) < 0)
        log_warning("some folders cannot be watched; they are looked at every 5 minutes");
    c->pki_folder = notify_add(c->notify, c->config->pki_dir); /* not there before enrollment */
    return 0;
}

static int open_state(struct collect *c, struct error *e)
{
    bool fresh;
    if (make_folders(c->config, e) != 0 || take_lock(c, e) != 0)
        return -1;
    identity_read(c->config, &c->who);
    if (store_open(c->config->state_dir, &c->store, &fresh, e) != 0)
        return -1;
    c->pipeline = pipeline_new(c->store);
    if (pipeline_open_spool(c->pipeline, c->config, &c->who, e) != 0)
        return -1;
    /* what the journal held is in memory now; durable before anything builds on it */
    int rc = store_commit(c->store);
    if (rc != 0)
        return error_set(e, "%s: state cannot be written: %s", c->config->state_dir,
                         error_text(rc));
    return open_notify(c, e);
}

/* ---- what it tells about itself ---- */

static void tell_life(struct collect *c, int activity, const char *message)
{
    uint8_t nonce[16] = {0};
    random_fill(nonce, sizeof(nonce)); /* each start and stop is an event of its own */
    struct span part = span_make(nonce, sizeof(nonce));
    struct event e = {
        .class_uid = EVENT_APPLICATION,
        .activity = activity,
        .severity = SEVERITY_INFORMATIONAL,
        .time_ms = clock_wall_ms(),
        .message = message,
    };
    event_uid_make(e.uid, &part, 1);
    pipeline_emit(c->pipeline, &e);
}

static void write_status(struct collect *c, int64_t now)
{
    struct status_facts facts = {
        .config = c->config,
        .who = &c->who,
        .pipeline = c->pipeline,
        .config_error = c->config_error,
        .confined = &c->confined,
        .started_wall_ms = c->started_wall_ms,
    };
    status_write(&facts);
    c->status_due = now + STATUS_EVERY_MS;
    c->status_changes = pipeline_changes(c->pipeline);
}

/* Returns when it wants to be called again. */
static int64_t update_status(struct collect *c, int64_t now)
{
    if (pipeline_changes(c->pipeline) == c->status_changes)
        return INT64_MAX;
    if (now >= c->status_due)
        write_status(c, now);
    return c->status_due;
}

/* ---- requests ---- */

static void reload(struct collect *c)
{
    struct error e;
    struct config *next = config_read(c->config_file, &e);
    if (!next) {
        log_error("%s; the configuration of before stays in force", e.text);
        snprintf(c->config_error, sizeof(c->config_error), "%s", e.text);
        return;
    }
    if (strcmp(next->state_dir, c->config->state_dir) != 0) {
        snprintf(c->config_error, sizeof(c->config_error),
                 "%s: root changed; restart the service for that", c->config_file);
        log_error("%s", c->config_error);
        config_free(next);
        return;
    }
    struct config *before = c->config;
    pipeline_stop(c->pipeline);
    c->config = next;
    c->config_error[0] = '\0';
    log_set_level((enum log_level)next->log_level);
    identity_read(next, &c->who);
    pipeline_start(c->pipeline, next, &c->who);
    config_free(before);
    log_info("%s is in force", c->config_file);
}

static void take_request(void *ctx, const char *what)
{
    struct collect *c = ctx;
    if (strcmp(what, "reload") == 0)
        reload(c);
    else if (strcmp(what, "seal") == 0)
        pipeline_seal(c->pipeline);
    else if (!pipeline_request(c->pipeline, what))
        log_warning(
            "request \"%s\": nobody takes it; known are scan, inventory, reload, seal, report",
            what);
}

static void emit_report(void *ctx, const struct event *e)
{
    struct collect *c = ctx;
    c->report_told = pipeline_emit(c->pipeline, e);
}

/* The person who reports waits until it cannot get lost any more. */
static bool take_report(void *ctx, const struct report *r)
{
    struct collect *c = ctx;
    report_tell(r, emit_report, c);
    bool durable = c->report_told && pipeline_flush(c->pipeline) == 0;
    c->look = c->look || !durable; /* at the next round again */
    return durable;
}

/* Enrollment and renewal: from now on events name what the certificate says. */
static void look_at_identity(struct collect *c)
{
    struct identity now;
    identity_read(c->config, &now);
    if (identity_equal(&now, &c->who))
        return;
    c->who = now;
    log_info("this endpoint is now %s of %s", now.endpoint, now.institution);
}

static void look_at_folders(struct collect *c, int64_t now)
{
    int changed;
    bool pki = now >= c->look_due;
    while ((changed = notify_next(c->notify)) != -1) {
        c->look = true;
        pki = pki || changed == c->pki_folder || changed == -2;
    }
    if (!c->look && now < c->look_due)
        return;
    c->look = false;
    c->look_due = now + LOOK_EVERY_MS;
    if (pki)
        look_at_identity(c);
    pipeline_take_acks(c->pipeline);
    const struct requests_taker taker = {c, take_request, take_report};
    requests_take(c->config->requests_dir, &taker);
}

/* ---- the loop ---- */

static void wait_for_work(struct collect *c, int64_t until)
{
    wait_t handles[POLL_MAX - 2];
    struct poll_item items[POLL_MAX] = {{service_wait(), false}, {notify_wait(c->notify), false}};
    size_t n = pipeline_waits(c->pipeline, handles, POLL_MAX - 2);
    for (size_t i = 0; i < n; i++)
        items[i + 2].what = handles[i];
    int64_t watchdog = service_watchdog_ms(), timeout = until - clock_mono_ms();
    if (watchdog > 0 && timeout > watchdog)
        timeout = watchdog;
    if (timeout < 0)
        timeout = 0;
    poll_wait(items, n + 2, timeout);
}

/* What a scan or a first fill has left goes back; the loop is not woken for it. */
static void trim_memory(struct collect *c, int64_t now)
{
    if (now < c->trim_due)
        return;
    memory_trim();
    c->trim_due = now + TRIM_EVERY_MS;
}

static void run_loop(struct collect *c)
{
    c->look = true;
    while (!service_stop_asked()) {
        if (service_reload_asked())
            reload(c);
        int64_t due = pipeline_round(c->pipeline, clock_mono_ms());
        look_at_folders(c, clock_mono_ms());
        trim_memory(c, clock_mono_ms());
        int64_t status = update_status(c, clock_mono_ms());
        service_alive();
        due = due < status ? due : status;
        wait_for_work(c, due < c->look_due ? due : c->look_due);
    }
}

static void release(struct collect *c)
{
    if (c->pipeline)
        pipeline_free(c->pipeline);
    if (c->store)
        store_close(c->store);
    if (c->notify)
        notify_close(c->notify);
    if (c->lock != FILE_NONE)
        file_close(c->lock);
    config_free(c->config);
}

static int start(struct collect *c, struct error *e)
{
    if (service_open() != 0)
        return error_set(e, "signals cannot be taken");
    log_set_level((enum log_level)c->config->log_level);
    return open_state(c, e);
}

/* All is open by now. What reads everything neither speaks with the network nor starts or changes
 * anything; files by handle it has to open, to say what has changed. */
static void give_up_rights(struct collect *c)
{
    const struct confine confine = {.never = CONFINE_SOCKETS | CONFINE_PROGRAMS | CONFINE_OTHERS |
                                             CONFINE_SYSTEM};
    confine_self(&confine, &c->confined);
    pipeline_confined(c->pipeline, &c->confined);
    if (c->confined.missing[0])
        log_warning("collect could not give up all it should: %s", c->confined.missing);
}

int collect_run(const char *config_file)
{
    struct error e;
    struct collect c = {.config_file = config_file, .lock = FILE_NONE};
    c.started_wall_ms = clock_wall_ms();
    memory_init();
    c.config = config_read(config_file, &e);
    if (!c.config) {
        log_error("%s", e.text);
        return 2;
    }
    if (start(&c, &e) != 0) {
        log_error("%s", e.text);
        release(&c);
        return 1;
    }
    pipeline_start(c.pipeline, c.config, &c.who);
    give_up_rights(&c);
    tell_life(&c, APPLICATION_START,
              pipeline_is_new_stream(c.pipeline) ? "Vigia started with a new state folder"
                                                 : "Vigia started");
    write_status(&c, clock_mono_ms());
    service_ready();
    run_loop(&c);
    tell_life(&c, APPLICATION_STOP, "Vigia was asked to stop");
    pipeline_seal(c.pipeline);
    pipeline_stop(c.pipeline);
    release(&c);
    return 0;
}
