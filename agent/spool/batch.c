#include "spool/batch.h"

#include "base/mem.h"
#include "spool/spool.h"

#include <errno.h>
#include <zlib.h>

#define HELD_MAX     (64u * 1024) /* before a compressor is made; afterwards handed over at once */
#define GZIP_WINDOW  (15 + 16)    /* 32 KiB window, gzip header */
#define INFLATE_GZIP (15 + 16)
#define LEVEL        6
#define OUT_STEP     16384

/*
 * deflate holds back at most what its symbol buffer stands for: 16,383 symbols of at most 31 bits
 * each in fixed Huffman codes, and 262 bytes of lookahead. A member ends with a few bytes more.
 */
#define HELD_BACK    (64u * 1024 + 1024)
#define LINE_ROOM    (SPOOL_LINE_MAX + 1024) /* one that does not compress, and a newline */
#define MEMBER_ENDS  256
#define OUT_FULL     (BATCH_FILE_MAX - 2 * LINE_ROOM - HELD_BACK - MEMBER_ENDS)
#define RAW_FULL     (BATCH_RAW_MAX - 2 * LINE_ROOM)
#define USUAL_FACTOR 8 /* lines come to an eighth or less */

struct deflater {
    z_stream z;
};

void batch_init(struct batch *b)
{
    *b = (struct batch){0};
    b->held = BUF_INIT(HELD_MAX + LINE_ROOM);
    b->out = BUF_INIT(BATCH_FILE_MAX);
}

static void deflater_free(struct deflater *d)
{
    if (!d)
        return;
    deflateEnd(&d->z);
    free(d);
}

void batch_release(struct batch *b)
{
    deflater_free(b->deflater);
    buf_release(&b->held);
    buf_release(&b->out);
    batch_init(b);
}

static struct deflater *deflater_new(void)
{
    struct deflater *d = mem_new(1, sizeof(*d));
    if (deflateInit2(&d->z, LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) == Z_OK)
        return d;
    free(d);
    return NULL;
}

static int deflate_into(struct deflater *d, struct span data, int flush, struct buf *out)
{
    d->z.next_in = (z_const Bytef *)(uintptr_t)data.p;
    d->z.avail_in = (uInt)data.n;
    do {
        char *to = buf_reserve(out, 1);
        if (!to)
            return -ENOMEM;
        size_t room = out->room - out->n - 1;
        if (room < OUT_STEP / 4 && buf_reserve(out, OUT_STEP)) {
            to = out->p + out->n;
            room = out->room - out->n - 1;
        }
        out->failed = false; /* less than a step may be left below the limit */
        d->z.next_out = (Bytef *)to;
        d->z.avail_out = (uInt)room;
        if (deflate(&d->z, flush) == Z_STREAM_ERROR)
            return -EIO;
        out->n += room - d->z.avail_out;
    } while (d->z.avail_out == 0 || d->z.avail_in > 0);
    return 0;
}

static int hand_over(struct batch *b)
{
    if (!b->deflater)
        b->deflater = deflater_new();
    if (!b->deflater)
        return -ENOMEM;
    size_t before = b->out.n;
    int rc = deflate_into(b->deflater, buf_span(&b->held), Z_NO_FLUSH, &b->out);
    b->unseen = b->out.n == before ? b->unseen + b->held.n : 0;
    buf_release(&b->held);
    return rc;
}

bool batch_has_room(const struct batch *b)
{
    return b->out.n + b->held.n <= OUT_FULL && b->raw <= RAW_FULL && b->lines < BATCH_LINES_MAX;
}

int batch_add(struct batch *b, struct span line)
{
    buf_put_span(&b->held, line);
    buf_put_byte(&b->held, '\n');
    if (b->held.failed)
        return -ENOMEM;
    b->raw += line.n + 1;
    b->lines++;
    return b->held.n > (b->deflater ? OUT_STEP : HELD_MAX) ? hand_over(b) : 0;
}

size_t batch_size(const struct batch *b)
{
    return b->out.n + (b->unseen + b->held.n) / USUAL_FACTOR;
}

/* Ends the member under way; b->out holds whole members then. */
static int finish(struct batch *b)
{
    if (b->held.n == 0 && !b->deflater)
        return 0;
    int rc = hand_over(b);
    if (rc == 0)
        rc = deflate_into(b->deflater, SPAN(""), Z_FINISH, &b->out);
    deflater_free(b->deflater);
    b->deflater = NULL;
    b->unseen = 0;
    return rc;
}

/* A line and what follows it, as one member. */
static int put_member(struct span line, struct span more, struct buf *out)
{
    struct deflater *d = deflater_new();
    if (!d)
        return -ENOMEM;
    int rc = deflate_into(d, line, Z_NO_FLUSH, out);
    if (rc == 0)
        rc = deflate_into(d, SPAN("\n"), Z_NO_FLUSH, out);
    if (rc == 0)
        rc = deflate_into(d, more, Z_FINISH, out);
    deflater_free(d);
    return rc;
}

int batch_write(struct batch *b, struct span first, struct buf *file)
{
    bool all_held = !b->deflater && b->out.n == 0;
    int rc = put_member(first, all_held ? buf_span(&b->held) : SPAN(""), file);
    if (all_held || rc != 0)
        return rc;
    rc = finish(b);
    buf_put_span(file, buf_span(&b->out));
    return rc;
}

/* ---- counting ---- */

static uint64_t count_newlines(const char *p, size_t n)
{
    uint64_t lines = 0;
    for (const char *end = p + n; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
        lines++;
    return lines;
}

struct counting {
    z_stream z;
    uint64_t lines;
    char out[OUT_STEP];
};

/* 0, or -EIO when it is no gzip (any more). */
static int count_piece(struct counting *c, char *data, size_t n)
{
    c->z.next_in = (Bytef *)data;
    c->z.avail_in = (uInt)n;
    do {
        c->z.next_out = (Bytef *)c->out;
        c->z.avail_out = sizeof(c->out);
        int rc = inflate(&c->z, Z_NO_FLUSH);
        c->lines += count_newlines(c->out, sizeof(c->out) - c->z.avail_out);
        if (rc == Z_STREAM_END)
            rc = inflateReset(&c->z); /* the next member */
        if (rc != Z_OK && rc != Z_BUF_ERROR)
            return -EIO;
    } while (c->z.avail_in > 0 || c->z.avail_out == 0);
    return 0;
}

uint64_t batch_count_lines(file_t file)
{
    char piece[OUT_STEP];
    struct counting *c = mem_new(1, sizeof(*c));
    uint64_t lines = 0;
    if (inflateInit2(&c->z, INFLATE_GZIP) == Z_OK) {
        int64_t got;
        for (uint64_t at = 0; at < BATCH_FILE_MAX; at += (uint64_t)got) {
            got = file_read_at(file, at, piece, sizeof(piece));
            if (got <= 0 || count_piece(c, piece, (size_t)got) != 0)
                break;
        }
        lines = c->lines;
        inflateEnd(&c->z);
    }
    free(c);
    return lines > 0 ? lines - 1 : 0;
}
