#include "ship/health.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/slurp.h"
#include "base/version.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/process.h"

#define FILE_MAX 16384
#define EVERY_MS 60000
#define DAY_MS   86400000

static int64_t read_last_delivery(const char *inbox)
{
    char path[4400];
    struct buf text = BUF_INIT(FILE_MAX);
    snprintf(path, sizeof(path), "%s/ship.json", inbox);
    struct json_doc *doc =
        slurp_untrusted(path, &text) == 0 ? json_read(buf_span(&text), NULL) : NULL;
    int64_t at = json_get_int(json_root(doc), "last_delivery", 0);
    json_free(doc);
    buf_release(&text);
    return at > 0 && at <= clock_wall_ms() ? at : 0;
}

void health_init(struct health *h, const char *inbox)
{
    *h = (struct health){.started_ms = clock_wall_ms(), .changed = true};
    h->last_delivery_ms = read_last_delivery(inbox);
}

void health_identity(struct health *h, const struct certificate_facts *own, const char *center)
{
    h->enrolled = true;
    snprintf(h->endpoint, sizeof(h->endpoint), "%s", own->cn);
    snprintf(h->center, sizeof(h->center), "%s", center);
    h->cert_until_ms = own->not_after_ms;
    h->changed = true;
}

void health_no_identity(struct health *h)
{
    h->changed = h->changed || h->enrolled;
    h->enrolled = false;
}

void health_identity_error(struct health *h, const char *words)
{
    if (strcmp(h->identity_error, words) == 0)
        return;
    snprintf(h->identity_error, sizeof(h->identity_error), "%s", words);
    h->changed = true;
    if (words[0])
        log_warning("%s; what was in force before stays in force", words);
}

void health_renewal(struct health *h, const char *words, const char *error)
{
    if (strcmp(h->renewal, words) != 0) {
        snprintf(h->renewal, sizeof(h->renewal), "%s", words);
        h->changed = true;
        if (words[0])
            log_info("%s", words);
    }
    if (strcmp(h->renewal_error, error) != 0) {
        snprintf(h->renewal_error, sizeof(h->renewal_error), "%s", error);
        h->changed = true;
        if (error[0])
            log_warning("%s", error);
    }
}

void health_renewed(struct health *h)
{
    h->renewals++;
    health_renewal(h, "", "");
}

void health_error(struct health *h, const char *words, int64_t retry_at_ms)
{
    h->retry_at_ms = retry_at_ms;
    h->counted = true;
    if (strcmp(h->error, words) == 0)
        return;
    if (h->error[0] == '\0')
        h->since_ms = clock_wall_ms();
    snprintf(h->error, sizeof(h->error), "%s", words);
    snprintf(h->last_error, sizeof(h->last_error), "%s", words);
    h->last_error_ms = clock_wall_ms();
    h->changed = true;
    log_warning("%s", words);
}

void health_well(struct health *h)
{
    if (h->error[0] == '\0')
        return;
    log_info("that is over: %s", h->error);
    h->error[0] = '\0';
    h->since_ms = h->retry_at_ms = 0;
    h->changed = true;
}

void health_delivered(struct health *h)
{
    h->changed = h->changed || h->delivered == 0; /* the first is worth a write at once */
    h->delivered++;
    h->last_delivery_ms = clock_wall_ms();
    h->counted = true;
    health_well(h);
}

void health_refused(struct health *h, const char *words)
{
    h->refused++;
    snprintf(h->last_error, sizeof(h->last_error), "%s", words);
    h->last_error_ms = clock_wall_ms();
    h->changed = true;
    log_warning("%s", words);
    health_well(h); /* the center was there and spoke with us */
}

void health_confined(struct health *h, const struct confine_result *confined)
{
    if (confined->missing[0] && strcmp(confined->missing, h->confined.missing) != 0)
        log_warning("ship could not give up all it should: %s", confined->missing);
    h->confined = *confined;
    h->changed = true;
}

void health_tick(struct health *h)
{
    if (h->enrolled && clock_mono_ms() - h->written >= DAY_MS)
        h->counted = true;
}

int64_t health_due(const struct health *h)
{
    if (h->changed)
        return 0;
    return h->counted ? h->written + EVERY_MS : INT64_MAX;
}

/* Whole days; one that has begun to be over counts as -1. */
static int64_t days_until(int64_t wall_ms)
{
    int64_t left = wall_ms - clock_wall_ms();
    return left >= 0 ? left / DAY_MS : -1 - (-left - 1) / DAY_MS;
}

static void put_error(struct json_out *j, const struct health *h)
{
    json_text(j, "confinement", h->confined.in_force);
    json_text(j, "confinement_error", h->confined.missing);
    json_text(j, "identity_error", h->identity_error);
    json_text(j, "renewal", h->renewal);
    json_text(j, "renewal_error", h->renewal_error);
    json_uint(j, "renewals", h->renewals);
    json_text(j, "error", h->error);
    json_int(j, "since", h->since_ms);
    json_int(j, "retry_at", h->retry_at_ms);
    json_text(j, "last_error", h->last_error);
    json_int(j, "last_error_time", h->last_error_ms);
}

static void put_identity(struct json_out *j, const struct health *h)
{
    if (!h->enrolled)
        return;
    json_text(j, "endpoint", h->endpoint);
    json_text(j, "center", h->center);
    json_int(j, "cert_days", days_until(h->cert_until_ms));
    json_int(j, "cert_until", h->cert_until_ms);
}

static void put_all(struct json_out *j, const struct health *h)
{
    struct process_cost cost;
    process_cost_of_self(&cost);
    json_object(j, NULL);
    json_text(j, "version", VIGIA_VERSION);
    json_int(j, "pid", process_self_id());
    json_int(j, "started", h->started_ms);
    json_int(j, "time", clock_wall_ms());
    put_identity(j, h);
    json_int(j, "last_delivery", h->last_delivery_ms);
    json_uint(j, "delivered", h->delivered);
    json_uint(j, "refused", h->refused);
    put_error(j, h);
    if (h->has_offset)
        json_int(j, "clock_offset_ms", h->clock_offset_ms);
    json_uint(j, "cpu_ms", cost.cpu_ms);
    json_uint(j, "rss_kib", cost.rss_kib);
    json_uint(j, "peak_kib", cost.peak_kib);
    json_end_object(j);
}

void health_write(struct health *h, const char *inbox, int64_t now)
{
    struct buf text = BUF_INIT(FILE_MAX);
    struct json_out j;
    json_start(&j, &text);
    put_all(&j, h);
    buf_put_byte(&text, '\n');
    int rc = text.failed ? 0 : file_replace_lazy(inbox, "ship.json", text.p, text.n, 0644);
    if (rc != 0 && !h->unwritable)
        log_warning("%s/ship.json cannot be written: %s", inbox, error_text(rc));
    h->unwritable = rc != 0;
    h->changed = false;
    h->counted = rc != 0; /* then again in a minute */
    h->written = now;
    buf_release(&text);
}
