/*
 * Patch state: the installed packages once a day and when they change, the pending updates when
 * they change and at least once a day. Looks when dpkg's or apt's files change and every
 * [patch] every.
 */
#include "base/mem.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/host.h"
#include "platform/notify.h"
#include "source/all.h"
#include "source/patch/lists.h"
#include "source/patch/tell.h"
#include "source/patch/told.h"

#define STALE_MS   (14ll * DAY_MS) /* lists that old hide updates */
#define DAY_MS     86400000
#define STEP_BYTES (8 << 20) /* of lists in one run: some ten milliseconds */
#define SETTLE_MS  2000      /* dpkg and apt write many files: look when they are quiet */

struct patch {
    struct source_host host;
    struct notify *notify;
    struct host_info os;
    int64_t due;               /* monotonic */
    struct patch_lists *lists; /* while a look goes on, with packages */
    struct packages packages;
    struct support_table support;
    struct error error;
    char warning[256];
    char support_words[160]; /* what is wrong with the table of releases, or empty */
};

/* ---- since when an update is pending: when it was first seen ---- */

static struct span since_key(const struct package *p, char *out, size_t size)
{
    int n = snprintf(out, size, "since %s %s %s", p->name, p->arch, p->candidate);
    return (struct span){out, n > 0 && (size_t)n < size ? (size_t)n : size - 1};
}

static int64_t first_seen(const struct patch *self, const struct package *p, int64_t now_ms)
{
    char key[480];
    int64_t seen = now_ms;
    struct buf value = BUF_INIT(64);
    struct span k = since_key(p, key, sizeof(key));
    if (store_get(self->host.store, STORE_PATCH, k, &value) == 0 && value.n == sizeof(seen))
        memcpy(&seen, value.p, sizeof(seen));
    else
        self->host.put(self->host.ctx, STORE_PATCH, k, span_make(&seen, sizeof(seen)));
    buf_release(&value);
    return seen;
}

struct stale {
    struct map *wanted;
    struct buf keys; /* NUL after each */
};

static bool collect_stale(void *ctx, struct span key, struct span value)
{
    struct stale *stale = ctx;
    (void)value;
    if (!map_get(stale->wanted, key)) {
        buf_put_span(&stale->keys, key);
        buf_put_byte(&stale->keys, '\0');
    }
    return true;
}

/* Forgets updates that are installed by now or replaced by newer ones. */
static void forget_stale(const struct patch *self, const struct packages *packages)
{
    struct stale stale = {map_new(PACKAGES_MAX), BUF_INIT(16 << 20)};
    char key[480];
    for (size_t i = 0; i < packages->n; i++)
        if (packages->items[i].candidate)
            map_set(stale.wanted, since_key(&packages->items[i], key, sizeof(key)), &stale, NULL);
    store_each(self->host.store, STORE_PATCH, SPAN("since "), collect_stale, &stale);
    struct span rest = buf_span(&stale.keys), one;
    while (span_take_until(&rest, '\0', &one))
        self->host.put(self->host.ctx, STORE_PATCH, one, (struct span){NULL, 0});
    buf_release(&stale.keys);
    map_free(stale.wanted, NULL);
}

/* ---- one look ---- */

static void tell(const struct patch *self, const struct patch_facts *f)
{
    uint8_t state[32];
    patch_state_digest(f, state);
    if (patch_is_news(&self->host, "software", f->packages->digest, f->now_ms)) {
        patch_tell_software(f, self->host.emit, self->host.ctx);
        patch_put_told(&self->host, "software", f->packages->digest, f->now_ms);
    }
    if (patch_is_news(&self->host, "state", state, f->now_ms)) {
        patch_tell_state(f, self->host.emit, self->host.ctx);
        patch_put_told(&self->host, "state", state, f->now_ms);
    }
}

/* What keeps the answer from being true, the worst first. */
static void note_lists(struct patch *self)
{
    const struct patch_lists *l = self->lists;
    char *out = self->warning;
    size_t size = sizeof(self->warning);
    int64_t age_ms = l->updated_ms > 0 ? clock_wall_ms() - l->updated_ms : 0;
    out[0] = '\0';
    if (l->lists == 0 && l->lists_unreadable == 0)
        snprintf(out, size, "no package lists, so pending updates are unknown; run apt-get update");
    else if (l->lists_unreadable > 0)
        snprintf(out, size, "%zu package lists cannot be read, one is %.180s", l->lists_unreadable,
                 l->unreadable);
    else if (age_ms > STALE_MS)
        snprintf(out, size, "the package lists are %lld days old; run apt-get update",
                 (long long)(age_ms / DAY_MS));
    else if (l->sources.faults > 0)
        snprintf(out, size, "package sources that make no sense, at %.160s", l->sources.fault);
    else if (l->pins.faults > 0)
        snprintf(out, size, "apt preferences that cannot be followed, at %.160s", l->pins.fault);
    else if (l->left_out > 0 || l->sources.left_out > 0)
        snprintf(out, size, "more package lists and versions than are looked at");
    else
        snprintf(out, size, "%s", self->support_words);
}

