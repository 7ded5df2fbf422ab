#include "collect/counters.h"

void counters_drop(struct counters *c, const char *reason, uint64_t n)
{
    size_t i = 0;
    while (i < c->reasons_n && strcmp(c->dropped[i].reason, reason) != 0)
        i++;
    if (i == COUNTERS_REASONS_MAX) {
        c->dropped[--i].count += n;
        return;
    }
    if (i == c->reasons_n) {
        bool last = i == COUNTERS_REASONS_MAX - 1;
        span_copy(span_of(last ? "other" : reason), c->dropped[i].reason,
                  sizeof(c->dropped[i].reason));
        c->reasons_n++;
    }
    c->dropped[i].count += n;
}

/* One line: four numbers, then "count reason" pairs separated by tabs. */
void counters_save(const struct counters *c, struct buf *out)
{
    buf_printf(out, "%llu\t%llu\t%llu\t%llu", (unsigned long long)c->sequence,
               (unsigned long long)c->seen, (unsigned long long)c->emitted,
               (unsigned long long)c->suppressed);
    for (size_t i = 0; i < c->reasons_n; i++)
        buf_printf(out, "\t%llu\t%s", (unsigned long long)c->dropped[i].count,
                   c->dropped[i].reason);
}

static bool take_number(struct span *rest, uint64_t *out)
{
    struct span field;
    return span_take_until(rest, '\t', &field) && span_to_u64(field, out);
}

void counters_load(struct counters *c, struct span saved)
{
    struct counters read = {0};
    struct span reason;
    uint64_t n;
    if (!take_number(&saved, &read.sequence) || !take_number(&saved, &read.seen) ||
        !take_number(&saved, &read.emitted) || !take_number(&saved, &read.suppressed))
        return;
    while (take_number(&saved, &n) && span_take_until(&saved, '\t', &reason)) {
        char text[sizeof(read.dropped[0].reason)];
        span_copy(reason, text, sizeof(text));
        counters_drop(&read, text, n);
    }
    *c = read;
}

void counters_describe(const struct counters *c, struct json_out *j)
{
    json_object(j, "counters");
    json_uint(j, "seen", c->seen);
    json_uint(j, "emitted", c->emitted);
    json_uint(j, "suppressed", c->suppressed);
    json_object(j, "dropped");
    for (size_t i = 0; i < c->reasons_n; i++)
        json_uint(j, c->dropped[i].reason, c->dropped[i].count);
    json_end_object(j);
    json_end_object(j);
}
