/* Which findings are told: repeats, the budget of an hour, suppressions; and all of it across a
 * kill. */
#include "config/suppress_file.h"
#include "detect/flood.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"
#include "unit/state_kit.h"

#define NOW    1790000000000LL /* not the beginning of an hour */
#define SECOND 1000LL
#define HOUR   3600000LL

/* ---- the store's double, and what is told ---- */

static const struct detector sigma = {.name = "sigma"}, other = {.name = "other"},
                             few = {.name = "few", .budget = 2};

int store_each(struct store *s, enum store_table t, struct span prefix,
               bool (*each)(void *ctx, struct span key, struct span value), void *ctx)
{
    (void)s;
    return state_kit_each(t, prefix, each, ctx);
}

static struct {
    size_t n, dropped;
    struct event last;
    char message[512], vigia[4096], evidence[1024], id[128];
    uint8_t finding[EVENT_UID_SIZE];
} seen;

static void emit(void *ctx, const struct event *e)
{
    (void)ctx;
    seen.n++;
    seen.last = *e;
    span_copy(span_of(e->message), seen.message, sizeof(seen.message));
    span_copy(e->vigia, seen.vigia, sizeof(seen.vigia));
    span_copy(e->u.detection.evidence, seen.evidence, sizeof(seen.evidence));
    span_copy(e->u.detection.rule_id, seen.id, sizeof(seen.id));
    memcpy(seen.finding, e->u.detection.finding_uid ? e->u.detection.finding_uid : e->uid,
           EVENT_UID_SIZE);
}

static void dropped(void *ctx, const char *reason, uint64_t n)
{
    (void)ctx, (void)reason;
    seen.dropped += n;
}

/* ---- the stage ---- */

static struct config config;
static char suppressions[300];

static struct flood *open_flood(void)
{
    struct flood_host host = {&config, (struct store *)&config, NULL, emit, state_kit_put, dropped};
    return flood_open(&host, NOW);
}

