/*
 * The registry of Windows: keys and values of the configuration, and with them its services,
 * against a baseline in the store. A notice of the system starts a pass over what was noticed; the
 * rest is passed over every now and then, and everything read again every scan_every. All of them
 * end in the same comparison, so each change is told once and never parts from the baseline.
 */
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "platform/clock.h"
#include "source/all.h"
#include "source/registry/self.h"

#include <errno.h>

#define SETTLE_MS 1000   /* what comes within this of a notice is one look ... */
#define DOUBLINGS 3      /* ... and within 8 s where notices again and again tell of nothing */
#define QUICK_MS  300000 /* new users, and what no notice tells */
#define RETRY_MS  60000
#define ALL_SLOTS ((1u << REGISTRY_SLOTS) - 1)

static void note_severity(void *ctx, const char *problem)
{
    struct registry *self = ctx;
    if (!self->severity_words[0]) /* integrity logs all of them */
        span_copy(span_of(problem), self->severity_words, sizeof(self->severity_words));
}

static void close_registry(void *ctx)
{
    struct registry *self = ctx;
    registry_pass_drop(self);
    for (size_t s = 0; s < REGISTRY_SLOTS; s++)
        registry_watch_close(self->slots[s].watch);
    registry_storms_free(self->storms);
    registry_keys_free(self->keys);
    integrity_severity_free(self->severity);
    buf_release(&self->from);
    buf_release(&self->old);
    buf_release(&self->now);
    free(self->adopt);
    free(self);
}

static void open_watches(struct registry *self)
{
    for (size_t s = 0; s < REGISTRY_SLOTS && self->watch_error == 0; s++)
        self->watch_error = registry_watch_open(&self->slots[s].watch);
}

static int open_registry(const struct source_host *host, void **out, struct error *e)
{
    struct registry_key *key;
    struct registry *self;
    int rc = registry_open("HKLM", REGISTRY_64, &key);
    registry_close(key);
    if (rc != 0)
        return error_set(e, "the registry cannot be opened: %s", error_text(rc));
    self = mem_new(1, sizeof(*self));
    self->host = *host;
    self->from = BUF_INIT(REGISTRY_STORE_KEY + 8);
    self->old = self->now = BUF_INIT(REGISTRY_RECORD_MAX + 8);
    *out = self;
    self->keys = registry_keys_new(host->config);
    self->adopt = mem_new(self->keys->n + 1, sizeof(*self->adopt));
    if (!host->config->registry)
        return 0;
    self->severity = integrity_severity_load(host->config->severity_file, note_severity, self);
    self->storms = registry_storms_new(host, self->keys);
    self->pass.first = true;
    self->next_quick_ms = INT64_MAX;
    registry_choose_adopted(self);
    if (host->config->registry_realtime)
        open_watches(self);
    if (self->keys->wrong)
        log_warning("[registry] key = %s: names no key below HKLM or HKU, so it is left out",
                    self->keys->wrong);
    return 0;
}

/* ---- the contract ---- */

static size_t waits(void *ctx, wait_t *out, size_t max)
{
    const struct registry *self = ctx;
    size_t n = 0;
    for (size_t s = 0; s < REGISTRY_SLOTS && n < max; s++)
        if (self->slots[s].watch && !self->slots[s].noticed)
            out[n++] = registry_watch_wait(self->slots[s].watch);
    return n;
}

static void take_notices(struct registry *self, int64_t now_ms)
{
    for (size_t s = 0; s < REGISTRY_SLOTS; s++) {
        struct registry_slot *slot = &self->slots[s];
        if (!slot->watch || slot->noticed || !registry_watch_ready(slot->watch))
            continue;
        slot->noticed = true;
        unsigned doublings = slot->fruitless < DOUBLINGS ? slot->fruitless : DOUBLINGS;
        slot->due_ms = now_ms + ((int64_t)SETTLE_MS << doublings);
        if (slot->due_ms < slot->rest_until_ms)
            slot->due_ms = slot->rest_until_ms;
    }
}

