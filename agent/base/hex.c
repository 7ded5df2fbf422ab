#include "base/hex.h"

#include <stdint.h>

static const char digits_of[] = "0123456789abcdef";

void hex_encode(const void *data, size_t n, char *out)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits_of[p[i] >> 4];
        out[2 * i + 1] = digits_of[p[i] & 15];
    }
    out[2 * n] = '\0';
}

static int value_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_decode(struct span digits, void *out, size_t n)
{
    uint8_t *to = out;
    if (digits.n / 2 != n || digits.n % 2 != 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = value_of(digits.p[2 * i]), low = value_of(digits.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        to[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
