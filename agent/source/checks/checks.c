/*
 * Host checks: looks at start, then every few minutes at what is cheap to look at (the files are
 * small: to read them costs no more than to ask whether they changed) and every [checks] every at
 * all of it. An outcome is told once, then when it changes, and once a day, so that the SOC can
 * build its picture anew.
 */
#include "base/mem.h"
#include "platform/clock.h"
#include "source/all.h"
#include "source/checks/tell.h"

#define SLICE_MS 20
#define LOOK_MS  300000
#define PAUSE_MS 20   /* between two slices: others come first */
#define WAIT_MS  1000 /* while the spool is full */
#define DAY_MS   86400000

static const char totals_key[] = " totals"; /* no id has a blank */

struct totals_told {
    struct check_totals totals;
    int64_t at_ms;
};

struct check_source {
    struct source_host host;
    struct checks checks;
    size_t broken;
    char problem[200]; /* the first of them */

    bool looking, all; /* a look is under way; at the slow ones too */
    bool again;        /* one was asked for since: it may have passed by what changed */
    struct checks_view view;
    size_t at;
    void *walk;
    struct check_outcome outcome;
    int64_t began_ms;
    uint8_t *status; /* the last outcome of each check */
    int64_t due, all_due;
};

/* Twice through the checks: those that are cheap first. */
static size_t index_of(const struct check_source *self)
{
    return self->at % self->checks.n;
}

static void take_problem(void *ctx, const char *problem)
{
    struct check_source *self = ctx;
    if (self->broken++ == 0)
        snprintf(self->problem, sizeof(self->problem), "%.190s", problem);
}

/* ---- telling ---- */

static bool read_told(const struct check_source *self, struct span id, struct check_told *out)
{
    struct buf value = BUF_INIT(256);
    bool fine = store_get(self->host.store, STORE_CHECKS, id, &value) == 0 &&
                check_told_load(buf_span(&value), out);
    buf_release(&value);
    return fine;
}

static void tell(struct check_source *self, const struct check *c)
{
    struct check_told before, told;
    struct span id = span_of(c->id);
    bool known = read_told(self, id, &before);
    int64_t now = clock_wall_ms();
    self->status[index_of(self)] = (uint8_t)self->outcome.status;
    if (!check_is_news(c, &self->outcome, known ? &before : NULL, now, &told))
        return;
    check_tell(c, &self->outcome, known ? &before : NULL, &told, self->host.emit, self->host.ctx);
    self->host.put(self->host.ctx, STORE_CHECKS, id, span_make(&told, sizeof(told)));
}

struct gone {
    const struct check_source *self;
    struct buf ids; /* NUL after each */
};

static bool collect_gone(void *ctx, struct span key, struct span value)
{
    struct gone *gone = ctx;
    (void)value;
    if (span_equal_text(key, totals_key))
        return true;
    for (size_t i = 0; i < gone->self->checks.n; i++)
        if (span_equal_text(key, gone->self->checks.items[i].id))
            return true;
    buf_put_span(&gone->ids, key);
    buf_put_byte(&gone->ids, '\0');
    return true;
}

static void forget_gone(struct check_source *self)
{
    struct gone gone = {self, BUF_INIT(1 << 20)};
    struct check_told before;
    struct span rest, id;
    store_each(self->host.store, STORE_CHECKS, SPAN(""), collect_gone, &gone);
    rest = buf_span(&gone.ids);
    while (span_take_until(&rest, '\0', &id)) {
        if (read_told(self, id, &before))
            check_tell_gone(id, &before, clock_wall_ms(), self->host.emit, self->host.ctx);
        self->host.put(self->host.ctx, STORE_CHECKS, id, (struct span){NULL, 0});
    }
    buf_release(&gone.ids);
}

