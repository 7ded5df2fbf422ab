#include "detect/pattern.h"
#include "unit/cmocka_all.h"

struct row {
    const char *value;
    enum pattern_fit fit;
    unsigned flags;
    const char *text;
    bool matches;
};

static bool try_row(const struct row *row)
{
    struct arena *a = arena_new();
    struct texts *texts = texts_new(a);
    char folded[256];
    struct span text = span_of(row->text);
    pattern_fold(folded, text);
    const struct pattern *p = pattern_make(texts, span_of(row->value), row->fit, row->flags);
    texts_free(texts);
    bool result = pattern_matches(p, text, (struct span){folded, text.n});
    arena_free(a);
    return result;
}

static const struct row rows[] = {
    /* whole, both cases */
    {"sshd", PATTERN_WHOLE, 0, "SSHD", true},
    {"sshd", PATTERN_WHOLE, 0, "sshd2", false},
    {"sshd", PATTERN_WHOLE, PATTERN_CASED, "SSHD", false},
    {"", PATTERN_WHOLE, 0, "", true},
    {"", PATTERN_WHOLE, 0, "x", false},
    /* fits */
    {"fail", PATTERN_STARTS, 0, "Failed", true},
    {"fail", PATTERN_STARTS, 0, "a fail", false},
    {"root", PATTERN_ENDS, 0, "user ROOT", true},
    {"root", PATTERN_ENDS, 0, "root user", false},
    {"root", PATTERN_ENDS, 0, "oot", false},
    {"mid", PATTERN_CONTAINS, 0, "amidst", true},
    {"mid", PATTERN_CONTAINS, 0, "amd", false},
    {"", PATTERN_CONTAINS, 0, "anything", true},
    {"aab", PATTERN_CONTAINS, 0, "aaab", true},
    /* wildcards */
    {"prog?.exe", PATTERN_WHOLE, 0, "progA.exe", true},
    {"prog?.exe", PATTERN_WHOLE, 0, "prog.exe", false},
    {"prog?.exe", PATTERN_WHOLE, 0, "prog\xc3\xa9.exe", true},
    {"prog?.exe", PATTERN_WHOLE, 0, "prog\xff.exe", true},
    {"a*c", PATTERN_WHOLE, 0, "ac", true},
    {"a*c", PATTERN_WHOLE, 0, "abbbc", true},
    {"a*c", PATTERN_WHOLE, 0, "abbbcd", false},
    {"a*b*c", PATTERN_WHOLE, 0, "a-b-b-c", true},
    {"a*b*c", PATTERN_WHOLE, 0, "a-c-b", false},
    {"*ab", PATTERN_WHOLE, 0, "abab", true},
    {"*a?", PATTERN_WHOLE, 0, "aaab", true},
    {"*", PATTERN_WHOLE, 0, "", true},
    {"a**b", PATTERN_WHOLE, 0, "ab", true},
    {"?", PATTERN_WHOLE, 0, "", false},
    {"x*y", PATTERN_CONTAINS, 0, "..x..y..", true},
    {"x*y", PATTERN_CONTAINS, 0, "..y..x..", false},
    /* escapes: the cases of the specification */
    {"a\\*", PATTERN_WHOLE, 0, "a*", true},
    {"a\\*", PATTERN_WHOLE, 0, "ab", false},
    {"a\\?", PATTERN_WHOLE, 0, "a?", true},
    {"a\\?", PATTERN_WHOLE, 0, "ab", false},
    {"c:\\dir", PATTERN_WHOLE, 0, "C:\\dir", true},
    {"c:\\\\dir", PATTERN_WHOLE, 0, "C:\\dir", true},
    {"dir\\\\*", PATTERN_WHOLE, 0, "dir\\file", true},
    {"dir\\\\*", PATTERN_WHOLE, 0, "dir*", false},
    {"dir\\\\\\*", PATTERN_WHOLE, 0, "dir\\*", true},
    {"dir\\\\\\*", PATTERN_WHOLE, 0, "dir\\x", false},
    {"\\\\\\\\srv", PATTERN_WHOLE, 0, "\\\\srv", true},
    {"\\\\\\srv", PATTERN_WHOLE, 0, "\\\\srv", true},
    {"end\\", PATTERN_WHOLE, 0, "end\\", true},
    {"a\\*", PATTERN_WHOLE, PATTERN_LITERAL, "a\\*", true},
    /* windash */
    {" -enc ", PATTERN_CONTAINS, PATTERN_WINDASH, "x /enc y", true},
    {" -enc ", PATTERN_CONTAINS, PATTERN_WINDASH,
     "x \xe2\x80\x93"
     "enc y",
     true},
    {" -enc ", PATTERN_CONTAINS, PATTERN_WINDASH, "x +enc y", false},
    {" -enc ", PATTERN_CONTAINS, 0, "x /enc y", false},
    {"a-b", PATTERN_WHOLE, PATTERN_WINDASH, "a/b", false},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (try_row(&rows[i]) != rows[i].matches)
            fail_msg("'%s' on '%s': expected %d", rows[i].value, rows[i].text, rows[i].matches);
}

static void test_literal(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct texts *texts = texts_new(a);
    const struct pattern *p =
        pattern_make(texts, SPAN("AB*LONGer?x"), PATTERN_WHOLE, PATTERN_CASED);
    assert_true(span_equal_text(pattern_literal(p), "longer"));
    p = pattern_make(texts, SPAN("*"), PATTERN_WHOLE, 0);
    assert_int_equal(pattern_literal(p).n, 0);
    texts_free(texts);
    arena_free(a);
}

/* What many rules have in common costs memory once; what differs in anything stays apart. */
static void test_kept_once(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct texts *texts = texts_new(a);
    const struct pattern *p = pattern_make(texts, SPAN("\\cmd.exe"), PATTERN_ENDS, 0);
    assert_ptr_equal(p, pattern_make(texts, SPAN("\\CMD.exe"), PATTERN_ENDS, 0));
    assert_ptr_equal(p, pattern_make(texts, SPAN("*\\cmd.exe"), PATTERN_WHOLE, 0));
    assert_ptr_not_equal(p, pattern_make(texts, SPAN("\\cmd.exe"), PATTERN_CONTAINS, 0));
    assert_ptr_not_equal(p, pattern_make(texts, SPAN("\\cmd.exe"), PATTERN_ENDS, PATTERN_CASED));
    assert_ptr_not_equal(p, pattern_make(texts, SPAN("\\cmd.ex"), PATTERN_ENDS, 0));
    texts_free(texts);
    arena_free(a);
}

/* The longest value, in the encoding that makes most of it. */
static void test_longest(void **state)
{
    (void)state;
    static char value[PATTERN_BYTES_MAX];
    struct arena *a = arena_new();
    struct texts *texts = texts_new(a);
    struct span text = {value, sizeof(value)};
    memset(value, 'x', sizeof(value));
    const struct pattern *p =
        pattern_make(texts, text, PATTERN_CONTAINS, PATTERN_CASED | PATTERN_LITERAL);
    assert_true(span_equal(pattern_literal(p), text));
    assert_true(pattern_matches(p, text, text));
    text.n--;
    assert_false(pattern_matches(p, text, text));
    texts_free(texts);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_literal),
        cmocka_unit_test(test_kept_once),
        cmocka_unit_test(test_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
