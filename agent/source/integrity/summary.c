#include "source/integrity/summary.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "platform/clock.h"
#include "platform/file.h"

#define COUNTS_MAX   16
#define SETUID_MAX   8
#define SETUID_SIZE  200
#define PACKAGES_MAX 200
#define RECORD_MAX   (COUNTS_MAX * (sizeof(struct counts)))
#define STATUS_FILE  "/var/lib/dpkg/status"

enum { CREATED, CHANGED, DELETED, KINDS };

struct counts { /* of one transaction; also the record in the store, written and read by one build
                 */
    uint8_t id[16];
    int64_t first_ms, last_ms;
    uint32_t files[KINDS];
    uint32_t setuid_n; /* new files with that bit; the first ones by name */
    char setuid[SETUID_MAX][SETUID_SIZE];
};

struct integrity_summary {
    const struct source_host *host;
    struct counts counts[COUNTS_MAX];
    size_t n;
    bool dirty;
    bool has_actor;
    struct watch_actor actor; /* of the last change that had one */
};

static const struct span key = {"integrity.transactions", 22};

struct integrity_summary *integrity_summary_new(const struct source_host *host)
{
    struct integrity_summary *s = mem_new(1, sizeof(*s));
    struct buf record = BUF_INIT(RECORD_MAX + 1);
    s->host = host;
    if (store_get(host->store, STORE_META, key, &record) == 0 && record.n <= RECORD_MAX &&
        record.n % sizeof(struct counts) == 0) {
        s->n = record.n / sizeof(struct counts);
        if (record.n > 0)
            memcpy(s->counts, record.p, record.n);
    }
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < SETUID_MAX; j++)
            s->counts[i].setuid[j][SETUID_SIZE - 1] = '\0';
    buf_release(&record);
    return s;
}

void integrity_summary_free(struct integrity_summary *s)
{
    free(s);
}

static struct counts *counts_of(struct integrity_summary *s, const struct dpkg_transaction *t)
{
    for (size_t i = 0; i < s->n; i++)
        if (memcmp(s->counts[i].id, t->id, sizeof(t->id)) == 0)
            return &s->counts[i];
    if (s->n == COUNTS_MAX)
        return &s->counts[COUNTS_MAX - 1];
    struct counts *c = &s->counts[s->n++];
    memset(c, 0, sizeof(*c));
    memcpy(c->id, t->id, sizeof(c->id));
    return c;
}

void integrity_summary_count(struct integrity_summary *s, const struct dpkg_transaction *t,
                             const struct integrity_fact *f)
{
    struct dpkg_transaction unknown = {.first_ms = f->seen_ms, .last_ms = f->seen_ms};
    struct counts *c = counts_of(s, t ? t : &unknown);
    c->first_ms = t ? t->first_ms : f->seen_ms;
    c->last_ms = t ? t->last_ms : f->seen_ms;
    c->files[!f->after ? DELETED : !f->before ? CREATED : CHANGED]++;
    if (f->change & INTEGRITY_SETUID) {
        if (c->setuid_n < SETUID_MAX)
            span_copy(span_of(f->path), c->setuid[c->setuid_n], SETUID_SIZE);
        c->setuid_n++;
    }
    if (f->actor && f->actor->known) {
        s->actor = *f->actor;
        s->has_actor = true;
    }
    s->dirty = true;
}

bool integrity_summary_waits(const struct integrity_summary *s)
{
    return s->n > 0;
}

void integrity_summary_keep(struct integrity_summary *s)
{
    if (!s->dirty)
        return;
    s->host->put(s->host->ctx, STORE_META, key,
                 s->n > 0 ? span_make(s->counts, s->n * sizeof(struct counts))
                          : (struct span){NULL, 0});
    s->dirty = false;
}

/* ---- telling ---- */

static const struct dpkg_transaction *find(const struct dpkg_log *log, const struct counts *c,
                                           size_t *index)
{
    for (size_t i = 0; i < log->transactions_n; i++) {
        if (memcmp(log->transactions[i].id, c->id, sizeof(c->id)) == 0) {
            *index = i;
            return &log->transactions[i];
        }
    }
    return NULL;
}

