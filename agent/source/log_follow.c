#include "source/log_follow.h"

#include "base/span.h"

#include <errno.h>

#define BLOCK            (64 * 1024)
#define SIBLINGS_MAX     1000
#define DELETED_AFTER_MS 10000
#define SWITCH_AFTER_MS  5000        /* an empty new file: the writer may still hold the old one */
#define RUNAWAY_MAX      (16u << 20) /* a line without an end is cut here */

void log_follow_init(struct log_follow *f, const char *path)
{
    *f = (struct log_follow){.file = FILE_NONE};
    span_copy(span_of(path), f->path, sizeof(f->path));
}

void log_follow_release(struct log_follow *f)
{
    if (f->file != FILE_NONE)
        file_close(f->file);
    f->file = FILE_NONE;
}

void log_follow_resume(struct log_follow *f, const struct log_position *saved, bool from_end)
{
    struct file_info info;
    file_t file;
    if (saved) {
        f->at = *saved;
        f->known = true;
        return;
    }
    if (!from_end || file_open_trusted_path(f->path, &file, &info) != 0)
        return;
    f->at = (struct log_position){.ino = info.ino, .offset = info.size};
    log_position_fingerprint(file, &f->at);
    f->known = f->changed = true;
    file_close(file);
}

/* ---- reading lines ---- */

/* The offset behind the next newline at or behind `from`, or behind RUNAWAY_MAX bytes without one;
 * 0 when the file ends before either. */
static uint64_t find_line_end(file_t file, uint64_t from)
{
    char block[BLOCK];
    uint64_t runaway = from + RUNAWAY_MAX;
    while (from < runaway) {
        int64_t got = file_read_at(file, from, block, BLOCK);
        if (got <= 0)
            return 0;
        const char *hit = memchr(block, '\n', (size_t)got);
        if (hit)
            return from + (uint64_t)(hit - block) + 1;
        from += (uint64_t)got;
    }
    return runaway;
}

static void hand_on(struct log_follow *f, struct span text, bool cut,
                    const struct log_follow_callbacks *cb)
{
    if (text.n > 0 && text.p[text.n - 1] == '\r')
        text.n--;
    struct log_line line = {text, f->at.ino, f->at.offset, &f->at, cut};
    if (text.n > LOG_LINE_MAX) {
        line.text.n = LOG_LINE_MAX;
        line.cut = true;
    }
    if (text.n > 0)
        cb->line(cb->ctx, &line);
}

/* A line that does not fit the block: its beginning stands in block, the rest is passed over. */
static uint64_t pass_long_line(struct log_follow *f, struct span start,
                               const struct log_follow_callbacks *cb, bool ended)
{
    struct file_info info;
    uint64_t next = find_line_end(f->file, f->at.offset + start.n);
    if (next == 0 && ended && file_info_of(f->file, &info) == 0)
        next = info.size;
    if (next <= f->at.offset)
        return 0;
    uint64_t consumed = next - f->at.offset;
    hand_on(f, start, true, cb);
    f->at.offset = next;
    return consumed;
}

/*
 * One block. Returns bytes consumed; 0 when there is no whole line. ended: nobody writes to the
 * file any more, so what has no newline is a line too.
 */
static uint64_t read_block(struct log_follow *f, const struct log_follow_callbacks *cb, bool ended)
{
    char block[BLOCK];
    int64_t got = file_read_at(f->file, f->at.offset, block, sizeof(block));
    if (got < 0)
        f->error = (int)got;
    if (got <= 0)
        return 0;
    if (f->at.head_n == 0)
        log_position_fingerprint(f->file, &f->at);
    struct span rest = span_make(block, (size_t)got);
    uint64_t consumed = 0;
    while (rest.n > 0) {
        size_t n = span_find(rest, '\n');
        if (n == rest.n && !(ended && got < BLOCK))
            break;
        hand_on(f, (struct span){rest.p, n}, false, cb);
        size_t whole = n < rest.n ? n + 1 : n;
        f->at.offset += whole;
        consumed += whole;
        rest.p += whole;
        rest.n -= whole;
    }
    if (consumed == 0 && got == BLOCK)
        consumed = pass_long_line(f, rest, cb, ended);
    f->changed = f->changed || consumed > 0;
    return consumed;
}

static uint64_t read_lines(struct log_follow *f, uint64_t budget,
                           const struct log_follow_callbacks *cb, bool ended)
{
    uint64_t consumed = 0, n;
    while (consumed < budget && (n = read_block(f, cb, ended)) > 0)
        consumed += n;
    return consumed;
}

/* ---- rotation ---- */

static bool is_rotated_name(struct span entry, struct span log)
{
    static const char *const packed[] = {".gz", ".xz", ".bz2", ".zst", ".lz4"};
    if (entry.n <= log.n || !span_starts(entry, log) || !strchr(".-_", entry.p[log.n]))
        return false;
    for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++)
        if (span_ends(entry, span_of(packed[i])))
            return false;
    return true;
}

/* Whether an open file is the one `at` speaks of (renamed), or a copy of it (copytruncate). */
static bool is_predecessor(const struct log_follow *f, file_t file, const struct file_info *info)
{
    if (info->size < f->at.offset || !log_position_fits(file, &f->at))
        return false;
    return info->ino == f->at.ino || f->at.head_n > 0;
}

/* Opens the rotated file beside the log in which reading has to go on. The same inode is better
 * than a copy; true if there is one. */
