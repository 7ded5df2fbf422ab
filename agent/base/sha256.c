#include "base/sha256.h"

#include "base/sha256_kernel.h"

void sha256_init(struct sha256 *s)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(s->state, start, sizeof(start));
    s->length = 0;
}

void sha256_update(struct sha256 *s, const void *data, size_t n)
{
    const uint8_t *p = data;
    size_t held = (size_t)(s->length % 64);
    if (n == 0)
        return;
    s->length += n;
    if (held > 0) {
        size_t take = n < 64 - held ? n : 64 - held;
        memcpy(s->block + held, p, take);
        p += take;
        n -= take;
        if (held + take < 64)
            return;
        sha256_blocks(s->state, s->block, 1);
    }
    if (n >= 64)
        sha256_blocks(s->state, p, n / 64);
    if (n % 64 > 0)
        memcpy(s->block, p + n - n % 64, n % 64);
}

void sha256_update2(struct sha256 *a, const void *data_a, struct sha256 *b, const void *data_b,
                    size_t n)
{
    const uint8_t *p = data_a, *q = data_b;
    size_t whole = a->length % 64 == 0 && b->length % 64 == 0 ? n & ~(size_t)63 : 0;
    if (whole > 0) {
        sha256_blocks2(a->state, p, b->state, q, whole / 64);
        a->length += whole;
        b->length += whole;
    }
    sha256_update(a, p + whole, n - whole);
    sha256_update(b, q + whole, n - whole);
}

void sha256_final(struct sha256 *s, uint8_t out[SHA256_SIZE])
{
    uint64_t bits = s->length * 8;
    uint8_t tail[72] = {0x80};
    size_t pad = (size_t)((119 - s->length % 64) % 64) + 1;
    for (size_t i = 0; i < 8; i++)
        tail[pad + i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_update(s, tail, pad + 8);
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < 4; j++)
            out[4 * i + j] = (uint8_t)(s->state[i] >> (24 - 8 * j));
}

void sha256_of(const void *data, size_t n, uint8_t out[SHA256_SIZE])
{
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, data, n);
    sha256_final(&s, out);
}
