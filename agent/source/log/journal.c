/*
 * The system's own journal, followed entry by entry (section [journal]). With enabled = auto it is
 * read where no syslog file of the configuration is there, so that nothing is told twice.
 *
 * Journald itself throws away the oldest files first. When files changed, and the entry that was
 * the newest before is gone although it is younger than GONE_YOUNG_MS, somebody emptied the
 * journal: that is told (1008), also when it happened while the agent was off, unless the machine
 * was started meanwhile. Journald writes a word of its own into each new file, so the newest after
 * a change proves nothing.
 *
 * State, STORE_POSITIONS "journal:": the cursor of the last entry read, or "time:<ms>" before the
 * first.
 */
#include "base/mem.h"
#include "base/text.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/sysjournal.h"
#include "source/all.h"
#include "source/log/glob.h"
#include "source/log/journal_entry.h"

#include <errno.h>

#define LOST_BEFORE_MS (3600 * 1000) /* before the last delivery; what came before it was told */
#define KEY            SPAN("journal:")
#define ENTRIES_A_RUN  1000
#define LOOK_EVERY_MS  60000 /* whether it is to be read at all, and after an error */
#define UNTOLD_MS      5000  /* without being told of new entries */
#define GONE_AFTER_MS  2000  /* files that are moved seem to be gone for a moment */
#define GONE_YOUNG_MS  (24 * 3600 * 1000)

struct journal_source {
    struct source_host host;
    struct sysjournal *journal;         /* NULL: not read now */
    char folder[4096];                  /* "" for this host's own */
    char cursor[SYSJOURNAL_CURSOR_MAX]; /* of the last entry, or "time:..." */
    char newest[SYSJOURNAL_CURSOR_MAX]; /* that there was before files changed */
    bool changed;                       /* since the last checkpoint */
    bool unsettled;   /* files went since the last entry: some may have gone unread */
    bool at_end;      /* of what there is: nothing is unread */
    bool gone_told;   /* since the last entry */
    bool running;     /* it was read since the agent's start */
    int64_t gone_due; /* monotonic ms: when to look whether newest is still there; 0: not */
    bool covered;     /* by syslog files */
    bool here;        /* there is one */
    int error;
    int64_t look_due;
    struct journal_entry entry;
};

/* ---- whether to read it ---- */

static void see_file(void *ctx, const char *path)
{
    struct journal_source *self = ctx;
    char on_disk[8192];
    struct file_info info;
    snprintf(on_disk, sizeof(on_disk), "%s%s", self->host.config->host_root, path);
    if (file_info_at(on_disk, &info) == 0)
        self->covered = true;
}

static void see_folder(void *ctx, const char *path)
{
    (void)ctx, (void)path;
}

static void see_too_many(void *ctx)
{
    (void)ctx;
}

static void look_around(struct journal_source *self)
{
    static const char *const folders[] = {"/var/log/journal", "/run/log/journal"};
    const struct config *c = self->host.config;
    const struct log_glob_callbacks cb = {self, see_file, see_folder, see_too_many};
    char on_disk[8192];
    struct file_info info;
    self->covered = self->here = false;
    for (size_t i = 0; i < c->logs_n; i++)
        if (strcmp(c->logs[i].format, "syslog") == 0 && c->logs[i].path[0])
            log_glob(c->host_root, c->logs[i].path, &cb);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(on_disk, sizeof(on_disk), "%s%s", c->host_root, folders[i]);
        self->here = self->here || file_info_at(on_disk, &info) == 0;
    }
}

static bool is_wanted(const struct journal_source *self)
{
    const char *enabled = self->host.config->journal;
    if (strcmp(enabled, "auto") == 0)
        return self->here && !self->covered;
    return strcmp(enabled, "yes") == 0;
}

static void remember(struct journal_source *self, const char *cursor)
{
    snprintf(self->cursor, sizeof(self->cursor), "%s", cursor);
    self->changed = true;
    self->gone_told = false;
}

/* Entries that were vacuumed away between the one read last and the one at hand. */
static void tell_lost(struct journal_source *self, const char *cursor)
{
    uint64_t lost = journal_entries_between(span_of(self->cursor), span_of(cursor));
    if (lost > 0)
        self->host.dropped(self->host.ctx, "journal entries vacuumed unread", lost);
}

