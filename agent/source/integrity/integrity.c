/*
 * Host integrity: files and folders of the configuration against a baseline in the store. Changes
 * are seen as they happen (platform/watch.h) and by scans; both end in the same comparison, so each
 * is told once, and never parts from the baseline that it changes.
 */
#include "base/json_write.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"
#include "platform/clock.h"
#include "source/all.h"
#include "source/integrity/self.h"
#include "source/integrity/tell.h"

#define PENDING_MAX   4096
#define RUN_MS        50
#define EVENTS_A_LOOK 32 /* at the clock: long paths take their time */
#define SCAN_SOON_MS  2000
#define SCAN_RETRY_MS 60000
#define SCAN_REST     4      /* a storm without end makes a scan a fifth of the time ... */
#define SCAN_REST_MS  300000 /* ... but what it hides is found in this time */
#define STATUS_MAX    32

static const struct span items_key = {"integrity.items", 15};

/* ---- which items the baseline covers ---- */

/* SHA-256 of the excludes, then each configured item with a NUL behind it. */
static void describe_items(const struct integrity_paths *paths, struct buf *out)
{
    struct sha256 sum;
    uint8_t digest[SHA256_SIZE];
    const char *text;
    sha256_init(&sum);
    for (size_t i = 0; (text = integrity_paths_exclude(paths, i)); i++)
        sha256_update(&sum, text, strlen(text) + 1);
    sha256_final(&sum, digest);
    buf_put(out, digest, sizeof(digest));
    for (size_t i = 0; (text = integrity_paths_item(paths, i)); i++)
        buf_put(out, text, strlen(text) + 1);
}

/* Whether a scan of just this configuration has ended. */
static bool is_current(const struct integrity *self)
{
    struct buf was = BUF_INIT(1 << 20), now = BUF_INIT(1 << 20);
    describe_items(self->paths, &now);
    bool current = store_get(self->host.store, STORE_META, items_key, &was) == 0 &&
                   span_equal(buf_span(&was), buf_span(&now));
    buf_release(&was);
    buf_release(&now);
    return current;
}

/* What was never scanned is adopted, not told: a new configuration is no change of the host. */
static void choose_adopted(struct integrity *self, struct integrity_job *job)
{
    struct buf was = BUF_INIT(1 << 20), now = BUF_INIT(1 << 20);
    const char *text;
    bool any = false;
    describe_items(self->paths, &now);
    job->first =
        store_get(self->host.store, STORE_META, items_key, &was) != 0 || was.n < SHA256_SIZE;
    if (!job->first && !span_equal(buf_span(&was), buf_span(&now))) {
        bool same_excludes = memcmp(was.p, now.p, SHA256_SIZE) == 0;
        struct span items = {was.p + SHA256_SIZE, was.n - SHA256_SIZE};
        job->adopt = mem_new(CONFIG_LIST_MAX, sizeof(*job->adopt));
        for (size_t i = 0; (text = integrity_paths_item(self->paths, i)); i++) {
            job->adopt[i] = !same_excludes || !span_has_part(items, '\0', text);
            any = any || job->adopt[i];
        }
    }
    self->hold = job->first || any;
    buf_release(&was);
    buf_release(&now);
}

/* ---- scans ---- */

void integrity_scan_soon(struct integrity *self, int64_t now_ms)
{
    int64_t at = now_ms + SCAN_SOON_MS;
    at = at < self->rest_until_ms ? self->rest_until_ms : at;
    self->overflows++;
    integrity_away_missed(self->away);
    if (self->next_scan_ms > at)
        self->next_scan_ms = at;
}

static void start_scan(struct integrity *self, int64_t now_ms)
{
    struct integrity_job *job = integrity_job_new(NULL, NULL);
    choose_adopted(self, job);
    job->manual = self->manual;
    if (!integrity_scan_give(self->scan, job)) {
        integrity_job_free(job);
        self->next_scan_ms = now_ms + SCAN_SOON_MS;
        return;
    }
    integrity_away_scan_begins(self->away);
    self->scanning = true;
    self->manual = false;
    self->told = 0;
    self->next_scan_ms = INT64_MAX;
}

