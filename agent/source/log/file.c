/*
 * Followed log files: the sections [log NAME] of the configuration. A pattern in a path follows
 * every file that fits. Each line becomes a record; what happens to the files
 * themselves (emptied, deleted) becomes an event.
 */
#include "base/mem.h"
#include "base/text.h"
#include "platform/clock.h"
#include "platform/notify.h"
#include "platform/spelling.h"
#include "source/all.h"
#include "source/log/follow.h"
#include "source/log/glob.h"
#include "source/log/reader.h"

#include <errno.h>

#define FILES_MAX       256
#define RUN_BUDGET      (1024 * 1024)
#define LOOK_EVERY_MS   60000 /* without being told, and for new files that fit a pattern */
#define SHOW_UNREAD_MS  3600000
#define FORGET_AFTER_MS 3600000
#define UNSETTLED_MS    1000 /* while a rotation or deletion is under way */

struct followed {
    struct log_follow follow;
    struct log_reader reader;
    const struct config_log *log;
    char *path; /* as configured, without host_root: names the log in records */
    char *key;  /* the same as the system compares it (platform/spelling.h): names it in state */
    bool dirty; /* something may have come */
};

struct log_files {
    struct source_host host;
    struct notify *notify;
    struct followed *files[FILES_MAX];
    size_t n;
    bool first_start; /* files that are there now are followed from their end */
    bool too_many;
    bool watching;                   /* folders that are looked into are watched as well */
    const struct config_log *adding; /* whose files are looked for */
    char unread[256];                /* what could not be read, last */
    int64_t unread_until;            /* how long that is shown, monotonic ms */
    int64_t look_due;
    struct followed *current; /* whose lines are being handed on */
    struct log_times times;
};

/* ---- records and events ---- */

static void take_line(void *ctx, const struct log_line *line)
{
    struct log_files *self = ctx;
    log_reader_take(&self->current->reader, line);
}

static const struct {
    int activity;
    enum event_severity severity;
    const char *message;
} incidents[] = {
    [LOG_INCIDENT_TRUNCATED] = {LOG_ACTIVITY_CLEAR, SEVERITY_HIGH,
                                "a log was emptied and no copy of it is beside it"},
    [LOG_INCIDENT_REPLACED] = {LOG_ACTIVITY_DELETE, SEVERITY_HIGH,
                               "a log was replaced by another file, and what was in it before is "
                               "not beside it"},
    [LOG_INCIDENT_EDITED] = {LOG_ACTIVITY_CLEAR, SEVERITY_HIGH,
                             "a log was written anew: lines that were in it are gone or changed"},
    [LOG_INCIDENT_DELETED] = {LOG_ACTIVITY_DELETE, SEVERITY_HIGH,
                              "a log is gone, and what was not read yet with it"},
};

static void take_incident(void *ctx, enum log_incident what, const struct log_position *before)
{
    struct log_files *self = ctx;
    struct event e = {
        .class_uid = EVENT_LOG_ACTIVITY,
        .activity = incidents[what].activity,
        .severity = incidents[what].severity,
        .time_ms = self->times.clock.now_ms,
        .message = incidents[what].message,
        .u.log.log_name = span_of(self->current->path),
        .u.log.actor.uid = -1,
    };
    uint64_t numbers[3] = {(uint64_t)what, before->ino, before->offset};
    struct span parts[] = {e.u.log.log_name, span_make(numbers, sizeof(numbers)),
                           span_make(before->head, sizeof(before->head))};
    event_uid_make(e.uid, parts, sizeof(parts) / sizeof(parts[0]));
    self->host.emit(self->host.ctx, &e);
}

static void take_unread(void *ctx, const char *why)
{
    struct log_files *self = ctx;
    struct followed *f = self->current;
    self->host.dropped(self->host.ctx, why, 1);
    snprintf(self->unread, sizeof(self->unread), "%.150s: %s", f->path, why);
    self->unread_until = clock_mono_ms() + SHOW_UNREAD_MS;
}

/* ---- which files ---- */

static struct followed *find_file(const struct log_files *self, const char *key)
{
    for (size_t i = 0; i < self->n; i++)
        if (strcmp(self->files[i]->key, key) == 0)
            return self->files[i];
    return NULL;
}

