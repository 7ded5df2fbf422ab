/*
 * What an update of Windows explains. A file that is new or has new content is kept, counted, and
 * told in one event for the whole update, as `proved`, if all of this holds:
 *
 * - nothing else changed with it but times: no owner, access list, attribute or stream;
 * - Microsoft signed the content for Windows: the signature is valid, under a root of Microsoft's
 *   own (platform/signature.h), and by one of the names that Windows itself is signed by;
 * - the component store (WinSxS) has it under the same name: each file of Windows is a hard link to
 *   there, and a copy of cmd.exe in the place of sethc.exe is none;
 * - an update was completed when the file changed, or soon afterwards (servicing.h).
 *
 * What lacks one of the first three is told at once (an unsigned file too, unless the store has
 * it: then its catalog may be still to come). What only lacks the update is held for it, 30 minutes
 * at most, and then told alone.
 *
 * To be hidden here a change would have to put a file that Microsoft signed for Windows into the
 * component store, as TrustedInstaller, under the name that it then gets: in effect another version
 * of that same file, during an update. An older one that the store still has, linked by hand during
 * an update, is the one known case; who changes records of the registry, or the dates by which a
 * scan finds a file, makes a time of update, but no signature. Not explained, and told one by one:
 * what drivers, Store apps, Edge and Office get (no part of the component store), what is removed,
 * what has no ending of a program (program.h), and an update that is taken back.
 */
#include "base/mem.h"
#include "base/sha256.h"
#include "platform/clock.h"
#include "platform/hardlink.h"
#include "source/integrity/explain_kind.h"
#include "source/integrity/servicing.h"
#include "source/updates/read.h"

#define HELD_MS_MAX (30 * 60000)
#define READ_MS     10000       /* between two looks at the records */
#define QUIET_MS    (5 * 60000) /* without another change of it an update is over */
#define LOOKS_MAX   32          /* under way at once: the worker takes twice as many */
#define SYSTEM_KEY  "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"

struct servicing_explain {
    struct integrity_explain base;
    struct servicing records;
    int64_t read_ms, counted_ms; /* monotonic */
    char root[200];              /* "C:/Windows" */
    char own[232];               /* "C:/Windows/servicing/Packages" */
};

static struct servicing_explain *of(struct integrity_explain *x)
{
    return (struct servicing_explain *)x;
}

static struct integrity_explain *open_servicing(const struct source_host *host)
{
    struct servicing_explain *x = mem_new(1, sizeof(*x));
    (void)host;
    if (!read_text(SYSTEM_KEY, "SystemRoot", x->root, sizeof(x->root)) || x->root[0] == '\0')
        snprintf(x->root, sizeof(x->root), "C:/Windows");
    for (char *c = x->root; *c; c++)
        if (*c == '\\')
            *c = '/';
    snprintf(x->own, sizeof(x->own), "%s/servicing/Packages", x->root);
    x->counted_ms = clock_mono_ms();
    x->read_ms = INT64_MIN;
    return &x->base;
}

static void close_servicing(struct integrity_explain *x)
{
    free(of(x));
}

/* What may be explained is known only when it was looked at. */
static bool defers(struct integrity_explain *x, const struct pending *p, int64_t now_ms)
{
    (void)x, (void)p, (void)now_ms;
    return false;
}

/* ---- the proof ---- */

struct search { /* for a name in the component store */
    struct span store, name;
    bool found;
};

/* "C:/Windows/WinSxS/<component>/<name>" */
static bool is_in_store(void *ctx, const char *name)
{
    struct search *s = ctx;
    struct span rest = span_of(name), component;
    if (rest.n <= s->store.n || !span_equal_nocase((struct span){name, s->store.n}, s->store))
        return true;
    rest = (struct span){name + s->store.n, rest.n - s->store.n};
    s->found = span_take_until(&rest, '/', &component) && component.n > 0 &&
               span_equal_nocase(rest, s->name);
    return !s->found;
}

static bool has_name_in_store(const struct servicing_explain *x, const char *path)
{
    char on_disk[INTEGRITY_PATH_MAX], store[232];
    struct search s = {.found = false};
    struct span folder;
    snprintf(store, sizeof(store), "%s/WinSxS/", x->root);
    integrity_path_split(span_of(path), &folder, &s.name);
    s.store = span_of(store);
    return integrity_paths_on_disk(x->base.self->paths, path, on_disk, sizeof(on_disk)) &&
           hardlink_each(on_disk, is_in_store, &s) == 0 && s.found;
}

/* Whether an update may have made this change. */
static bool may_explain(const struct servicing_explain *x, const struct integrity_fact *f)
{
    unsigned needed = INTEGRITY_CREATED | INTEGRITY_CONTENT;
    return f->after && !f->new_path && f->after->info.type == FILE_REGULAR && f->change & needed &&
           !(f->change & ~(needed | INTEGRITY_TIMES | INTEGRITY_UNTOLD)) &&
           has_name_in_store(x, f->path);
}

static bool is_of_windows(const struct signature *s)
{
    static const char *const names[] = {"Microsoft Windows", "Microsoft Windows Publisher",
                                        "Microsoft Corporation"};
    if (!s || s->state != SIGNATURE_VALID || !s->under_microsoft)
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(s->subject, names[i]) == 0)
            return true;
    return false;
}

/* ---- the update ---- */

static void read_records(struct servicing_explain *x, int64_t now_ms)
{
    if (x->read_ms != INT64_MIN && now_ms - x->read_ms < READ_MS)
        return;
    servicing_read(&x->records);
    x->read_ms = now_ms;
}