static uint64_t describe_skipped(const struct integrity_result *r, struct buf *json)
{
    struct json_out j;
    uint64_t sum = 0;
    json_start(&j, json);
    json_object(&j, NULL);
    for (size_t i = 1; i < INTEGRITY_SKIPS; i++) {
        sum += r->skipped[i];
        if (r->skipped[i])
            json_uint(&j, integrity_skip_words((enum integrity_skip)i), r->skipped[i]);
    }
    json_end_object(&j);
    return sum;
}

static void tell_end(struct integrity *self, const struct integrity_job *job)
{
    struct buf skipped = BUF_INIT(1024), items = BUF_INIT(1 << 20);
    const struct integrity_result *r = &job->result;
    struct integrity_scan_fact f = {
        .name = job->first ? "baseline" : "re-check",
        .manual = job->manual,
        .why = integrity_away_words(self->away),
        .started_ms = r->started_ms,
        .duration_ms = r->duration_ms,
        .files = r->files,
        .told = self->told,
        .adopted = r->adopted,
    };
    char time[TEXT_TIME_SIZE];
    f.skipped = describe_skipped(r, &skipped);
    f.skipped_words = skipped.p;
    integrity_tell_scan(&f, self->host.emit, self->host.ctx);
    describe_items(self->paths, &items);
    self->host.put(self->host.ctx, STORE_META, items_key, buf_span(&items));
    text_time(r->started_ms, time);
    snprintf(self->scan_words, sizeof(self->scan_words), "last scan %.19sZ: %llu files%s%.80s",
             time, (unsigned long long)r->files, f.skipped ? ", skipped " : "",
             f.skipped ? skipped.p : "");
    buf_release(&skipped);
    buf_release(&items);
}

/* What is looked at again, and what is kept out of on purpose, is not lost. */
void integrity_count_skip(const struct integrity *self, enum integrity_skip why, uint64_t n)
{
    static const char *const words[INTEGRITY_SKIPS] = {
        [INTEGRITY_SKIP_UNREADABLE] = "file unreadable",
        [INTEGRITY_SKIP_LEASED] = "file under a lease",
        [INTEGRITY_SKIP_SLOW] = "file read too slowly",
        [INTEGRITY_SKIP_LONG] = "path too long",
    };
    if (words[why] && n > 0)
        self->host.dropped(self->host.ctx, words[why], n);
}

static void count_skipped(const struct integrity *self, const struct integrity_result *r)
{
    for (int i = 0; i < INTEGRITY_SKIPS; i++)
        integrity_count_skip(self, (enum integrity_skip)i, r->skipped[i]);
}

static void finish_job(struct integrity *self, struct integrity_job *job, int64_t now_ms)
{
    const struct integrity_result *r = &job->result;
    if (!job->path) {
        self->scanning = false;
        self->scan_error = r->error;
        int64_t rest = r->duration_ms * SCAN_REST;
        self->rest_until_ms = now_ms + (rest < SCAN_REST_MS ? rest : SCAN_REST_MS);
        int64_t next = now_ms + self->host.config->scan_every_s * 1000;
        if (self->next_scan_ms > next)
            self->next_scan_ms = next;
        if (r->error) {
            self->next_scan_ms = now_ms + SCAN_RETRY_MS;
        } else {
            self->hold = self->first_scan = false;
            tell_end(self, job);
            integrity_away_scan_ended(self->away, clock_wall_ms());
        }
    }
    count_skipped(self, r);
    if (r->again)
        integrity_scan_soon(self, now_ms);
    integrity_job_free(job);
}

/* True when there may be more. */
static bool take_findings(struct integrity *self, int64_t now_ms)
{
    struct integrity_found f;
    while (clock_mono_ms() - now_ms < RUN_MS) {
        if (!integrity_scan_next(self->scan, &f))
            return false;
        if (f.kind == INTEGRITY_FOUND_END)
            finish_job(self, f.job, now_ms);
        else
            integrity_apply(self, &f, now_ms);
        integrity_found_free(&f);
    }
    return true;
}

/* ---- real time ---- */

