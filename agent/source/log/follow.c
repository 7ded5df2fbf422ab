#include "source/log/follow.h"

#include "base/span.h"
#include "source/log/before.h"
#include "source/log/lines.h"

#include <errno.h>

#define DELETED_AFTER_MS 10000
#define SWITCH_AFTER_MS  5000 /* an empty new file: the writer may still hold the old one */

void log_follow_init(struct log_follow *f, const char *path)
{
    *f = (struct log_follow){.content.file = FILE_NONE};
    span_copy(span_of(path), f->path, sizeof(f->path));
}

void log_follow_release(struct log_follow *f)
{
    log_content_close(&f->content);
    f->seeking = false;
}

void log_follow_resume(struct log_follow *f, const struct log_position *saved, bool from_end)
{
    struct file_info info;
    struct log_content c;
    file_t file;
    if (saved) {
        f->at = *saved;
        f->known = true;
        return;
    }
    if (!from_end || file_open_trusted_path(f->path, &file, &info) != 0)
        return;
    log_content_plain(&c, file);
    f->at = (struct log_position){.ino = info.ino, .offset = info.size, .mtime_ns = info.mtime_ns};
    log_position_fingerprint(&c, &f->at);
    log_position_read_tail(&c, &f->at);
    f->known = f->changed = true;
    log_content_close(&c);
}

static void begin_file(struct log_follow *f, file_t file, const struct file_info *info)
{
    log_follow_release(f);
    log_content_plain(&f->content, file);
    f->at = (struct log_position){.ino = info->ino,
                                  .mtime_ns = info->mtime_ns,
                                  .newest_ms = f->at.newest_ms,
                                  .back_told = f->at.back_told};
    f->known = f->changed = true;
    f->behind = false;
    f->refused = 0;
    f->rotated_since = 0;
}

/* ---- what was lost ---- */

/* Written anew: it goes on behind what was read last, if that stands there. */
static bool goes_on_edited(struct log_follow *f, file_t file, const struct file_info *info)
{
    struct log_content c;
    struct log_position p = f->at;
    log_content_plain(&c, file);
    if (p.head_n == 0 || p.tail_n < TAIL_MAX)
        return false;
    p.offset = log_position_find_tail(&c, &f->at, LOG_EDITED_MAX);
    if (p.offset == 0)
        return false;
    p.ino = info->ino;
    p.head_n = 0;
    log_position_fingerprint(&c, &p);
    begin_file(f, file, info);
    p.mtime_ns = info->mtime_ns;
    f->at = p;
    return true;
}

/* What is at the path now; file is FILE_NONE when nothing is. Owned until reading turns to it. */
struct at_path {
    file_t file;
    struct file_info info;
};

/* What was read before is not beside the log. True when reading goes on in the file at the path. */
static bool take_loss(struct log_follow *f, struct at_path *now, enum log_incident what,
                      const struct log_follow_callbacks *cb)
{
    struct log_position before = f->at;
    if (now->file == FILE_NONE) {
        what = LOG_INCIDENT_DELETED;
        f->forgotten = f->changed = true;
    } else if (goes_on_edited(f, now->file, &now->info)) {
        what = LOG_INCIDENT_EDITED;
        now->file = FILE_NONE;
    } else if (before.offset == 0) {
        return false; /* nothing of it had been read, and what came of it is not known */
    }
    cb->incident(cb->ctx, what, &before);
    if (what != LOG_INCIDENT_EDITED)
        f->at.newest_ms = 0; /* what is there now may be of any time */
    return what == LOG_INCIDENT_EDITED;
}

/* ---- catching up ---- */

/* One step: searches, or reads the generation found to its end. 1: it has been read, 0: there is
 * more to do, 2: reading goes on at the path. *lost: there was nothing to read. */
static int read_before(struct log_follow *f, struct at_path *now, uint64_t budget,
                       uint64_t *consumed, const struct log_follow_callbacks *cb, bool *lost)
{
    bool loss;
    enum log_incident what = f->emptied ? LOG_INCIDENT_TRUNCATED : LOG_INCIDENT_REPLACED;
    if (log_content_is_open(&f->content) && !f->seeking) {
        *consumed += log_lines_read(f, budget - *consumed, cb, true);
        if (*consumed >= budget)
            return 0;
        loss = log_before_is_gone(f, now->file == FILE_NONE);
        what = LOG_INCIDENT_REPLACED;
    } else {
        enum log_search search = log_before_search(f, cb);
        if (search == LOG_FOUND)
            return 0;
        if (search == LOG_SEARCHING)
            *consumed = budget;
        if (search == LOG_SEARCHING)
            return 0;
        *lost = true;
        loss = search == LOG_NOT_FOUND;
    }
    return loss && take_loss(f, now, what, cb) ? 2 : 1;
}

