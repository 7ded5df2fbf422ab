#include "source/integrity/verify.h"

#include "base/mem.h"
#include "platform/clock.h"

#include <errno.h>

#define PIECE       (64 << 10)
#define SMALL       (4 << 20)
#define TOGETHER_MS 60000
#define UNPACK_MS   900000
#define SLACK_MS    2000
#define STICKY      01000u

bool verify_rights(const struct integrity_fact *f)
{
    unsigned allowed = INTEGRITY_CREATED | INTEGRITY_TYPE | INTEGRITY_CONTENT | INTEGRITY_MODE |
                       INTEGRITY_OWNER | INTEGRITY_TIMES |
                       (f->before ? 0u : (unsigned)INTEGRITY_SETUID);
    const struct file_info *now = &f->after->info, *was = f->before ? &f->before->info : NULL;
    if (f->change & ~allowed)
        return false;
    if (now->uid != 0 && !(was && was->uid == now->uid))
        return false;
    if (now->gid != 0 && was && was->gid != now->gid)
        return false;
    bool open = now->type != FILE_SYMLINK && now->mode & 02 && !(now->mode & STICKY);
    return !open || (was && was->mode & 02);
}

bool verify_unhashed(const struct held_owner *o, const struct file_info *info)
{
    int64_t ctime_ms = info->ctime_ns / 1000000;
    if (info->type == FILE_FOLDER)
        return true;
    return info->type == FILE_SYMLINK && ctime_ms <= o->list_ms + SLACK_MS &&
           ctime_ms >= o->list_ms - UNPACK_MS;
}

bool verify_written_together(const struct held_owner *o)
{
    int64_t apart = o->md5sums_ms - o->list_ms;
    return apart < TOGETHER_MS && apart > -TOGETHER_MS;
}

bool verify_same(const struct file_info *a, const struct file_info *b)
{
    return a->ino == b->ino && a->dev == b->dev && a->size == b->size &&
           a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

/* ---- content ---- */

struct verify_hash {
    file_t file;
    int error;
    struct file_info info;
    struct md5 md5;
    uint64_t at;
    char piece[PIECE];
};

struct verify_hash *verify_hash_begin(const struct integrity_paths *paths, const char *path)
{
    char on_disk[INTEGRITY_PATH_MAX];
    struct verify_hash *v = mem_new(1, sizeof(*v));
    v->file = FILE_NONE;
    v->error = -ENAMETOOLONG;
    if (integrity_paths_on_disk(paths, path, on_disk, sizeof(on_disk)))
        v->error = file_open_untrusted(on_disk, &v->file, &v->info);
    md5_init(&v->md5);
    return v;
}

void verify_hash_free(struct verify_hash *v)
{
    if (!v)
        return;
    if (v->file != FILE_NONE)
        file_close(v->file);
    free(v);
}

int verify_hash_go_on(struct verify_hash *v, int64_t end_ms, uint8_t md5[MD5_SIZE],
                      struct file_info *info)
{
    struct file_info after;
    while (v->error == 0 && v->at < v->info.size) {
        uint64_t rest = v->info.size - v->at;
        int64_t n = file_read_at(v->file, v->at, v->piece, rest < PIECE ? (size_t)rest : PIECE);
        if (n <= 0)
            v->error = n < 0 ? (int)n : -EAGAIN;
        else
            md5_update(&v->md5, v->piece, (size_t)n);
        v->at += n > 0 ? (uint64_t)n : 0;
        if (clock_mono_ms() >= end_ms && v->error == 0 && v->at < v->info.size)
            return 1;
    }
    if (v->error == 0)
        v->error = file_info_of(v->file, &after);
    if (v->error == 0 && !verify_same(&v->info, &after))
        v->error = -EAGAIN;
    if (v->error != 0)
        return v->error;
    md5_final(&v->md5, md5);
    *info = v->info;
    return 0;
}

enum verify_content verify_content(const struct integrity_paths *paths,
                                   const struct integrity_fact *f, const uint8_t md5[MD5_SIZE])
{
    uint8_t is[MD5_SIZE];
    struct file_info info;
    if (f->after->info.size > SMALL)
        return VERIFY_UNKNOWN;
    struct verify_hash *v = verify_hash_begin(paths, f->new_path ? f->new_path : f->path);
    int rc = v->info.size > SMALL ? -EAGAIN : verify_hash_go_on(v, INT64_MAX, is, &info);
    bool known = rc == 0 && verify_same(&info, &f->after->info);
    verify_hash_free(v);
    if (!known)
        return VERIFY_UNKNOWN;
    return memcmp(is, md5, MD5_SIZE) == 0 ? VERIFY_EQUAL : VERIFY_DIFFERS;
}