static void describe_watch(struct integrity *self)
{
    struct watch_root_status *all = mem_new(STATUS_MAX, sizeof(*all));
    size_t n = watch_status(self->watch, all, STATUS_MAX), others = 0;
    struct buf text = BUF_INIT(sizeof(self->watch_words) - 1);
    for (size_t i = 0; i < n; i++) {
        if (!all[i].why[0])
            self->watched_by = all[i].mechanism;
        else if (others++ == 0)
            buf_printf(&text, "%.40s is watched by %s: %.80s", all[i].path, all[i].mechanism,
                       all[i].why);
    }
    if (others > 1)
        buf_printf(&text, " (and %zu more)", others - 1);
    span_copy(buf_span(&text), self->watch_words, sizeof(self->watch_words));
    buf_release(&text);
    self->watched = n - others;
    free(all);
}

static bool is_same_actor(const struct watch_actor *a, const struct watch_actor *b)
{
    return a->pid == b->pid && a->known == b->known && a->uid == b->uid && a->ppid == b->ppid &&
           a->login_uid == b->login_uid && strcmp(a->exe, b->exe) == 0 &&
           strcmp(a->command, b->command) == 0 && strcmp(a->tty, b->tty) == 0;
}

static struct integrity_actor *actor_of(struct integrity *self, const struct watch_actor *a)
{
    if (!self->last_actor || !is_same_actor(&self->last_actor->is, a)) {
        integrity_actor_drop(self->last_actor);
        self->last_actor = integrity_actor_new(a);
    }
    return self->last_actor;
}

static const char *watched(const struct integrity *self, const char *on_disk)
{
    const char *path = on_disk[0] ? integrity_paths_told(self->paths, on_disk) : NULL;
    return path && path[1] && integrity_paths_wanted(self->paths, path) ? path : NULL;
}

/* What is below a path has to be looked at, since nobody saw what happened there. */
static void look_below(struct integrity *self, const char *path, int64_t now_ms)
{
    if (!path || !pendings_add_tree(self->pending, path, now_ms))
        integrity_scan_soon(self, now_ms);
    else
        self->below++;
}

static void take_unseen(struct integrity *self, int64_t now_ms)
{
    const struct watch_event *e = &self->event;
    if (e->kinds & WATCH_MOUNTED)
        describe_watch(self);
    look_below(self, watched(self, e->path), now_ms);
}

/* The folder that holds path, if it is watched itself. */
static const char *watched_folder_of(struct integrity *self, const char *path)
{
    struct span folder, name;
    integrity_path_split(span_of(path), &folder, &name);
    bool fits = span_copy(folder, self->folder, sizeof(self->folder));
    return fits && self->folder[0] && integrity_paths_wanted(self->paths, self->folder)
               ? self->folder
               : NULL;
}

static struct pending *note(struct integrity *self, const char *path, int64_t now_ms)
{
    const struct watch_event *e = &self->event;
    bool only_made = e->kinds == WATCH_CREATED && !e->folder;
    struct pending *p = pendings_add(self->pending, path, actor_of(self, &e->actor), now_ms,
                                     only_made ? PENDING_CREATED_MS : PENDING_QUIET_MS);
    if (!p) {
        look_below(self, watched_folder_of(self, path), now_ms);
        return NULL;
    }
    p->seen_ms = e->time_ms;
    p->while_off = false;
    p->tries = 0;
    return p;
}

static void take_event(struct integrity *self, int64_t now_ms)
{
    const struct watch_event *e = &self->event;
    if (e->kinds & (WATCH_OVERFLOW | WATCH_MOUNTED)) {
        take_unseen(self, now_ms);
        return;
    }
    const char *path = watched(self, e->path), *path2 = watched(self, e->path2);
    struct pending *to = path2 ? note(self, path2, now_ms) : NULL;
    struct pending *from = path ? note(self, path, now_ms) : NULL;
    if (!from || !to)
        return;
    free(to->from);
    free(from->to);
    to->from = mem_text(path);
    from->to = mem_text(path2);
}

static bool take_events(struct integrity *self, int64_t now_ms)
{
    for (int i = 0; i % EVENTS_A_LOOK != 0 || clock_mono_ms() - now_ms < RUN_MS; i++) {
        if (!watch_next(self->watch, &self->event))
            return false;
        take_event(self, now_ms);
    }
    return true;
}

