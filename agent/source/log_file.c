/*
 * Followed log files: the sections [log NAME] of the configuration. A pattern in the last part of a
 * path follows every file that fits. Each line becomes a record; what happens to the files
 * themselves (emptied, deleted) becomes an event.
 */
#include "base/mem.h"
#include "base/text.h"
#include "platform/clock.h"
#include "platform/notify.h"
#include "source/all.h"
#include "source/log_follow.h"
#include "source/log_syslog.h"

#include <errno.h>

#define FILES_MAX     256
#define RUN_BUDGET    (1024 * 1024)
#define LOOK_EVERY_MS 60000 /* without being told, and for new files that fit a pattern */
#define UNSETTLED_MS  1000  /* while a rotation or deletion is under way */

struct followed {
    struct log_follow follow;
    const struct config_log *log;
    char *path; /* as configured, without host_root: names the log in records and state */
    bool dirty; /* something may have come */
};

struct log_files {
    struct source_host host;
    struct notify *notify;
    struct followed *files[FILES_MAX];
    size_t n;
    bool first_start; /* files that are there now are followed from their end */
    bool too_many;
    int64_t look_due;
    struct followed *current; /* whose lines are being handed on */
    struct syslog_clock clock;
};

/* ---- records and events ---- */

static void make_uid(uint8_t out[EVENT_UID_SIZE], const struct followed *f,
                     const struct log_line *line)
{
    uint64_t numbers[2] = {line->ino, line->offset};
    struct span parts[] = {span_of(f->path), span_make(numbers, sizeof(numbers)),
                           span_make(line->file->head, sizeof(line->file->head)), line->text};
    event_uid_make(out, parts, sizeof(parts) / sizeof(parts[0]));
}

static void take_line(void *ctx, const struct log_line *line)
{
    struct log_files *self = ctx;
    struct followed *f = self->current;
    struct syslog_line parsed = {.time_ms = self->clock.now_ms, .message = line->text};
    if (strcmp(f->log->format, "syslog") == 0)
        syslog_parse(line->text, &self->clock, &parsed);
    struct record r = {
        .source = f->path,
        .product = "linux",
        .service = f->log->service[0] ? f->log->service : NULL,
        .program = parsed.program,
        .host = parsed.host,
        .pid = parsed.pid,
        .time_ms = parsed.time_ms,
        .message = parsed.message,
        .raw = line->text,
    };
    make_uid(r.uid, f, line);
    if (line->cut)
        self->host.dropped(self->host.ctx, "log line cut", 1);
    self->host.emit_record(self->host.ctx, &r);
}

static const struct {
    int activity;
    enum event_severity severity;
    const char *message;
} incidents[] = {
    [LOG_INCIDENT_TRUNCATED] = {LOG_ACTIVITY_CLEAR, SEVERITY_HIGH,
                                "a log was emptied and no copy of it is beside it"},
    [LOG_INCIDENT_DELETED] = {LOG_ACTIVITY_DELETE, SEVERITY_MEDIUM,
                              "a log is gone, and what was not read yet with it"},
};

