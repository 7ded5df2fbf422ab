#include "platform/common/wtf8.h"

#include <errno.h>
#include <stdbool.h>

size_t wtf8_take(const unsigned char *s, size_t n, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (length == 0 || length > n || s[0] > 0xf4)
        return 0;
    *c = length == 1 ? s[0] : s[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        *c = *c << 6 | (s[i] & 0x3fu);
    }
    return *c >= least[length] && *c <= 0x10ffff ? length : 0;
}

size_t wtf8_put(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((0xf00u >> length & 0xff) | c);
    return length;
}

static bool is_high(uint32_t c)
{
    return c >= 0xd800 && c < 0xdc00;
}

static bool is_low(uint32_t c)
{
    return c >= 0xdc00 && c < 0xe000;
}

static uint32_t unit_at(const unsigned char *bytes, size_t i)
{
    return (uint32_t)bytes[2 * i] | (uint32_t)bytes[2 * i + 1] << 8;
}

int wtf8_of_utf16(const unsigned char *bytes, size_t units, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < units; i++) {
        uint32_t c = unit_at(bytes, i);
        if (used + 5 > size)
            return -ENAMETOOLONG;
        if (is_high(c) && i + 1 < units && is_low(unit_at(bytes, i + 1)))
            c = 0x10000 + ((c - 0xd800) << 10) + (unit_at(bytes, ++i) - 0xdc00u);
        used += wtf8_put(c, out + used);
    }
    if (used >= size)
        return -ENAMETOOLONG;
    out[used] = '\0';
    return (int)used;
}
