#include "source/log/content.h"

#include "base/mem.h"
#include "platform/unpack.h"

#include <errno.h>

#define WINDOW     (2 * LOG_CONTENT_BLOCK)
#define KEPT       256
#define PACKED     (32 * 1024)
#define WORK_MAX   (1024 * 1024) /* packed bytes for one block; more unpack to nothing */
#define HUNGRY_MAX 4

struct log_unpack {
    enum unpack_kind kind;
    struct unpack *stream;
    uint64_t packed_at; /* offset in the file of what comes next into `packed` */
    const void *next;   /* in `packed`: what was not unpacked yet */
    size_t next_n;
    uint64_t base; /* offset in the content of window[0] */
    size_t n;      /* bytes in window */
    int end;       /* 0: there is more; 1: the end; else why it ends here */
    unsigned char packed[PACKED];
    char window[WINDOW];
};

/* Streams that are open and may need UNPACK_MEMORY_MAX each. Logs are read one after the other, so
 * that there are rarely two: the one being read, and one looked into. */
static int hungry;

static bool is_hungry(enum unpack_kind kind)
{
    return kind != UNPACK_NONE && kind != UNPACK_GZIP;
}

/* ---- opening ---- */

/* What the file begins with says how it is packed; names may say anything. */
static int packing_of(file_t file, uint64_t offset, enum unpack_kind *kind)
{
    char head[UNPACK_HEAD];
    int64_t got = file_read_at(file, offset, head, sizeof(head));
    if (got < 0)
        return (int)got;
    *kind = unpack_kind_of_head(head, (size_t)got);
    return span_starts(span_make(head, (size_t)got), SPAN("BZh")) ? -ENOTSUP : 0;
}

void log_content_plain(struct log_content *c, file_t file)
{
    *c = (struct log_content){file, NULL};
}

static int open_packed(struct log_content *c, enum unpack_kind kind)
{
    struct unpack *stream;
    char byte;
    if (is_hungry(kind) && hungry == HUNGRY_MAX)
        return -ENOTSUP;
    int rc = unpack_open(kind, &stream);
    if (rc != 0)
        return rc == -ENOSYS ? -ENOTSUP : rc;
    c->unpack = mem_new(1, sizeof(*c->unpack));
    c->unpack->kind = kind;
    c->unpack->stream = stream;
    hungry += is_hungry(kind);
    /* the beginning of a stream says how much memory it wants */
    return log_content_read_at(c, 0, &byte, 1) == -ENOMEM ? -ENOTSUP : 0;
}

int log_content_take(struct log_content *c, file_t file)
{
    enum unpack_kind kind = UNPACK_NONE;
    log_content_plain(c, file);
    int rc = packing_of(file, 0, &kind);
    if (rc == 0 && kind != UNPACK_NONE)
        rc = open_packed(c, kind);
    if (rc != 0)
        log_content_close(c);
    return rc;
}

void log_content_close(struct log_content *c)
{
    if (c->unpack) {
        hungry -= is_hungry(c->unpack->kind);
        unpack_close(c->unpack->stream);
        free(c->unpack);
    }
    if (c->file != FILE_NONE)
        file_close(c->file);
    *c = (struct log_content){FILE_NONE, NULL};
}

/* ---- unpacking ---- */

static bool more_packed(struct log_content *c)
{
    struct log_unpack *u = c->unpack;
    int64_t got = file_read_at(c->file, u->packed_at, u->packed, PACKED);
    if (got < 0)
        u->end = (int)got;
    if (got <= 0)
        return false;
    u->packed_at += (uint64_t)got;
    u->next = u->packed;
    u->next_n = (size_t)got;
    return true;
}

/* Streams may be put one behind the other; what follows and is none of the kind is left alone, as
 * gzip does. */
static void next_stream(struct log_content *c)
{
    struct log_unpack *u = c->unpack;
    enum unpack_kind kind = UNPACK_NONE;
    if (packing_of(c->file, u->packed_at - u->next_n, &kind) != 0 || kind != u->kind)
        u->end = 1;
}

