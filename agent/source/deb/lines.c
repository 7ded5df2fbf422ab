#include "source/deb/lines.h"

#include "base/mem.h"
#include "platform/file.h"

#include <errno.h>

#define BLOCK    ((size_t)64 << 10)
#define FILE_MAX ((uint64_t)256 << 20)

static void hand_over(struct deb_lines *l, struct span line)
{
    if (!l->skip)
        l->stop = !l->line(l->ctx, line);
    l->skip = false;
}

void deb_lines_took(struct deb_lines *l, size_t n)
{
    size_t from = 0, end = l->held + n;
    while (from < end && !l->stop) {
        const char *newline = memchr(l->block + from, '\n', end - from);
        if (!newline)
            break;
        size_t to = (size_t)(newline - l->block);
        hand_over(l, (struct span){l->block + from, to - from});
        from = to + 1;
    }
    l->held = l->stop ? 0 : end - from;
    if (l->held == l->size) {
        l->held = 0;
        l->skip = true;
    }
    if (from > 0)
        memmove(l->block, l->block + from, l->held);
}

void deb_lines_end(struct deb_lines *l)
{
    if (l->held > 0 && !l->stop)
        hand_over(l, (struct span){l->block, l->held});
    l->held = 0;
}

static int read_all(struct deb_lines *l, file_t f)
{
    for (uint64_t offset = 0; !l->stop;) {
        int64_t got = file_read_at(f, offset, l->block + l->held, l->size - l->held);
        if (got < 0)
            return (int)got;
        if (got == 0)
            break;
        offset += (uint64_t)got;
        if (offset > FILE_MAX)
            return -EFBIG;
        deb_lines_took(l, (size_t)got);
    }
    deb_lines_end(l);
    return 0;
}

int deb_lines_read(const char *path, deb_line_fn *line, void *ctx)
{
    file_t f;
    int rc = file_open_trusted_path(path, &f, NULL);
    if (rc != 0)
        return rc;
    struct deb_lines l = {.line = line, .ctx = ctx, .block = mem_new(1, BLOCK), .size = BLOCK};
    rc = read_all(&l, f);
    free(l.block);
    file_close(f);
    return rc;
}
