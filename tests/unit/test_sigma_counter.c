/* Counting in a window: order, quiet time, eviction, state. */
#include "detect/counter.h"
#include "unit/cmocka_all.h"

struct stored {
    char key[COUNTER_KEY_SIZE];
    char value[40000];
    size_t n;
};

static struct stored stored[8]; /* the first eight groups */
static size_t stored_n, puts_n, removed_n;
static char first_removed[COUNTER_KEY_SIZE];

static void put(void *ctx, struct span key, struct span value)
{
    (void)ctx;
    assert_int_equal(key.n, COUNTER_KEY_SIZE);
    puts_n++;
    if (!value.p) {
        if (removed_n++ == 0)
            memcpy(first_removed, key.p, key.n);
        return;
    }
    size_t i = 0;
    while (i < stored_n && memcmp(stored[i].key, key.p, key.n) != 0)
        i++;
    if (i == sizeof(stored) / sizeof(stored[0]) || value.n > sizeof(stored[0].value))
        return;
    stored_n += i == stored_n;
    memcpy(stored[i].key, key.p, key.n);
    memcpy(stored[i].value, value.p, value.n);
    stored[i].n = value.n;
}

static const uint8_t version[16] = "version";

static struct counters *all;

static struct counter *open_counter(const struct rule_correlation *rule)
{
    stored_n = puts_n = removed_n = 0;
    all = counters_new((struct counter_store){NULL, put});
    return counter_new(all, rule, version);
}

/* True when it fires. */
static bool add(struct counter *c, uint32_t group, int64_t time_ms, uint64_t value, double number,
                struct counted *out)
{
    uint8_t key[COUNTER_GROUP_SIZE] = {0};
    struct counter_hit hit = {time_ms, value, number};
    memcpy(key, &group, sizeof(group));
    return counter_add(c, key, &hit, out) && !out->quiet;
}

static bool hit(struct counter *c, uint32_t group, int64_t seconds, struct counted *out)
{
    return add(c, group, seconds * 1000, 0, 1, out);
}

/* A hit of rule `rule` of a temporal correlation. */
static bool rule_hit(struct counter *c, uint64_t rule, int64_t seconds, struct counted *out)
{
    return add(c, 1, seconds * 1000, rule, 1, out);
}

