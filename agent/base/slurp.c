#include "base/slurp.h"

#include "platform/file.h"

#include <errno.h>

static int read_all(file_t f, struct buf *b)
{
    uint64_t at = 0;
    for (;;) {
        size_t want =
            b->limit - b->n + 1; /* one byte more than allowed shows that it is too large */
        if (want > 16384)
            want = 16384;
        char piece[16384];
        int64_t got = file_read_at(f, at, piece, want);
        if (got <= 0)
            return (int)got;
        if ((uint64_t)got > b->limit - b->n)
            return -EFBIG;
        buf_put(b, piece, (size_t)got);
        if (b->failed)
            return -ENOMEM;
        at += (uint64_t)got;
    }
}

static int slurp_by(int (*open)(const char *, file_t *), const char *path, struct buf *b)
{
    file_t f;
    struct file_info info;
    int rc = open(path, &f);
    if (rc != 0)
        return rc;
    rc = file_info_of(f, &info);
    if (rc == 0)
        rc = info.type == FILE_REGULAR ? read_all(f, b) : -EINVAL;
    file_close(f);
    return rc;
}

static int open_untrusted(const char *path, file_t *f)
{
    return file_open_untrusted(path, f, NULL);
}

int slurp(const char *path, struct buf *b)
{
    return slurp_by(file_open_read, path, b);
}

int slurp_untrusted(const char *path, struct buf *b)
{
    return slurp_by(open_untrusted, path, b);
}