static bool look_at_due(struct integrity *self, int64_t now_ms)
{
    struct pending *p;
    while (!self->hold && (p = pendings_due(self->pending, now_ms))) {
        integrity_look_now(self, p, now_ms);
        if (clock_mono_ms() - now_ms >= RUN_MS)
            return true;
    }
    return false;
}

/* ---- opening ---- */

static bool wants(void *ctx, const char *on_disk, bool folder)
{
    const struct integrity *self = ctx;
    (void)folder;
    return watched(self, on_disk) != NULL;
}

static bool holds(void *ctx, const char *on_disk)
{
    const struct integrity *self = ctx;
    const char *folder = integrity_paths_told(self->paths, on_disk);
    /* host_root itself may stand below a folder that has another name */
    return folder && integrity_paths_may_hold(self->paths, folder);
}

static void add_root(void *ctx, const char *root, size_t item)
{
    struct integrity *self = ctx;
    char on_disk[INTEGRITY_PATH_MAX];
    (void)item;
    if (integrity_paths_on_disk(self->paths, root, on_disk, sizeof(on_disk)))
        watch_add(self->watch, on_disk);
}

static void open_watch(struct integrity *self)
{
    struct watch_filter filter = {self, wants, holds};
    if (!self->host.config->realtime)
        return;
    int rc = watch_open(&filter, &self->watch);
    if (rc != 0) {
        snprintf(self->watch_words, sizeof(self->watch_words),
                 "changes are only found by scans: %s", error_text(rc));
        return;
    }
    integrity_paths_roots(self->paths, add_root, self);
    describe_watch(self);
}

/* The first problem is for status, all are for the log. */
static void note_severity(void *ctx, const char *problem)
{
    struct integrity *self = ctx;
    log_warning("%s", problem);
    if (!self->severity_words[0])
        span_copy(span_of(problem), self->severity_words, sizeof(self->severity_words));
}

static void close_integrity(void *ctx)
{
    struct integrity *self = ctx;
    integrity_scan_close(self->scan);
    watch_close(self->watch);
    integrity_explain_free(self->explain);
    pendings_free(self->pending);
    integrity_storms_free(self->storms);
    integrity_away_free(self->away);
    mounts_free(self->mounts);
    integrity_containers_free(self->containers);
    integrity_actor_drop(self->last_actor);
    integrity_paths_free(self->paths);
    integrity_severity_free(self->severity);
    for (size_t i = 0; i < 2; i++)
        buf_release(&self->record[i]);
    buf_release(&self->out);
    free(self);
}

static int open_integrity(const struct source_host *host, void **out, struct error *e)
{
    struct integrity *self = mem_new(1, sizeof(*self));
    self->host = *host;
    self->opened_ms = clock_wall_ms();
    self->first_scan = true;
    self->look.hash_max = host->config->hash_max;
    self->record[0] = self->record[1] = BUF_INIT(INTEGRITY_RECORD_MAX + 1024);
    self->out = BUF_INIT(INTEGRITY_RECORD_MAX);
    self->paths = integrity_paths_new(host->config);
    self->pending = pendings_new(PENDING_MAX);
    self->storms = integrity_storms_new(host);
    self->containers = integrity_containers_new();
    *out = self;
    if (!host->config->integrity)
        return 0;
    self->severity = integrity_severity_load(host->config->severity_file, note_severity, self);
    self->explain = integrity_explain_new(self);
    open_watch(self); /* before the scan, so that nothing falls between them */
    self->away = integrity_away_new(self, is_current(self));
    if (integrity_away_rest_ms(self->away) > 0)
        self->next_scan_ms = clock_mono_ms() + integrity_away_rest_ms(self->away);
    int rc = integrity_scan_open(host->config, self->paths, host->store, &self->scan);
    if (rc == 0)
        return 0;
    close_integrity(self);
    return error_set(e, "the scan worker cannot be started: %s", error_text(rc));
}

/* ---- the contract ---- */

