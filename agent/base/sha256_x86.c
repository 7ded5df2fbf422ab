/*
 * The SHA extensions of x86 (Intel SDM, SHA256RNDS2, SHA256MSG1, SHA256MSG2). One stream waits most
 * of the time for its own last step, so a second one beside it costs next to nothing.
 */
#include "base/sha256_kernel.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define TARGET __attribute__((target("sha,ssse3,sse4.1")))
#define STEP   TARGET static inline __attribute__((always_inline)) /* all in registers */

#define SIXTEEN(step) /* written out, so that no index is left at run time */                      \
    step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7) step(8) step(9) step(10)       \
        step(11) step(12) step(13) step(14) step(15)

bool sha256_has_instructions(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29));
}

struct stream {
    __m128i abef, cdgh; /* the state, in the order that the instructions want */
    __m128i abef0, cdgh0;
    __m128i w[4]; /* the last 16 words of the message schedule */
};

STEP struct stream load(const uint32_t state[8])
{
    __m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)state);
    __m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
    return (struct stream){.abef = _mm_alignr_epi8(cdab, efgh, 8),
                           .cdgh = _mm_blend_epi16(efgh, cdab, 0xf0)};
}

STEP void store(const struct stream *s, uint32_t state[8])
{
    __m128i feba = _mm_shuffle_epi32(s->abef, 0x1b), dchg = _mm_shuffle_epi32(s->cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

STEP void begin_block(struct stream *s)
{
    s->abef0 = s->abef;
    s->cdgh0 = s->cdgh;
}

STEP void end_block(struct stream *s)
{
    s->abef = _mm_add_epi32(s->abef, s->abef0);
    s->cdgh = _mm_add_epi32(s->cdgh, s->cdgh0);
}

STEP void take_words(struct stream *s, const uint8_t *block, int i)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const void *at = block + 16 * i;
    s->w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)at), swap);
}

STEP void make_words(struct stream *s, int i)
{
    __m128i *w = s->w;
    __m128i part = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);
    __m128i sum = _mm_add_epi32(part, _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
    w[i & 3] = _mm_sha256msg2_epu32(sum, w[(i + 3) & 3]);
}

/* Rounds 4i to 4i + 3. */
STEP void four_rounds(struct stream *s, const uint8_t *block, int i)
{
    if (i < 4)
        take_words(s, block, i);
    else
        make_words(s, i);
    const void *constants = &sha256_constants[4 * i];
    __m128i sum = _mm_add_epi32(s->w[i & 3], _mm_loadu_si128((const __m128i *)constants));
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, sum);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(sum, 0x0e));
}

TARGET void sha256_blocks_instructions(uint32_t state[8], const uint8_t *data, size_t blocks)
{
    struct stream s = load(state);
    for (; blocks > 0; blocks--, data += 64) {
        begin_block(&s);
#define ONE(i) four_rounds(&s, data, i);
        SIXTEEN(ONE)
        end_block(&s);
    }
    store(&s, state);
}

TARGET void sha256_blocks2_instructions(uint32_t a[8], const uint8_t *data_a, uint32_t b[8],
                                        const uint8_t *data_b, size_t blocks)
{
    struct stream s = load(a), t = load(b);
    for (; blocks > 0; blocks--, data_a += 64, data_b += 64) {
        begin_block(&s);
        begin_block(&t);
#define BOTH(i)                                                                                    \
    four_rounds(&s, data_a, i);                                                                    \
    four_rounds(&t, data_b, i);
        SIXTEEN(BOTH)
        end_block(&s);
        end_block(&t);
    }
    store(&s, a);
    store(&t, b);
}

#else

bool sha256_has_instructions(void)
{
    return false;
}

void sha256_blocks_instructions(uint32_t state[8], const uint8_t *data, size_t blocks)
{
    sha256_blocks_plain(state, data, blocks);
}

void sha256_blocks2_instructions(uint32_t a[8], const uint8_t *data_a, uint32_t b[8],
                                 const uint8_t *data_b, size_t blocks)
{
    sha256_blocks_plain(a, data_a, blocks);
    sha256_blocks_plain(b, data_b, blocks);
}

#endif