static int seek(struct journal_source *self)
{
    struct span time = span_of(self->cursor), prefix;
    uint64_t ms = 0;
    if (span_starts(time, SPAN("time:"))) {
        span_take(&time, 5, &prefix);
        span_to_u64(time, &ms);
        return sysjournal_seek_time(self->journal, (int64_t)ms);
    }
    self->unsettled = true; /* what is there now may begin later */
    return sysjournal_seek_cursor(self->journal, self->cursor);
}

/* ---- what was read last is gone ---- */

static void tell_gone(struct journal_source *self)
{
    struct span parts[] = {SPAN("journal gone"), span_of(self->newest)};
    struct event e = {
        .class_uid = EVENT_LOG_ACTIVITY,
        .activity = LOG_ACTIVITY_CLEAR,
        .severity = SEVERITY_HIGH,
        .time_ms = clock_wall_ms(),
        .message = "the journal was emptied: its newest entry is gone",
        .u.log.log_name = SPAN("journal"),
        .u.log.actor.uid = -1,
    };
    event_uid_make(e.uid, parts, sizeof(parts) / sizeof(parts[0]));
    self->host.emit(self->host.ctx, &e);
    self->gone_told = true;
}

/* Whether the nearest entry there is now, if any, says that newest was taken away. */
static bool is_taken(const struct journal_source *self, const char *nearest)
{
    struct span last = span_of(self->newest), now = span_of(nearest ? nearest : "");
    uint8_t a[EVENT_UID_SIZE], b[EVENT_UID_SIZE];
    journal_entry_uid(a, last);
    journal_entry_uid(b, now);
    if (nearest && memcmp(a, b, sizeof(a)) == 0)
        return false;
    if (clock_wall_ms() - journal_entry_time_ms(last) > GONE_YOUNG_MS)
        return false;
    return self->running || (nearest && journal_entries_share_boot(last, now));
}

static void look_for_newest(struct journal_source *self)
{
    char nearest[SYSJOURNAL_CURSOR_MAX];
    self->gone_due = 0;
    if (self->gone_told || span_starts(span_of(self->newest), SPAN("time:")) ||
        sysjournal_seek_cursor(self->journal, self->newest) != 0)
        return;
    int rc = sysjournal_next(self->journal);
    if (rc > 0 && sysjournal_cursor(self->journal, nearest, sizeof(nearest)) != 0)
        rc = -EIO;
    if (rc >= 0 && is_taken(self, rc > 0 ? nearest : NULL))
        tell_gone(self);
    seek(self); /* reading goes on where it was */
}

static void start(struct journal_source *self)
{
    const char *folder = self->folder[0] ? self->folder : NULL;
    self->error = sysjournal_open(folder, &self->journal);
    if (self->error == 0 && self->cursor[0] == '\0') {
        char from[64];
        int64_t lost = self->host.lost_after_ms;
        snprintf(from, sizeof(from), "time:%lld",
                 (long long)(lost > LOST_BEFORE_MS ? lost - LOST_BEFORE_MS : clock_wall_ms()));
        remember(self, from);
    }
    if (self->error == 0)
        self->error = seek(self);
    if (self->error < 0) {
        sysjournal_close(self->journal);
        self->journal = NULL;
    } else {
        memcpy(self->newest, self->cursor, sizeof(self->newest));
        look_for_newest(self);
    }
}

static void stop(struct journal_source *self)
{
    sysjournal_close(self->journal);
    self->journal = NULL;
}

/* ---- reading ---- */

static void take_entry(struct journal_source *self)
{
    char cursor[SYSJOURNAL_CURSOR_MAX];
    struct journal_entry *e = &self->entry;
    const char *data = NULL;
    size_t n = 0;
    int rc = sysjournal_cursor(self->journal, cursor, sizeof(cursor));
    if (rc == 0 && strcmp(cursor, self->cursor) == 0)
        return; /* the one that was read last, after a seek */
    journal_entry_begin(e);
    while (rc >= 0 && (rc = sysjournal_field(self->journal, &data, &n)) > 0)
        journal_entry_add(e, span_make(data, n));
    if (rc < 0 || sysjournal_time(self->journal, &e->record.time_ms) != 0) {
        self->host.dropped(self->host.ctx, "journal entry damaged", 1);
        return;
    }
    if (self->unsettled)
        tell_lost(self, cursor);
    self->unsettled = false;
    journal_entry_end(e);
    e->record.source = "journal";
    journal_entry_uid(e->record.uid, span_of(cursor));
    if (e->cut)
        self->host.dropped(self->host.ctx, "journal entry cut", 1);
    remember(self, cursor);
    self->host.emit_record(self->host.ctx, &e->record);
}

