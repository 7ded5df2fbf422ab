#include "detect/address.h"

static bool parse_v4(struct span text, uint8_t out[4])
{
    for (size_t i = 0; i < 4; i++) {
        struct span part;
        uint64_t v;
        bool dot = span_find(text, '.') < text.n;
        if (!span_take_until(&text, '.', &part) || dot != (i < 3) || part.n > 3 ||
            !span_to_u64(part, &v) || v > 255)
            return false;
        out[i] = (uint8_t)v;
    }
    return text.n == 0;
}

static bool parse_group(struct span text, uint8_t out[2])
{
    unsigned v = 0;
    if (text.n == 0 || text.n > 4)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 16;
        if (digit == 16)
            return false;
        v = v << 4 | digit;
    }
    out[0] = (uint8_t)(v >> 8);
    out[1] = (uint8_t)v;
    return true;
}

/* Groups separated by ':'; an IPv4 address may stand at the end. Bytes written, or -1. */
static int parse_groups(struct span text, uint8_t *out, int room)
{
    int n = 0;
    bool again = text.n > 0;
    while (again) {
        struct span part = {text.p, span_find(text, ':')};
        again = part.n < text.n;
        text.p += part.n + (again ? 1 : 0);
        text.n -= part.n + (again ? 1 : 0);
        bool v4 = !again && span_find(part, '.') < part.n;
        int need = v4 ? 4 : 2;
        if (n + need > room || !(v4 ? parse_v4(part, out + n) : parse_group(part, out + n)))
            return -1;
        n += need;
    }
    return n;
}

static bool parse_v6(struct span text, uint8_t out[16])
{
    size_t gap = span_find_span(text, SPAN("::"));
    if (gap == text.n)
        return parse_groups(text, out, 16) == 16;
    uint8_t tail[16];
    int head_n = parse_groups((struct span){text.p, gap}, out, 14);
    struct span rest = {text.p + gap + 2, text.n - gap - 2};
    int tail_n = head_n < 0 ? -1 : parse_groups(rest, tail, 14 - head_n);
    if (tail_n < 0)
        return false;
    memset(out + head_n, 0, (size_t)(16 - head_n));
    memcpy(out + 16 - tail_n, tail, (size_t)tail_n);
    return true;
}

bool address_parse(struct span text, uint8_t out[16])
{
    if (span_find(text, ':') < text.n)
        return parse_v6(text, out);
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    memcpy(out, mapped, sizeof(mapped));
    return parse_v4(text, out + 12);
}

bool address_range_parse(struct span text, struct address_range *out)
{
    size_t slash = span_find(text, '/');
    struct span address = {text.p, slash};
    unsigned full = span_find(address, ':') < address.n ? 128 : 32;
    uint64_t bits = full;
    if (slash < text.n &&
        !span_to_u64((struct span){text.p + slash + 1, text.n - slash - 1}, &bits))
        return false;
    if (bits > full || !address_parse(address, out->bytes))
        return false;
    out->bits = (unsigned)bits + 128 - full;
    return true;
}

bool address_in_range(const struct address_range *range, const uint8_t address[16])
{
    size_t whole = range->bits / 8;
    unsigned rest = range->bits % 8;
    if (memcmp(range->bytes, address, whole) != 0)
        return false;
    return rest == 0 || ((range->bytes[whole] ^ address[whole]) >> (8 - rest)) == 0;
}