static size_t put_packages(struct json_out *j, const struct dpkg_log *log, const struct counts *c)
{
    size_t index, n = 0;
    const struct dpkg_transaction *t = find(log, c, &index);
    json_array(j, "packages");
    for (size_t i = 0; t && i < log->n; i++) {
        const struct dpkg_change *change = &log->changes[i];
        if (change->transaction != index || n++ >= PACKAGES_MAX)
            continue;
        json_object(j, NULL);
        json_name(j, "name", span_of(change->package));
        if (change->from)
            json_name(j, "from", span_of(change->from));
        if (change->to)
            json_name(j, "to", span_of(change->to));
        json_end_object(j);
    }
    json_end_array(j);
    return n;
}

static size_t describe(const struct dpkg_log *log, const struct counts *c,
                       enum integrity_label label, struct buf *vigia)
{
    static const char *const labels[] = {
        [INTEGRITY_CLAIMED] = "claimed", [INTEGRITY_PROVED] = "proved"};
    struct json_out j;
    json_start(&j, vigia);
    json_object(&j, NULL);
    json_object(&j, "transaction");
    json_text(&j, "label", labels[label]);
    json_int(&j, "first", c->first_ms);
    json_int(&j, "last", c->last_ms);
    size_t packages = put_packages(&j, log, c);
    json_uint(&j, "packages_total", packages);
    json_uint(&j, "files_created", c->files[CREATED]);
    json_uint(&j, "files_changed", c->files[CHANGED]);
    json_uint(&j, "files_deleted", c->files[DELETED]);
    if (c->setuid_n > 0) {
        json_uint(&j, "setuid_total", c->setuid_n);
        json_array(&j, "setuid");
        for (size_t i = 0; i < c->setuid_n && i < SETUID_MAX; i++)
            json_name(&j, NULL, span_of(c->setuid[i]));
        json_end_array(&j);
    }
    json_end_object(&j);
    json_end_object(&j);
    return packages;
}

static void put_status_file(const struct integrity_summary *s, struct integrity_state *state)
{
    char path[INTEGRITY_PATH_MAX];
    snprintf(path, sizeof(path), "%s%s", s->host->config->host_root, STATUS_FILE);
    if (file_info_at(path, &state->info) != 0)
        state->info = (struct file_info){.type = FILE_REGULAR};
}

static void tell_one(struct integrity_summary *s, const struct dpkg_log *log,
                     const struct counts *c)
{
    struct buf vigia = BUF_INIT(256 << 10), message = BUF_INIT(512);
    struct integrity_state state = {.has_sha256 = false};
    uint32_t files = c->files[CREATED] + c->files[CHANGED] + c->files[DELETED];
    size_t packages = describe(log, c, INTEGRITY_CLAIMED, &vigia);
    buf_printf(&message, "Packages changed: %zu, with %u files as dpkg says", packages, files);
    if (c->setuid_n > 0)
        buf_printf(&message, ", of which %u are new with setuid or setgid", c->setuid_n);
    put_status_file(s, &state);
    struct span unique[] = {SPAN("package transaction"), span_make(c->id, sizeof(c->id)),
                            span_make(c->files, sizeof(c->files)),
                            span_make(&c->last_ms, sizeof(c->last_ms))};
    struct integrity_sum_fact f = {.path = STATUS_FILE,
                                   .state = &state,
                                   .actor = s->has_actor ? &s->actor : NULL,
                                   .time_ms = c->last_ms,
                                   .message = message.p,
                                   .vigia = buf_span(&vigia)};
    event_uid_make(f.uid, unique, sizeof(unique) / sizeof(unique[0]));
    integrity_tell_sum(&f, s->host->emit, s->host->ctx);
    buf_release(&vigia);
    buf_release(&message);
}

void integrity_summary_tell(struct integrity_summary *s, const struct dpkg_log *log)
{
    for (size_t i = 0; i < s->n; i++)
        tell_one(s, log, &s->counts[i]);
    s->dirty = s->dirty || s->n > 0;
    s->n = 0;
    s->has_actor = false;
    integrity_summary_keep(s);
}
