#include "source/integrity/records.h"

#define HEAD 6 /* of one record */

static bool add(void *ctx, struct span key, struct span value)
{
    struct integrity_records *r = ctx;
    if (key.n <= INTEGRITY_ID_SIZE)
        return true;
    r->n++;
    struct span name = {key.p + INTEGRITY_ID_SIZE, key.n - INTEGRITY_ID_SIZE};
    if (r->whole && r->held.n + HEAD + name.n + value.n > r->room) {
        r->whole = false;
        buf_release(&r->held);
        buf_release(&r->at);
    }
    if (!r->whole)
        return true;
    buf_put_u32(&r->at, (uint32_t)r->held.n);
    buf_put_byte(&r->held, (char)(name.n & 0xff));
    buf_put_byte(&r->held, (char)(name.n >> 8));
    buf_put_u32(&r->held, (uint32_t)value.n);
    buf_put_span(&r->held, name);
    buf_put_span(&r->held, value);
    return true;
}

void integrity_records_load(struct integrity_records *r, struct store *store,
                            const uint8_t folder[INTEGRITY_ID_SIZE], size_t room)
{
    *r = (struct integrity_records){.whole = true, .room = room};
    r->held = BUF_INIT(room);
    r->at = BUF_INIT(room);
    int rc = store_each(store, STORE_BASELINE, span_make(folder, INTEGRITY_ID_SIZE), add, r);
    r->whole = r->whole && rc == 0 && !r->held.failed && !r->at.failed;
}

size_t integrity_records_size(const struct integrity_records *r)
{
    return r->held.room + r->at.room;
}

/* The i-th in the order of names. */
static struct span record_at(const struct integrity_records *r, size_t i, struct span *record)
{
    uint32_t at, name_n, n;
    struct span where = {r->at.p + 4 * i, 4}, rest = buf_span(&r->held), skipped, name, head;
    span_take_u32(&where, &at);
    span_take(&rest, at, &skipped);
    span_take(&rest, 2, &head);
    name_n = (uint32_t)(uint8_t)head.p[0] | (uint32_t)(uint8_t)head.p[1] << 8;
    span_take_u32(&rest, &n);
    span_take(&rest, name_n, &name);
    span_take(&rest, n, record);
    return name;
}

bool integrity_records_find(const struct integrity_records *r, struct span name,
                            struct span *record)
{
    size_t low = 0, high = r->at.n / 4;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct span there = record_at(r, middle, record);
        size_t n = there.n < name.n ? there.n : name.n;
        int order = memcmp(there.p, name.p, n);
        if (order == 0 && there.n == name.n)
            return true;
        if (order < 0 || (order == 0 && there.n < name.n))
            low = middle + 1;
        else
            high = middle;
    }
    *record = SPAN("");
    return false;
}

void integrity_records_release(struct integrity_records *r)
{
    buf_release(&r->held);
    buf_release(&r->at);
}
