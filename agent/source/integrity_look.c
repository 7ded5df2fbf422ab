#include "source/integrity_look.h"

#include "base/sha256.h"
#include "platform/clock.h"

#include <errno.h>

#define READ_MS_MAX 60000 /* one file; a slow disk reads hash_max in this time */

static const char *const words[INTEGRITY_SKIPS] = {
    [INTEGRITY_SKIP_NONE] = "",
    [INTEGRITY_SKIP_UNREADABLE] = "unreadable",
    [INTEGRITY_SKIP_LEASED] = "lease held",
    [INTEGRITY_SKIP_CHANGED] = "changed while read",
    [INTEGRITY_SKIP_SLOW] = "read too slowly",
    [INTEGRITY_SKIP_GONE] = "vanished",
    [INTEGRITY_SKIP_STOPPED] = "stopped",
    [INTEGRITY_SKIP_LONG] = "path too long",
    [INTEGRITY_SKIP_FOREIGN] = "foreign file system",
};

const char *integrity_skip_words(enum integrity_skip s)
{
    return words[s];
}

static enum integrity_skip skip_of(int rc)
{
    switch (rc) {
    case -ENOENT:
        return INTEGRITY_SKIP_GONE;
    case -EAGAIN:
        return INTEGRITY_SKIP_LEASED;
    case -ELOOP:
    case -EINVAL: /* something else lies there now */
        return INTEGRITY_SKIP_CHANGED;
    default:
        return INTEGRITY_SKIP_UNREADABLE;
    }
}

static enum integrity_skip read_all(struct integrity_look *look, file_t f, uint64_t size,
                                    uint8_t out[SHA256_SIZE])
{
    struct sha256 sum;
    int64_t deadline = 0;
    sha256_init(&sum);
    for (uint64_t at = 0; at < size;) {
        size_t want = size - at < sizeof(look->piece) ? (size_t)(size - at) : sizeof(look->piece);
        int64_t n = file_read_at(f, at, look->piece, want);
        if (n < 0)
            return skip_of((int)n);
        if (n == 0)
            return INTEGRITY_SKIP_CHANGED;
        sha256_update(&sum, look->piece, (size_t)n);
        at += (uint64_t)n;
        if (look->read && !look->read(look->ctx, (size_t)n))
            return INTEGRITY_SKIP_STOPPED;
        if (at < size && deadline == 0)
            deadline = clock_mono_ms() + READ_MS_MAX;
        else if (at < size && clock_mono_ms() > deadline)
            return INTEGRITY_SKIP_SLOW;
    }
    sha256_final(&sum, out);
    return INTEGRITY_SKIP_NONE;
}

static bool is_same_version(const struct file_info *a, const struct file_info *b)
{
    return a->ino == b->ino && a->dev == b->dev && a->size == b->size &&
           a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static enum integrity_skip hash(struct integrity_look *look, const struct walk_folder *folder,
                                const char *name, struct integrity_state *s)
{
    file_t f;
    struct file_info after;
    int rc = walk_file(folder, name, &f, &s->info);
    if (rc != 0)
        return skip_of(rc);
    if (s->info.size > look->hash_max) { /* it grew since it was looked at */
        file_close(f);
        return INTEGRITY_SKIP_NONE;
    }
    enum integrity_skip skip = read_all(look, f, s->info.size, s->sha256);
    if (skip == INTEGRITY_SKIP_NONE &&
        (file_info_of(f, &after) != 0 || !is_same_version(&s->info, &after)))
        skip = INTEGRITY_SKIP_CHANGED;
    file_close(f);
    s->has_sha256 = skip == INTEGRITY_SKIP_NONE;
    s->hashed_s = s->has_sha256 ? (uint32_t)(clock_wall_ms() / 1000) : 0;
    return skip;
}

enum integrity_skip integrity_look_at(struct integrity_look *look, const struct walk_folder *folder,
                                      const char *name, const struct file_info *info,
                                      struct integrity_state *s)
{
    *s = (struct integrity_state){.info = *info};
    if (info->type == FILE_REGULAR && info->size <= look->hash_max)
        return hash(look, folder, name, s);
    if (info->type != FILE_SYMLINK)
        return INTEGRITY_SKIP_NONE;
    int n = walk_link(folder, name, look->target, sizeof(look->target));
    if (n < 0)
        return skip_of(n);
    s->target = (struct span){look->target, (size_t)n};
    return INTEGRITY_SKIP_NONE;
}

bool integrity_lacks_hash(const struct integrity_look *look, const struct integrity_state *s)
{
    return s->info.type == FILE_REGULAR && s->info.size <= look->hash_max && !s->has_sha256;
}

void integrity_keep_hash(const struct integrity_state *before, struct integrity_state *after)
{
    if (!before->has_sha256 || before->info.type != after->info.type ||
        before->info.size != after->info.size || before->info.mtime_ns != after->info.mtime_ns)
        return;
    after->has_sha256 = true;
    after->hashed_s = 0;
    memcpy(after->sha256, before->sha256, sizeof(after->sha256));
}
