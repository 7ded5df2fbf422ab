#include "detect/templates.h"

#define HEAD_KEY   SPAN("tpl\0head")
#define HEAD_PARTS 5
#define VERSION    2 /* 1 had no events_from */

void templates_head_save(const struct templates_head *h, struct buf *out)
{
    const uint64_t parts[HEAD_PARTS] = {VERSION, (uint64_t)h->clock_ms, (uint64_t)h->learned_ms,
                                        h->evicted, (uint64_t)h->events_from};
    for (size_t i = 0; i < HEAD_PARTS; i++)
        buf_put_u64(out, parts[i]);
}

bool templates_head_load(struct span saved, struct templates_head *out)
{
    uint64_t parts[HEAD_PARTS] = {0};
    size_t n = 0;
    while (n < HEAD_PARTS && span_take_u64(&saved, &parts[n]))
        n++;
    struct templates_head h = {(int64_t)parts[1], (int64_t)parts[2], parts[3], (int64_t)parts[4]};
    /* Far below what would overflow when a day is added. */
    const int64_t most = INT64_MAX / 4;
    bool whole = saved.n == 0 && parts[0] >= 1 && parts[0] <= VERSION &&
                 n == (parts[0] == 1 ? HEAD_PARTS - 1 : HEAD_PARTS);
    if (!whole || h.clock_ms < 0 || h.clock_ms > most || h.learned_ms < 0 || h.learned_ms > most ||
        h.events_from < 0 || h.events_from > h.learned_ms + 1)
        return false;
    *out = h;
    return true;
}

int64_t templates_learned_ms(const struct templates_head *h, bool structured)
{
    if (!structured)
        return h->learned_ms;
    return h->events_from > 0 ? h->learned_ms - (h->events_from - 1) : 0;
}

bool templates_begin_events(struct templates_head *h)
{
    if (h->events_from > 0)
        return false;
    h->events_from = h->learned_ms + 1;
    return true;
}

bool templates_key_slot(struct span key, size_t *slot)
{
    if (span_equal(key, HEAD_KEY)) {
        *slot = MINER_MAX;
        return true;
    }
    if (key.n != TEMPLATES_KEY_PREFIX.n + 2 || !span_starts(key, TEMPLATES_KEY_PREFIX))
        return false;
    const unsigned char *p = (const unsigned char *)key.p + TEMPLATES_KEY_PREFIX.n;
    *slot = (size_t)p[0] << 8 | p[1];
    return *slot < MINER_MAX;
}
