/*
 * The state of rates: one entry for each series without its past ("rat\0S" and the slot), one for
 * each hour of the week with the keys and codes of all series ("rat\0h" and the hour), one for the
 * rest. So an hour that ends writes one entry, not all. Numbers are little-endian.
 */
#include "base/buf.h"
#include "detect/rates_parts.h"

#define VERSION   1
#define KEY_SIZE  7
#define VALUE_MAX 4096

#define HOUR_ENTRY (sizeof(uint32_t) + 1 + RATES_WEEKS)

struct writer {
    void (*put)(void *ctx, struct span key, struct span value);
    void *ctx;
    struct buf value;
};

static void put(struct writer *w, char kind, size_t number)
{
    char key[KEY_SIZE] = {'r', 'a', 't', '\0', kind, (char)(number >> 8), (char)number};
    w->put(w->ctx, (struct span){key, sizeof(key)}, buf_span(&w->value));
    buf_clear(&w->value);
}

static void save_series(struct writer *w, size_t slot, const struct rates_series *s)
{
    struct buf *b = &w->value;
    buf_put_byte(b, VERSION);
    buf_put_byte(b, (char)s->whole);
    buf_put_byte(b, (char)s->told_silence);
    buf_put_u32(b, s->key);
    buf_put_u32(b, s->messages);
    buf_put_u64(b, (uint64_t)s->first_ms);
    buf_put_u64(b, (uint64_t)s->told_hour);
    for (size_t i = 0; i < RATES_WEEKS; i++)
        buf_put_u32(b, s->longest_s[i]);
    buf_put_text(b, s->name);
    put(w, 'S', slot);
}

static void save_hour(struct writer *w, const struct rates *r, size_t hour)
{
    for (size_t i = 0; i < RATES_MAX; i++)
        if (r->series[i].used) {
            buf_put_u32(&w->value, r->series[i].key);
            buf_put_byte(&w->value, (char)r->series[i].whole);
            buf_put(&w->value, r->series[i].past[hour], RATES_WEEKS);
        }
    put(w, 'h', hour);
}

void rates_save(struct rates *r, void (*to)(void *ctx, struct span key, struct span value),
                void *ctx)
{
    struct writer w = {to, ctx, BUF_INIT(VALUE_MAX)};
    for (size_t i = 0; i < RATES_MAX; i++)
        if (r->series[i].dirty) {
            save_series(&w, i, &r->series[i]);
            r->series[i].dirty = false;
        }
    for (size_t h = 0; h < RATES_HOURS; h++)
        if (r->hour_dirty[h]) {
            save_hour(&w, r, h);
            r->hour_dirty[h] = false;
        }
    if (r->head_dirty) {
        buf_put_byte(&w.value, VERSION);
        buf_put_u64(&w.value, (uint64_t)r->week);
        put(&w, 'R', 0);
        r->head_dirty = false;
    }
    buf_release(&w.value);
}

static bool take_i64(struct span *rest, int64_t *out)
{
    uint64_t v;
    if (!span_take_u64(rest, &v) || v > INT64_MAX / 2)
        return false;
    *out = (int64_t)v;
    return true;
}

static bool load_series(struct rates *r, size_t slot, struct span value)
{
    struct span flags;
    struct rates_series s = {.used = true};
    if (slot >= RATES_MAX || r->series[slot].used || !span_take(&value, 3, &flags) ||
        flags.p[0] != VERSION || !span_take_u32(&value, &s.key) ||
        !span_take_u32(&value, &s.messages) || !take_i64(&value, &s.first_ms) ||
        !take_i64(&value, &s.told_hour))
        return false;
    for (size_t i = 0; i < RATES_WEEKS; i++)
        if (!span_take_u32(&value, &s.longest_s[i]))
            return false;
    s.whole = flags.p[1] != 0;
    s.told_silence = flags.p[2] != 0;
    if (!span_copy(value, s.name, sizeof(s.name)))
        return false;
    if (rates_find(r, s.whole, s.key))
        return false;
    r->series[slot] = s;
    r->used++;
    rates_index(r);
    return true;
}

static bool load_hour(struct rates *r, size_t hour, struct span value)
{
    struct span rest;
    uint32_t key;
    if (hour >= RATES_HOURS || value.n % HOUR_ENTRY != 0)
        return false;
    while (span_take_u32(&value, &key) && span_take(&value, HOUR_ENTRY - sizeof(key), &rest)) {
        struct rates_series *s = rates_find(r, rest.p[0] != 0, key);
        if (s) /* else its place is another's since */
            memcpy(s->past[hour], rest.p + 1, RATES_WEEKS);
    }
    return true;
}

static bool load_rest(struct rates *r, struct span value)
{
    struct span version;
    return span_take(&value, 1, &version) && version.p[0] == VERSION && take_i64(&value, &r->week);
}

bool rates_load(struct rates *r, struct span key, struct span value)
{
    if (key.n != KEY_SIZE || !span_starts(key, RATES_KEY_PREFIX))
        return false;
    size_t number = (size_t)(unsigned char)key.p[5] << 8 | (unsigned char)key.p[6];
    switch (key.p[4]) {
    case 'S':
        return load_series(r, number, value);
    case 'h':
        return load_hour(r, number, value);
    case 'R':
        return load_rest(r, value);
    default:
        return false;
    }
}
