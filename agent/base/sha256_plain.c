#include "base/sha256_kernel.h"

const uint32_t sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t right(uint32_t v, int by)
{
    return v >> by | v << (32 - by);
}

/* One round; what it leaves in d and h stands for the next one's e and a, so that instead of moving
 * eight words the next round is written with their names turned by one. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                           \
    do {                                                                                           \
        uint32_t t1 = (h) + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) +                          \
                      ((g) ^ ((e) & ((f) ^ (g)))) + sha256_constants[i] + word(w, block, i);       \
        (d) += t1;                                                                                 \
        (h) = t1 + (right(a, 2) ^ right(a, 13) ^ right(a, 22)) +                                   \
              (((a) & (b)) ^ ((c) & ((a) ^ (b))));                                                 \
    } while (0)

/* Word i of the message schedule; w holds the last 16. */
static inline uint32_t word(uint32_t w[16], const uint8_t *block, int i)
{
    if (i < 16) {
        const uint8_t *p = block + (size_t)4 * (size_t)i;
        w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    } else {
        uint32_t w15 = w[(i + 1) & 15], w2 = w[(i + 14) & 15];
        w[i & 15] += (right(w15, 7) ^ right(w15, 18) ^ w15 >> 3) + w[(i + 9) & 15] +
                     (right(w2, 17) ^ right(w2, 19) ^ w2 >> 10);
    }
    return w[i & 15];
}

static void compress(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[16] = {0};
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; i += 8) {
        ROUND(a, b, c, d, e, f, g, h, i);
        ROUND(h, a, b, c, d, e, f, g, i + 1);
        ROUND(g, h, a, b, c, d, e, f, i + 2);
        ROUND(f, g, h, a, b, c, d, e, i + 3);
        ROUND(e, f, g, h, a, b, c, d, i + 4);
        ROUND(d, e, f, g, h, a, b, c, i + 5);
        ROUND(c, d, e, f, g, h, a, b, i + 6);
        ROUND(b, c, d, e, f, g, h, a, i + 7);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

void sha256_blocks_plain(uint32_t state[8], const uint8_t *data, size_t blocks)
{
    for (size_t i = 0; i < blocks; i++)
        compress(state, data + 64 * i);
}

static bool use_instructions(void)
{
    static int have = -1; /* the same answer from every thread, so a race does no harm */
    int known = __atomic_load_n(&have, __ATOMIC_RELAXED);
    if (known < 0) {
        known = sha256_has_instructions();
        __atomic_store_n(&have, known, __ATOMIC_RELAXED);
    }
    return known;
}

void sha256_blocks(uint32_t state[8], const uint8_t *data, size_t blocks)
{
    if (use_instructions())
        sha256_blocks_instructions(state, data, blocks);
    else
        sha256_blocks_plain(state, data, blocks);
}

void sha256_blocks2(uint32_t a[8], const uint8_t *data_a, uint32_t b[8], const uint8_t *data_b,
                    size_t blocks)
{
    if (use_instructions()) {
        sha256_blocks2_instructions(a, data_a, b, data_b, blocks);
    } else {
        sha256_blocks_plain(a, data_a, blocks);
        sha256_blocks_plain(b, data_b, blocks);
    }
}
