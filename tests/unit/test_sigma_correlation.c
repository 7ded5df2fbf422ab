/* Correlation rules: what is refused and why, and how they refer to each other. */
#include "unit/cmocka_all.h"
#include "unit/sigma_kit.h"

struct refused {
    const char *yaml, *place, *words;
};

static void must_refuse(const struct refused *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct kit k;
        kit_open(&k, rows[i].yaml);
        if (k.problems != 1 || strncmp(k.problem, rows[i].place, strlen(rows[i].place)) != 0 ||
            !strstr(k.problem, rows[i].words))
            fail_msg("row %zu: %zu problems: '%s', expected '%s' '%s'", i, k.problems, k.problem,
                     rows[i].place, rows[i].words);
        assert_int_equal(k.set->n - k.set->off, 0);
        kit_close(&k);
    }
}

#define CORRELATION(rest) "title: t\ncorrelation:\n    timespan: 5s\n    rules: nobody\n" rest

static void test_correlation_errors(void **state)
{
    (void)state;
    static const struct refused rows[] = {
        {"title: t\ncorrelation: {type: temporal}\n", "rule.yml:2: ", "timespan"},
        {CORRELATION("    type: value_percentile\n"), "rule.yml:3: ", "not supported"},
        {CORRELATION("    type: near\n"), "rule.yml:3: ", "unknown"},
        {CORRELATION("    type: event_count\n"), "rule.yml:3: ", "no condition"},
        {CORRELATION("    type: event_count\n    condition: {lt: 5}\n"),
         "rule.yml:6: ", "lower bound"},
        {CORRELATION("    type: event_count\n    condition: {gte: 5, lt: 5}\n"),
         "rule.yml:6: ", "lower bound"},
        {CORRELATION("    type: event_count\n    condition: {gte: 5, neq: 5, lt: 6}\n"),
         "rule.yml:6: ", "lower bound"},
        {CORRELATION("    type: event_count\n    condition: {gte: 5.5}\n"),
         "rule.yml:6: ", "whole number"},
        {CORRELATION("    type: event_count\n    condition: {gte: many}\n"),
         "rule.yml:6: ", "number"},
        {CORRELATION("    type: event_count\n    condition: {ge: 5}\n"), "rule.yml:6: ", "neq"},
        {CORRELATION("    type: event_count\n    condition: {gte: 5, field: x}\n"),
         "rule.yml:6: ", "only they need field"},
        {CORRELATION("    type: value_count\n    condition: {gte: 5}\n"), "rule.yml:6: ", "field"},
        {CORRELATION("    type: value_count\n    condition: {gte: 5000, field: x}\n"),
         "rule.yml:6: ", "up to 1000"},
        {CORRELATION("    type: value_sum\n    condition: {gt: 1e999, field: x}\n"),
         "rule.yml:6: ", "number"},
        {CORRELATION("    type: value_sum\n    condition: {gt: 1, field: [x, y]}\n"),
         "rule.yml:6: ", "one field"},
        {CORRELATION("    type: temporal\n    condition: a and b\n"), "rule.yml:6: ", "in words"},
        {CORRELATION("    type: temporal\n    condition: {gte: 2}\n"),
         "rule.yml:6: ", "more rules than there are"},
        {CORRELATION("    type: temporal\n    aliases: [x]\n"), "rule.yml:6: ", "map"},
        {CORRELATION("    type: temporal\n    aliases: {x: y}\n"), "rule.yml:6: ", "alias"},
        {CORRELATION("    type: temporal\n    aliases: {x: {y: [z]}}\n"), "rule.yml:6: ", "alias"},
        {CORRELATION("    type: temporal\n    generate: perhaps\n"), "rule.yml:6: ", "generate"},
        {"title: t\ncorrelation:\n    type: event_count\n    rules: x\n    timespan: 5y\n",
         "rule.yml:5: ", "timespan"},
        {CORRELATION("    type: temporal\n"), "rule.yml:1: ", "'nobody'"},
    };
    must_refuse(rows, sizeof(rows) / sizeof(rows[0]));
}

#define BASE "title: base\nname: base\nlogsource: {}\ndetection: {k: [x], condition: k}\n"
#define LINK(name, rules, rest)                                                                    \
    "---\ntitle: " name "\nname: " name "\ncorrelation:\n    type: temporal\n    timespan: 5s\n"   \
    "    rules: " rules "\n" rest

static void must_link(const char *yaml, size_t off, const char *words)
{
    struct kit k;
    kit_open(&k, yaml);
    if (k.set->off != off || k.problems != off || (words && !strstr(k.problem, words)))
        fail_msg("%zu off, %zu problems, '%s'", k.set->off, k.problems, k.problem);
    kit_close(&k);
}

static void test_chains(void **state)
{
    (void)state;
    must_link(BASE LINK("c", "b", "") LINK("b", "a", "") LINK("a", "base", ""), 0, NULL);
    must_link(BASE LINK("a", "[base, base]", ""), 1, "twice");
    must_link(BASE LINK("a", "a", ""), 1, "circle");
    must_link(BASE LINK("a", "[base, c]", "") LINK("b", "a", "") LINK("c", "b", ""), 3, "circle");
    must_link(BASE LINK("a", "nobody", "") LINK("b", "a", ""), 2, "not there");
    must_link(BASE LINK("b", "a", "") LINK("a", "nobody", ""), 2, "not there");
    must_link(BASE LINK("a", "base", "    aliases: {x: {other: y}}\n"), 1, "by an alias");
#define EIGHT                                                                                      \
    LINK("1", "base", "")                                                                          \
    LINK("2", "1", "")                                                                             \
    LINK("3", "2", "")                                                                             \
    LINK("4", "3", "") LINK("5", "4", "") LINK("6", "5", "") LINK("7", "6", "") LINK("8", "7", "")
    must_link(BASE EIGHT, 0, NULL);
    must_link(BASE EIGHT LINK("9", "8", ""), 1, "more than 8");
    must_link(BASE LINK("9", "8", "") EIGHT, 1, "more than 8");
}

/* A chain as long as a set can be costs no stack. */
static void test_endless_chain(void **state)
{
    (void)state;
    struct buf yaml = BUF_INIT(TREE_BYTES_MAX);
    struct kit k;
    for (int i = 0; i < 255; i++)
        buf_printf(&yaml,
                   "---\ntitle: t\nname: c%d\nid: i%d\ncorrelation:\n    type: temporal\n"
                   "    timespan: 5s\n    rules: c%d\n",
                   i, i, i + 1);
    buf_put_text(&yaml, "---\ntitle: t\nname: c255\nlogsource: {}\n"
                        "detection: {k: [x], condition: k}\n");
    buf_put_byte(&yaml, '\0');
    kit_open(&k, yaml.p);
    assert_true(k.set->off >= 247 && k.set->off < 256);
    kit_close(&k);
    buf_release(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_correlation_errors),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_endless_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
