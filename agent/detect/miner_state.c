/* A template as bytes, little-endian: version, lengths, numbers, values, hashes, text. */
#include "detect/miner.h"

#define VERSION 1

void miner_save(const struct mined *t, struct buf *out)
{
    buf_put_byte(out, VERSION);
    buf_put_byte(out, (char)t->n);
    buf_put_byte(out, (char)t->values_n);
    buf_put_u32(out, t->id);
    buf_put_u32(out, t->origin);
    buf_put_u64(out, t->wild);
    buf_put_u64(out, t->marks);
    buf_put_u32(out, t->hours);
    buf_put_u32(out, t->days);
    buf_put_u64(out, t->count);
    buf_put_u64(out, (uint64_t)t->first_ms);
    buf_put_u64(out, (uint64_t)t->last_ms);
    for (size_t i = 0; i < t->values_n; i++) {
        buf_put_byte(out, (char)t->values[i].at);
        buf_put_byte(out, (char)t->values[i].varies);
        buf_put_u32(out, t->values[i].hash);
    }
    for (size_t i = 0; i < t->n; i++)
        buf_put_u32(out, t->hash[i]);
    buf_put_text(out, t->text);
}

static bool take_u8(struct span *rest, uint8_t *out)
{
    struct span one;
    if (!span_take(rest, 1, &one))
        return false;
    *out = (uint8_t)one.p[0];
    return true;
}

static bool take_i64(struct span *rest, int64_t *out)
{
    uint64_t v;
    if (!span_take_u64(rest, &v))
        return false;
    *out = (int64_t)v;
    return true;
}

static bool take_numbers(struct span *rest, struct mined *t)
{
    uint8_t version;
    uint32_t days;
    if (!take_u8(rest, &version) || version != VERSION || !take_u8(rest, &t->n) ||
        !take_u8(rest, &t->values_n) || !span_take_u32(rest, &t->id) ||
        !span_take_u32(rest, &t->origin) || !span_take_u64(rest, &t->wild) ||
        !span_take_u64(rest, &t->marks) || !span_take_u32(rest, &t->hours) ||
        !span_take_u32(rest, &days) || !span_take_u64(rest, &t->count) ||
        !take_i64(rest, &t->first_ms) || !take_i64(rest, &t->last_ms))
        return false;
    t->days = (uint16_t)days;
    uint64_t tokens = t->n <= TOKENS_MAX ? ((uint64_t)1 << t->n) - 1 : 0;
    return t->n <= TOKENS_MAX && t->values_n <= MINER_VALUES && t->id > 0 && t->count > 0 &&
           t->hours < 1U << 24 && days <= UINT16_MAX && (t->wild & t->marks) == 0 &&
           ((t->wild | t->marks) & ~tokens) == 0;
}

static bool take_value(struct span *rest, struct mined *t, size_t i)
{
    struct miner_value *v = &t->values[i];
    uint8_t varies;
    if (!take_u8(rest, &v->at) || !take_u8(rest, &varies) || !span_take_u32(rest, &v->hash))
        return false;
    v->varies = varies == 1;
    return varies <= 1 && v->at < t->n && (t->wild >> v->at & 1) != 0;
}

bool miner_read(struct span bytes, struct mined *out)
{
    *out = (struct mined){.used = true};
    if (!take_numbers(&bytes, out))
        return false;
    for (size_t i = 0; i < out->values_n; i++)
        if (!take_value(&bytes, out, i))
            return false;
    for (size_t i = 0; i < out->n; i++)
        if (!span_take_u32(&bytes, &out->hash[i]))
            return false;
    for (size_t i = 0; i < bytes.n; i++)
        if ((unsigned char)bytes.p[i] < ' ' || bytes.p[i] == 127)
            return false;
    return span_copy(bytes, out->text, sizeof(out->text));
}
