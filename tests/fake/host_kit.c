#include "unit/host_kit.h"

#include "event/ocsf.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "spool/spool.h"
#include "unit/ocsf_required.h"
#include "unit/scratch.h"

#include <stdio.h>
#include <stdlib.h>

struct host_kit host_kit;

static void must(bool ok, const char *what, const char *why)
{
    if (!ok) {
        fprintf(stderr, "host kit: %s: %s\n", what, why);
        abort();
    }
}

static void put(void *ctx, enum store_table t, struct span key, struct span value)
{
    (void)ctx;
    if (value.p)
        store_put(host_kit.store, t, key, value);
    else
        store_remove(host_kit.store, t, key);
}

static void drop(void *ctx, const char *reason, uint64_t n)
{
    (void)ctx, (void)reason;
    host_kit.dropped += n;
}

/* ---- life ---- */

static void set_default(char **path, char *value)
{
    if (!*path)
        *path = value;
}

void host_kit_begin(const struct source *source, void (*emit)(void *ctx, const struct event *e),
                    struct config config)
{
    static char severity[] = "conf/severity", support[] = "conf/support.ini";
    struct host_kit *k = &host_kit;
    scratch_open();
    *k = (struct host_kit){.source = source, .config = config};
    snprintf(k->root, sizeof(k->root), "%s/host", scratch_path());
    snprintf(k->state, sizeof(k->state), "%s/state", scratch_path());
    must(folder_make(k->state, 0700) == 0, k->state, "cannot be made");
    set_default(&k->config.host_root, k->root);
    set_default(&k->config.state_dir, k->state);
    set_default(&k->config.severity_file, severity);
    set_default(&k->config.support_file, support);
    k->host = (struct source_host){.config = &k->config, .emit = emit, .put = put, .dropped = drop};
}

void host_kit_end(void)
{
    scratch_close();
}

void host_kit_open_store(void)
{
    struct error e = {""};
    bool fresh;
    must(store_open(host_kit.config.state_dir, &host_kit.store, &fresh, &e) == 0, "store", e.text);
    host_kit.host.store = host_kit.store;
}

void host_kit_start(void)
{
    struct error e = {""};
    host_kit_open_store();
    must(host_kit.source->open(&host_kit.host, &host_kit.self, &e) == 0, "source", e.text);
}

void host_kit_stop(bool commit)
{
    host_kit.source->close(host_kit.self);
    must(!commit || store_commit(host_kit.store) == 0, "store", "cannot commit");
    store_close(host_kit.store);
}

/* ---- running it ---- */

void host_kit_turn(int64_t most_ms)
{
    struct poll_item items[8];
    wait_t waits[8];
    const struct source *s = host_kit.source;
    int64_t next = s->run(host_kit.self, clock_mono_ms());
    size_t n = s->waits ? s->waits(host_kit.self, waits, 8) : 0;
    for (size_t i = 0; i < n; i++)
        items[i] = (struct poll_item){waits[i], false};
    int64_t ms = next - clock_mono_ms();
    poll_wait(items, n, ms < 0 ? 0 : ms > most_ms ? most_ms : ms);
}

void host_kit_pass(int64_t seconds, int calls_max, int64_t *mono_ms, int64_t *wall_ms)
{
    int64_t end = *mono_ms + seconds * 1000;
    for (int calls = 0; *mono_ms < end; calls++) {
        int64_t due = host_kit.source->run(host_kit.self, *mono_ms);
        must(calls < calls_max, "source", "runs again and again");
        if (due > *mono_ms) {
            int64_t to = due < end ? due : end;
            *wall_ms += to - *mono_ms;
            *mono_ms = to;
        }
    }
    must(store_commit(host_kit.store) == 0, "store", "cannot commit");
}

struct json_doc *host_kit_encode(const struct event *e, struct buf *line)
{
    static const struct identity who = {.institution = "MX-SAT",
                                        .endpoint = "pc-1",
                                        .hostname = "pc-1",
                                        .device_uid = "00",
                                        .os_name = "Debian",
                                        .os_version = "12",
                                        .os_type_id = 200};
    struct error why = {""};
    *line = BUF_INIT(SPOOL_LINE_MAX);
    ocsf_encode(line, &who, e, 1);
    must(!line->failed, "event", "does not fit a line");
    struct json_doc *doc = json_read(buf_span(line), &why);
    must(doc && ocsf_required_check(json_root(doc), &why) == 0, line->p, why.text);
    return doc;
}
