#include "cli/archive.h"

#include "base/mem.h"
#include "platform/file.h"

#include <zlib.h>

#define BLOCK       512
#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, with a gzip header */

struct archive {
    z_stream z;
    file_t file;
    uint64_t at; /* bytes written */
    int rc;
};

int archive_create(const char *path, struct archive **out)
{
    struct archive *a = mem_new(1, sizeof(*a));
    int rc = file_create(path, 0600, &a->file);
    if (rc == 0 && deflateInit2(&a->z, 9, Z_DEFLATED, GZIP_WINDOW, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
        file_close(a->file);
        rc = -ENOMEM;
    }
    if (rc != 0) {
        free(a);
        return rc;
    }
    *out = a;
    return 0;
}

static void put(struct archive *a, const void *data, size_t n, int flush)
{
    unsigned char out[4096];
    a->z.next_in = (unsigned char *)(uintptr_t)data; /* zlib's own type lacks the const */
    a->z.avail_in = (unsigned)n;
    do {
        a->z.next_out = out;
        a->z.avail_out = sizeof(out);
        deflate(&a->z, flush);
        size_t got = sizeof(out) - a->z.avail_out;
        if (a->rc == 0)
            a->rc = file_write_at(a->file, a->at, out, got);
        a->at += got;
    } while (a->z.avail_out == 0);
}

/* What a block lacks, in zeros. */
static void pad(struct archive *a, size_t n)
{
    static const char zeros[BLOCK];
    if (n % BLOCK != 0)
        put(a, zeros, BLOCK - n % BLOCK, Z_NO_FLUSH);
}

void archive_add(struct archive *a, const char *name, struct span content, int64_t mtime_ms)
{
    char h[BLOCK] = {0};
    unsigned sum = 0;
    snprintf(h, ARCHIVE_NAME_MAX + 1, "%s", name);
    memcpy(h + 100, "0000600", 8); /* mode, uid, gid */
    memcpy(h + 108, "0000000", 8);
    memcpy(h + 116, "0000000", 8);
    snprintf(h + 124, 12, "%011llo", (unsigned long long)content.n & 077777777777);
    snprintf(h + 136, 12, "%011llo", (unsigned long long)(mtime_ms / 1000) & 077777777777);
    memset(h + 148, ' ', 8); /* the sum counts itself as blanks */
    h[156] = '0';            /* a regular file */
    memcpy(h + 257,
           "ustar\0"
           "00",
           8);
    memcpy(h + 265, "root", 4);
    memcpy(h + 297, "root", 4);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum);
    h[155] = ' ';
    put(a, h, BLOCK, Z_NO_FLUSH);
    put(a, content.p, content.n, Z_NO_FLUSH);
    pad(a, content.n);
}

int archive_close(struct archive *a)
{
    static const char end[2 * BLOCK];
    put(a, end, sizeof(end), Z_FINISH);
    deflateEnd(&a->z);
    if (a->rc == 0)
        a->rc = file_sync(a->file);
    file_close(a->file);
    int rc = a->rc;
    free(a);
    return rc;
}
