/*
 * Patch state of Windows: installed software and the patch state once a day and when they change.
 * Looks every [patch] every. The look goes on in a thread of its own (look.h): when the update
 * service does not answer in time, what the registry says is told without it, and the service is
 * not asked again before it has answered.
 */
#include "base/mem.h"
#include "platform/clock.h"
#include "source/all.h"
#include "source/patch/told.h"
#include "source/updates/look.h"
#include "source/updates/tell.h"

#include <errno.h>

struct updates {
    struct source_host host;
    struct bell *bell;
    int64_t due;               /* monotonic */
    int64_t late;              /* when the service has had its time */
    struct updates_look *look; /* while it goes on */
    struct updates_look *hung; /* one whose service has not answered in its time */
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

static void end_look(struct updates *self, const struct updates_service *service)
{
    struct updates_host *host = updates_look_host(self->look);
    struct patch_support support;
    char build[16];
    snprintf(build, sizeof(build), "%lu", (unsigned long)host->os.build);
    struct updates_facts f = {host, service, &support, clock_wall_ms()};
    patch_support_by_table(&self->support, updates_system_kind(&host->os), build, f.now_ms,
                           &support);
    updates_service_reconcile(service, &host->installed);
    note(self, &f);
    tell(self, &f);
}

static void begin_look(struct updates *self, int64_t now_ms)
{
    if (self->hung && updates_look_stage(self->hung) == LOOK_DONE) {
        updates_look_leave(self->hung);
        self->hung = NULL;
    }
    self->error[0] = '\0';
    int rc = updates_look_start(self->bell, !self->hung, &self->look);
    if (rc != 0)
        snprintf(self->error, sizeof(self->error), "no thread can be started: %s", error_text(rc));
    self->late = now_ms + LOOK_ASKING_MS;
}

/* What is told while the service has not answered. */
static void end_without_service(struct updates *self)
{
    struct service_part late = {-ETIMEDOUT, 0};
    struct updates_service nothing = {
        .pending_is = late, .history_is = late, .fixes_is = late, .times_is = late};
    end_look(self, &nothing);
}

/* True: it is over. */
static bool go_on(struct updates *self, int64_t now_ms)
{
    enum look_stage stage = updates_look_stage(self->look);
    if (stage == LOOK_DONE && self->hung) {
        end_without_service(self);
        updates_look_leave(self->look);
    } else if (stage == LOOK_DONE) {
        end_look(self, updates_look_service(self->look));
        updates_look_leave(self->look);
    } else if (stage == LOOK_ASKING && now_ms >= self->late) {
        end_without_service(self);
        self->hung = self->look;
    } else {
        return false;
    }
    self->look = NULL;
    return true;
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
    support_table_load(host->config->support_file, note_support, self, &self->support);
    self->due = host->config->patch ? 0 : INT64_MAX;
    *out = self;
    return 0;
}

static size_t waits(void *ctx, wait_t *out, size_t max)
{
    const struct updates *self = ctx;
    if (max == 0)
        return 0;
    out[0] = bell_wait(self->bell);
    return 1;
}

static int64_t run(void *ctx, int64_t now_ms)
{
    struct updates *self = ctx;
    bell_clear(self->bell);
    if (!self->look && now_ms >= self->due) {
        self->due = now_ms + self->host.config->patch_every_s * 1000;
        begin_look(self, now_ms);
    }
    if (self->look && !go_on(self, now_ms))
        return now_ms < self->late ? self->late : INT64_MAX; /* the bell says when it is read */
    return self->due;
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
