/*
 * Patch state of Windows: installed software and the patch state once a day and when they change.
 * A look goes on in a thread of its own (look.h). The update service is asked every [patch] every;
 * when the registry changes, a look at it alone follows, with what the service said last. A service
 * that does not answer in its time is told as unknown, and is not asked again before it has
 * answered.
 */
#include "base/mem.h"
#include "platform/clock.h"
#include "platform/registry.h"
#include "source/all.h"
#include "source/patch/told.h"
#include "source/updates/look.h"
#include "source/updates/tell.h"
#include "source/updates/users.h"

#include <errno.h>

#define SETTLE_MS 10000 /* installers write much: look when they are through */
#define APART_MS  30000 /* between two looks for changes, at least */

/* A key that is not there yet is waited for. */
static const struct {
    const char *path;
    enum registry_view view;
} watched[] = {
    {"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall", REGISTRY_64},
    {"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall", REGISTRY_32},
    {"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing", REGISTRY_64},
    {"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update", REGISTRY_64},
};

struct updates {
    struct source_host host;
    struct bell *bell;
    struct registry_watch *watch;  /* NULL: only by time */
    bool changed;                  /* since the last look began */
    int64_t due;                   /* monotonic; when the service is asked */
    int64_t change_due;            /* when a change is looked at */
    int64_t begun, late;           /* the look: when, and until when the service has time */
    struct updates_look *look;     /* while it goes on */
    bool asks;                     /* it asks the service */
    struct updates_look *answered; /* the last that the service has answered */
    struct updates_look *hung;     /* one that it has not answered in its time */
    struct support_table support;
    char support_words[160]; /* what is wrong with the table of releases, or empty */
    char error[200];         /* why nothing could be looked at */
    char warning[250];       /* what is not known */
};

/* ---- one look ---- */

/* What keeps the answer from being whole, the worst first. */
static void note(struct updates *self, const struct updates_facts *f)
{
    char *out = self->warning;
    size_t size = sizeof(self->warning);
    char words[160];
    const struct service_part *parts[] = {&f->service->pending_is, &f->service->history_is,
                                          &f->service->fixes_is};
    static const char *const what[] = {"pending updates are", "the history of updates is",
                                       "the list of fixes is"};
    out[0] = '\0';
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i]->rc == 0)
            continue;
        updates_service_words(parts[i], words, sizeof(words));
        snprintf(out, size, "%s unknown: %s", what[i], words);
        return;
    }
    if (f->host->installed.rc != 0)
        snprintf(out, size, "the packages of CBS cannot be read: %s",
                 error_text(f->host->installed.rc));
    else if (f->host->software.rc != 0)
        snprintf(out, size, "installed software cannot be read: %s",
                 error_text(f->host->software.rc));
    else if (f->host->software.left_out + f->host->installed.left_out > 0)
        snprintf(out, size, "more software and updates than are looked at");
    else
        snprintf(out, size, "%s", self->support_words);
}

static void tell(struct updates *self, const struct updates_facts *f)
{
    const struct source_host *h = &self->host;
    uint8_t digest[32];
    software_digest(&f->host->software, digest);
    if (f->host->software.n > 0 && patch_is_news(h, "software", digest, f->now_ms)) {
        updates_tell_software(f, h->emit, h->ctx);
        patch_put_told(h, "software", digest, f->now_ms);
    }
    updates_state_digest(f, digest);
    if (patch_is_news(h, "state", digest, f->now_ms)) {
        updates_tell_state(f, h->emit, h->ctx);
        patch_put_told(h, "state", digest, f->now_ms);
    }
}

static const struct updates_service *said_last(const struct updates *self)
{
    static const struct updates_service late = {.pending_is = {-ETIMEDOUT, 0},
                                                .history_is = {-ETIMEDOUT, 0},
                                                .fixes_is = {-ETIMEDOUT, 0},
                                                .times_is = {-ETIMEDOUT, 0}};
    return self->answered ? updates_look_service(self->answered) : &late;
}

static void end_look(struct updates *self)
{
    struct updates_host *host = updates_look_host(self->look);
    struct patch_support support;
    char build[16];
    snprintf(build, sizeof(build), "%lu", (unsigned long)host->os.build);
    struct updates_facts f = {host, said_last(self), &support, clock_wall_ms()};
    patch_support_by_table(&self->support, updates_system_kind(&host->os), build, f.now_ms,
                           &support);
    updates_service_reconcile(f.service, &host->installed);
    users_complete(&self->host, &host->software);
    note(self, &f);
    tell(self, &f);
}