static int set_up(void **state)
{
    (void)state;
    scratch_open();
    snprintf(suppressions, sizeof(suppressions), "%s/suppressions.ini", scratch_path());
    config = (struct config){.repeat_window_s = 600, .budget = 3, .suppress_file = suppressions};
    state_kit_clear();
    memset(&seen, 0, sizeof(seen));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

static bool field(void *ctx, struct span name, struct span *value)
{
    *value = span_of(ctx);
    return span_equal_text(name, "src_ip");
}

/* A finding of a rule; same 0: each is one of its own. */
static struct event finding(const char *rule, uint32_t same, enum event_severity severity,
                            int64_t time_ms)
{
    static uint32_t number;
    static char address[] = "192.0.2.7";
    struct event e = {.class_uid = EVENT_DETECTION,
                      .activity = FINDING_CREATE,
                      .severity = severity,
                      .time_ms = time_ms,
                      .message = "A finding",
                      .vigia = SPAN("{\"a\":1}"),
                      .u.detection = {.rule_id = span_of(rule),
                                      .rule_title = SPAN("The title"),
                                      .evidence = SPAN("the line"),
                                      .count = 1,
                                      .first_ms = time_ms,
                                      .last_ms = time_ms,
                                      .attacks_n = 1,
                                      .attacks = {SPAN("T1110")},
                                      .field = field,
                                      .field_ctx = address}};
    number++;
    memcpy(e.uid, &number, sizeof(number));
    memcpy(e.u.detection.same, &same, sizeof(same));
    return e;
}

/* Takes one; how many events were told of it. */
static size_t take(struct flood *f, const char *rule, uint32_t same, enum event_severity severity,
                   int64_t after_ms)
{
    struct event e = finding(rule, same, severity, NOW + after_ms);
    size_t before = seen.n;
    flood_take(f, &sigma, &e, NOW + after_ms);
    return seen.n - before;
}

static void test_repeats(void **state)
{
    (void)state;
    struct flood *f = open_flood();
    assert_int_equal(take(f, "r", 1, SEVERITY_LOW, 0), 1);
    uint8_t first[EVENT_UID_SIZE];
    memcpy(first, seen.last.uid, sizeof(first));
    assert_int_equal(take(f, "r", 2, SEVERITY_LOW, 0), 1); /* another one, which stays alone */
    for (int i = 1; i <= 40; i++)
        assert_int_equal(take(f, "r", 1, SEVERITY_LOW, i * SECOND), 0);
    assert_true(flood_run(f, NOW + 599 * SECOND) == NOW + 600 * SECOND);
    assert_int_equal(seen.n, 2);
    flood_run(f, NOW + 600 * SECOND);
    assert_int_equal(seen.n, 3);
    assert_int_equal(seen.last.activity, FINDING_UPDATE);
    assert_int_equal(seen.last.u.detection.count, 41);
    assert_true(seen.last.u.detection.first_ms == NOW);
    assert_true(seen.last.u.detection.last_ms == NOW + 40 * SECOND);
    assert_memory_equal(seen.finding, first, sizeof(first));
    assert_memory_not_equal(seen.last.uid, first, sizeof(first));
    assert_string_equal(seen.message, "A finding (41 times)");
    assert_string_equal(seen.evidence, "the line");
    assert_string_equal(seen.vigia, "{\"a\":1}");
    assert_int_equal(seen.last.u.detection.attacks_n, 1);
    assert_int_equal(take(f, "r", 1, SEVERITY_LOW, 700 * SECOND), 1); /* a new window */
    assert_int_equal(take(f, "r", 0, SEVERITY_HIGH, 700 * SECOND), 1);
    assert_int_equal(take(f, "r", 0, SEVERITY_HIGH, 700 * SECOND), 1); /* never the same */
    flood_close(f);
}

/* Logs of a week are read within a minute: the window is that of their own times. */
static void test_repeats_of_old_logs(void **state)
{
    (void)state;
    struct flood *f = open_flood();
    config.budget = 0;
    size_t told = 0;
    for (int i = 0; i < 60; i++) { /* one a minute for an hour */
        struct event e = finding("r", 1, SEVERITY_LOW, NOW - 7 * 24 * HOUR + i * 60 * SECOND);
        size_t before = seen.n;
        flood_take(f, &sigma, &e, NOW);
        told += seen.n - before;
    }
    assert_int_equal(told, 6 + 5); /* six windows, five of them ended */
    flood_close(f);
}

static void test_many_windows(void **state)
{
    (void)state;
    struct flood *f = open_flood();
    config.budget = 0;
    assert_int_equal(take(f, "r", 1, SEVERITY_LOW, 0), 1);
    assert_int_equal(take(f, "r", 1, SEVERITY_LOW, 0), 0);
    for (uint32_t i = 2; i < 5000; i++)
        take(f, "r", i, SEVERITY_LOW, 1);
    assert_int_equal(seen.n, 4999 + 1); /* the one that was counted was told when it had to go */
    flood_checkpoint(f);
    assert_int_equal(state_kit_count(), 512);
    flood_close(f);
}

static void test_repeats_survive_a_kill(void **state)
{
    (void)state;
    struct flood *f = open_flood();
    for (uint32_t same = 1; same < 4; same++)
        take(f, "r", same, SEVERITY_LOW, 10 * SECOND * same);
    take(f, "r", 2, SEVERITY_LOW, 50 * SECOND);
    flood_checkpoint(f);
    take(f, "r", 2, SEVERITY_LOW, 51 * SECOND); /* its frame was never written */
    flood_close(f);
    assert_int_equal(seen.n, 3);
    f = open_flood();
    assert_int_equal(take(f, "r", 2, SEVERITY_LOW, 51 * SECOND), 0);
    assert_true(flood_run(f, NOW + 600 * SECOND) == NOW + 610 * SECOND);
    assert_int_equal(seen.n, 3);
    flood_run(f, NOW + 620 * SECOND);
    assert_int_equal(seen.n, 4);
    assert_int_equal(seen.last.u.detection.count, 3);
    flood_run(f, NOW + 2 * HOUR);
    assert_int_equal(seen.n, 4);
    flood_checkpoint(f);
    assert_int_equal(state_kit_count(), 0);
    flood_close(f);
}

static void test_budget(void **state)
{
    (void)state;
    struct flood *f = open_flood();
    for (int i = 0; i < 10; i++)
        assert_int_equal(take(f, "noise", 0, SEVERITY_LOW, i), i < 3);
    assert_int_equal(take(f, "quiet", 0, SEVERITY_LOW, 20), 1); /* the first of a rule */
    assert_int_equal(take(f, "quiet", 0, SEVERITY_LOW, 21), 0);
    assert_int_equal(take(f, "noise", 0, SEVERITY_HIGH, 22), 1); /* a budget of its own */
    struct event e = finding("noise", 0, SEVERITY_LOW, NOW);
    flood_take(f, &other, &e, NOW); /* another detector */
    assert_int_equal(seen.n, 3 + 1 + 1 + 1);
    assert_int_equal(seen.dropped, 8);
    flood_checkpoint(f);
    flood_close(f); /* killed in the middle of the hour */
    f = open_flood();
    assert_int_equal(take(f, "noise", 0, SEVERITY_LOW, 30), 0);
    seen.n = 0;
    flood_run(f, NOW + HOUR);
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.id, "vigia-budget");
    assert_int_equal(seen.last.u.detection.count, 9);
    assert_true(seen.last.u.detection.first_ms == NOW + 3);
    assert_true(seen.last.u.detection.last_ms == NOW + 30);
    assert_non_null(strstr(seen.vigia, "\"id\":\"noise\",\"title\":\"The title\",\"told\":4,"
                                       "\"over\":8"));
    assert_non_null(strstr(seen.vigia, "\"id\":\"quiet\""));
    assert_int_equal(take(f, "noise", 0, SEVERITY_LOW, HOUR + 1), 1);
    flood_checkpoint(f);
    assert_int_equal(state_kit_count(), 1);
    flood_close(f);
}

