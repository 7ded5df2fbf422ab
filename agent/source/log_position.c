#include "source/log_position.h"

#include "base/sha256.h"

#define VERSION 1

void log_position_save(const struct log_position *p, struct buf *out)
{
    buf_put_byte(out, VERSION);
    buf_put_u64(out, p->ino);
    buf_put_u64(out, p->offset);
    buf_put_u32(out, p->head_n);
    buf_put(out, p->head, sizeof(p->head));
}

bool log_position_load(struct span saved, struct log_position *out)
{
    struct span version, head;
    if (!span_take(&saved, 1, &version) || version.p[0] != VERSION ||
        !span_take_u64(&saved, &out->ino) || !span_take_u64(&saved, &out->offset) ||
        !span_take_u32(&saved, &out->head_n) || !span_take(&saved, sizeof(out->head), &head) ||
        saved.n != 0 || out->head_n > FINGERPRINT_MAX)
        return false;
    memcpy(out->head, head.p, sizeof(out->head));
    return true;
}

static void hash_head(const char *data, size_t n, uint8_t out[16])
{
    uint8_t full[SHA256_SIZE];
    sha256_of(data, n, full);
    memcpy(out, full, 16);
}

int log_position_fingerprint(file_t f, struct log_position *p)
{
    char head[FINGERPRINT_MAX];
    int64_t got = file_read_at(f, 0, head, sizeof(head));
    if (got < 0)
        return (int)got;
    const char *newline = got > 0 ? memchr(head, '\n', (size_t)got) : NULL;
    if (!newline && got < FINGERPRINT_MAX)
        return 0;
    p->head_n = newline ? (uint32_t)(newline - head) + 1 : FINGERPRINT_MAX;
    hash_head(head, p->head_n, p->head);
    return 0;
}

bool log_position_fits(file_t f, const struct log_position *p)
{
    char head[FINGERPRINT_MAX];
    uint8_t hash[16];
    if (p->head_n == 0)
        return true;
    if (file_read_at(f, 0, head, p->head_n) != (int64_t)p->head_n)
        return false;
    hash_head(head, p->head_n, hash);
    return memcmp(hash, p->head, sizeof(hash)) == 0;
}