#define RULE(kind, ...)                                                                            \
    {                                                                                              \
        .type = CORRELATION_##kind, .timespan_ms = 60000, .refers_n = 3, .bounds_n = 1,            \
        .bounds = {                                                                                \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static const struct rule_correlation five = RULE(EVENT_COUNT, {BOUND_GTE, 5});

static void test_fires_once(void **state)
{
    (void)state;
    struct counter *c = open_counter(&five);
    struct counted out;
    for (int i = 0; i < 4; i++)
        assert_false(hit(c, 1, 100 + i, &out));
    assert_false(hit(c, 2, 104, &out)); /* another group */
    assert_true(hit(c, 1, 104, &out));
    assert_int_equal(out.count, 5);
    assert_int_equal(out.first_ms, 100000);
    assert_int_equal(out.last_ms, 104000);
    assert_int_equal(out.suppressed, 0);
    for (int i = 105; i < 164; i++) /* quiet for the timespan */
        assert_false(hit(c, 1, i, &out));
    assert_true(hit(c, 1, 164, &out));
    assert_int_equal(out.suppressed, 59);
    counters_free(all);
}

static void test_window(void **state)
{
    (void)state;
    struct counter *c = open_counter(&five);
    struct counted out;
    for (int i = 0; i < 20; i++) /* 15 s apart: never five in less than 60 s */
        assert_false(hit(c, 1, 100 + 15 * i, &out));
    counters_free(all);
    c = open_counter(&five);
    for (int i = 0; i < 4; i++)
        assert_false(hit(c, 1, 100 + 14 * i, &out));
    assert_true(hit(c, 1, 100 + 14 * 4, &out));
    counters_free(all);
}

static void test_out_of_order(void **state)
{
    (void)state;
    static const int order[] = {130, 100, 120, 110};
    struct counter *c = open_counter(&five);
    struct counted out;
    for (size_t i = 0; i < 4; i++)
        assert_false(hit(c, 1, order[i], &out));
    assert_true(hit(c, 1, 105, &out));
    assert_int_equal(out.first_ms, 100000);
    assert_int_equal(out.last_ms, 130000);
    counters_free(all);
}

/* Lines with times far in the past and future neither hide the others nor silence them. */
static void test_false_times(void **state)
{
    (void)state;
    struct counter *c = open_counter(&five);
    struct counted out;
    for (int i = 0; i < 4; i++) {
        assert_false(hit(c, 1, 1000 + i, &out));
        assert_false(hit(c, 1, i % 2 ? 1000000 + 1000 * i : 1 + 100 * i, &out));
    }
    assert_true(hit(c, 1, 1004, &out));
    assert_int_equal(out.count, 5);
    counters_free(all);
    c = open_counter(&five);
    for (int i = 0; i < 5; i++)
        assert_int_equal(hit(c, 1, 5000000 + i, &out), i == 4); /* fires in the future */
    for (int i = 0; i < 5; i++)
        assert_int_equal(hit(c, 1, 1000 + i, &out), i == 4);
    add(c, 1, INT64_MIN, 0, 1, &out);
    add(c, 1, INT64_MAX, 0, 1, &out);
    counters_free(all);
}

static void test_values(void **state)
{
    (void)state;
    const struct rule_correlation three = RULE(VALUE_COUNT, {BOUND_GTE, 3});
    struct counter *c = open_counter(&three);
    struct counted out;
    for (int i = 0; i < 50; i++) /* two values, over and over */
        assert_false(add(c, 1, 1000 * i, (uint64_t)(i % 2), 1, &out));
    assert_true(add(c, 1, 50000, 7, 1, &out));
    assert_int_equal(out.count, 3);
    counters_free(all);
    c = open_counter(&three); /* a line from the future does not hide its value */
    assert_false(add(c, 1, 9000000, 1, 1, &out));
    assert_false(add(c, 1, 1000, 1, 1, &out));
    assert_false(add(c, 1, 2000, 2, 1, &out));
    assert_true(add(c, 1, 3000, 3, 1, &out));
    counters_free(all);
}

static void test_temporal(void **state)
{
    (void)state;
    const struct rule_correlation three = RULE(TEMPORAL, {BOUND_GTE, 3});
    struct counter *c = open_counter(&three);
    struct counted out;
    assert_false(rule_hit(c, 2, 100, &out));
    for (int i = 0; i < 30; i++) /* one of them all the time */
        assert_false(rule_hit(c, 0, 101 + i, &out));
    assert_true(rule_hit(c, 1, 140, &out));
    assert_int_equal(out.first_ms, 100000);
    counters_free(all);
    c = open_counter(&three);
    assert_false(rule_hit(c, 2, 100, &out));
    assert_false(rule_hit(c, 0, 130, &out));
    assert_false(rule_hit(c, 1, 160, &out)); /* 60 s after the first */
    counters_free(all);
    const struct rule_correlation two = RULE(TEMPORAL, {BOUND_GTE, 2});
    c = open_counter(&two);
    assert_false(rule_hit(c, 2, 100, &out));
    assert_true(rule_hit(c, 1, 101, &out));
    counters_free(all);
}

static void test_ordered(void **state)
{
    (void)state;
    const struct rule_correlation three = RULE(ORDERED, {BOUND_GTE, 3});
    struct counter *c = open_counter(&three);
    struct counted out;
    static const int wrong[] = {2, 1, 0, 2, 1, 0};
    for (int i = 0; i < 6; i++)
        assert_false(rule_hit(c, (uint64_t)wrong[i], 100 + i, &out));
    assert_true(rule_hit(c, 2, 110, &out)); /* 0 at 102, 1 at 104 */
    assert_int_equal(out.count, 3);
    counters_free(all);
    c = open_counter(&three); /* 0 again after 1 takes nothing back */
    static const int right[] = {0, 1, 0, 0};
    for (int i = 0; i < 4; i++)
        assert_false(rule_hit(c, (uint64_t)right[i], 100 + i, &out));
    assert_true(rule_hit(c, 2, 120, &out));
    counters_free(all);
    c = open_counter(&three); /* the middle one is read last */
    assert_false(rule_hit(c, 0, 100, &out));
    assert_false(rule_hit(c, 2, 120, &out));
    assert_true(rule_hit(c, 1, 110, &out));
    counters_free(all);
    c = open_counter(&three); /* all in the same second, as they were read */
    assert_false(rule_hit(c, 0, 100, &out));
    assert_false(rule_hit(c, 1, 100, &out));
    assert_true(rule_hit(c, 2, 100, &out));
    counters_free(all);
    const struct rule_correlation two = RULE(ORDERED, {BOUND_GTE, 2});
    c = open_counter(&two);
    assert_false(rule_hit(c, 1, 100, &out));
    assert_false(rule_hit(c, 0, 101, &out));
    assert_true(rule_hit(c, 2, 102, &out));
    counters_free(all);
}

/* Nobody pushes the beginning of a sequence out with hits of other rules of it. */
static void test_ordered_flood(void **state)
{
    (void)state;
    struct rule_correlation four = RULE(ORDERED, {BOUND_GTE, 4});
    four.refers_n = 4;
    struct counter *c = open_counter(&four);
    struct counted out;
    assert_false(rule_hit(c, 0, 100, &out));
    assert_false(rule_hit(c, 1, 100, &out));
    assert_false(rule_hit(c, 2, 100, &out));
    for (int i = 0; i < 5000; i++)
        assert_false(rule_hit(c, (uint64_t)(i % 2), 110 + i / 200, &out));
    assert_true(rule_hit(c, 3, 150, &out));
    counters_free(all);
}

static void test_measures(void **state)
{
    (void)state;
    const struct rule_correlation sum = RULE(VALUE_SUM, {BOUND_GT, 1000});
    struct counter *c = open_counter(&sum);
    struct counted out;
    for (int i = 0; i < 100; i++)
        assert_false(add(c, 1, 100000 + i, 0, 10, &out));
    assert_true(add(c, 1, 101000, 0, 0.5, &out));
    assert_true(out.measure > 1000.4 && out.measure < 1000.6);
    assert_int_equal(out.count, 101);
    assert_false(add(c, 2, 101000, 0, 1000, &out));
    assert_false(add(c, 2, 170000, 0, 1000, &out)); /* the first is too old */
    counters_free(all);

    const struct rule_correlation average = RULE(VALUE_AVG, {BOUND_LT, 5});
    c = open_counter(&average);
    assert_false(add(c, 1, 100000, 0, 10, &out));
    assert_false(add(c, 1, 101000, 0, 0, &out)); /* 5 is not below */
    assert_true(add(c, 1, 102000, 0, 0, &out));
    assert_int_equal(out.count, 3);
    counters_free(all);

    const struct rule_correlation many = RULE(EVENT_COUNT, {BOUND_GTE, 100000});
    c = open_counter(&many);
    for (int i = 1; i < 100000; i++)
        assert_false(add(c, 1, 100000 + i / 4, 0, 1, &out));
    assert_true(add(c, 1, 130000, 0, 1, &out));
    assert_int_equal(out.count, 100000);
    assert_true(counters_bytes(all) < 8192);
    counters_free(all);
}

static void test_bounds(void **state)
{
    (void)state;
    const struct rule_correlation exact = RULE(EVENT_COUNT, {BOUND_EQ, 1});
    struct counter *c = open_counter(&exact);
    struct counted out;
    assert_true(hit(c, 1, 100, &out));
    assert_false(hit(c, 1, 101, &out));
    assert_true(hit(c, 1, 200, &out));
    counters_free(all);
}

/* Made-up groups push out each other: memory stays bounded, others keep theirs. */
static void test_eviction(void **state)
{
    (void)state;
    struct counter *other = open_counter(&five);
    struct counter *c = counter_new(all, &five, (const uint8_t *)"other version 16");
    struct counted out;
    for (uint32_t i = 0; i < 100; i++)
        hit(other, i, 100, &out);
    for (uint32_t i = 1; i < 200000; i++) {
        hit(c, i, 100, &out);
        if (i % 1000 == 0 && i <= 5000) /* is seen again and again */
            assert_int_equal(hit(c, 0, 101, &out), i == 5000);
    }
    for (int i = 0; i < 2; i++) /* now it has room for one more */
        hit(c, 199999, 100, &out);
    assert_true(counters_bytes(all) <= COUNTER_BYTES_MAX);
    assert_true(counters_bytes(all) > COUNTER_BYTES_MAX - 1024);
    assert_int_equal(counter_groups(other), 100);
    size_t held = counter_groups(c);
    assert_true(held > 5000 && held < 20000);
    assert_int_equal(counters_evicted(all), 200000 - held);
    assert_int_equal(removed_n, 0); /* none of them was ever stored */
    counters_checkpoint(all);
    assert_int_equal(puts_n, held + 100);
    counters_checkpoint(all);
    assert_int_equal(puts_n, held + 100); /* only what has changed */
    hit(c, 199999, 103, &out);
    counters_checkpoint(all);
    assert_int_equal(puts_n, held + 101);
    for (uint32_t i = 0; i < 10; i++)
        hit(c, 300000 + i, 99999, &out); /* a day later: that is no loss */
    assert_int_equal(counters_evicted(all), 200000 - held);
    assert_true(removed_n > 0);
    counters_free(all);
}

static void test_state(void **state)
{
    (void)state;
    struct counter *c = open_counter(&five);
    struct counted out;
    for (int i = 0; i < 4; i++)
        hit(c, 1, 100 + i, &out);
    for (int i = 0; i < 6; i++)
        hit(c, 2, 100 + i, &out); /* has fired, one suppressed */
    counters_checkpoint(all);
    counters_free(all); /* four of five were read before a kill */
    size_t kept = stored_n;
    assert_int_equal(kept, 2);

    c = open_counter(&five);
    for (size_t i = 0; i < kept; i++) {
        struct span key = {stored[i].key, COUNTER_KEY_SIZE}, value = {stored[i].value, stored[i].n};
        assert_true(counters_restore(all, key, value));
    }
    counters_restored(all);
    assert_true(hit(c, 1, 104, &out));
    assert_int_equal(out.first_ms, 100000);
    assert_false(hit(c, 2, 106, &out)); /* still quiet */
    for (int i = 150; i < 155; i++)
        assert_false(hit(c, 2, i, &out));
    assert_true(hit(c, 2, 164, &out));
    assert_int_equal(out.suppressed, 7);
    counters_free(all);
}

/* Times and values of any size come back as they were: what counts on stores the same. */
static void state_goes_on(const struct rule_correlation *rule)
{
    static const int64_t times[] = {INT64_MIN, -1, 0, 1, 1790005000000, INT64_MAX};
    struct stored first[2], second[2];
    struct counted out;
    struct counter *c = open_counter(rule);
    for (uint32_t i = 0; i < 6; i++)
        for (uint64_t value = 1; value != 0; value <<= 21)
            add(c, i % 2, times[i], UINT64_MAX / value, (double)value, &out);
    counters_checkpoint(all);
    assert_int_equal(stored_n, 2);
    memcpy(first, stored, sizeof(first));
    for (uint32_t i = 0; i < 2; i++)
        add(c, i, 77, 77, 77, &out);
    counters_checkpoint(all);
    memcpy(second, stored, sizeof(second));
    counters_free(all);
    c = open_counter(rule);
    for (size_t i = 0; i < 2; i++)
        assert_true(counters_restore(all, (struct span){first[i].key, COUNTER_KEY_SIZE},
                                     (struct span){first[i].value, first[i].n}));
    for (uint32_t i = 0; i < 2; i++)
        add(c, i, 77, 77, 77, &out);
    counters_checkpoint(all);
    for (size_t i = 0; i < 2; i++) {
        size_t k = memcmp(stored[0].key, second[i].key, COUNTER_KEY_SIZE) == 0 ? 0 : 1;
        assert_int_equal(stored[k].n, second[i].n);
        assert_memory_equal(stored[k].value, second[i].value, second[i].n);
    }
    counters_free(all);
}

static void test_state_of_extremes(void **state)
{
    (void)state;
    const struct rule_correlation values = RULE(VALUE_COUNT, {BOUND_GTE, 3}),
                                  sum = RULE(VALUE_SUM, {BOUND_GTE, 1e6}),
                                  events = RULE(EVENT_COUNT, {BOUND_GTE, 2});
    state_goes_on(&values);
    state_goes_on(&sum);
    state_goes_on(&events);
}

/* After a restart it is still the oldest that goes first, whatever its key. */
static void test_restored_order(void **state)
{
    (void)state;
    static const int times[] = {300, 100, 200};
    struct counter *c = open_counter(&five);
    struct counted out;
    for (uint32_t i = 0; i < 3; i++)
        hit(c, i, times[i], &out);
    counters_checkpoint(all);
    counters_free(all);
    struct stored kept[3];
    memcpy(kept, stored, sizeof(kept));
    c = open_counter(&five);
    for (size_t i = 0; i < 3; i++)
        assert_true(counters_restore(all, (struct span){kept[i].key, COUNTER_KEY_SIZE},
                                     (struct span){kept[i].value, kept[i].n}));
    counters_restored(all);
    for (uint32_t i = 10; removed_n == 0; i++)
        hit(c, i, 310, &out);
    uint32_t group;
    memcpy(&group, first_removed + COUNTER_KEY_SIZE - COUNTER_GROUP_SIZE, sizeof(group));
    assert_int_equal(group, 1);
    counters_free(all);
}

static void test_strange_state(void **state)
{
    (void)state;
    struct counter *c = open_counter(&five);
    struct counted out;
    hit(c, 1, 100, &out);
    counters_checkpoint(all);
    struct span key = {stored[0].key, COUNTER_KEY_SIZE}, value = {stored[0].value, stored[0].n};
    for (size_t n = 0; n < value.n; n++)
        if (n != value.n - 2) /* that one has no hits */
            assert_false(counters_restore(all, key, (struct span){value.p, n}));
    assert_false(counters_restore(all, (struct span){key.p, key.n - 1}, value));
    stored[0].value[0] = 99; /* another format */
    assert_false(counters_restore(all, key, value));
    stored[0].value[0] = 3;
    stored[0].key[5] ^= 1; /* another version of the rule */
    assert_false(counters_restore(all, key, value));
    stored[0].key[5] ^= 1;
    char large[300] = {3};
    assert_false(counters_restore(all, key, (struct span){large, 3 + 2 * 100})); /* too many */
    assert_true(counters_restore(all, key, (struct span){large, 3 + 2 * 12}));
    memset(large + 2, 0xff, 12); /* a number of more than 64 bits */
    assert_false(counters_restore(all, key, (struct span){large, 20}));
    counters_free(all);
    const struct rule_correlation three = RULE(ORDERED, {BOUND_GTE, 3});
    c = open_counter(&three);
    memset(large + 1, 0, 4);
    assert_true(counters_restore(all, key, (struct span){large, 5}));
    large[4] = RULE_REFERS_MAX; /* a rule that is not there */
    assert_false(counters_restore(all, key, (struct span){large, 5}));
    counters_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fires_once),     cmocka_unit_test(test_window),
        cmocka_unit_test(test_out_of_order),   cmocka_unit_test(test_false_times),
        cmocka_unit_test(test_values),         cmocka_unit_test(test_temporal),
        cmocka_unit_test(test_ordered),        cmocka_unit_test(test_ordered_flood),
        cmocka_unit_test(test_measures),       cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_eviction),       cmocka_unit_test(test_state),
        cmocka_unit_test(test_strange_state),  cmocka_unit_test(test_state_of_extremes),
        cmocka_unit_test(test_restored_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
