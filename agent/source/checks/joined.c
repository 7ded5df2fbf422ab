#include "source/checks/joined.h"

void joined_begin(struct joined *j, struct span text, size_t limit,
                  struct span (*bare)(struct span line))
{
    *j = (struct joined){.rest = text, .bare = bare, .line = BUF_INIT(limit)};
}

bool joined_next(struct joined *j, struct span *out)
{
    struct span line;
    bool more = true;
    buf_clear(&j->line);
    j->first = j->number + 1;
    while (more && span_take_line(&j->rest, &line)) {
        j->number++;
        if (j->bare)
            line = j->bare(line);
        more = line.n > 0 && line.p[line.n - 1] == '\\' && j->rest.n > 0;
        for (size_t i = 0; i < line.n; i++) {
            bool blank = line.p[i] == '\t' || (more && i + 1 == line.n);
            buf_put_byte(&j->line, blank ? ' ' : line.p[i]);
        }
    }
    j->cut = j->line.failed;
    *out = buf_span(&j->line);
    return j->number >= j->first;
}

void joined_end(struct joined *j)
{
    buf_release(&j->line);
}
