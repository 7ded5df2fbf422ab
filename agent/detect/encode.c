#include "detect/encode.h"

#include "base/text.h"

static void put_unit(struct buf *out, uint32_t unit, bool big)
{
    char low = (char)(unit & 0xff), high = (char)(unit >> 8 & 0xff);
    buf_put_byte(out, big ? high : low);
    buf_put_byte(out, big ? low : high);
}

/* The character in front of text; its length in bytes. */
static size_t take_character(struct span text, uint32_t *out)
{
    unsigned char first = (unsigned char)text.p[0];
    size_t n = text_utf8_length(text);
    *out = first;
    if (n < 2)
        return 1;
    *out = first & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        *out = *out << 6 | ((unsigned char)text.p[i] & 0x3fu);
    return n;
}

void encode_utf16(struct buf *out, struct span utf8, enum encode_utf16 form)
{
    bool big = form == ENCODE_UTF16_BE;
    uint32_t c;
    if (form == ENCODE_UTF16_MARKED)
        put_unit(out, 0xfeff, big);
    for (size_t i = 0; i < utf8.n;) {
        i += take_character((struct span){utf8.p + i, utf8.n - i}, &c);
        if (c >= 0x10000) {
            put_unit(out, 0xd800 | (c - 0x10000) >> 10, big);
            c = 0xdc00 | ((c - 0x10000) & 0x3ff);
        }
        put_unit(out, c, big);
    }
}

/* Groups of three bytes, zeros behind the end; no padding. */
static void put_groups(struct buf *out, struct span bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.n; i += 3) {
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (i + k < bytes.n ? (unsigned char)bytes.p[i + k] : 0u);
        for (int shift = 18; shift >= 0; shift -= 6)
            buf_put_byte(out, digits[group >> shift & 63]);
    }
}

void encode_base64(struct buf *out, struct span bytes)
{
    size_t padding = (3 - bytes.n % 3) % 3;
    put_groups(out, bytes);
    for (size_t i = 1; i <= padding && !out->failed; i++)
        out->p[out->n - i] = '=';
}

void encode_base64_inside(struct buf *out, struct span bytes, unsigned shift)
{
    struct buf shifted = BUF_INIT(bytes.n + 2), digits = BUF_INIT(2 * bytes.n + 8);
    buf_put(&shifted, "\0", shift > 0);
    buf_put(&shifted, "\0", shift > 1);
    buf_put_span(&shifted, bytes);
    put_groups(&digits, buf_span(&shifted));
    /* digits that only these bytes decide: from bit 8 * shift up to bit 8 * (shift + n) */
    size_t from = (8 * shift + 5) / 6, to = 8 * (shift + bytes.n) / 6;
    if (!digits.failed && from < to)
        buf_put(out, digits.p + from, to - from);
    buf_release(&shifted);
    buf_release(&digits);
}
