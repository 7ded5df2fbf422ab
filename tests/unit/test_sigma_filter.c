/* Sigma's filters: which rules they mean, what is left out, what is said of broken ones. */
#include "unit/cmocka_all.h"
#include "unit/sigma_kit.h"

#define RULES                                                                                      \
    "title: a\nid: id-a\nname: failed\nlogsource:\n    product: linux\n    service: sshd\n"        \
    "detection:\n    s: [failed]\n    condition: s\n---\n"                                         \
    "title: b\nid: id-b\nlogsource:\n    product: linux\n"                                         \
    "detection:\n    s: [failed]\n    t: [very]\n    condition: s or t\n---\n"
#define FILTER(logsource, rules, rest)                                                             \
    "title: f\nlogsource: {" logsource "}\nfilter:\n    rules: " rules "\n" rest
#define NOT_BACKUP "    sel: [backup]\n    condition: not sel\n"

static const struct row {
    const char *yaml, *message;
    size_t hits;
} rows[] = {
    {RULES, "failed backup", 2},
    {RULES FILTER("product: linux", "any", NOT_BACKUP), "failed backup", 0},
    {RULES FILTER("product: linux", "any", NOT_BACKUP), "failed", 2},
    {RULES FILTER("product: linux", "Any", NOT_BACKUP), "very backup", 0}, /* the whole rule */
    {RULES FILTER("product: linux", "[id-a]", NOT_BACKUP), "failed backup", 1},
    {RULES FILTER("product: linux", "[failed, id-b, else]", NOT_BACKUP), "failed backup", 0},
    {RULES FILTER("product: linux", "failed", NOT_BACKUP), "failed backup", 1},
    {RULES FILTER("product: linux, service: sshd", "any", NOT_BACKUP), "failed backup", 1},
    {RULES FILTER("product: windows", "any", NOT_BACKUP), "failed backup", 2},
    {RULES FILTER("product: windows", "[id-a]", NOT_BACKUP), "failed backup", 2},
    /* before the rules that it means */
    {FILTER("product: linux", "[id-a]", NOT_BACKUP) "---\n" RULES, "failed backup", 1},
    /* what it says must hold, too */
    {RULES FILTER("product: linux", "any", "    sel: [backup]\n    condition: sel\n"), "failed", 0},
    {RULES FILTER("product: linux", "any", "    sel: [backup]\n    condition: sel\n"),
     "failed backup", 2},
    /* names of its own: `them` and patterns are those of the filter */
    {RULES FILTER("product: linux", "any",
                  "    s: [backup]\n    t: [mirror]\n    condition: not 1 of them\n"),
     "failed mirror", 0},
    {RULES FILTER("product: linux", "any",
                  "    s: [backup]\n    t: [mirror]\n    condition: not all of them\n"),
     "failed mirror", 2},
    /* two of them */
    {RULES FILTER("product: linux", "any", NOT_BACKUP) "---\n" FILTER(
         "product: linux", "[id-b]", "    sel: [mirror]\n    condition: not sel\n"),
     "failed mirror", 1},
    {RULES FILTER("product: linux", "any", NOT_BACKUP) "---\n" FILTER(
         "product: linux", "[id-b]", "    sel: [mirror]\n    condition: not sel\n"),
     "failed backup", 0},
};

static void test_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kit k;
        kit_open(&k, rows[i].yaml);
        if (k.problems)
            fail_msg("row %zu: %s", i, k.problem);
        if (kit_hits(&k, rows[i].message) != rows[i].hits)
            fail_msg("row %zu: '%s'", i, rows[i].message);
        kit_close(&k);
    }
}

static void test_counted(void **state)
{
    (void)state;
    struct kit k;
    kit_open(&k, RULES FILTER("product: linux", "any", NOT_BACKUP));
    assert_int_equal(k.set->n, 2);
    assert_int_equal(k.set->filters_n, 1);
    assert_int_equal(k.set->filters[0].joined, 2);
    kit_close(&k);
}

/* Regular expressions of a filter belong to it, however many rules it is joined to. */
static void test_shared_expression(void **state)
{
    (void)state;
    struct kit k;
    kit_open(&k, RULES FILTER("product: linux", "any",
                              "    sel:\n        message|re: 'back.p$'\n    condition: not sel\n"));
    assert_int_equal(kit_hits(&k, "failed backup"), 0);
    assert_int_equal(kit_hits(&k, "failed backups"), 2);
    kit_close(&k);
}

static void test_state_of_correlations(void **state)
{
    (void)state;
    static const char counting[] = RULES "title: c\nid: id-c\ncorrelation:\n    type: event_count\n"
                                         "    rules: [id-a]\n    timespan: 1m\n"
                                         "    condition: {gte: 2}\n";
    static const char filtered[] =
        RULES "title: c\nid: id-c\ncorrelation:\n    type: event_count\n"
              "    rules: [id-a]\n    timespan: 1m\n"
              "    condition: {gte: 2}\n---\n" FILTER("product: linux", "any", NOT_BACKUP);
    struct kit before, after;
    kit_open(&before, counting);
    kit_open(&after, filtered);
    assert_memory_not_equal(before.set->entries[2].version, after.set->entries[2].version, 16);
    kit_close(&before);
    kit_close(&after);
}

static void test_broken(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *problem;
    } broken[] = {
        {"title: f\nlogsource: {product: linux}\nfilter: none\n", "filter is a map of keys"},
        {"title: f\nlogsource: {product: linux}\nfilter:\n" NOT_BACKUP, "rules is missing"},
        {FILTER("product: linux", "any", "    sel: [x]\n"), "no condition; add one under filter"},
        {FILTER("product: linux", "any", "    condition: not sel\n"), "condition: "},
        {"title: f\nfilter:\n    rules: any\n" NOT_BACKUP, "no logsource"},
        {FILTER("product: linux", "{a: b}", NOT_BACKUP), "rules must be a text or a list"},
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct kit k;
        kit_open(&k, broken[i].yaml);
        if (k.problems != 1 || !strstr(k.problem, broken[i].problem))
            fail_msg("row %zu: %zu problems: %s", i, k.problems, k.problem);
        assert_int_equal(k.set->filters_n, 0);
        kit_close(&k);
    }
}

/* A rule with as many selections as it may have has no room for a filter's. */
static void test_too_large(void **state)
{
    (void)state;
    char yaml[16384];
    size_t n = (size_t)snprintf(yaml, sizeof(yaml),
                                "title: a\nid: id-a\nlogsource: {product: linux}\ndetection:\n");
    for (int i = 0; i < RULE_SELECTIONS_MAX; i++)
        n += (size_t)snprintf(yaml + n, sizeof(yaml) - n, "    s%d: [failed]\n", i);
    snprintf(yaml + n, sizeof(yaml) - n, "    condition: 1 of them\n---\n%s",
             FILTER("product: linux", "any", NOT_BACKUP));
    struct kit k;
    kit_open(&k, yaml);
    assert_int_equal(k.problems, 1);
    assert_non_null(strstr(k.problem, "too large with its filters"));
    assert_int_equal(kit_hits(&k, "failed backup"), 1);
    kit_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meant),
        cmocka_unit_test(test_counted),
        cmocka_unit_test(test_shared_expression),
        cmocka_unit_test(test_state_of_correlations),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
