/* base: spans, buffers, maps, numbers, escapes, times, patterns. */
#include "base/buf.h"
#include "base/hex.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "unit/cmocka_all.h"

static void spans_never_run_past_their_end(void **state)
{
    (void)state;
    struct span rest = SPAN("ab"), out;
    uint32_t v;
    assert_false(span_take(&rest, 3, &out));
    assert_int_equal(rest.n, 2);
    assert_false(span_take_u32(&rest, &v));
    assert_true(span_take(&rest, 2, &out));
    assert_false(span_take_line(&rest, &out));
}

static void lines_lose_their_ends_only(void **state)
{
    (void)state;
    struct span rest = SPAN("a\r\n\nlast"), line;
    assert_true(span_take_line(&rest, &line) && span_equal(line, SPAN("a")));
    assert_true(span_take_line(&rest, &line) && line.n == 0);
    assert_true(span_take_line(&rest, &line) && span_equal(line, SPAN("last")));
    assert_false(span_take_line(&rest, &line));
}

static void numbers_are_checked(void **state)
{
    (void)state;
    uint64_t u;
    int64_t i;
    assert_true(span_to_u64(SPAN("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_false(span_to_u64(SPAN("18446744073709551616"), &u));
    assert_false(span_to_u64(SPAN(""), &u));
    assert_false(span_to_u64(SPAN("1 "), &u));
    assert_true(span_to_i64(SPAN("-5"), &i) && i == -5);
    assert_false(span_to_i64(SPAN("9223372036854775808"), &i));
}

static void digits_and_bytes_are_taken_whole(void **state)
{
    (void)state;
    struct span rest = SPAN("2026-1x");
    int v = -1;
    assert_true(span_take_digits(&rest, 4, &v) && v == 2026);
    assert_false(span_take_char(&rest, '/'));
    assert_true(span_take_char(&rest, '-'));
    assert_false(span_take_digits(&rest, 2, &v)); /* "1x": nothing is taken */
    assert_false(span_take_digits(&rest, 3, &v)); /* there are two */
    assert_int_equal(v, 2026);
    assert_true(span_take_digits(&rest, 1, &v) && v == 1);
    assert_true(span_take_char(&rest, 'x') && rest.n == 0);
    assert_false(span_take_char(&rest, 'x'));
    rest = SPAN("-12345678901");
    assert_false(span_take_digits(&rest, 2, &v)); /* no sign */
    span_take_char(&rest, '-');
    assert_false(span_take_digits(&rest, 10, &v)); /* might not fit */
    assert_true(span_take_digits(&rest, 9, &v) && v == 123456789);
}

static void needles_are_found(void **state)
{
    (void)state;
    assert_int_equal(span_find_span(SPAN("aaab"), SPAN("aab")), 1);
    assert_int_equal(span_find_span(SPAN("aaa"), SPAN("aab")), 3);
    assert_int_equal(span_find_span(SPAN("ab"), SPAN("abc")), 2);
}

static void a_buffer_keeps_its_limit(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(5);
    buf_put_text(&b, "abc");
    buf_put_text(&b, "def");
    assert_true(b.failed);
    assert_int_equal(b.n, 3);
    buf_put_text(&b, "x"); /* would fit, but the failure is sticky */
    assert_int_equal(b.n, 3);
    buf_clear(&b);
    buf_printf(&b, "%d", 12345);
    assert_false(b.failed);
    assert_string_equal(b.p, "12345");
    buf_drop_front(&b, 2);
    assert_string_equal(b.p, "345");
    buf_release(&b);
}

/* The key lies in the value that it leads to: it is gone before the value may be. */
static void a_map_of_lent_keys_copies_none(void **state)
{
    (void)state;
    struct map *m = map_new_lent(SIZE_MAX);
    for (int i = 0; i < 100; i++) {
        char *value = mem_new(1, 8);
        int n = snprintf(value, 8, "%d", i);
        map_set(m, (struct span){value, (size_t)n}, value, NULL);
    }
    char *one = map_get(m, SPAN("42"));
    assert_string_equal(one, "42");
    one[0] = '!'; /* the map would find it under its old name, had it copied it */
    assert_null(map_get(m, SPAN("42")));
    one[0] = '4';
    assert_ptr_equal(map_remove(m, SPAN("42")), one);
    free(one);
    assert_int_equal(map_count(m), 99);
    map_free(m, free);
}

static void a_map_holds_what_was_set(void **state)
{
    (void)state;
    struct map *m = map_new(3000);
    bool full;
    char key[16];
    for (uintptr_t i = 1; i <= 3000; i++) {
        snprintf(key, sizeof(key), "k%u", (unsigned)i);
        assert_null(map_set(m, span_of(key), (void *)i, &full));
        assert_false(full);
    }
    map_set(m, SPAN("one more"), m, &full);
    assert_true(full);
    for (uintptr_t i = 1; i <= 3000; i += 2) {
        snprintf(key, sizeof(key), "k%u", (unsigned)i);
        assert_ptr_equal(map_remove(m, span_of(key)), (void *)i);
    }
    assert_int_equal(map_count(m), 1500);
    for (uintptr_t i = 1; i <= 3000; i++) {
        snprintf(key, sizeof(key), "k%u", (unsigned)i);
        assert_ptr_equal(map_get(m, span_of(key)), i % 2 ? NULL : (void *)i);
    }
    for (int i = 0; i < 100000; i++) { /* removed entries are swept out */
        map_set(m, SPAN("again"), m, NULL);
        map_remove(m, SPAN("again"));
    }
    assert_int_equal(map_count(m), 1500);
    map_free(m, NULL);
}

static void names_keep_every_byte(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(200);
    text_put_name(&b, SPAN("a\\b\n\xff\xc3\xa9\xc0\x80"));
    assert_string_equal(b.p, "a\\\\b\\x0A\\xFF\xc3\xa9\\xC0\\x80");
    buf_release(&b);
    assert_false(text_is_utf8(SPAN("\xed\xa0\x80"))); /* a surrogate */
    assert_false(text_is_utf8(SPAN("\xf4\x90\x80\x80")));
    assert_false(text_is_utf8(SPAN("\xe2\x82")));
    assert_true(text_is_utf8(SPAN("\xf0\x9f\x98\x80")));
}

static void times_go_both_ways(void **state)
{
    (void)state;
    char out[TEXT_TIME_SIZE];
    static const int64_t samples[] = {0, 951782399999, 951782400000, 4102444800000, -1};
    static const char *const texts[] = {"1970-01-01T00:00:00.000Z", "2000-02-28T23:59:59.999Z",
                                        "2000-02-29T00:00:00.000Z", "2100-01-01T00:00:00.000Z",
                                        "1969-12-31T23:59:59.999Z"};
    for (size_t i = 0; i < 5; i++) {
        text_time(samples[i], out);
        assert_string_equal(out, texts[i]);
    }
    assert_int_equal(text_utc_ms(2000, 2, 29, 0, 0, 0, 0), 951782400000);
}

static void patterns_match_paths(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool matches;
    } rows[] = {
        {"/etc/*", "/etc/a", true},
        {"/etc/*", "/etc/a/b", false},
        {"/etc/**", "/etc/a/b", true},
        {"/home/*/.ssh/*", "/home/u/.ssh/k", true},
        {"/home/*/.ssh/*", "/home/u/x/.ssh/k", false},
        {"**/*.swp", "/a/b/.c.swp", true},
        {"/a?c", "/abc", true},
        {"/a?c", "/a/c", false},
        {"/[a-c]x", "/bx", true},
        {"/[!a-c]x", "/bx", false},
        {"/[", "/[", true},
        {"/a/**/c", "/a/c", false},
        {"/a*b*c", "/aXbYbZc", true},
        {"", "", true},
        {"/x", "/x/", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (text_glob(rows[i].pattern, rows[i].path) != rows[i].matches)
            fail_msg("%s on %s", rows[i].pattern, rows[i].path);
}

static void a_hostile_pattern_ends_soon(void **state)
{
    (void)state;
    char path[2001], pattern[401];
    memset(path, 'a', 2000);
    path[2000] = '\0';
    for (int i = 0; i < 400; i += 2)
        memcpy(pattern + i, "*a", 2);
    pattern[399] = 'b';
    pattern[400] = '\0';
    assert_false(text_glob(pattern, path));
}

static void sizes_and_durations_are_read(void **state)
{
    (void)state;
    uint64_t v;
    assert_true(text_parse_size(SPAN("64k"), &v) && v == 65536);
    assert_true(text_parse_size(SPAN("1G"), &v) && v == 1073741824);
    assert_false(text_parse_size(SPAN("99999999999999999999G"), &v));
    assert_false(text_parse_size(SPAN("17179869184G"), &v)); /* 2^64 */
    assert_false(text_parse_size(SPAN("k"), &v));
    assert_true(text_parse_duration(SPAN("7d"), &v) && v == 604800);
    assert_false(text_parse_duration(SPAN("1.5h"), &v));
}

static void hex_is_exact(void **state)
{
    (void)state;
    uint8_t bytes[2];
    assert_true(hex_decode(SPAN("0aFf"), bytes, 2) && bytes[0] == 10 && bytes[1] == 255);
    assert_false(hex_decode(SPAN("0aF"), bytes, 2));
    assert_false(hex_decode(SPAN("0aFg"), bytes, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_never_run_past_their_end),
        cmocka_unit_test(lines_lose_their_ends_only),
        cmocka_unit_test(numbers_are_checked),
        cmocka_unit_test(digits_and_bytes_are_taken_whole),
        cmocka_unit_test(needles_are_found),
        cmocka_unit_test(a_buffer_keeps_its_limit),
        cmocka_unit_test(a_map_holds_what_was_set),
        cmocka_unit_test(a_map_of_lent_keys_copies_none),
        cmocka_unit_test(names_keep_every_byte),
        cmocka_unit_test(times_go_both_ways),
        cmocka_unit_test(patterns_match_paths),
        cmocka_unit_test(a_hostile_pattern_ends_soon),
        cmocka_unit_test(sizes_and_durations_are_read),
        cmocka_unit_test(hex_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
