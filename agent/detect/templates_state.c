#include "detect/templates.h"

#define HEAD_KEY   SPAN("tpl\0head")
#define HEAD_PARTS 4
#define VERSION    1

void templates_head_save(const struct templates_head *h, struct buf *out)
{
    const uint64_t parts[HEAD_PARTS] = {VERSION, (uint64_t)h->clock_ms, (uint64_t)h->learned_ms,
                                        h->evicted};
    for (size_t i = 0; i < HEAD_PARTS; i++)
        buf_put_u64(out, parts[i]);
}

bool templates_head_load(struct span saved, struct templates_head *out)
{
    uint64_t parts[HEAD_PARTS];
    for (size_t i = 0; i < HEAD_PARTS; i++)
        if (!span_take_u64(&saved, &parts[i]))
            return false;
    struct templates_head h = {(int64_t)parts[1], (int64_t)parts[2], parts[3]};
    /* Far below what would overflow when a day is added. */
    const int64_t most = INT64_MAX / 4;
    if (parts[0] != VERSION || saved.n > 0 || h.clock_ms < 0 || h.clock_ms > most ||
        h.learned_ms < 0 || h.learned_ms > most)
        return false;
    *out = h;
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
