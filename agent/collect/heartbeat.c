#include "collect/heartbeat.h"

#include "base/json_read.h"
#include "base/slurp.h"
#include "collect/pipeline.h"
#include "platform/clock.h"
#include "platform/confine.h"
#include "platform/process.h"

#define SHIP_JSON_MAX  16384
#define TAGS_MAX       32 /* a heartbeat has to fit its line whatever the configuration says */
#define TAG_LENGTH_MAX 64

static void put_batch(struct json_out *j, const struct heartbeat_facts *f,
                      const struct spool_facts *batch)
{
    json_text(j, "stream", batch->stream);
    json_uint(j, "seq", batch->seq);
    json_text(j, "prev", batch->prev);
    json_uint(j, "low", batch->low);
    json_array(j, "lost");
    for (size_t i = 0; i < batch->lost_n; i++) {
        json_object(j, NULL);
        json_uint(j, "from", batch->lost[i].from);
        json_uint(j, "to", batch->lost[i].to);
        json_uint(j, "events", batch->lost[i].events);
        json_text(j, "reason", batch->lost[i].reason);
        json_end_object(j);
    }
    json_end_array(j);
    /* a quarter more than the interval: the way to the center takes its time too */
    json_int(j, "due", clock_wall_ms() + f->config->heartbeat_s * 1250);
    json_uint(j, "events", batch->events);
}

/* What the SOC groups machines by. */
static void put_groups(struct json_out *j, const struct config *c)
{
    json_text(j, "criticality", c->criticality);
    json_array(j, "tags");
    for (size_t i = 0; i < c->tags.n && i < TAGS_MAX; i++) {
        struct span tag = span_of(c->tags.items[i]);
        json_span(j, NULL, (struct span){tag.p, tag.n < TAG_LENGTH_MAX ? tag.n : TAG_LENGTH_MAX});
    }
    json_end_array(j);
}

static void put_cost(struct json_out *j, const struct heartbeat_facts *f)
{
    struct process_cost cost;
    process_cost_of_self(&cost);
    json_object(j, "collect");
    json_uint(j, "cpu_ms", cost.cpu_ms);
    json_uint(j, "rss_kib", cost.rss_kib);
    json_int(j, "uptime_s", (clock_mono_ms() - f->started_ms) / 1000);
    if (f->confined && f->confined->missing[0])
        json_text(j, "confinement_error", f->confined->missing);
    json_end_object(j);
}

static struct json_doc *read_ship(const struct config *c, struct buf *text)
{
    char path[4400];
    snprintf(path, sizeof(path), "%s/ship.json", c->inbox_dir);
    return slurp_untrusted(path, text) == 0 ? json_read(buf_span(text), NULL) : NULL;
}

int64_t heartbeat_last_delivery(const struct config *c)
{
    struct buf text = BUF_INIT(SHIP_JSON_MAX);
    struct json_doc *doc = read_ship(c, &text);
    int64_t at = json_get_int(json_root(doc), "last_delivery", 0);
    json_free(doc);
    buf_release(&text);
    return at > 0 ? at : 0;
}

/* Only known members of known types pass from ship's file, which collect treats as hostile. */
static void put_ship(struct json_out *j, const struct config *c)
{
    static const char *const numbers[] = {"last_delivery",   "delivered", "cert_days",
                                          "clock_offset_ms", "cpu_ms",    "rss_kib"};
    struct buf text = BUF_INIT(SHIP_JSON_MAX);
    struct json_doc *doc = read_ship(c, &text);
    const struct json_value *root = json_root(doc);
    json_object(j, "ship");
    for (size_t i = 0; root && i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (json_get(root, numbers[i]))
            json_int(j, numbers[i], json_get_int(root, numbers[i], 0));
    static const char *const texts[] = {"error", "renewal_error", "confinement_error"};
    for (size_t i = 0; root && i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct span words = json_get_text(root, texts[i]);
        if (words.n > 0)
            json_span(j, texts[i], (struct span){words.p, words.n < 300 ? words.n : 300});
    }
    json_end_object(j);
    json_free(doc);
    buf_release(&text);
}

void heartbeat_write(struct buf *out, const struct heartbeat_facts *f,
                     const struct spool_facts *batch, struct pipeline *p)
{
    struct buf vigia = BUF_INIT(48 * 1024);
    struct json_out j;
    json_start(&j, &vigia);
    json_object(&j, NULL);
    put_batch(&j, f, batch);
    pipeline_describe(p, &j);
    json_object(&j, "spool");
    json_uint(&j, "batches", batch->batches);
    json_uint(&j, "bytes", batch->bytes);
    json_uint(&j, "cap", f->config->spool_cap);
    json_end_object(&j);
    put_groups(&j, f->config);
    put_cost(&j, f);
    put_ship(&j, f->config);
    json_end_object(&j);

    char seq[24];
    snprintf(seq, sizeof(seq), "%llu", (unsigned long long)batch->seq);
    struct span parts[] = {SPAN("heartbeat"), span_of(batch->stream), span_of(seq)};
    struct event e = {
        .class_uid = EVENT_APPLICATION,
        .activity = APPLICATION_OTHER,
        .severity = SEVERITY_INFORMATIONAL,
        .time_ms = clock_wall_ms(),
        .vigia = buf_span(&vigia),
        .u.application.activity_name = "Heartbeat",
    };
    event_uid_make(e.uid, parts, sizeof(parts) / sizeof(parts[0]));
    ocsf_encode(out, f->who, &e, f->sequence);
    buf_release(&vigia);
}
