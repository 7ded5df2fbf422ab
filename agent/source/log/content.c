#include "source/log/content.h"

#include "base/mem.h"

#include <errno.h>
#include <zlib.h>

#define WINDOW    (2 * LOG_CONTENT_BLOCK)
#define KEPT      256
#define PACKED    (32 * 1024)
#define WORK_MAX  (1024 * 1024) /* packed bytes for one block; more unpack to nothing */
#define GZIP_BITS (15 + 16)     /* zlib: the largest window, a gzip header and nothing else */

struct log_unpack {
    z_stream z;
    uint64_t packed_at; /* offset in the file of what comes next into `packed` */
    uint64_t base;      /* offset in the content of window[0] */
    size_t n;           /* bytes in window */
    int end;            /* 0: there is more; 1: the end; else why it ends here */
    unsigned char packed[PACKED];
    char window[WINDOW];
};

/* What the file begins with says how it is packed; names may say anything. */
static int packing_of(file_t file)
{
    static const struct {
        const char *magic;
        size_t n;
        int packing; /* 1: gzip, -ENOTSUP: not read */
    } kinds[] = {
        {"\x1f\x8b\x08", 3, 1},
        {"\xfd"
         "7zXZ\0",
         6, -ENOTSUP},
        {"\x28\xb5\x2f\xfd", 4, -ENOTSUP},
        {"BZh", 3, -ENOTSUP},
        {"\x04\x22\x4d\x18", 4, -ENOTSUP},
    };
    char head[8];
    int64_t got = file_read_at(file, 0, head, sizeof(head));
    if (got < 0)
        return (int)got;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if ((size_t)got >= kinds[i].n && memcmp(head, kinds[i].magic, kinds[i].n) == 0)
            return kinds[i].packing;
    return 0;
}

void log_content_plain(struct log_content *c, file_t file)
{
    *c = (struct log_content){file, NULL};
}

int log_content_take(struct log_content *c, file_t file)
{
    int packing = packing_of(file);
    log_content_plain(c, file);
    if (packing == 1) {
        c->unpack = mem_new(1, sizeof(*c->unpack));
        if (inflateInit2(&c->unpack->z, GZIP_BITS) != Z_OK)
            packing = -ENOMEM;
    }
    if (packing < 0)
        log_content_close(c);
    return packing < 0 ? packing : 0;
}

void log_content_close(struct log_content *c)
{
    if (c->unpack) {
        inflateEnd(&c->unpack->z);
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
    if (u->z.avail_in > 0)
        return true;
    int64_t got = file_read_at(c->file, u->packed_at, u->packed, PACKED);
    if (got <= 0) {
        u->end = got < 0 ? (int)got : -EBADMSG; /* the stream has not ended, the file has */
        return false;
    }
    u->packed_at += (uint64_t)got;
    u->z.next_in = u->packed;
    u->z.avail_in = (unsigned)got;
    return true;
}

/* gzip files may be put one behind the other; what follows and is none is left alone, as gzip does
 */
static void next_member(struct log_content *c)
{
    struct log_unpack *u = c->unpack;
    unsigned char next[2];
    uint64_t at = u->packed_at - u->z.avail_in;
    if (file_read_at(c->file, at, next, 2) == 2 && next[0] == 0x1f && next[1] == 0x8b &&
        inflateReset(&u->z) == Z_OK)
        return;
    u->end = 1;
}

/* Unpacks at most n bytes more to the end of the window; there is room. Returns the work it was:
 * the larger of bytes in and out. */
static size_t unpack_some(struct log_content *c, size_t n)
{
    struct log_unpack *u = c->unpack;
    if (u->base + u->n >= LOG_UNPACKED_MAX)
        u->end = -EFBIG;
    if (u->end != 0 || !more_packed(c))
        return 1;
    size_t in = u->z.avail_in;
    u->z.next_out = (unsigned char *)u->window + u->n;
    u->z.avail_out = (unsigned)n;
    int rc = inflate(&u->z, Z_NO_FLUSH);
    size_t out = n - u->z.avail_out;
    u->n += out;
    in -= u->z.avail_in;
    if (rc == Z_STREAM_END)
        next_member(c);
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
        u->end = -EBADMSG;
    return in > out ? in : out + 1;
}

static int restart(struct log_unpack *u)
{
    if (inflateReset(&u->z) != Z_OK)
        return -EBADMSG;
    u->z.avail_in = 0;
    u->packed_at = u->base = 0;
    u->n = 0;
    u->end = 0;
    return 0;
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
        return -EBADMSG;
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
