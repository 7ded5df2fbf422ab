#include "source/log/position.h"

#include "base/sha256.h"

#define VERSION 2

void log_position_save(const struct log_position *p, struct buf *out)
{
    buf_put_byte(out, VERSION);
    buf_put_u64(out, p->ino);
    buf_put_u64(out, p->offset);
    buf_put_u64(out, (uint64_t)p->mtime_ns);
    buf_put_u64(out, (uint64_t)p->newest_ms);
    buf_put_byte(out, p->back_told);
    buf_put_u32(out, p->head_n);
    buf_put(out, p->head, sizeof(p->head));
    buf_put_u32(out, p->tail_n);
    buf_put(out, p->tail, p->tail_n);
}

bool log_position_load(struct span saved, struct log_position *out)
{
    struct span version, head, back_told;
    uint64_t mtime, newest;
    uint32_t tail_n;
    *out = (struct log_position){0};
    if (!span_take(&saved, 1, &version) || version.p[0] != VERSION ||
        !span_take_u64(&saved, &out->ino) || !span_take_u64(&saved, &out->offset) ||
        !span_take_u64(&saved, &mtime) || !span_take_u64(&saved, &newest) ||
        !span_take(&saved, 1, &back_told) || (unsigned char)back_told.p[0] > 1 ||
        !span_take_u32(&saved, &out->head_n) || !span_take(&saved, sizeof(out->head), &head) ||
        !span_take_u32(&saved, &tail_n) || saved.n != tail_n || tail_n > TAIL_MAX ||
        tail_n > out->offset || out->head_n > FINGERPRINT_MAX)
        return false;
    out->mtime_ns = (int64_t)mtime;
    out->newest_ms = (int64_t)newest;
    out->back_told = back_told.p[0];
    memcpy(out->head, head.p, sizeof(out->head));
    log_position_tail(out, saved);
    return true;
}

static void hash_head(const char *data, size_t n, uint8_t out[16])
{
    uint8_t full[SHA256_SIZE];
    sha256_of(data, n, full);
    memcpy(out, full, 16);
}

int log_position_fingerprint(struct log_content *c, struct log_position *p)
{
    char head[FINGERPRINT_MAX];
    int64_t got = log_content_read_at(c, 0, head, sizeof(head));
    if (got < 0)
        return (int)got;
    const char *newline = got > 0 ? memchr(head, '\n', (size_t)got) : NULL;
    if (!newline && got < FINGERPRINT_MAX)
        return 0;
    p->head_n = newline ? (uint32_t)(newline - head) + 1 : FINGERPRINT_MAX;
    hash_head(head, p->head_n, p->head);
    return 0;
}

void log_position_tail(struct log_position *p, struct span before)
{
    size_t n = before.n < TAIL_MAX ? before.n : TAIL_MAX;
    size_t kept = p->tail_n < TAIL_MAX - n ? p->tail_n : TAIL_MAX - n;
    memmove(p->tail, p->tail + p->tail_n - kept, kept);
    memcpy(p->tail + kept, before.p + before.n - n, n);
    p->tail_n = (uint32_t)(kept + n);
}

int log_position_read_tail(struct log_content *c, struct log_position *p)
{
    size_t n = p->offset < TAIL_MAX ? (size_t)p->offset : TAIL_MAX;
    int64_t got = log_content_read_at(c, p->offset - n, p->tail, n);
    p->tail_n = got == (int64_t)n ? (uint32_t)n : 0;
    return got < 0 ? (int)got : 0;
}

bool log_position_fits_head(struct log_content *c, const struct log_position *p)
{
    char head[FINGERPRINT_MAX];
    uint8_t hash[16];
    if (p->head_n == 0)
        return true;
    if (log_content_read_at(c, 0, head, p->head_n) != (int64_t)p->head_n)
        return false;
    hash_head(head, p->head_n, hash);
    return memcmp(hash, p->head, sizeof(hash)) == 0;
}

bool log_position_fits_tail(struct log_content *c, const struct log_position *p)
{
    char tail[TAIL_MAX];
    uint64_t at = p->offset - p->tail_n;
    if (p->tail_n == 0)
        return true;
    return log_content_read_at(c, at, tail, p->tail_n) == (int64_t)p->tail_n &&
           memcmp(tail, p->tail, p->tail_n) == 0;
}

uint64_t log_position_find_tail(struct log_content *c, const struct log_position *p, uint64_t most)
{
    char block[LOG_CONTENT_BLOCK];
    struct span tail = {p->tail, p->tail_n};
    uint64_t found = 0, at = 0;
    while (tail.n > 0 && at < most) {
        int64_t got = log_content_read_at(c, at, block, sizeof(block));
        if (got < (int64_t)tail.n)
            break;
        for (struct span rest = span_make(block, (size_t)got);;) {
            size_t hit = span_find_span(rest, tail);
            if (hit == rest.n)
                break;
            found = at + (uint64_t)(rest.p + hit - block) + tail.n;
            rest = span_make(rest.p + hit + 1, rest.n - hit - 1);
        }
        at += (uint64_t)got - tail.n + 1; /* it may stand across two blocks */
    }
    return found;
}
