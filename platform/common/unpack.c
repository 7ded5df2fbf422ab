/*
 * The libraries' programming interfaces are stable and small; what we use of them is declared here,
 * so that nobody needs their headers to build. Files are named as Linux names them.
 */
#include "platform/unpack.h"

#include "platform/library.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define GZIP_WINDOW  (15 + 16)
#define LZ4F_VERSION 100

/* ---- what the libraries offer ---- */

struct xz_stream { /* lzma_stream of lzma/base.h */
    const uint8_t *next_in;
    size_t avail_in;
    uint64_t total_in;
    uint8_t *next_out;
    size_t avail_out;
    uint64_t total_out;
    const void *allocator;
    void *internal;
    void *reserved_p[4];
    uint64_t reserved_u64[2];
    size_t reserved_size[2];
    int reserved_enum[2];
};
enum { XZ_OK = 0, XZ_STREAM_END = 1, XZ_MEM_ERROR = 5, XZ_MEMLIMIT_ERROR = 6, XZ_BUF_ERROR = 10 };
enum { XZ_RUN = 0 };

struct zstd_in {
    const void *src;
    size_t size, pos;
};
struct zstd_out {
    void *dst;
    size_t size, pos;
};
#define ZSTD_WINDOW_LOG_MAX 100 /* ZSTD_d_windowLogMax */
#define ZSTD_WINDOW_LOG     26
enum { ZSTD_WINDOW_TOO_LARGE = 16, ZSTD_NO_MEMORY = 64 }; /* of zstd_errors.h, which never change */

static struct {
    int (*decoder)(struct xz_stream *s, uint64_t memory, uint32_t flags);
    int (*code)(struct xz_stream *s, int action);
    void (*end)(struct xz_stream *s);
} xz;

static struct {
    size_t (*create)(void **ctx, unsigned version);
    size_t (*decompress)(void *ctx, void *dst, size_t *dst_n, const void *src, size_t *src_n,
                         const void *options);
    unsigned (*is_error)(size_t code);
    size_t (*release)(void *ctx);
} lz4;

static struct {
    void *(*create)(void);
    size_t (*set)(void *ctx, int parameter, int value);
    size_t (*decompress)(void *ctx, struct zstd_out *out, struct zstd_in *in);
    int (*error)(size_t code); /* 0: none */
    size_t (*release)(void *ctx);
} zstd;

static const struct library {
    const char *file;
    struct library_symbol symbols[6];
} libraries[] = {
    [UNPACK_XZ] = {"liblzma.so.5",
                   {{"lzma_stream_decoder", &xz.decoder},
                    {"lzma_code", &xz.code},
                    {"lzma_end", &xz.end}}},
    [UNPACK_LZ4] = {"liblz4.so.1",
                    {{"LZ4F_createDecompressionContext", &lz4.create},
                     {"LZ4F_decompress", &lz4.decompress},
                     {"LZ4F_isError", &lz4.is_error},
                     {"LZ4F_freeDecompressionContext", &lz4.release}}},
    [UNPACK_ZSTD] = {"libzstd.so.1",
                     {{"ZSTD_createDStream", &zstd.create},
                      {"ZSTD_DCtx_setParameter", &zstd.set},
                      {"ZSTD_decompressStream", &zstd.decompress},
                      {"ZSTD_getErrorCode", &zstd.error},
                      {"ZSTD_freeDStream", &zstd.release}}},
};

static bool loaded[UNPACK_ZSTD + 1];

static int load(enum unpack_kind kind)
{
    const struct library *library = &libraries[kind];
    if (loaded[kind] || !library->file)
        return 0;
    int rc = library_load(library->file, library->symbols);
    if (rc != 0)
        return rc;
    loaded[kind] = true;
    return 0;
}

/* ---- streams ---- */

struct unpack {
    enum unpack_kind kind;
    bool whole; /* between two streams */
    union {
        z_stream gzip;
        struct xz_stream xz;
        void *ctx; /* lz4, zstd */
    } u;
};

static const struct {
    const char *ending, *magic;
    size_t magic_n;
    enum unpack_kind kind;
} kinds[] = {{".gz", "\x1f\x8b\x08", 3, UNPACK_GZIP},
             {".xz", "\3757zXZ\0", 6, UNPACK_XZ},
             {".lz4", "\x04\x22\x4d\x18", 4, UNPACK_LZ4},
             {".zst", "\x28\xb5\x2f\xfd", 4, UNPACK_ZSTD}};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

enum unpack_kind unpack_kind_of(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < KINDS; i++) {
        size_t length = strlen(kinds[i].ending);
        if (n > length && strcmp(name + n - length, kinds[i].ending) == 0)
            return kinds[i].kind;
    }
    return UNPACK_NONE;
}

enum unpack_kind unpack_kind_of_head(const void *head, size_t n)
{
    for (size_t i = 0; i < KINDS; i++)
        if (n >= kinds[i].magic_n && memcmp(head, kinds[i].magic, kinds[i].magic_n) == 0)
            return kinds[i].kind;
    return UNPACK_NONE;
}

static int start(struct unpack *u)
{
    switch (u->kind) {
    case UNPACK_GZIP:
        return inflateInit2(&u->u.gzip, GZIP_WINDOW) == Z_OK ? 0 : -ENOMEM;
    case UNPACK_XZ:
        return xz.decoder(&u->u.xz, UNPACK_MEMORY_MAX, 0) == XZ_OK ? 0 : -ENOMEM;
    case UNPACK_LZ4:
        return lz4.is_error(lz4.create(&u->u.ctx, LZ4F_VERSION)) ? -ENOMEM : 0;
    case UNPACK_ZSTD:
        u->u.ctx = zstd.create();
        if (!u->u.ctx)
            return -ENOMEM;
        zstd.set(u->u.ctx, ZSTD_WINDOW_LOG_MAX, ZSTD_WINDOW_LOG);
        return 0;
    case UNPACK_NONE:
        break;
    }
    return 0;
}