static void begin_look(struct patch *self)
{
    const char *root = self->host.config->host_root;
    self->error.text[0] = '\0';
    if (packages_read(root, &self->packages, &self->error) != 0)
        packages_release(&self->packages);
    else
        patch_lists_open(root, clock_wall_ms(), &self->packages, &self->lists);
}

static void end_look(struct patch *self)
{
    const struct packages *p = &self->packages;
    const char *root = self->host.config->host_root;
    int64_t now_ms = clock_wall_ms();
    struct patch_kernel kernel;
    struct patch_unattended unattended;
    struct patch_support support = {.state = SUPPORT_UNKNOWN};
    host_read(root, &self->os);
    patch_kernel_read(root, self->os.kernel, p, &kernel);
    patch_unattended_read(root, &self->lists->conf, p, &unattended);
    patch_support_read(root, &self->support, self->os.os_id, self->os.os_codename, now_ms,
                       &support);
    note_lists(self);
    int64_t *since = mem_new(p->n, sizeof(*since));
    for (size_t i = 0; i < p->n; i++)
        if (p->items[i].candidate)
            since[i] = first_seen(self, &p->items[i], now_ms);
    struct patch_facts facts = {.packages = p,
                                .lists = self->lists,
                                .os_id = self->os.os_id,
                                .os_version = self->os.os_version,
                                .now_ms = now_ms,
                                .since_ms = since,
                                .kernel = &kernel,
                                .unattended = &unattended,
                                .support = &support};
    tell(self, &facts);
    forget_stale(self, p);
    free(since);
    patch_lists_close(self->lists);
    packages_release(&self->packages);
    self->lists = NULL;
}

/* ---- the contract ---- */

static void note_support(void *ctx, const char *problem)
{
    struct patch *self = ctx;
    if (!self->support_words[0])
        span_copy(span_of(problem), self->support_words, sizeof(self->support_words));
}

static int open_patch(const struct source_host *host, void **out, struct error *e)
{
    static const char *const folders[] = {
        "/var/lib/dpkg",           "/var/lib/apt/lists",     "/etc/apt",
        "/etc/apt/sources.list.d", "/etc/apt/preferences.d", "/etc/apt/apt.conf.d"};
    struct patch *self = mem_new(1, sizeof(*self));
    self->host = *host;
    int rc = notify_open(&self->notify);
    if (rc != 0) {
        free(self);
        return error_set(e, "package folders cannot be watched: %s", error_text(rc));
    }
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char path[4200];
        snprintf(path, sizeof(path), "%s%s", host->config->host_root, folders[i]);
        notify_add(self->notify, path); /* not there: the look by time remains */
    }
    host_read(host->config->host_root, &self->os);
    support_table_load(host->config->support_file, note_support, self, &self->support);
    self->due = host->config->patch ? 0 : INT64_MAX;
    *out = self;
    return 0;
}

static size_t waits(void *ctx, wait_t *out, size_t max)
{
    struct patch *self = ctx;
    if (max == 0)
        return 0;
    out[0] = notify_wait(self->notify);
    return 1;
}

static int64_t run(void *ctx, int64_t now_ms)
{
    struct patch *self = ctx;
    bool changed = false;
    while (notify_next(self->notify) != -1)
        changed = true;
    if (!self->host.config->patch)
        return INT64_MAX;
    if (changed && now_ms + SETTLE_MS < self->due)
        self->due = now_ms + SETTLE_MS;
    if (self->lists) {
        if (patch_lists_step(self->lists, STEP_BYTES))
            return now_ms;
        end_look(self);
    } else if (now_ms >= self->due) {
        self->due = now_ms + self->host.config->patch_every_s * 1000;
        begin_look(self);
        return self->lists ? now_ms : self->due;
    }
    return self->due;
}

static void health(void *ctx, struct source_health *out)
{
    const struct patch *self = ctx;
    *out = (struct source_health){.state = SOURCE_OK};
    if (!self->host.config->patch) {
        out->state = SOURCE_OFF;
    } else if (self->error.text[0]) {
        out->state = SOURCE_FAILED;
        snprintf(out->detail, sizeof(out->detail), "%.250s", self->error.text);
    } else if (self->warning[0]) {
        out->state = SOURCE_DEGRADED;
        snprintf(out->detail, sizeof(out->detail), "%s", self->warning);
    }
}

static void close_patch(void *ctx)
{
    struct patch *self = ctx;
    if (self->lists) {
        patch_lists_close(self->lists);
        packages_release(&self->packages);
    }
    support_table_release(&self->support);
    notify_close(self->notify);
    free(self);
}

const struct source source_patch = {
    .name = "patch",
    .open = open_patch,
    .waits = waits,
    .run = run,
    .health = health,
    .close = close_patch,
};
