#include "base/slurp.h"
#include "platform/file.h"
#include "source/inventory/part.h"

#include <errno.h>

#define PATH_SIZE 4400

static void join(const struct inventory_reader *r, const char *path, char out[PATH_SIZE])
{
    snprintf(out, PATH_SIZE, "%s%s", r->root, path);
}

int inventory_kernel_file(const struct inventory_reader *r, const char *path, struct buf *b)
{
    char full[PATH_SIZE];
    join(r, path, full);
    return slurp(full, b);
}

bool inventory_kernel_line(const struct inventory_reader *r, const char *path, char *out,
                           size_t size)
{
    struct buf text = BUF_INIT(8192);
    struct span rest, line;
    out[0] = '\0';
    int rc = inventory_kernel_file(r, path, &text);
    rest = buf_span(&text);
    if (rc == 0 && span_take_line(&rest, &line))
        span_copy(span_trim(line), out, size);
    buf_release(&text);
    return out[0] != '\0';
}

int inventory_file(const struct inventory_reader *r, const char *path, struct buf *b)
{
    char full[PATH_SIZE], piece[8192];
    file_t f;
    uint64_t at = 0;
    int64_t got;
    join(r, path, full);
    int rc = file_open_trusted_path(full, &f, NULL);
    if (rc != 0)
        return rc;
    while ((got = file_read_at(f, at, piece, sizeof(piece))) > 0) {
        if ((uint64_t)got > b->limit - b->n) {
            got = -EFBIG;
            break;
        }
        buf_put(b, piece, (size_t)got);
        at += (uint64_t)got;
    }
    file_close(f);
    return (int)got;
}

int inventory_folder(const struct inventory_reader *r, const char *path, size_t max,
                     void (*each)(void *ctx, const char *name), void *ctx)
{
    char full[PATH_SIZE];
    struct folder *d;
    const char *name;
    enum file_type type;
    int n = 0;
    join(r, path, full);
    int rc = folder_open(full, &d);
    if (rc != 0)
        return rc;
    while ((size_t)n < max && folder_next(d, &name, &type) == 1) {
        each(ctx, name);
        n++;
    }
    folder_close(d);
    return n;
}

void inventory_stamp(const struct inventory_reader *r, const char *path, struct sha256 *s)
{
    char full[PATH_SIZE];
    struct file_info info;
    join(r, path, full);
    int rc = file_info_at(full, &info);
    uint64_t facts[5] = {0};
    if (rc == 0) {
        facts[0] = info.dev;
        facts[1] = info.ino;
        facts[2] = info.size;
        facts[3] = (uint64_t)info.mtime_ns;
        facts[4] = (uint64_t)info.ctime_ns;
    }
    sha256_update(s, path, strlen(path) + 1);
    sha256_update(s, facts, sizeof(facts));
}

size_t inventory_fields(struct span line, struct span *out, size_t max)
{
    size_t n = 0, at = 0;
    while (n < max) {
        while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
            at++;
        size_t from = at;
        while (at < line.n && line.p[at] != ' ' && line.p[at] != '\t')
            at++;
        if (at == from)
            break;
        out[n++] = (struct span){line.p + from, at - from};
    }
    return n;
}