int unpack_open(enum unpack_kind kind, struct unpack **out)
{
    int rc = load(kind);
    if (rc != 0)
        return rc;
    struct unpack *u = calloc(1, sizeof(*u));
    if (!u)
        return -ENOMEM;
    u->kind = kind;
    u->whole = true;
    rc = start(u);
    if (rc != 0) {
        free(u);
        return rc;
    }
    *out = u;
    return 0;
}

static int64_t copy(const void **in, size_t *in_n, void *out, size_t room)
{
    size_t n = *in_n < room ? *in_n : room;
    memcpy(out, *in, n);
    *in = (const char *)*in + n;
    *in_n -= n;
    return (int64_t)n;
}

static int64_t step_gzip(struct unpack *u, const void **in, size_t *in_n, void *out, size_t room)
{
    z_stream *z = &u->u.gzip;
    if (u->whole && *in_n > 0 && z->total_in > 0)
        inflateReset(z);                  /* one more stream behind the last */
    z->next_in = (Bytef *)(uintptr_t)*in; /* zlib takes it without const, and does not write */
    z->avail_in = *in_n < UINT32_MAX ? (uInt)*in_n : UINT32_MAX;
    z->next_out = out;
    z->avail_out = room < UINT32_MAX ? (uInt)room : UINT32_MAX;
    uInt had = z->avail_in, wanted = z->avail_out;
    int rc = inflate(z, Z_NO_FLUSH);
    *in = z->next_in;
    *in_n -= had - z->avail_in;
    u->whole = rc == Z_STREAM_END;
    uInt made = wanted - z->avail_out;
    if (made > 0 || rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR)
        return made; /* an error is told again the next time */
    return rc == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

static int64_t step_xz(struct unpack *u, const void **in, size_t *in_n, void *out, size_t room)
{
    struct xz_stream *s = &u->u.xz;
    if (u->whole && s->total_in > 0) { /* one more stream behind the last */
        xz.end(s);
        memset(s, 0, sizeof(*s));
        if (start(u) != 0)
            return -ENOMEM;
    }
    s->next_in = *in;
    s->avail_in = *in_n;
    s->next_out = out;
    s->avail_out = room;
    int rc = xz.code(s, XZ_RUN);
    *in = s->next_in;
    *in_n = s->avail_in;
    u->whole = rc == XZ_STREAM_END;
    size_t made = room - s->avail_out;
    if (made > 0 || rc == XZ_OK || rc == XZ_STREAM_END || rc == XZ_BUF_ERROR)
        return (int64_t)made; /* an error is told again the next time */
    return rc == XZ_MEM_ERROR || rc == XZ_MEMLIMIT_ERROR ? -ENOMEM : -EBADMSG;
}

static int64_t step_lz4(struct unpack *u, const void **in, size_t *in_n, void *out, size_t room)
{
    size_t got = room, used = *in_n;
    size_t rc = lz4.decompress(u->u.ctx, out, &got, *in, &used, NULL);
    if (lz4.is_error(rc))
        return -EBADMSG;
    *in = (const char *)*in + used;
    *in_n -= used;
    u->whole = rc == 0;
    return (int64_t)got;
}

static int64_t step_zstd(struct unpack *u, const void **in, size_t *in_n, void *out, size_t room)
{
    struct zstd_in from = {*in, *in_n, 0};
    struct zstd_out to = {out, room, 0};
    size_t rc = zstd.decompress(u->u.ctx, &to, &from);
    int error = zstd.error(rc);
    if (error != 0)
        return error == ZSTD_WINDOW_TOO_LARGE || error == ZSTD_NO_MEMORY ? -ENOMEM : -EBADMSG;
    *in = (const char *)*in + from.pos;
    *in_n -= from.pos;
    u->whole = rc == 0;
    return (int64_t)to.pos;
}

int64_t unpack_step(struct unpack *u, const void **in, size_t *in_n, void *out, size_t room)
{
    if (u->kind != UNPACK_NONE && u->whole && *in_n == 0)
        return 0;
    switch (u->kind) {
    case UNPACK_GZIP:
        return step_gzip(u, in, in_n, out, room);
    case UNPACK_XZ:
        return step_xz(u, in, in_n, out, room);
    case UNPACK_LZ4:
        return step_lz4(u, in, in_n, out, room);
    case UNPACK_ZSTD:
        return step_zstd(u, in, in_n, out, room);
    case UNPACK_NONE:
        break;
    }
    return copy(in, in_n, out, room);
}

bool unpack_is_whole(const struct unpack *u)
{
    return u->kind == UNPACK_NONE || u->whole;
}

void unpack_close(struct unpack *u)
{
    if (!u)
        return;
    switch (u->kind) {
    case UNPACK_GZIP:
        inflateEnd(&u->u.gzip);
        break;
    case UNPACK_XZ:
        xz.end(&u->u.xz);
        break;
    case UNPACK_LZ4:
        lz4.release(u->u.ctx);
        break;
    case UNPACK_ZSTD:
        zstd.release(u->u.ctx);
        break;
    case UNPACK_NONE:
        break;
    }
    free(u);
}
