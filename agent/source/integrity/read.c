#include "source/integrity/read.h"

#include "platform/clock.h"

#define READ_MS_MAX 60000 /* one file; a slow disk reads hash_max in this time */
#define BLOCK       ((size_t)64)

void integrity_read_begin(struct integrity_read *r, file_t file, uint64_t size)
{
    r->file = file;
    r->end = size > 0 ? INTEGRITY_READ_ON : INTEGRITY_READ_WHOLE;
    r->error = 0;
    r->size = size;
    r->at = 0;
    r->spent_ms = 0;
    r->from = r->to = 0;
    sha256_init(&r->sum);
}

void integrity_read_close(struct integrity_read *r)
{
    file_close(r->file);
    r->file = FILE_NONE;
}

static bool is_on(const struct integrity_read *r)
{
    return r && r->file != FILE_NONE && r->end == INTEGRITY_READ_ON;
}

/* Most files are one piece: no clock for them. */
static int64_t read_timed(struct integrity_read *r, size_t want)
{
    int64_t began = r->at > 0 ? clock_mono_ms() : 0;
    int64_t n = file_read_at(r->file, r->at, r->piece, want);
    if (began > 0)
        r->spent_ms += clock_mono_ms() - began;
    return n;
}

/* The next piece; a multiple of the block but for the last one. */
static void fill(struct integrity_read *r, const struct integrity_pace *pace)
{
    uint64_t left = r->size - r->at;
    size_t want = left < sizeof(r->piece) ? (size_t)left : sizeof(r->piece);
    int64_t n = read_timed(r, want);
    if (n < (int64_t)want) {
        r->end = n < 0 ? INTEGRITY_READ_FAILED : INTEGRITY_READ_SHORT;
        r->error = n < 0 ? (int)n : 0;
        return;
    }
    r->at += want;
    r->from = 0;
    r->to = want;
    if (r->spent_ms > READ_MS_MAX)
        r->end = INTEGRITY_READ_SLOW;
    else if (pace->read && !pace->read(pace->ctx, want))
        r->end = INTEGRITY_READ_STOPPED;
}

static size_t held(const struct integrity_read *r)
{
    return r->to - r->from;
}

static void took(struct integrity_read *r, size_t n)
{
    r->from += n;
    if (r->from == r->to && r->at == r->size)
        r->end = INTEGRITY_READ_WHOLE;
}

static void hash_one(struct integrity_read *r, size_t n)
{
    sha256_update(&r->sum, r->piece + r->from, n);
    took(r, n);
}

static void hash_both(struct integrity_read *a, struct integrity_read *b)
{
    size_t n = (held(a) < held(b) ? held(a) : held(b)) & ~(BLOCK - 1);
    if (n > 0) {
        sha256_update2(&a->sum, a->piece + a->from, &b->sum, b->piece + b->from, n);
        took(a, n);
        took(b, n);
    }
    /* the last bytes of a file: so both keep to whole blocks until their end */
    if (held(a) > 0 && held(a) < BLOCK)
        hash_one(a, held(a));
    if (held(b) > 0 && held(b) < BLOCK)
        hash_one(b, held(b));
}

void integrity_read_on(struct integrity_read *first, struct integrity_read *second,
                       const struct integrity_pace *pace)
{
    bool both = is_on(second);
    while (is_on(first) && (!both || is_on(second))) {
        if (held(first) == 0)
            fill(first, pace);
        if (both && held(second) == 0)
            fill(second, pace);
        if (first->end != INTEGRITY_READ_ON || (both && second->end != INTEGRITY_READ_ON))
            break;
        if (both)
            hash_both(first, second);
        else
            hash_one(first, held(first));
    }
}