static void add_file(void *ctx, const char *path)
{
    struct log_files *self = ctx;
    char on_disk[4096], folded[4096];
    struct log_position saved;
    struct buf value = BUF_INIT(LOG_POSITION_SAVED_MAX);
    const char *key = spelling_of(path, folded, sizeof(folded));
    if (find_file(self, key))
        return;
    if (self->n == FILES_MAX) {
        self->too_many = true;
        return;
    }
    struct followed *f = mem_new(1, sizeof(*f));
    f->log = self->adding;
    f->path = mem_text(path);
    f->key = mem_text(key);
    f->dirty = true;
    snprintf(on_disk, sizeof(on_disk), "%s%s", self->host.config->host_root, path);
    f->reader = (struct log_reader){.host = &self->host,
                                    .log = f->log,
                                    .path = f->path,
                                    .times = &self->times,
                                    .at = &f->follow.at};
    log_reader_init(&f->reader);
    log_follow_init(&f->follow, on_disk);
    bool found = store_get(self->host.store, STORE_POSITIONS, span_of(key), &value) == 0 &&
                 log_position_load(buf_span(&value), &saved);
    log_follow_resume(&f->follow, found ? &saved : NULL,
                      self->first_start && self->host.lost_after_ms == 0);
    buf_release(&value);
    self->files[self->n++] = f;
}

static void add_folder(void *ctx, const char *folder)
{
    struct log_files *self = ctx;
    char on_disk[8192];
    if (!self->watching)
        return;
    snprintf(on_disk, sizeof(on_disk), "%s%s", self->host.config->host_root, folder);
    notify_add(self->notify, on_disk); /* a folder that is not there yet: LOOK_EVERY_MS finds it */
}

static void note_too_many(void *ctx)
{
    ((struct log_files *)ctx)->too_many = true;
}

/* watch: also the folders, now and then, as one that was made anew has to be watched anew. */
static void look_for_files(struct log_files *self, bool watch)
{
    const struct config *c = self->host.config;
    const struct log_glob_callbacks cb = {self, add_file, add_folder, note_too_many};
    self->too_many = false;
    for (size_t i = 0; i < c->logs_n; i++) {
        if (!c->logs[i].path[0])
            continue; /* a channel of the event log */
        const char *name = strrchr(c->logs[i].path, '/');
        const char *pattern = strpbrk(c->logs[i].path, "*?[");
        self->adding = &c->logs[i];
        self->watching = watch || (pattern && name && pattern < name); /* folders come and go */
        log_glob(c->host_root, c->logs[i].path, &cb);
    }
}

static void free_file(struct followed *f)
{
    log_reader_release(&f->reader);
    log_follow_release(&f->follow);
    free(f->path);
    free(f->key);
    free(f);
}

/* A file that fitted a pattern and is gone for good makes room for others. */
static void leave_out_gone(struct log_files *self, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->n; i++) {
        struct followed *f = self->files[i];
        bool gone = (f->follow.gone || f->follow.forgotten || !f->follow.known) &&
                    f->follow.missing_since != 0 &&
                    now_ms - f->follow.missing_since > FORGET_AFTER_MS;
        if (gone && text_has_wildcard(f->log->path)) {
            self->host.put(self->host.ctx, STORE_POSITIONS, span_of(f->key), (struct span){0, 0});
            free_file(f);
        } else {
            self->files[kept++] = f;
        }
    }
    self->n = kept;
}

/* ---- the contract ---- */

static int open_files(const struct source_host *host, void **out, struct error *e)
{
    struct log_files *self = mem_new(1, sizeof(*self));
    struct buf value = BUF_INIT(64);
    self->host = *host;
    int rc = notify_open(&self->notify);
    if (rc != 0) {
        free(self);
        return error_set(e, "log folders cannot be watched: %s", error_text(rc));
    }
    self->first_start = store_get(host->store, STORE_META, SPAN("logs_started"), &value) == -ENOENT;
    look_for_files(self, true);
    if (self->first_start)
        host->put(host->ctx, STORE_META, SPAN("logs_started"), SPAN("1"));
    self->first_start = false; /* what appears from now on is new and read from its beginning */
    buf_release(&value);
    *out = self;
    return 0;
}