/* Reads what came before the file at the path, generation by generation, then turns to that. */
static uint64_t catch_up(struct log_follow *f, struct at_path *now, uint64_t budget,
                         const struct log_follow_callbacks *cb)
{
    uint64_t consumed = 0;
    f->behind = true;
    while (consumed < budget) {
        bool lost = false;
        int step = read_before(f, now, budget, &consumed, cb, &lost);
        if (step == 2)
            return consumed;
        if (step == 0)
            continue;
        f->emptied = false;
        if (log_before_next(f, lost, cb))
            continue;
        if (now->file != FILE_NONE)
            begin_file(f, now->file, &now->info);
        else
            f->gone = true;
        now->file = FILE_NONE;
        break;
    }
    return consumed;
}

/* ---- the path ---- */

static bool is_intact(const struct log_follow *f, file_t file, const struct file_info *info)
{
    struct log_content c;
    log_content_plain(&c, file);
    return info->size >= f->at.offset && log_position_fits_head(&c, &f->at) &&
           log_position_fits_tail(&c, &f->at);
}

/* Nothing of it was read yet, so nothing says whether it is what it was; but a copy made meanwhile
 * does (copytruncate). */
static bool was_copied_unread(const struct log_follow *f, const struct file_info *info)
{
    return f->at.offset == 0 && info->mtime_ns != f->at.mtime_ns && log_before_has_newer(f);
}

/* Rotated by rename, and nothing in the new file yet: its writer has not turned to it. */
static bool is_switch_early(struct log_follow *f, const struct file_info *info, int64_t now_ms)
{
    if (f->behind || !log_content_is_open(&f->content) || info->size > 0)
        return false;
    if (f->rotated_since == 0)
        f->rotated_since = now_ms;
    return now_ms - f->rotated_since < SWITCH_AFTER_MS;
}

/* The path is there: makes f->content the file at the path, reading what came before it first. */
static uint64_t settle(struct log_follow *f, struct at_path *now, uint64_t budget, int64_t now_ms,
                       const struct log_follow_callbacks *cb)
{
    if (!f->known || f->forgotten || f->gone) { /* all of the old file is read, or its loss told */
        f->forgotten = f->gone = false;
        begin_file(f, now->file, &now->info);
        now->file = FILE_NONE;
        return 0;
    }
    if (!f->behind && now->info.ino == f->at.ino) {
        log_follow_release(f);
        if (is_intact(f, now->file, &now->info) && !was_copied_unread(f, &now->info)) {
            log_content_plain(&f->content, now->file);
            f->at.mtime_ns = now->info.mtime_ns;
            f->rotated_since = 0;
            now->file = FILE_NONE;
            return 0;
        }
        f->emptied = true;
    } else if (is_switch_early(f, &now->info, now_ms)) {
        return log_lines_read(f, budget, cb, false);
    }
    return catch_up(f, now, budget, cb);
}

/* Nothing is at the path: a rotation is under way, or more. */
static uint64_t take_missing(struct log_follow *f, uint64_t budget, int64_t now_ms,
                             const struct log_follow_callbacks *cb)
{
    struct at_path none = {.file = FILE_NONE};
    if (f->missing_since == 0)
        f->missing_since = now_ms;
    if (!f->known || f->forgotten || f->gone)
        return 0;
    if (now_ms - f->missing_since >= DELETED_AFTER_MS)
        return catch_up(f, &none, budget, cb);
    if (log_content_is_open(&f->content) && !f->seeking) /* the writer may still hold it */
        return log_lines_read(f, budget, cb, false);
    return 0;
}

bool log_follow_is_unsettled(const struct log_follow *f)
{
    if (f->gone || f->forgotten)
        return false;
    return f->rotated_since != 0 || f->behind || (f->missing_since != 0 && f->known);
}

uint64_t log_follow_read(struct log_follow *f, uint64_t budget, int64_t now_ms,
                         const struct log_follow_callbacks *cb)
{
    struct at_path now;
    int rc = file_open_trusted_path(f->path, &now.file, &now.info);
    f->error = rc == -ENOENT ? 0 : rc;
    if (rc == -ENOENT)
        return take_missing(f, budget, now_ms, cb);
    if (rc != 0)
        return 0;
    f->missing_since = 0;
    uint64_t consumed = settle(f, &now, budget, now_ms, cb);
    if (now.file != FILE_NONE) {
        file_close(now.file); /* not its turn yet */
        return consumed;
    }
    if (consumed < budget)
        consumed += log_lines_read(f, budget - consumed, cb, false);
    return consumed;
}
