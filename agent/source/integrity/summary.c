#include "source/integrity/summary.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/file.h"

#define COUNTS_MAX 16
#define NAMES_MAX  8
#define NAME_SIZE  200
#define RECORD_MAX (COUNTS_MAX * (sizeof(struct counts)))

enum { CREATED, CHANGED, DELETED, KINDS };

struct counts { /* of one transaction; also the record in the store, written and read by one build
                 */
    uint8_t id[INTEGRITY_TRANSACTION_ID];
    int64_t first_ms, last_ms;
    uint32_t files[KINDS];
    struct names {
        uint32_t n; /* of all; the first ones by name */
        char name[NAMES_MAX][NAME_SIZE];
    } all, setuid; /* setuid: new files with that bit */
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
        for (size_t j = 0; j < NAMES_MAX; j++)
            s->counts[i].all.name[j][NAME_SIZE - 1] = s->counts[i].setuid.name[j][NAME_SIZE - 1] =
                '\0';
    buf_release(&record);
    return s;
}

void integrity_summary_free(struct integrity_summary *s)
{
    free(s);
}

static struct counts *counts_of(struct integrity_summary *s, const struct integrity_transaction *t)
{
    for (size_t i = 0; i < s->n; i++)
        if (memcmp(s->counts[i].id, t->id, sizeof(t->id)) == 0)
            return &s->counts[i];
    if (s->n == COUNTS_MAX)
        return &s->counts[COUNTS_MAX - 1];
    struct counts *c = &s->counts[s->n++];
    memset(c, 0, sizeof(*c));
    memcpy(c->id, t->id, sizeof(c->id));
    c->first_ms = t->first_ms;
    c->last_ms = t->last_ms;
    return c;
}

static void note_name(struct names *names, const char *path)
{
    if (names->n < NAMES_MAX)
        span_copy(span_of(path), names->name[names->n], NAME_SIZE);
    names->n++;
}

void integrity_summary_count(struct integrity_summary *s, const struct integrity_transaction *t,
                             const struct integrity_fact *f)
{
    struct counts *c = counts_of(s, t);
    c->first_ms = t->first_ms < c->first_ms ? t->first_ms : c->first_ms;
    c->last_ms = t->last_ms > c->last_ms ? t->last_ms : c->last_ms;
    c->files[!f->after ? DELETED : !f->before ? CREATED : CHANGED]++;
    note_name(&c->all, f->path);
    if (f->change & INTEGRITY_SETUID)
        note_name(&c->setuid, f->path);
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

void integrity_summary_package(struct json_out *j, const char *name, const char *from,
                               const char *to)
{
    json_object(j, NULL);
    json_name(j, "name", span_of(name));
    if (from)
        json_name(j, "from", span_of(from));
    if (to)
        json_name(j, "to", span_of(to));
    json_end_object(j);
}

static void put_names(struct json_out *j, const char *member, const struct names *names)
{
    json_array(j, member);
    for (size_t i = 0; i < names->n && i < NAMES_MAX; i++)
        json_name(j, NULL, span_of(names->name[i]));
    json_end_array(j);
}

static size_t describe(const struct integrity_explainer *by, const struct counts *c,
                       struct buf *vigia)
{
    static const char *const labels[] = {
        [INTEGRITY_CLAIMED] = "claimed", [INTEGRITY_PROVED] = "proved"};
    struct json_out j;
    json_start(&j, vigia);
    json_object(&j, NULL);
    json_object(&j, "transaction");
    json_text(&j, "label", labels[by->label]);
    json_int(&j, "first", c->first_ms);
    json_int(&j, "last", c->last_ms);
    json_array(&j, "packages");
    size_t packages = by->put_packages(by->ctx, c->id, &j);
    json_end_array(&j);
    json_uint(&j, "packages_total", packages);
    json_uint(&j, "files_created", c->files[CREATED]);
    json_uint(&j, "files_changed", c->files[CHANGED]);
    json_uint(&j, "files_deleted", c->files[DELETED]);
    put_names(&j, "files", &c->all);
    if (c->setuid.n > 0) {
        json_uint(&j, "setuid_total", c->setuid.n);
        put_names(&j, "setuid", &c->setuid);
    }
    json_end_object(&j);
    json_end_object(&j);
    return packages;
}

static void put_records(const struct integrity_summary *s, const struct integrity_explainer *by,
                        struct integrity_state *state)
{
    char path[INTEGRITY_PATH_MAX];
    snprintf(path, sizeof(path), "%s%s", s->host->config->host_root, by->path);
    if (file_info_at(path, &state->info) != 0)
        state->info = (struct file_info){.type = FILE_REGULAR};
}

static void tell_one(struct integrity_summary *s, const struct integrity_explainer *by,
                     const struct counts *c)
{
    struct buf vigia = BUF_INIT(256 << 10), message = BUF_INIT(512);
    struct integrity_state state = {.has_sha256 = false};
    uint32_t files = c->files[CREATED] + c->files[CHANGED] + c->files[DELETED];
    size_t packages = describe(by, c, &vigia);
    buf_printf(&message, "Packages changed: %zu, with %u files %s", packages, files, by->says);
    if (c->setuid.n > 0)
        buf_printf(&message, ", of which %u are new with setuid or setgid", c->setuid.n);
    put_records(s, by, &state);
    struct span unique[] = {SPAN("package transaction"), span_make(c->id, sizeof(c->id)),
                            span_make(c->files, sizeof(c->files)),
                            span_make(&c->last_ms, sizeof(c->last_ms))};
    struct integrity_sum_fact f = {.path = by->path,
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

void integrity_summary_tell(struct integrity_summary *s, const struct integrity_explainer *by)
{
    for (size_t i = 0; i < s->n; i++)
        tell_one(s, by, &s->counts[i]);
    s->dirty = s->dirty || s->n > 0;
    s->n = 0;
    s->has_actor = false;
    integrity_summary_keep(s);
}