static size_t waits(void *ctx, wait_t *out, size_t max)
{
    struct log_files *self = ctx;
    if (max == 0)
        return 0;
    out[0] = notify_wait(self->notify);
    return 1;
}

static void note_changes(struct log_files *self, int64_t now_ms)
{
    bool changed = false, watch = now_ms >= self->look_due;
    while (notify_next(self->notify) != -1)
        changed = true;
    if (watch) {
        self->look_due = now_ms + LOOK_EVERY_MS;
        leave_out_gone(self, now_ms);
        changed = true;
    }
    if (!changed)
        return;
    look_for_files(self, watch);
    for (size_t i = 0; i < self->n; i++)
        self->files[i]->dirty = true;
}

static void read_file(struct log_files *self, struct followed *f, uint64_t *budget)
{
    const struct log_follow_callbacks cb = {self, take_line, take_incident, take_unread};
    self->current = f;
    uint64_t used =
        *budget > 0 ? log_follow_read(&f->follow, *budget, self->times.mono_ms, &cb) : 0;
    f->dirty = used >= *budget;
    *budget -= used < *budget ? used : *budget;
}

static int64_t run(void *ctx, int64_t now_ms)
{
    struct log_files *self = ctx;
    uint64_t budget = RUN_BUDGET;
    int64_t next;
    note_changes(self, now_ms);
    next = self->look_due;
    int64_t wall_ms = clock_wall_ms();
    log_times_now(&self->times, now_ms, wall_ms, clock_local_offset_s(wall_ms));
    for (size_t i = 0; i < self->n; i++) {
        struct followed *f = self->files[i];
        if (f->dirty || log_follow_is_unsettled(&f->follow))
            read_file(self, f, &budget);
        int64_t due = log_reader_flush(&f->reader, now_ms);
        if (f->dirty)
            due = now_ms;
        else if (log_follow_is_unsettled(&f->follow) && now_ms + UNSETTLED_MS < due)
            due = now_ms + UNSETTLED_MS;
        next = due < next ? due : next;
    }
    return next;
}

static void checkpoint(void *ctx)
{
    struct log_files *self = ctx;
    for (size_t i = 0; i < self->n; i++) {
        struct followed *f = self->files[i];
        struct buf value = BUF_INIT(LOG_POSITION_SAVED_MAX);
        log_reader_checkpoint(&f->reader);
        if (!f->follow.changed)
            continue;
        log_position_save(&f->follow.at, &value);
        struct span nothing = {0, 0};
        self->host.put(self->host.ctx, STORE_POSITIONS, span_of(f->key),
                       f->follow.forgotten ? nothing : buf_span(&value));
        f->follow.changed = false;
        buf_release(&value);
    }
}

static void health(void *ctx, struct source_health *out)
{
    struct log_files *self = ctx;
    size_t missing = 0;
    *out = (struct source_health){.state = self->n > 0 ? SOURCE_OK : SOURCE_OFF};
    for (size_t i = 0; i < self->n; i++) {
        const struct followed *f = self->files[i];
        if (f->follow.error != 0) {
            out->state = SOURCE_DEGRADED;
            snprintf(out->detail, sizeof(out->detail), "%.150s cannot be read: %s", f->path,
                     error_text(f->follow.error));
            return;
        }
        missing += f->follow.missing_since != 0;
        if (f->follow.missing_since != 0)
            snprintf(out->detail, sizeof(out->detail), "%zu of %zu not there yet: %.150s", missing,
                     self->n, f->path);
    }
    if (clock_mono_ms() < self->unread_until) {
        out->state = SOURCE_DEGRADED;
        memcpy(out->detail, self->unread, sizeof(out->detail));
    }
    if (self->too_many) {
        out->state = SOURCE_DEGRADED;
        snprintf(out->detail, sizeof(out->detail),
                 "more than %d files fit the patterns, or one looks into too many folders",
                 FILES_MAX);
    }
}

static void close_files(void *ctx)
{
    struct log_files *self = ctx;
    for (size_t i = 0; i < self->n; i++)
        free_file(self->files[i]);
    notify_close(self->notify);
    free(self);
}

const struct source source_log_file = {
    .name = "log_file",
    .open = open_files,
    .waits = waits,
    .run = run,
    .checkpoint = checkpoint,
    .health = health,
    .close = close_files,
};
