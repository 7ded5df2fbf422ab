/* MD5 against the vectors of RFC 1321, and of every length around its blocks. */
#include "base/hex.h"
#include "base/md5.h"
#include "base/span.h"
#include "unit/cmocka_all.h"

static void check(struct span text, const char *expected)
{
    struct md5 m;
    uint8_t sum[MD5_SIZE];
    char hex[2 * MD5_SIZE + 1];
    md5_init(&m);
    md5_update(&m, text.p, text.n);
    md5_final(&m, sum);
    hex_encode(sum, sizeof(sum), hex);
    assert_string_equal(hex, expected);
}

static void test_rfc(void **state)
{
    static const struct {
        const char *text, *sum;
    } rows[] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"a", "0cc175b9c0f1b6a831c399e269772661"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
        {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
         "d174ab98d277d9f5a5611c2c9f419d9f"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "57edf4a22be3c955ac49da2e2107b67a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(span_of(rows[i].text), rows[i].sum);
}

/* The digest of the digests of every length from 0 to 400, each read in uneven pieces; the expected
 * one was made with another implementation. */
static void test_every_length(void **state)
{
    static uint8_t data[400], sums[401][MD5_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + i / 13);
    for (size_t n = 0; n <= sizeof(data); n++) {
        struct md5 m;
        md5_init(&m);
        for (size_t at = 0, piece = 1; at < n; at += piece) {
            size_t next = piece * 5 % 67 + 1;
            piece = next < n - at ? next : n - at;
            md5_update(&m, data + at, piece);
        }
        md5_final(&m, sums[n]);
    }
    check(span_make(sums, sizeof(sums)), "35ea1d439e9f06ffec3eafae6ddcfc1c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc),
        cmocka_unit_test(test_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