static bool open_predecessor(const struct log_follow *f, file_t *out)
{
    char folder[4096], path[4096 + 256];
    struct span whole = span_of(f->path);
    size_t slash = whole.n;
    while (slash > 0 && whole.p[slash - 1] != '/')
        slash--;
    span_copy((struct span){whole.p, slash ? slash - 1 : 0}, folder, sizeof(folder));
    struct span log = {whole.p + slash, whole.n - slash};
    struct folder *d;
    const char *name;
    enum file_type type;
    if (folder_open(folder[0] ? folder : "/", &d) != 0)
        return false;
    *out = FILE_NONE;
    bool same_inode = false;
    for (int i = 0; !same_inode && i < SIBLINGS_MAX && folder_next(d, &name, &type) == 1; i++) {
        struct file_info info;
        file_t file;
        if (!is_rotated_name(span_of(name), log))
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, name);
        if (file_open_trusted_path(path, &file, &info) != 0)
            continue;
        same_inode = is_predecessor(f, file, &info) && info.ino == f->at.ino;
        if (same_inode || (*out == FILE_NONE && is_predecessor(f, file, &info))) {
            if (*out != FILE_NONE)
                file_close(*out);
            *out = file;
        } else {
            file_close(file);
        }
    }
    folder_close(d);
    return *out != FILE_NONE;
}

/* The file that was read before is no longer at the path: what it still holds comes first. True
 * when it has been read to its end (or cannot be found). */
static bool finish_predecessor(struct log_follow *f, uint64_t budget, uint64_t *consumed,
                               const struct log_follow_callbacks *cb, bool *found)
{
    *found = f->file != FILE_NONE || open_predecessor(f, &f->file);
    if (!*found)
        return true;
    *consumed = read_lines(f, budget, cb, true);
    if (*consumed >= budget)
        return false;
    log_follow_release(f);
    return true;
}

static void begin_new_file(struct log_follow *f, file_t file, const struct file_info *info)
{
    log_follow_release(f);
    f->file = file;
    f->at = (struct log_position){.ino = info->ino};
    f->known = f->changed = true;
    f->rotated_since = 0;
}

/* The path holds less than was read, or begins otherwise: emptied in place. */
static bool was_truncated(const struct log_follow *f, file_t file, const struct file_info *info)
{
    return info->size < f->at.offset || !log_position_fits(file, &f->at);
}

static uint64_t take_truncated(struct log_follow *f, file_t file, const struct file_info *info,
                               uint64_t budget, const struct log_follow_callbacks *cb)
{
    struct log_position before = f->at;
    uint64_t consumed = 0;
    bool found;
    log_follow_release(
        f); /* the open file is the emptied one; its content is in a copy, if at all */
    if (!finish_predecessor(f, budget, &consumed, cb, &found)) {
        file_close(file);
        return consumed;
    }
    if (!found)
        cb->incident(cb->ctx, LOG_INCIDENT_TRUNCATED, &before);
    begin_new_file(f, file, info);
    return consumed;
}

static void note_missing(struct log_follow *f, int64_t now_ms,
                         const struct log_follow_callbacks *cb)
{
    if (f->missing_since == 0)
        f->missing_since = now_ms;
    if (f->known && !f->deleted_told && now_ms - f->missing_since >= DELETED_AFTER_MS) {
        cb->incident(cb->ctx, LOG_INCIDENT_DELETED, &f->at);
        f->deleted_told = true;
        log_follow_release(f); /* a deleted file that is held open keeps its disk space */
    }
}

/* Rotated by rename, and nothing in the new file yet: its writer has not turned to it. */
static bool is_switch_early(struct log_follow *f, const struct file_info *info, int64_t now_ms)
{
    if (f->file == FILE_NONE || info->size > 0)
        return false;
    if (f->rotated_since == 0)
        f->rotated_since = now_ms;
    return now_ms - f->rotated_since < SWITCH_AFTER_MS;
}

/* The path is there: makes f->file the file at the path, reading what came before it first. */
static uint64_t settle(struct log_follow *f, file_t file, const struct file_info *info,
                       uint64_t budget, int64_t now_ms, const struct log_follow_callbacks *cb)
{
    uint64_t consumed = 0;
    bool found;
    if (!f->known || f->deleted_told) { /* what was lost with the old file is told already */
        begin_new_file(f, file, info);
        return 0;
    }
    if (info->ino == f->at.ino) {
        if (was_truncated(f, file, info))
            return take_truncated(f, file, info, budget, cb);
        log_follow_release(f);
        f->file = file;
        return 0;
    }
    if (is_switch_early(f, info, now_ms)) {
        file_close(file);
        return read_lines(f, budget, cb, false);
    }
    if (!finish_predecessor(f, budget, &consumed, cb, &found)) {
        file_close(file);
        return consumed;
    }
    if (!found)
        cb->incident(cb->ctx, LOG_INCIDENT_DELETED, &f->at);
    begin_new_file(f, file, info);
    return consumed;
}

uint64_t log_follow_read(struct log_follow *f, uint64_t budget, int64_t now_ms,
                         const struct log_follow_callbacks *cb)
{
    struct file_info info;
    file_t file;
    int rc = file_open_trusted_path(f->path, &file, &info);
    f->error = rc == -ENOENT ? 0 : rc;
    if (rc != 0) {
        uint64_t consumed = 0;
        if (rc == -ENOENT) {
            if (f->file != FILE_NONE) /* a rotation is under way: the writer may still hold it */
                consumed = read_lines(f, budget, cb, false);
            note_missing(f, now_ms, cb);
        }
        return consumed;
    }
    f->missing_since = 0;
    uint64_t consumed = settle(f, file, &info, budget, now_ms, cb);
    f->deleted_told = false;
    if (consumed < budget && f->file != FILE_NONE)
        consumed += read_lines(f, budget - consumed, cb, false);
    return consumed;
}
