/* The SHA extensions of x86 (Intel SDM, SHA256RNDS2, SHA256MSG1, SHA256MSG2). */
#include "base/sha256_kernel.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

bool sha256_has_instructions(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29));
}

/* Four rounds with message words `w` (constants added here). */
#define FOUR_ROUNDS(w, i)                                                                          \
    do {                                                                                           \
        __m128i sum = _mm_add_epi32(                                                               \
            (w), _mm_loadu_si128((const __m128i *)(const void *)&sha256_constants[4 * (i)]));      \
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);                                             \
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));                    \
    } while (0)

__attribute__((target("sha,ssse3,sse4.1"))) static __m128i next_words(__m128i w0, __m128i w1,
                                                                      __m128i w2, __m128i w3)
{
    __m128i t = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
    return _mm_sha256msg2_epu32(t, w3);
}

__attribute__((target("sha,ssse3,sse4.1"))) void
sha256_blocks_instructions(uint32_t state[8], const uint8_t *data, size_t blocks)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)state);
    __m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);

    for (; blocks > 0; blocks--, data += 64) {
        __m128i w[4], abef0 = abef, cdgh0 = cdgh;
        for (int i = 0; i < 4; i++) {
            const void *at = data + 16 * i;
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)at), swap);
            FOUR_ROUNDS(w[i], i);
        }
        for (int i = 4; i < 16; i += 4) {
            for (int j = 0; j < 4; j++) {
                w[j] = next_words(w[j], w[(j + 1) & 3], w[(j + 2) & 3], w[(j + 3) & 3]);
                FOUR_ROUNDS(w[j], i + j);
            }
        }
        abef = _mm_add_epi32(abef, abef0);
        cdgh = _mm_add_epi32(cdgh, cdgh0);
    }

    __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
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

#endif