/* Unpacks at most n bytes more to the end of the window; there is room. Returns the work it was:
 * the larger of bytes in and out. */
static size_t unpack_some(struct log_content *c, size_t n)
{
    struct log_unpack *u = c->unpack;
    if (u->base + u->n >= LOG_UNPACKED_MAX)
        u->end = -EFBIG;
    bool more = u->end == 0 && (u->next_n > 0 || more_packed(c));
    if (u->end != 0)
        return 1;
    size_t in = u->next_n; /* at the end of the file there may still be something inside */
    int64_t got = unpack_step(u->stream, &u->next, &u->next_n, u->window + u->n, n);
    size_t out = got > 0 ? (size_t)got : 0;
    u->n += out;
    in -= u->next_n;
    if (got < 0)
        u->end = (int)got;
    else if (unpack_is_whole(u->stream))
        next_stream(c);
    else if (!more && out == 0)
        u->end = -EBADMSG; /* the stream has not ended, the file has */
    return in > out ? in : out + 1;
}

static int restart(struct log_unpack *u)
{
    unpack_close(u->stream);
    u->stream = NULL;
    u->next_n = 0;
    u->packed_at = u->base = 0;
    u->n = 0;
    u->end = unpack_open(u->kind, &u->stream);
    return u->end;
}

/* Drops what stands before offset in the window, but for a little that may be asked for again. */
static void slide(struct log_unpack *u, uint64_t offset)
{
    uint64_t gone = offset - u->base;
    gone = gone > KEPT ? gone - KEPT : 0;
    if (gone > u->n)
        gone = u->n;
    memmove(u->window, u->window + gone, u->n - (size_t)gone);
    u->n -= (size_t)gone;
    u->base += gone;
}

int64_t log_content_skip(struct log_content *c, uint64_t offset, uint64_t budget)
{
    struct log_unpack *u = c->unpack;
    if (!u)
        return 0;
    if (offset < u->base && restart(u) != 0)
        return u->end;
    while (u->base + u->n < offset && u->end == 0 && budget > 0) {
        uint64_t missing = offset - u->base - u->n;
        u->base += u->n;
        u->n = 0;
        size_t work =
            unpack_some(c, missing < LOG_CONTENT_BLOCK ? (size_t)missing : LOG_CONTENT_BLOCK);
        budget -= work < budget ? work : budget;
    }
    if (u->base + u->n < offset)
        return u->end == 0 ? (int64_t)(offset - u->base - u->n) : -ENODATA;
    return 0;
}

uint64_t log_content_next_data(const struct log_content *c, uint64_t offset)
{
    return c->unpack ? offset : file_next_data(c->file, offset);
}

int64_t log_content_read_at(struct log_content *c, uint64_t offset, void *data, size_t n)
{
    struct log_unpack *u = c->unpack;
    if (!u)
        return file_read_at(c->file, offset, data, n);
    int64_t missing = log_content_skip(c, offset, LOG_UNPACKED_MAX);
    if (missing != 0)
        return u->end < 0 ? u->end : 0;
    if (n > LOG_CONTENT_BLOCK)
        n = LOG_CONTENT_BLOCK;
    if (u->base + WINDOW < offset + n)
        slide(u, offset);
    for (size_t work = 0; u->base + u->n < offset + n && u->end == 0;) {
        work += unpack_some(c, (size_t)(offset + n - u->base - u->n));
        if (work > WORK_MAX)
            u->end = -EBADMSG;
    }
    size_t at = (size_t)(offset - u->base), there = u->n - at;
    if (there == 0 && u->end < 0)
        return u->end;
    if (there > n)
        there = n;
    memcpy(data, u->window + at, there);
    return (int64_t)there;
}

uint64_t log_content_size(const struct log_content *c)
{
    struct file_info info;
    if (c->unpack)
        return c->unpack->base + c->unpack->n;
    return file_info_of(c->file, &info) == 0 ? info.size : 0;
}
