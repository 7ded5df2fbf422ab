#include "collect/status.h"

#include "base/log.h"
#include "base/version.h"
#include "collect/pipeline.h"
#include "platform/clock.h"
#include "platform/confine.h"
#include "platform/file.h"
#include "platform/process.h"

static void put_spool(struct json_out *j, const struct config *c, const struct pipeline *p)
{
    const char *stream = pipeline_stream(p);
    int rc = pipeline_spool_error(p);
    json_object(j, "spool");
    json_text(j, "stream", stream);
    json_text(j, "error", rc != 0 ? error_text(rc) : "");
    json_uint(j, "cap", c->spool_cap);
    for (int i = 0; i < OUTBOX_CLASSES; i++) {
        struct outbox_count count = {0};
        outbox_sum(c->outbox_dir, (enum outbox_class)i, stream, &count);
        json_object(j, outbox_folder_name[i]);
        json_uint(j, "batches", count.batches);
        json_uint(j, "bytes", count.bytes);
        json_end_object(j);
    }
    json_end_object(j);
}

static bool is_healthy(const struct status_facts *f)
{
    return pipeline_is_healthy(f->pipeline) && f->config_error[0] == '\0' &&
           f->confined->missing[0] == '\0';
}

static void put_all(struct json_out *j, const struct status_facts *f)
{
    struct process_cost cost;
    process_cost_of_self(&cost);
    json_object(j, NULL);
    json_text(j, "version", VIGIA_VERSION);
    json_int(j, "pid", process_self_id());
    json_int(j, "time", clock_wall_ms());
    json_int(j, "started", f->started_wall_ms);
    json_text(j, "endpoint", f->who->endpoint);
    json_text(j, "institution", f->who->institution);
    json_text(j, "config", f->config->file);
    json_text(j, "config_error", f->config_error);
    json_text(j, "confinement", f->confined->in_force);
    json_text(j, "confinement_error", f->confined->missing);
    json_bool(j, "healthy", is_healthy(f));
    pipeline_describe(f->pipeline, j);
    put_spool(j, f->config, f->pipeline);
    json_uint(j, "cpu_ms", cost.cpu_ms);
    json_uint(j, "rss_kib", cost.rss_kib);
    json_end_object(j);
}

void status_write(const struct status_facts *f)
{
    struct buf text = BUF_INIT(64 * 1024);
    struct json_out j;
    json_start(&j, &text);
    put_all(&j, f);
    buf_put_byte(&text, '\n');
    int rc = text.failed
                 ? 0
                 : file_replace_lazy(f->config->run_dir, "status.json", text.p, text.n, 0644);
    if (rc != 0)
        log_debug("status.json cannot be written: %s", error_text(rc));
    buf_release(&text);
}