/* True: it is over. */
static bool go_on(struct updates *self, int64_t now_ms)
{
    enum look_stage stage = updates_look_stage(self->look);
    if (stage == LOOK_DONE && self->asks) {
        updates_look_leave(self->answered);
        self->answered = self->look;
        end_look(self);
    } else if (stage == LOOK_DONE) {
        end_look(self);
        updates_look_leave(self->look);
    } else if (stage == LOOK_ASKING && self->asks && now_ms >= self->late) {
        updates_look_leave(self->answered);
        self->answered = NULL;
        end_look(self);
        self->hung = self->look;
    } else {
        return false;
    }
    self->look = NULL;
    return true;
}

static void watch(struct updates *self)
{
    self->changed = false;
    self->change_due = INT64_MAX;
    if (!self->watch)
        return;
    registry_watch_reset(self->watch);
    for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
        registry_watch_add(self->watch, watched[i].path, watched[i].view);
}

static void begin_look(struct updates *self, int64_t now_ms)
{
    if (self->hung && updates_look_stage(self->hung) == LOOK_DONE) {
        updates_look_leave(self->hung);
        self->hung = NULL;
    }
    self->asks = now_ms >= self->due && !self->hung;
    if (now_ms >= self->due)
        self->due = now_ms + self->host.config->patch_every_s * 1000;
    watch(self);
    self->error[0] = '\0';
    int rc = updates_look_start(self->bell, self->asks, &self->look);
    if (rc != 0)
        snprintf(self->error, sizeof(self->error), "no thread can be started: %s", error_text(rc));
    self->begun = now_ms;
    self->late = now_ms + LOOK_ASKING_MS;
}

/* ---- the contract ---- */

static void note_support(void *ctx, const char *problem)
{
    struct updates *self = ctx;
    if (!self->support_words[0])
        span_copy(span_of(problem), self->support_words, sizeof(self->support_words));
}

static int open_updates(const struct source_host *host, void **out, struct error *e)
{
    struct updates *self = mem_new(1, sizeof(*self));
    self->host = *host;
    int rc = bell_open(&self->bell);
    if (rc != 0) {
        free(self);
        return error_set(e, "no bell can be made: %s", error_text(rc));
    }
    if (registry_watch_open(&self->watch) != 0)
        self->watch = NULL;
    support_table_load(host->config->support_file, note_support, self, &self->support);
    self->due = host->config->patch ? 0 : INT64_MAX;
    self->change_due = INT64_MAX;
    *out = self;
    return 0;
}

/* The watch stays ready until the next look begins. */
static size_t waits(void *ctx, wait_t *out, size_t max)
{
    const struct updates *self = ctx;
    size_t n = 0;
    if (n < max)
        out[n++] = bell_wait(self->bell);
    if (n < max && self->watch && !self->changed)
        out[n++] = registry_watch_wait(self->watch);
    return n;
}

static void take_changes(struct updates *self, int64_t now_ms)
{
    if (!self->watch || self->changed || !registry_watch_ready(self->watch))
        return;
    self->changed = true;
    self->change_due = now_ms + SETTLE_MS;
    if (self->change_due < self->begun + APART_MS)
        self->change_due = self->begun + APART_MS;
}

static int64_t run(void *ctx, int64_t now_ms)
{
    struct updates *self = ctx;
    if (!self->host.config->patch)
        return INT64_MAX;
    bell_clear(self->bell);
    take_changes(self, now_ms);
    if (!self->look && (now_ms >= self->due || now_ms >= self->change_due))
        begin_look(self, now_ms);
    if (self->look && !go_on(self, now_ms))
        return self->asks && now_ms < self->late ? self->late : INT64_MAX; /* or at the bell */
    return self->due < self->change_due ? self->due : self->change_due;
}

static void health(void *ctx, struct source_health *out)
{
    const struct updates *self = ctx;
    *out = (struct source_health){.state = SOURCE_OK};
    if (!self->host.config->patch) {
        out->state = SOURCE_OFF;
    } else if (self->error[0]) {
        out->state = SOURCE_FAILED;
        snprintf(out->detail, sizeof(out->detail), "%s", self->error);
    } else if (self->warning[0]) {
        out->state = SOURCE_DEGRADED;
        snprintf(out->detail, sizeof(out->detail), "%s", self->warning);
    }
}

static void close_updates(void *ctx)
{
    struct updates *self = ctx;
    updates_look_leave(self->look);
    updates_look_leave(self->hung);
    updates_look_leave(self->answered);
    registry_watch_close(self->watch);
    support_table_release(&self->support);
    bell_close(self->bell);
    free(self);
}

const struct source source_updates = {
    .name = "patch",
    .open = open_updates,
    .waits = waits,
    .run = run,
    .health = health,
    .close = close_updates,
};