static void make_id(const struct servicing_package *p, uint8_t out[INTEGRITY_TRANSACTION_ID])
{
    struct sha256 sum;
    uint8_t digest[SHA256_SIZE];
    sha256_init(&sum);
    sha256_update(&sum, p->name, strlen(p->name) + 1);
    sha256_update(&sum, p->version, strlen(p->version) + 1);
    sha256_update(&sum, &p->written_ms, sizeof(p->written_ms));
    sha256_final(&sum, digest);
    memcpy(out, digest, INTEGRITY_TRANSACTION_ID);
}

static void count(struct servicing_explain *x, const struct servicing_run *run, int64_t changed_ms,
                  const struct integrity_fact *f, int64_t now_ms)
{
    struct integrity_transaction t = {.first_ms = changed_ms, .last_ms = changed_ms};
    make_id(&x->records.package[run->first], t.id);
    integrity_summary_count(x->base.summary, &t, f);
    x->counted_ms = now_ms;
}

static size_t put_packages(void *ctx, const uint8_t id[INTEGRITY_TRANSACTION_ID],
                           struct json_out *j)
{
    const struct servicing *s = ctx;
    struct servicing_run run = {0, 0};
    uint8_t is[INTEGRITY_TRANSACTION_ID];
    for (size_t i = 0; i < s->n && run.end == 0; i++) {
        make_id(&s->package[i], is);
        if (memcmp(is, id, sizeof(is)) == 0)
            servicing_run_of(s, s->package[i].written_ms + SERVICING_AFTER_MS, &run);
    }
    for (size_t i = run.first; i < run.end; i++)
        integrity_summary_package(j, s->package[i].name, NULL, s->package[i].version);
    return run.end - run.first;
}

/* ---- the verdict ---- */

/* What a scan or a journal finds is dated by the file alone. */
static int64_t moment_of(const struct integrity_fact *f)
{
    return f->by_scan || f->while_off ? f->after->info.ctime_ns / 1000000 : f->seen_ms;
}

static enum explain_verdict hold(struct servicing_explain *x, struct held *h,
                                 const struct integrity_fact *f, struct integrity_actor *actor,
                                 int64_t now_ms)
{
    if (h && h->step == HELD_LOOKED)
        helds_step(x->base.helds, h, HELD_WAITS, now_ms);
    else if (!h && (h = explain_hold_fact(&x->base, f, actor, now_ms)))
        h->changed_ms = moment_of(f);
    return EXPLAIN_HOLD;
}

static enum explain_verdict judge(struct integrity_explain *base, struct integrity_fact *f,
                                  struct integrity_actor *actor)
{
    struct servicing_explain *x = of(base);
    struct held *h = helds_find(base->helds, span_of(f->path));
    struct servicing_run run;
    int64_t now_ms = clock_mono_ms();
    bool alone = h && h->step == HELD_LOOKED;
    if (h) {
        f->by_scan = h->by_scan;
        f->while_off = h->while_off;
        f->seen_ms = h->seen_ms;
    }
    bool may = may_explain(x, f), done = false;
    if (may) {
        read_records(x, now_ms);
        done = servicing_run_of(&x->records, moment_of(f), &run);
    }
    if (done && is_of_windows(f->signature)) {
        count(x, &run, moment_of(f), f, now_ms);
        integrity_explain_nothing(base, f->path);
        return EXPLAIN_CLAIMED;
    }
    /* a scan asks for the signatures of some only: then the file is looked at alone */
    if (may && (done ? !f->signature && !alone : !(h && h->final)))
        return hold(x, h, f, actor, now_ms);
    integrity_explain_nothing(base, f->path);
    return EXPLAIN_TELL;
}

/* ---- the work in between ---- */

static void ripen(struct servicing_explain *x, int64_t now_ms)
{
    struct helds *t = x->base.helds;
    struct servicing_run run;
    if (t->steps[HELD_WAITS] == 0)
        return;
    read_records(x, now_ms);
    for (struct held *h = t->first; h; h = h->next) {
        h->final = h->final || now_ms - h->since_ms > HELD_MS_MAX;
        if (h->step == HELD_WAITS &&
            (h->final || servicing_run_of(&x->records, h->changed_ms, &run)))
            helds_step(t, h, HELD_RIPE, now_ms);
    }
}

/* What an earlier run counted waits for the rest, which the first scan or the journal finds. */
static void run_end(struct servicing_explain *x, int64_t now_ms)
{
    struct integrity_summary *summary = x->base.summary;
    struct integrity_explainer by = {&x->records, x->own, "that Microsoft signed for Windows",
                                     INTEGRITY_PROVED, put_packages};
    if (integrity_summary_waits(summary) && helds_count(x->base.helds) == 0 &&
        !x->base.self->scanning && now_ms - x->counted_ms >= QUIET_MS) {
        servicing_read(&x->records);
        integrity_summary_tell(summary, &by);
    }
    integrity_summary_keep(summary);
    explain_recover(&x->base, now_ms);
}

static int64_t run(struct integrity_explain *base, int64_t now_ms)
{
    struct servicing_explain *x = of(base);
    struct helds *t = base->helds;
    if (helds_count(t) == 0 && !integrity_summary_waits(base->summary) && !base->overflow)
        return INT64_MAX;
    ripen(x, now_ms);
    if (t->steps[HELD_LOOKED] < LOOKS_MAX)
        explain_release(base, LOOKS_MAX - t->steps[HELD_LOOKED], now_ms);
    explain_expire(base, now_ms);
    run_end(x, now_ms);
    return now_ms + (t->steps[HELD_RIPE] + t->steps[HELD_LOOKED] > 0 ? 100 : READ_MS);
}

const struct explain_kind explain_servicing = {
    .by = "Windows Update",
    .open = open_servicing,
    .close = close_servicing,
    .defers = defers,
    .judge = judge,
    .run = run,
};
