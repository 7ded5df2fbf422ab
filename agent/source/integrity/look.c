#include "source/integrity/look.h"

#include "platform/clock.h"

#include <errno.h>

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

static bool is_same_version(const struct file_info *a, const struct file_info *b)
{
    return a->ino == b->ino && a->dev == b->dev && a->size == b->size &&
           a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static enum integrity_skip read_attributes(struct integrity_look *look,
                                           const struct walk_folder *folder, const char *name,
                                           struct integrity_state *s)
{
    integrity_attributes_begin(&look->attributes);
    int rc = walk_attributes(folder, name, look->content.file, integrity_attributes_add,
                             &look->attributes);
    if (rc != 0)
        return rc == -ENOENT ? INTEGRITY_SKIP_NONE : INTEGRITY_SKIP_UNREADABLE;
    s->has_attributes = true;
    s->attributes = integrity_attributes_end(&look->attributes);
    return INTEGRITY_SKIP_NONE;
}

static enum integrity_skip open_content(struct integrity_look *look,
                                        const struct walk_folder *folder, const char *name,
                                        struct integrity_state *s)
{
    file_t f;
    int rc = walk_file(folder, name, &f, &s->info);
    if (rc != 0)
        return skip_of(rc);
    integrity_read_begin(&look->content, f, s->info.size);
    return INTEGRITY_SKIP_NONE;
}

static enum integrity_skip read_target(struct integrity_look *look,
                                       const struct walk_folder *folder, const char *name,
                                       struct integrity_state *s)
{
    int n = walk_link(folder, name, look->target, sizeof(look->target));
    if (n < 0)
        return skip_of(n);
    s->target = (struct span){look->target, (size_t)n};
    return INTEGRITY_SKIP_NONE;
}

enum integrity_skip integrity_look_begin(struct integrity_look *look,
                                         const struct walk_folder *folder, const char *name,
                                         const struct file_info *info, struct integrity_state *s)
{
    enum integrity_skip skip = INTEGRITY_SKIP_NONE;
    *s = (struct integrity_state){.info = *info};
    look->content.file = FILE_NONE;
    if (info->type == FILE_REGULAR && info->size <= look->hash_max)
        skip = open_content(look, folder, name, s);
    else if (info->type == FILE_SYMLINK)
        skip = read_target(look, folder, name, s);
    if (skip == INTEGRITY_SKIP_GONE)
        return skip;
    enum integrity_skip other = read_attributes(look, folder, name, s);
    if (look->content.file != FILE_NONE && s->info.size > look->hash_max)
        integrity_read_close(&look->content); /* it grew since it was looked at */
    return skip ? skip : other;
}

static enum integrity_skip skip_of_read(const struct integrity_read *r)
{
    switch (r->end) {
    case INTEGRITY_READ_WHOLE:
        return INTEGRITY_SKIP_NONE;
    case INTEGRITY_READ_SHORT:
        return INTEGRITY_SKIP_CHANGED;
    case INTEGRITY_READ_SLOW:
        return INTEGRITY_SKIP_SLOW;
    case INTEGRITY_READ_FAILED:
        return skip_of(r->error);
    case INTEGRITY_READ_ON:
    case INTEGRITY_READ_STOPPED:
        break;
    }
    return INTEGRITY_SKIP_STOPPED;
}

enum integrity_skip integrity_look_end(struct integrity_look *look, struct integrity_state *s)
{
    struct file_info after;
    enum integrity_skip skip = skip_of_read(&look->content);
    if (skip == INTEGRITY_SKIP_NONE &&
        (file_info_of(look->content.file, &after) != 0 || !is_same_version(&s->info, &after)))
        skip = INTEGRITY_SKIP_CHANGED;
    integrity_read_close(&look->content);
    s->has_sha256 = skip == INTEGRITY_SKIP_NONE;
    s->hashed_s = s->has_sha256 ? (uint32_t)(clock_wall_ms() / 1000) : 0;
    if (s->has_sha256)
        sha256_final(&look->content.sum, s->sha256);
    return skip;
}

enum integrity_skip integrity_look_at(struct integrity_look *look, const struct walk_folder *folder,
                                      const char *name, const struct file_info *info,
                                      struct integrity_state *s)
{
    enum integrity_skip skip = integrity_look_begin(look, folder, name, info, s);
    if (skip == INTEGRITY_SKIP_GONE || look->content.file == FILE_NONE)
        return skip;
    integrity_read_on(&look->content, NULL, &look->pace);
    enum integrity_skip content = integrity_look_end(look, s);
    return content ? content : skip;
}

bool integrity_lacks_hash(const struct integrity_look *look, const struct integrity_state *s)
{
    return s->info.type == FILE_REGULAR && s->info.size <= look->hash_max && !s->has_sha256;
}

void integrity_keep_unread(const struct integrity_state *before, struct integrity_state *after)
{
    if (!after->has_attributes && before->info.type == after->info.type) {
        after->has_attributes = before->has_attributes;
        after->attributes = before->attributes;
    }
    if (after->has_sha256 || !before->has_sha256 || before->info.type != after->info.type ||
        before->info.size != after->info.size || before->info.mtime_ns != after->info.mtime_ns)
        return;
    after->has_sha256 = true;
    after->hashed_s = 0;
    memcpy(after->sha256, before->sha256, sizeof(after->sha256));
}
