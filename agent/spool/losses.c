#include "spool/losses.h"

#include <errno.h>

/* In the file: stream, number of ranges, and for each: from, to, events (u64), reason. */
#define STREAM_SIZE 8

static void write_out(const struct losses *l, struct buf *out)
{
    buf_put(out, l->stream, STREAM_SIZE);
    buf_put_u32(out, (uint32_t)l->n);
    for (size_t i = 0; i < l->n; i++) {
        buf_put_u64(out, l->at[i].from);
        buf_put_u64(out, l->at[i].to);
        buf_put_u64(out, l->at[i].events);
        buf_put(out, l->at[i].reason, sizeof(l->at[i].reason));
    }
}

static bool take_one(struct span *rest, struct spool_loss *loss)
{
    struct span reason;
    if (!span_take_u64(rest, &loss->from) || !span_take_u64(rest, &loss->to) ||
        !span_take_u64(rest, &loss->events) || !span_take(rest, sizeof(loss->reason), &reason))
        return false;
    memcpy(loss->reason, reason.p, sizeof(loss->reason));
    loss->reason[sizeof(loss->reason) - 1] = '\0';
    return true;
}

static void read_in(struct losses *l, struct span rest)
{
    struct span stream;
    uint32_t n;
    if (!span_take(&rest, STREAM_SIZE, &stream) || !span_equal_text(stream, l->stream) ||
        !span_take_u32(&rest, &n))
        return;
    while (l->n < n && l->n < SPOOL_LOSSES_MAX && take_one(&rest, &l->at[l->n]))
        l->n++;
}

int losses_open(struct losses *l, const char *state, const char *stream)
{
    struct buf data = BUF_INIT(SLOT_DATA_MAX);
    *l = (struct losses){0};
    span_copy(span_of(stream), l->stream, sizeof(l->stream));
    int rc = slots_open(&l->slots, state, "losses", &data);
    if (rc == 0)
        read_in(l, buf_span(&data));
    buf_release(&data);
    return rc == -ENOENT ? 0 : rc;
}

void losses_close(struct losses *l)
{
    slots_close(&l->slots);
}

static void merge_oldest(struct losses *l)
{
    struct spool_loss *first = &l->at[0], *second = &l->at[1];
    if (second->from < first->from)
        first->from = second->from;
    if (second->to > first->to)
        first->to = second->to;
    first->events += second->events;
    if (strcmp(first->reason, second->reason) != 0)
        span_copy(SPAN("several reasons"), first->reason, sizeof(first->reason));
    memmove(second, second + 1, (l->n - 2) * sizeof(*second));
    l->n--;
}

static bool is_recorded(const struct losses *l, const struct spool_loss *loss)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i].from <= loss->from && loss->to <= l->at[i].to &&
            strcmp(l->at[i].reason, loss->reason) == 0)
            return true;
    return false;
}

static void add(struct losses *l, const struct spool_loss *loss)
{
    struct spool_loss *last = l->n > 0 ? &l->at[l->n - 1] : NULL;
    if (last && last->to + 1 == loss->from && strcmp(last->reason, loss->reason) == 0) {
        last->to = loss->to;
        last->events += loss->events;
        return;
    }
    if (l->n == SPOOL_LOSSES_MAX)
        merge_oldest(l);
    l->at[l->n++] = *loss;
}

int losses_record(struct losses *l, uint64_t from, uint64_t to, uint64_t events, const char *reason)
{
    struct spool_loss loss = {.from = from, .to = to, .events = events};
    span_copy(span_of(reason), loss.reason, sizeof(loss.reason));
    if (is_recorded(l, &loss))
        return 0;
    struct losses before = *l;
    struct buf data = BUF_INIT(SLOT_DATA_MAX);
    add(l, &loss);
    write_out(l, &data);
    int rc = data.failed ? -ENOMEM : slots_write(&l->slots, buf_span(&data));
    if (rc != 0)
        *l = before; /* slots unchanged on failure too */
    buf_release(&data);
    return rc;
}

void losses_forget(struct losses *l, uint64_t last)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i].to <= last)
            l->at[kept++] = l->at[i];
    l->n = kept;
}