/* The slots to look at now; none: when, in *next_ms. */
static unsigned due_slots(const struct registry *self, int64_t now_ms, int64_t *next_ms)
{
    unsigned slots = now_ms >= self->next_quick_ms ? ALL_SLOTS : 0;
    *next_ms = self->next_full_ms < self->next_quick_ms ? self->next_full_ms : self->next_quick_ms;
    for (size_t s = 0; s < REGISTRY_SLOTS; s++) {
        const struct registry_slot *slot = &self->slots[s];
        if (!slot->noticed)
            continue;
        if (now_ms >= slot->due_ms)
            slots |= 1u << s;
        else if (slot->due_ms < *next_ms)
            *next_ms = slot->due_ms;
    }
    return slots;
}

static void plan(struct registry *self, int64_t now_ms)
{
    const struct config *c = self->host.config;
    if (self->pass.slots == ALL_SLOTS && c->registry_realtime)
        self->next_quick_ms = now_ms + QUICK_MS;
    if (self->pass.full && !self->manual)
        self->next_full_ms = now_ms + (self->error ? RETRY_MS : c->registry_scan_s * 1000);
}

static int64_t run(void *ctx, int64_t now_ms)
{
    struct registry *self = ctx;
    int64_t next_ms;
    if (!self->storms)
        return INT64_MAX;
    take_notices(self, now_ms);
    if (!self->pass.active) {
        bool full = now_ms >= self->next_full_ms;
        unsigned slots = full ? ALL_SLOTS : due_slots(self, now_ms, &next_ms);
        if (slots)
            registry_pass_begin(self, slots, full, now_ms);
    }
    if (self->pass.active) {
        if (!registry_pass_run(self, now_ms))
            return now_ms;
        plan(self, now_ms);
    }
    int64_t storm_ms = registry_storms_run(self->storms, now_ms);
    if (due_slots(self, now_ms, &next_ms) || now_ms >= self->next_full_ms)
        return now_ms;
    return storm_ms < next_ms ? storm_ms : next_ms;
}

static void checkpoint(void *ctx)
{
    struct registry *self = ctx;
    if (self->storms)
        registry_storms_checkpoint(self->storms);
}

static bool request(void *ctx, const char *what)
{
    struct registry *self = ctx;
    if (!self->storms || strcmp(what, "scan") != 0)
        return false;
    self->manual = true;
    self->next_full_ms = 0;
    return true;
}

static void health(void *ctx, struct source_health *out)
{
    const struct registry *self = ctx;
    uint64_t unwatched = 0;
    struct buf text = BUF_INIT(sizeof(out->detail) - 1);
    *out = (struct source_health){.state = self->storms ? SOURCE_OK : SOURCE_OFF};
    if (!self->storms)
        return;
    for (size_t s = 0; s < REGISTRY_SLOTS; s++)
        unwatched += self->slots[s].unwatched;
    if (self->error)
        buf_printf(&text, "the baseline cannot be written: %s; ", error_text(self->error));
    if (self->keys->wrong)
        buf_printf(&text, "[registry] key = %.60s names no key below HKLM or HKU; ",
                   self->keys->wrong);
    if (self->severity_words[0])
        buf_printf(&text, "%s; ", self->severity_words);
    if (self->watch_error)
        buf_printf(&text, "changes are only found by scans: %s; ", error_text(self->watch_error));
    if (text.n > 0)
        out->state = self->error ? SOURCE_FAILED : SOURCE_DEGRADED;
    if (self->pass.active && self->pass.full)
        buf_printf(&text, "scanning, %llu keys so far; ", (unsigned long long)self->pass.keys);
    if (unwatched > 0)
        buf_printf(&text, "%llu keys are only looked at by scans; ", (unsigned long long)unwatched);
    buf_printf(&text, "%llu keys%s", (unsigned long long)self->keys_n,
               self->slots[0].watch ? " watched by notifications" : "");
    if (self->skipped > 0)
        buf_printf(&text, ", %llu skipped", (unsigned long long)self->skipped);
    span_copy(buf_span(&text), out->detail, sizeof(out->detail));
    buf_release(&text);
}

const struct source source_registry = {
    .name = "registry",
    .open = open_registry,
    .waits = waits,
    .run = run,
    .checkpoint = checkpoint,
    .request = request,
    .health = health,
    .close = close_registry,
};