/* More rules than have a row of their own cost no more memory, and are counted all the same. */
/* A detector may have less than the configuration allows, but not more. */
static void test_budget_of_a_detector(void **state)
{
    (void)state;
    struct flood *f = open_flood();
    for (uint64_t most = 1; most <= 3; most++) {
        size_t before = seen.n;
        config.budget = most;
        for (int i = 0; i < 5; i++) {
            struct event e = finding("r", 0, SEVERITY_LOW, NOW + (int64_t)most * HOUR);
            flood_take(f, &few, &e, NOW + (int64_t)most * HOUR);
        }
        assert_int_equal(seen.n - before, (most < 2 ? most : 2) + (most > 1)); /* and a sum */
    }
    flood_close(f);
}

static void test_budget_of_many_rules(void **state)
{
    (void)state;
    char id[32];
    struct flood *f = open_flood();
    for (int i = 0; i < 2000; i++) {
        snprintf(id, sizeof(id), "rule-%d", i);
        take(f, id, 0, SEVERITY_LOW, i);
    }
    assert_int_equal(seen.n, 512);
    assert_int_equal(seen.dropped, 2000 - 512);
    flood_run(f, NOW + HOUR);
    assert_int_equal(seen.last.u.detection.count, 2000 - 512);
    flood_close(f);
}

#define SUPPRESS(name, rest) "[" name "]\nreason = known\n" rest

static void write_suppressions(const char *text)
{
    scratch_append(suppressions, text, strlen(text));
}

