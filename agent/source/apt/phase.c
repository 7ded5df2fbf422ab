/*
 * apt seeds C++'s minstd_rand from a seed_seq of "source-version-machine" and takes one number of
 * uniform_int_distribution(0, 100). The first two are specified by the C++ standard
 * ([rand.eng.lcong], [rand.util.seedseq]), the third is as libstdc++ has it.
 */
#include "source/apt/phase.h"

#include "base/buf.h"

#define WORDS    4 /* what the engine asks of the seed_seq: it uses the last */
#define MODULUS  2147483647u
#define FACTOR   48271u
#define OUTCOMES 101u

static uint32_t mix(uint32_t x)
{
    return x ^ (x >> 27);
}

/* seed_seq::generate for WORDS words out of the bytes of a text. */
static void generate(struct span seed, uint32_t out[WORDS])
{
    size_t t = (WORDS - 1) / 2, p = (WORDS - t) / 2, q = p + t; /* 1, 1, 2 */
    size_t m = seed.n + 1 > WORDS ? seed.n + 1 : WORDS;
    for (size_t i = 0; i < WORDS; i++)
        out[i] = 0x8b8b8b8bu;
    for (size_t k = 0; k < m; k++) {
        uint32_t r =
            1664525u * mix(out[k % WORDS] ^ out[(k + p) % WORDS] ^ out[(k + WORDS - 1) % WORDS]);
        int32_t byte = k > 0 && k <= seed.n ? seed.p[k - 1] : 0;
        uint32_t add = (uint32_t)(k == 0 ? seed.n : k % WORDS) + (uint32_t)byte;
        out[(k + p) % WORDS] += r;
        out[(k + q) % WORDS] += r + add;
        out[k % WORDS] = r + add;
    }
    for (size_t k = m; k < m + WORDS; k++) {
        uint32_t r =
            1566083941u * mix(out[k % WORDS] + out[(k + p) % WORDS] + out[(k + WORDS - 1) % WORDS]);
        uint32_t add = r - (uint32_t)(k % WORDS);
        out[(k + p) % WORDS] ^= r;
        out[(k + q) % WORDS] ^= add;
        out[k % WORDS] = add;
    }
}

unsigned apt_phase_draw(struct span source, struct span source_version, struct span machine_id)
{
    struct buf seed = BUF_INIT(4096);
    uint32_t words[WORDS];
    buf_put_span(&seed, source);
    buf_put_byte(&seed, '-');
    buf_put_span(&seed, source_version);
    buf_put_byte(&seed, '-');
    buf_put_span(&seed, machine_id);
    generate(buf_span(&seed), words);
    buf_release(&seed);
    uint64_t x = words[WORDS - 1] % MODULUS;
    x = x == 0 ? 1 : x;
    uint32_t step = (MODULUS - 2) / OUTCOMES;
    do
        x = x * FACTOR % MODULUS;
    while (x - 1 >= (uint64_t)OUTCOMES * step);
    return (unsigned)((x - 1) / step);
}