static size_t waits(void *ctx, wait_t *out, size_t max)
{
    const struct integrity *self = ctx;
    size_t n = 0;
    if (self->scan && n < max)
        out[n++] = integrity_scan_wait(self->scan);
    if (self->watch && n < max)
        out[n++] = watch_wait(self->watch);
    return n;
}

/* Whether all that was seen has been looked at. */
static bool is_idle(const struct integrity *self)
{
    return !self->scanning && pendings_next_ms(self->pending) == INT64_MAX &&
           integrity_scan_idle(self->scan) && integrity_explain_held(self->explain) == 0;
}

static int64_t run(void *ctx, int64_t now_ms)
{
    struct integrity *self = ctx;
    if (!self->scan)
        return INT64_MAX;
    bool more = self->watch && take_events(self, now_ms);
    more = look_at_due(self, now_ms) || more;
    more = take_findings(self, now_ms) || more;
    int64_t away_ms = integrity_away_run(self->away, now_ms);
    integrity_close_parent(self);
    int64_t explain_ms = integrity_explain_run(self->explain, now_ms);
    integrity_storms_run(self->storms, now_ms);
    if (!self->scanning && now_ms >= self->next_scan_ms)
        start_scan(self, now_ms);
    if (more)
        return now_ms;
    integrity_away_note(self->away, is_idle(self), now_ms);
    int64_t due = self->hold ? INT64_MAX : pendings_next_ms(self->pending);
    due = explain_ms < due ? explain_ms : due;
    int64_t storm = integrity_storms_next_ms(self->storms);
    due = storm < due ? storm : due;
    due = away_ms < due ? away_ms : due;
    return !self->scanning && self->next_scan_ms < due ? self->next_scan_ms : due;
}

static void checkpoint(void *ctx)
{
    const struct integrity *self = ctx;
    integrity_storms_checkpoint(self->storms);
    if (self->away)
        integrity_away_keep(self->away);
}

static bool request(void *ctx, const char *what)
{
    struct integrity *self = ctx;
    if (!self->scan || strcmp(what, "scan") != 0)
        return false;
    self->manual = true;
    self->next_scan_ms = 0;
    return true;
}

static void health(void *ctx, struct source_health *out)
{
    const struct integrity *self = ctx;
    *out = (struct source_health){.state = self->scan ? SOURCE_OK : SOURCE_OFF};
    struct buf text = BUF_INIT(sizeof(out->detail) - 1);
    if (!self->scan)
        return;
    if (self->scan_error) {
        out->state = SOURCE_FAILED;
        buf_printf(&text, "the baseline cannot be written: %s; ", error_text(self->scan_error));
    }
    const char *const words[] = {self->severity_words, self->watch_words};
    if (integrity_away_words(self->away)[0])
        buf_printf(&text, "%s; ", integrity_away_words(self->away));
    for (size_t i = 0; i < 2; i++) {
        if (words[i][0] && out->state == SOURCE_OK)
            out->state = SOURCE_DEGRADED;
        if (words[i][0])
            buf_printf(&text, "%s; ", words[i]);
    }
    if (self->scanning)
        buf_printf(&text, "scanning, %llu files so far; ",
                   (unsigned long long)integrity_scan_progress(self->scan));
    if (self->watched)
        buf_printf(&text, "%zu trees watched by %s; ", self->watched, self->watched_by);
    if (self->below)
        buf_printf(&text, "%llu folders were looked through again; ",
                   (unsigned long long)self->below);
    if (self->overflows)
        buf_printf(&text, "%llu times changes were left to a scan; ",
                   (unsigned long long)self->overflows);
    if (integrity_explain_held(self->explain) > 0)
        buf_printf(&text, "%zu changes wait for %s; ", integrity_explain_held(self->explain),
                   integrity_explain_by(self->explain));
    buf_put_text(&text, self->scan_words);
    span_copy(buf_span(&text), out->detail, sizeof(out->detail));
    buf_release(&text);
}

const struct source source_integrity = {
    .name = "integrity",
    .open = open_integrity,
    .waits = waits,
    .run = run,
    .checkpoint = checkpoint,
    .request = request,
    .health = health,
    .close = close_integrity,
};