static void take_incident(void *ctx, enum log_incident what, const struct log_position *before)
{
    struct log_files *self = ctx;
    struct event e = {
        .class_uid = EVENT_LOG_ACTIVITY,
        .activity = incidents[what].activity,
        .severity = incidents[what].severity,
        .time_ms = self->clock.now_ms,
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

/* ---- which files ---- */

static struct followed *find_file(const struct log_files *self, const char *path)
{
    for (size_t i = 0; i < self->n; i++)
        if (strcmp(self->files[i]->path, path) == 0)
            return self->files[i];
    return NULL;
}

static void add_file(struct log_files *self, const struct config_log *log, const char *path)
{
    char on_disk[4096];
    struct log_position saved;
    struct buf value = BUF_INIT(256);
    if (find_file(self, path))
        return;
    if (self->n == FILES_MAX) {
        self->too_many = true;
        return;
    }
    struct followed *f = mem_new(1, sizeof(*f));
    f->log = log;
    f->path = mem_text(path);
    f->dirty = true;
    snprintf(on_disk, sizeof(on_disk), "%s%s", self->host.config->host_root, path);
    log_follow_init(&f->follow, on_disk);
    bool found = store_get(self->host.store, STORE_POSITIONS, span_of(path), &value) == 0 &&
                 log_position_load(buf_span(&value), &saved);
    log_follow_resume(&f->follow, found ? &saved : NULL, self->first_start);
    buf_release(&value);
    self->files[self->n++] = f;
}

static void split_path(const char *path, char *folder, size_t size)
{
    struct span whole = span_of(path);
    size_t slash = whole.n;
    while (slash > 0 && whole.p[slash - 1] != '/')
        slash--;
    span_copy((struct span){path, slash > 1 ? slash - 1 : slash}, folder, size);
}

static void add_matching(struct log_files *self, const struct config_log *log)
{
    char folder[4096], on_disk[8192], path[4096 + 300];
    struct folder *d;
    const char *name;
    enum file_type type;
    split_path(log->path, folder, sizeof(folder));
    snprintf(on_disk, sizeof(on_disk), "%s%s", self->host.config->host_root, folder);
    if (folder_open(on_disk, &d) != 0)
        return;
    while (folder_next(d, &name, &type) == 1) {
        snprintf(path, sizeof(path), "%s/%s", folder, name);
        if (text_glob(log->path, path))
            add_file(self, log, path);
    }
    folder_close(d);
}

static void look_for_files(struct log_files *self)
{
    const struct config *c = self->host.config;
    for (size_t i = 0; i < c->logs_n; i++) {
        if (text_has_wildcard(c->logs[i].path))
            add_matching(self, &c->logs[i]);
        else
            add_file(self, &c->logs[i], c->logs[i].path);
    }
}

static void watch_folders(struct log_files *self)
{
    const struct config *c = self->host.config;
    for (size_t i = 0; i < c->logs_n; i++) {
        char folder[4096], on_disk[8192];
        split_path(c->logs[i].path, folder, sizeof(folder));
        snprintf(on_disk, sizeof(on_disk), "%s%s", c->host_root, folder);
        notify_add(self->notify,
                   on_disk); /* a folder that is not there yet: LOOK_EVERY_MS finds it */
    }
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
    watch_folders(self);
    look_for_files(self);
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
    bool changed = false;
    while (notify_next(self->notify) != -1)
        changed = true;
    if (now_ms >= self->look_due) {
        self->look_due = now_ms + LOOK_EVERY_MS;
        watch_folders(self);
        changed = true;
    }
    if (!changed)
        return;
    look_for_files(self);
    for (size_t i = 0; i < self->n; i++)
        self->files[i]->dirty = true;
}

static bool is_unsettled(const struct log_follow *f)
{
    return f->rotated_since != 0 || (f->missing_since != 0 && f->known && !f->deleted_told);
}

static int64_t run(void *ctx, int64_t now_ms)
{
    struct log_files *self = ctx;
    const struct log_follow_callbacks cb = {self, take_line, take_incident};
    uint64_t budget = RUN_BUDGET;
    int64_t next;
    note_changes(self, now_ms);
    next = self->look_due;
    int64_t wall_ms = clock_wall_ms();
    syslog_clock_init(&self->clock, wall_ms, clock_local_offset_s(wall_ms));
    for (size_t i = 0; i < self->n; i++) {
        struct followed *f = self->files[i];
        if (!f->dirty && !is_unsettled(&f->follow))
            continue;
        self->current = f;
        uint64_t used = budget > 0 ? log_follow_read(&f->follow, budget, now_ms, &cb) : 0;
        f->dirty = used >= budget;
        budget -= used < budget ? used : budget;
        if (f->dirty)
            next = now_ms;
        else if (is_unsettled(&f->follow) && now_ms + UNSETTLED_MS < next)
            next = now_ms + UNSETTLED_MS;
    }
    return next;
}

static void checkpoint(void *ctx)
{
    struct log_files *self = ctx;
    for (size_t i = 0; i < self->n; i++) {
        struct followed *f = self->files[i];
        struct buf value = BUF_INIT(64);
        if (!f->follow.changed)
            continue;
        log_position_save(&f->follow.at, &value);
        self->host.put(self->host.ctx, STORE_POSITIONS, span_of(f->path), buf_span(&value));
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
    if (self->too_many) {
        out->state = SOURCE_DEGRADED;
        snprintf(out->detail, sizeof(out->detail), "more than %d files fit the patterns",
                 FILES_MAX);
    }
}

static void close_files(void *ctx)
{
    struct log_files *self = ctx;
    for (size_t i = 0; i < self->n; i++) {
        log_follow_release(&self->files[i]->follow);
        free(self->files[i]->path);
        free(self->files[i]);
    }
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