/* Files came or went, and what is new was not read yet. */
static void note_newest(struct journal_source *self, int64_t now_ms)
{
    if (!self->at_end || self->gone_due > 0)
        return;
    memcpy(self->newest, self->cursor, sizeof(self->newest));
    self->gone_due = now_ms + GONE_AFTER_MS;
}

/* True when there is more. */
static bool read_entries(struct journal_source *self, int64_t now_ms)
{
    int rc = sysjournal_process(self->journal);
    if (rc == 2) {
        self->unsettled = true;
        note_newest(self, now_ms);
    }
    if (self->gone_due > 0 && now_ms >= self->gone_due)
        look_for_newest(self);
    for (int i = 0; rc >= 0 && i < ENTRIES_A_RUN; i++) {
        rc = sysjournal_next(self->journal);
        if (rc <= 0)
            break;
        take_entry(self);
    }
    self->error = rc < 0 ? rc : 0;
    self->at_end = rc == 0;
    self->running = true;
    if (rc < 0)
        stop(self);
    return rc > 0;
}

/* ---- the contract ---- */

static int open_journal_source(const struct source_host *host, void **out, struct error *e)
{
    (void)e;
    struct journal_source *self = mem_new(1, sizeof(*self));
    struct buf saved = BUF_INIT(SYSJOURNAL_CURSOR_MAX);
    self->host = *host;
    if (host->config->host_root[0])
        snprintf(self->folder, sizeof(self->folder), "%s/var/log/journal", host->config->host_root);
    if (store_get(host->store, STORE_POSITIONS, KEY, &saved) == 0)
        span_copy(buf_span(&saved), self->cursor, sizeof(self->cursor));
    buf_release(&saved);
    journal_entry_init(&self->entry);
    *out = self;
    return 0;
}

static size_t waits(void *ctx, wait_t *out, size_t max)
{
    struct journal_source *self = ctx;
    wait_t what = self->journal && max > 0 ? sysjournal_wait(self->journal) : WAIT_NONE;
    if (what == WAIT_NONE)
        return 0;
    out[0] = what;
    return 1;
}

static int64_t run(void *ctx, int64_t now_ms)
{
    struct journal_source *self = ctx;
    if (strcmp(self->host.config->journal, "no") == 0)
        return INT64_MAX;
    if (now_ms >= self->look_due) {
        self->look_due = now_ms + LOOK_EVERY_MS;
        look_around(self);
        if (!is_wanted(self))
            stop(self);
        else if (!self->journal)
            start(self);
    }
    if (!self->journal)
        return self->look_due;
    if (read_entries(self, now_ms))
        return now_ms;
    int64_t next = now_ms + UNTOLD_MS;
    next = self->gone_due > 0 && self->gone_due < next ? self->gone_due : next;
    return next < self->look_due ? next : self->look_due;
}

static void checkpoint(void *ctx)
{
    struct journal_source *self = ctx;
    if (self->changed)
        self->host.put(self->host.ctx, STORE_POSITIONS, KEY, span_of(self->cursor));
    self->changed = false;
}

static void health(void *ctx, struct source_health *out)
{
    const struct journal_source *self = ctx;
    *out = (struct source_health){.state = self->journal ? SOURCE_OK : SOURCE_OFF};
    if (strcmp(self->host.config->journal, "no") == 0)
        return;
    if (self->error == -ENOSYS) {
        out->state = SOURCE_DEGRADED;
        snprintf(out->detail, sizeof(out->detail),
                 "there is a journal and no libsystemd.so.0 to read it with; install libsystemd0");
    } else if (self->error < 0) {
        out->state = SOURCE_DEGRADED;
        snprintf(out->detail, sizeof(out->detail), "the journal cannot be read: %s",
                 error_text(self->error));
    } else if (!self->journal && self->covered) {
        snprintf(out->detail, sizeof(out->detail), "the syslog files say the same");
    }
}

static void close_journal_source(void *ctx)
{
    struct journal_source *self = ctx;
    stop(self);
    journal_entry_release(&self->entry);
    free(self);
}

const struct source source_log_journal = {
    .name = "log_journal",
    .open = open_journal_source,
    .waits = waits,
    .run = run,
    .checkpoint = checkpoint,
    .health = health,
    .close = close_journal_source,
};
