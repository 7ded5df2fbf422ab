#include "source/log/before.h"

#include "source/log/rotated.h"

#include <errno.h>

#define SKIP_AT_ONCE (4u << 20) /* bytes unpacked in one go to get to where reading stood */
#define NS           1000000000

static const char not_unpacked[] = "rotated log packed in a way that cannot be read here";

static int open_generation(const struct log_generation *g, struct log_content *out,
                           struct file_info *info)
{
    file_t file;
    int rc = file_open_trusted_path(g->path, &file, info);
    return rc == 0 ? log_content_take(out, file) : rc;
}

/* Whether it can be the one searched for, as far as can be seen without unpacking it. */
static bool may_be(const struct log_follow *f, struct log_content *c, const struct file_info *info)
{
    if (f->at.head_n == 0)
        return info->ino == f->at.ino;
    if (!log_position_fits_head(c, &f->at))
        return false;
    return c->unpack || (info->size >= f->at.offset && log_position_fits_tail(c, &f->at));
}

/* Packing keeps the time of the last change, but perhaps not its fraction. */
static bool is_same_second(const struct log_generation *g, const struct log_position *p)
{
    return g->mtime_ns / NS == p->mtime_ns / NS;
}

/* ---- searching ---- */

struct candidates {
    unsigned refused; /* how many to pass over */
    bool unreadable;  /* one that cannot be looked into was written to when `at` was, or later */
    bool told_later;  /* later: log_before_next will come to it */
};

static bool try_generation(struct log_follow *f, const struct log_generation *g,
                           struct candidates *among)
{
    struct log_content c;
    struct file_info info;
    int rc = open_generation(g, &c, &info);
    if (rc == -ENOTSUP && f->at.offset > 0 && g->mtime_ns / NS >= f->at.mtime_ns / NS) {
        among->unreadable = true;
        among->told_later = among->told_later || !is_same_second(g, &f->at);
    }
    if (rc != 0)
        return false;
    bool fits = may_be(f, &c, &info);
    if (fits && among->refused > 0) {
        among->refused--;
        fits = false;
    }
    if (!fits) {
        log_content_close(&c);
        return false;
    }
    f->content = c;
    f->seeking = c.unpack != NULL;
    return true;
}

static bool open_candidate(struct log_follow *f, struct candidates *among)
{
    struct log_generations *g = log_generations_find(f->path);
    bool found = false;
    for (size_t i = g->n; !found && i > 0; i--)
        if (g->items[i - 1].ino == f->at.ino)
            found = try_generation(f, &g->items[i - 1], among);
    for (size_t i = g->n; !found && i > 0; i--)
        if (g->items[i - 1].ino != f->at.ino)
            found = try_generation(f, &g->items[i - 1], among);
    log_generations_free(g);
    return found;
}

static void take_candidate(struct log_follow *f)
{
    struct file_info info;
    if (file_info_of(f->content.file, &info) == 0) {
        f->at.ino = info.ino;
        f->at.mtime_ns = info.mtime_ns;
    }
    f->seeking = false;
    f->refused = 0;
    f->changed = true;
}

enum log_search log_before_search(struct log_follow *f, const struct log_follow_callbacks *cb)
{
    struct candidates among = {.refused = f->refused};
    for (;;) {
        if (!log_content_is_open(&f->content) && !open_candidate(f, &among))
            break;
        if (!f->seeking) {
            take_candidate(f);
            return LOG_FOUND;
        }
        int64_t missing = log_content_skip(&f->content, f->at.offset - f->at.tail_n, SKIP_AT_ONCE);
        if (missing > 0)
            return LOG_SEARCHING;
        f->seeking = false;
        if (missing == 0 && log_position_fits_tail(&f->content, &f->at))
            continue;
        log_content_close(&f->content);
        among.refused = ++f->refused;
    }
    f->refused = 0;
    if (!among.unreadable)
        return LOG_NOT_FOUND;
    if (!among.told_later)
        cb->unread(cb->ctx, not_unpacked);
    return LOG_UNREADABLE;
}

/* ---- order ---- */

/* The generation that f->at speaks of, or n. */
static size_t index_of(const struct log_generations *g, const struct log_position *at)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->items[i].ino == at->ino)
            return i;
    for (size_t i = 0; i < g->n; i++) { /* packed since it was opened */
        struct log_content c;
        struct file_info info;
        if (!is_same_second(&g->items[i], at) || open_generation(&g->items[i], &c, &info) != 0)
            continue;
        bool fits = log_position_fits_head(&c, at);
        log_content_close(&c);
        if (fits)
            return i;
    }
    return g->n;
}

static bool is_after(const struct log_generation *g, const struct log_position *at)
{
    if (g->mtime_ns % NS == 0 || at->mtime_ns == 0)
        return at->mtime_ns != 0 && g->mtime_ns / NS > at->mtime_ns / NS;
    return g->mtime_ns > at->mtime_ns;
}

static size_t first_after(const struct log_generations *g, const struct log_position *at)
{
    size_t i = 0;
    while (i < g->n && !is_after(&g->items[i], at))
        i++;
    return i;
}

bool log_before_has_newer(const struct log_follow *f)
{
    struct log_generations *g = log_generations_find(f->path);
    size_t i = first_after(g, &f->at);
    while (i < g->n && g->items[i].kind == LOG_GENERATION_OTHER)
        i++;
    bool newer = i < g->n;
    log_generations_free(g);
    return newer;
}

bool log_before_is_gone(struct log_follow *f, bool anywhere)
{
    struct file_info info;
    if (file_info_of(f->content.file, &info) == 0)
        f->at.mtime_ns = info.mtime_ns;
    else
        info.nlink = 0;
    if (info.nlink > 0 && !anywhere)
        return false;
    struct log_generations *g = log_generations_find(f->path);
    bool gone = index_of(g, &f->at) == g->n;
    log_generations_free(g);
    return gone;
}

bool log_before_next(struct log_follow *f, bool lost, const struct log_follow_callbacks *cb)
{
    struct log_generations *g = log_generations_find(f->path);
    size_t i = lost ? g->n : index_of(g, &f->at);
    i = i < g->n ? i + 1 : first_after(g, &f->at);
    char byte;
    if (log_content_is_open(&f->content) &&
        log_content_read_at(&f->content, f->at.offset, &byte, 1) < 0)
        cb->unread(cb->ctx, "rotated log damaged");
    log_content_close(&f->content);
    for (bool opened = false; !opened && i < g->n; i++) {
        struct file_info info;
        if (g->items[i].kind == LOG_GENERATION_OTHER)
            continue;
        int rc = open_generation(&g->items[i], &f->content, &info);
        opened = rc == 0;
        if (opened)
            f->at = (struct log_position){.ino = info.ino,
                                          .mtime_ns = info.mtime_ns,
                                          .newest_ms = f->at.newest_ms,
                                          .back_told = f->at.back_told};
        else
            cb->unread(cb->ctx, rc == -ENOTSUP ? not_unpacked : "rotated log cannot be read");
    }
    bool more = log_content_is_open(&f->content);
    f->changed = f->changed || more;
    log_generations_free(g);
    return more;
}