static void tell_totals(struct check_source *self, int64_t now_ms)
{
    struct totals_told before, told;
    struct buf value = BUF_INIT(256);
    memset(&told, 0, sizeof(told));
    told.at_ms = clock_wall_ms();
    told.totals.broken = self->broken;
    for (size_t i = 0; i < self->checks.n; i++)
        told.totals.by_status[self->status[i]]++;
    bool known = store_get(self->host.store, STORE_CHECKS, span_of(totals_key), &value) == 0 &&
                 value.n == sizeof(before);
    if (known)
        memcpy(&before, value.p, sizeof(before));
    buf_release(&value);
    if (known && memcmp(&before.totals, &told.totals, sizeof(told.totals)) == 0 &&
        told.at_ms - before.at_ms < DAY_MS && told.at_ms >= before.at_ms)
        return;
    check_tell_totals(&told.totals, told.at_ms, now_ms - self->began_ms, self->host.emit,
                      self->host.ctx);
    self->host.put(self->host.ctx, STORE_CHECKS, span_of(totals_key),
                   span_make(&told, sizeof(told)));
}

/* ---- looking ---- */

static void begin(struct check_source *self, int64_t now_ms)
{
    self->looking = true;
    self->all = now_ms >= self->all_due;
    self->at = 0;
    self->began_ms = now_ms;
    checks_view_open(&self->view, self->host.config->host_root);
}

static void end(struct check_source *self)
{
    int64_t now = clock_mono_ms(), every = self->host.config->checks_every_s * 1000;
    self->looking = false;
    checks_view_close(&self->view);
    if (self->all) {
        forget_gone(self);
        self->all_due = now + every;
    }
    tell_totals(self, now);
    self->due = now + (every < LOOK_MS ? every : LOOK_MS);
    if (self->again)
        self->due = self->all_due = 0;
    self->again = false;
}

/* Only a look at all of them comes to the second time. */
static bool is_done(const struct check_source *self)
{
    return self->at >= (self->all ? 2 : 1) * self->checks.n;
}

static void step(struct check_source *self)
{
    const struct check *c = &self->checks.items[index_of(self)];
    if (checks_probe_of(c)->slow != (self->at >= self->checks.n)) {
        self->at++;
        return;
    }
    if (!checks_step(&self->view, c, &self->walk, &self->outcome))
        return;
    tell(self, c);
    self->at++;
}

/* ---- the contract ---- */

static int open_checks(const struct source_host *host, void **out, struct error *e)
{
    struct check_source *self = mem_new(1, sizeof(*self));
    (void)e;
    self->host = *host;
    if (host->config->checks)
        checks_load(host->config->checks_dir, take_problem, self, &self->checks);
    self->status = mem_new(self->checks.n + 1, 1);
    *out = self;
    return 0;
}

static int64_t run(void *ctx, int64_t now_ms)
{
    struct check_source *self = ctx;
    if (!self->host.config->checks || self->checks.n == 0)
        return INT64_MAX;
    if (self->host.full(self->host.ctx))
        return now_ms + WAIT_MS;
    if (!self->looking && now_ms < self->due)
        return self->due;
    if (!self->looking)
        begin(self, now_ms);
    while (!is_done(self) && clock_mono_ms() - now_ms < SLICE_MS)
        step(self);
    if (!is_done(self))
        return clock_mono_ms() + PAUSE_MS;
    end(self);
    return self->due;
}

static bool request(void *ctx, const char *what)
{
    struct check_source *self = ctx;
    if (strcmp(what, "scan") != 0)
        return false;
    self->due = self->all_due = 0;
    self->again = self->looking;
    return true;
}

static void health(void *ctx, struct source_health *out)
{
    const struct check_source *self = ctx;
    *out = (struct source_health){.state = SOURCE_OK};
    if (!self->host.config->checks) {
        out->state = SOURCE_OFF;
    } else if (self->broken > 0) {
        out->state = SOURCE_DEGRADED;
        snprintf(out->detail, sizeof(out->detail), "%zu host checks are off, the first: %s",
                 self->broken, self->problem);
    } else if (self->checks.n == 0) {
        out->state = SOURCE_OFF;
        snprintf(out->detail, sizeof(out->detail), "no check files in %.120s; install conf/checks",
                 self->host.config->checks_dir);
    }
}

static void close_checks(void *ctx)
{
    struct check_source *self = ctx;
    if (self->looking) {
        checks_give_up(&self->checks.items[index_of(self)], &self->walk);
        checks_view_close(&self->view);
    }
    checks_release(&self->checks);
    free(self->status);
    free(self);
}

const struct source source_checks = {
    .name = "checks",
    .open = open_checks,
    .run = run,
    .request = request,
    .health = health,
    .close = close_checks,
};
