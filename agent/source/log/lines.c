#include "source/log/lines.h"

#include "base/span.h"

#define RUNAWAY_MAX (16u << 20) /* a line without an end is cut here */

/* The offset behind the next newline at or behind `from`, or behind RUNAWAY_MAX bytes without one;
 * 0 when the content ends before either. Holes cost their writer nothing, and nothing here. */
static uint64_t find_line_end(struct log_content *c, uint64_t from)
{
    char block[LOG_CONTENT_BLOCK];
    for (uint64_t read = 0; read < RUNAWAY_MAX;) {
        from = log_content_next_data(c, from);
        int64_t got = log_content_read_at(c, from, block, sizeof(block));
        if (got <= 0)
            return 0;
        const char *hit = memchr(block, '\n', (size_t)got);
        if (hit)
            return from + (uint64_t)(hit - block) + 1;
        from += (uint64_t)got;
        read += (uint64_t)got;
    }
    return from;
}

static void hand_on(struct log_follow *f, struct span text, bool cut,
                    const struct log_follow_callbacks *cb)
{
    if (text.n > 0 && text.p[text.n - 1] == '\r')
        text.n--;
    struct log_line line = {text, f->at.offset, &f->at, cut};
    if (text.n > LOG_LINE_MAX) {
        line.text.n = LOG_LINE_MAX;
        line.cut = true;
    }
    if (text.n > 0)
        cb->line(cb->ctx, &line);
}

/* A line that does not fit the block: its beginning stands in start, the rest is passed over. */
static uint64_t pass_long_line(struct log_follow *f, struct span start,
                               const struct log_follow_callbacks *cb, bool ended)
{
    uint64_t next = find_line_end(&f->content, f->at.offset + start.n);
    if (next == 0 && ended)
        next = log_content_size(&f->content);
    if (next <= f->at.offset)
        return 0;
    uint64_t consumed = next - f->at.offset;
    hand_on(f, start, true, cb);
    f->at.offset = next;
    log_position_read_tail(&f->content, &f->at);
    return consumed;
}

static uint64_t take_lines(struct log_follow *f, struct span block,
                           const struct log_follow_callbacks *cb, bool last)
{
    struct span rest = block;
    while (rest.n > 0) {
        size_t n = span_find(rest, '\n');
        if (n == rest.n && !last)
            break;
        hand_on(f, (struct span){rest.p, n}, false, cb);
        size_t whole = n < rest.n ? n + 1 : n;
        f->at.offset += whole;
        rest.p += whole;
        rest.n -= whole;
    }
    log_position_tail(&f->at, (struct span){block.p, block.n - rest.n});
    return block.n - rest.n;
}

/* One block. Returns bytes consumed; 0 when there is no whole line. */
static uint64_t read_block(struct log_follow *f, const struct log_follow_callbacks *cb, bool ended)
{
    char block[LOG_CONTENT_BLOCK];
    int64_t got = log_content_read_at(&f->content, f->at.offset, block, sizeof(block));
    if (got < 0 && !f->content.unpack)
        f->error = (int)got;
    if (got <= 0)
        return 0;
    if (f->at.head_n == 0)
        log_position_fingerprint(&f->content, &f->at);
    struct span read = {block, (size_t)got};
    bool full = read.n == sizeof(block);
    uint64_t consumed = take_lines(f, read, cb, ended && !full);
    if (consumed == 0 && full)
        consumed = pass_long_line(f, read, cb, ended);
    f->changed = f->changed || consumed > 0;
    return consumed;
}

uint64_t log_lines_read(struct log_follow *f, uint64_t budget,
                        const struct log_follow_callbacks *cb, bool ended)
{
    uint64_t consumed = 0, n;
    while (consumed < budget && (n = read_block(f, cb, ended)) > 0)
        consumed += n;
    return consumed;
}