static void test_suppressions(void **state)
{
    (void)state;
    size_t broken;
    char problem[256];
    struct buf text = BUF_INIT(4096);
    struct json_out j;
    write_suppressions(
        SUPPRESS("by address", "rule = r\nfield = src_ip: 192.0.2.*\n"
                               "until = 2027-01-01\n")
            SUPPRESS("other address", "rule = a\nfield = src_ip: 192.0.3.*\n"
                                      "until = 2027-01-01\n")
                SUPPRESS("no field", "rule = b\nfield = user: *\nuntil = 2027-01-01\n")
                    SUPPRESS("old", "rule = c\nuntil = 2026-09-20\n"));
    config.budget = 0;
    struct flood *f = open_flood();
    assert_int_equal(take(f, "r", 0, SEVERITY_LOW, 0), 0);
    assert_int_equal(take(f, "a", 0, SEVERITY_LOW, 0), 1);
    assert_int_equal(take(f, "b", 0, SEVERITY_LOW, 0), 1);
    assert_int_equal(take(f, "c", 0, SEVERITY_LOW, 0), 1); /* 2026-09-21 */
    flood_problem(f, NOW, &broken, problem, sizeof(problem));
    assert_int_equal(broken, 0);
    assert_string_equal(problem, "the suppression [old] expired on 2026-09-20; renew or remove it");
    json_start(&j, &text);
    json_object(&j, NULL);
    flood_describe(f, &j, NOW);
    json_end_object(&j);
    assert_string_equal(text.p, "{\"told\":3,\"repeated\":0,\"over_budget\":0,\"suppressed\":1,"
                                "\"suppressions\":3,\"expired\":1}");
    buf_release(&text);
    flood_close(f);
}

static char problems[4096];

static void remember(void *ctx, const char *problem)
{
    (void)ctx;
    size_t n = strlen(problems);
    snprintf(problems + n, sizeof(problems) - n, "%s\n", problem);
}

static void test_broken_suppressions(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"[a]\nrule = x\nuntil = 2027-01-01\n", "t: [a]: needs rule, reason and until"},
        {"[a]\nrule = x\nreason = y\n", "t: [a]: needs rule, reason and until"},
        {"[a]\nreason = y\nuntil = 2027-01-01\n", "t: [a]: needs rule, reason and until"},
        {"[a]\nrule = x\nreason = y\nuntil = soon\n", "t:4: until is the last day"},
        {"[a]\nrule = x\nreason = y\nuntil = 2027-01-01\nuntil = 2028-01-01\n", "t:5: until"},
        {"[a]\nrule = x\nreason =\nuntil = 2027-01-01\n", "t:3: reason"},
        {"[a]\nrule = x\nreason = y\nuntil = 2027-01-01\nfield = user\n", "t:5: field is NAME"},
        {"[a]\nrule = x\nreason = y\nuntil = 2027-01-01\nusr = root\n", "t:5: a suppression has"},
        {"rule = x\n", "t:1: a key stands below its [name]"},
    };
    struct suppress_table t;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        problems[0] = '\0';
        suppress_table_parse("t", span_of(rows[i].text), remember, NULL, &t);
        if (t.n != 0 || strncmp(problems, rows[i].words, strlen(rows[i].words)) != 0)
            fail_msg("row %zu: %zu in force, '%s'", i, t.n, problems);
        suppress_table_release(&t);
    }
    problems[0] = '\0';
    suppress_table_load("conf/suppressions.ini", remember, NULL, &t);
    assert_int_equal(t.n, 0);
    suppress_table_release(&t);
    suppress_table_load("/nonexistent", remember, NULL, &t);
    suppress_table_release(&t);
    assert_string_equal(problems, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_repeats),
        TEST(test_repeats_of_old_logs),
        TEST(test_many_windows),
        TEST(test_repeats_survive_a_kill),
        TEST(test_budget),
        TEST(test_budget_of_a_detector),
        TEST(test_budget_of_many_rules),
        TEST(test_suppressions),
        TEST(test_broken_suppressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
