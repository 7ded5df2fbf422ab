/* SHA-256: known answers (FIPS 180-4 examples), the kernels against each other and against mbedTLS
 * on random input, any cut of the input. */
#include "base/hex.h"
#include "base/sha256.h"
#include "base/sha256_kernel.h"
#include "platform/random.h"
#include "unit/cmocka_all.h"

#include <mbedtls/sha256.h>

static void known_answers(void **state)
{
    (void)state;
    static const struct {
        const char *text, *digest;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t digest[SHA256_SIZE];
        char text[2 * SHA256_SIZE + 1];
        sha256_of(rows[i].text, strlen(rows[i].text), digest);
        hex_encode(digest, sizeof(digest), text);
        assert_string_equal(text, rows[i].digest);
    }
}

static void fill(uint8_t *data, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        data[i] = (uint8_t)(seed >> 24);
    }
}

static void kernels_agree(void **state)
{
    (void)state;
    if (!sha256_has_instructions())
        skip();
    uint8_t data[64 * 33];
    for (uint32_t seed = 0; seed < 200; seed++) {
        uint32_t a[8] = {1, 2, 3, 4, 5, 6, 7, seed}, b[8];
        memcpy(b, a, sizeof(a));
        fill(data, sizeof(data), seed);
        sha256_blocks_plain(a, data, seed % 33 + 1);
        sha256_blocks_instructions(b, data, seed % 33 + 1);
        assert_memory_equal(a, b, sizeof(a));
    }
}

static void two_streams_give_what_each_gives(void **state)
{
    (void)state;
    if (!sha256_has_instructions())
        skip();
    uint8_t one[64 * 33], two[64 * 33];
    for (uint32_t seed = 0; seed < 200; seed++) {
        uint32_t a[8] = {seed, 2, 3, 4, 5, 6, 7, 8}, b[8] = {8, 7, 6, 5, 4, 3, 2, seed};
        uint32_t a2[8], b2[8];
        memcpy(a2, a, sizeof(a));
        memcpy(b2, b, sizeof(b));
        fill(one, sizeof(one), seed);
        fill(two, sizeof(two), ~seed);
        sha256_blocks_plain(a, one, seed % 33 + 1);
        sha256_blocks_plain(b, two, seed % 33 + 1);
        sha256_blocks2_instructions(a2, one, b2, two, seed % 33 + 1);
        assert_memory_equal(a, a2, sizeof(a));
        assert_memory_equal(b, b2, sizeof(b));
    }
}

static uint32_t random_below(uint32_t n)
{
    uint32_t v;
    assert_int_equal(random_fill(&v, sizeof(v)), 0);
    return v % n;
}

static void mbedtls_says_the_same(void **state)
{
    (void)state;
    static uint8_t data[2][20000];
    uint8_t ours[2][SHA256_SIZE], theirs[SHA256_SIZE];
    for (int round = 0; round < 300; round++) {
        uint32_t n[2] = {random_below(sizeof(data[0])), random_below(sizeof(data[0]))};
        struct sha256 s[2];
        for (int i = 0; i < 2; i++) {
            assert_int_equal(random_fill(data[i], n[i]), 0);
            sha256_init(&s[i]);
        }
        uint32_t both = n[0] < n[1] ? n[0] : n[1], at = 0;
        while (at < both) { /* in pieces, of whole blocks and of others */
            uint32_t step = random_below(3) ? 64 * random_below(40) + 64 : random_below(300) + 1;
            step = step < both - at ? step : both - at;
            sha256_update2(&s[0], data[0] + at, &s[1], data[1] + at, step);
            at += step;
        }
        for (int i = 0; i < 2; i++) {
            sha256_update(&s[i], data[i] + at, n[i] - at);
            sha256_final(&s[i], ours[i]);
            assert_int_equal(mbedtls_sha256(data[i], n[i], theirs, 0), 0);
            assert_memory_equal(ours[i], theirs, sizeof(theirs));
        }
    }
}

static void any_cut_gives_the_same(void **state)
{
    (void)state;
    uint8_t data[1000], whole[SHA256_SIZE], pieces[SHA256_SIZE];
    fill(data, sizeof(data), 7);
    for (size_t n = 0; n < sizeof(data); n += 13) {
        struct sha256 s;
        sha256_of(data, n, whole);
        sha256_init(&s);
        for (size_t at = 0, step = 1; at < n; at += step, step = step * 3 % 97 + 1) {
            step = step < n - at ? step : n - at;
            sha256_update(&s, data + at, step);
        }
        sha256_final(&s, pieces);
        assert_memory_equal(whole, pieces, sizeof(whole));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(kernels_agree),
        cmocka_unit_test(two_streams_give_what_each_gives),
        cmocka_unit_test(mbedtls_says_the_same),
        cmocka_unit_test(any_cut_gives_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
