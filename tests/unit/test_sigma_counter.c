/* Counting in a window: order, quiet time, eviction, state. */
#include "detect/counter.h"
#include "unit/cmocka_all.h"

struct stored {
    char key[COUNTER_KEY_SIZE];
    char value[40000];
    size_t n;
};

static struct stored stored[8];
static size_t stored_n, puts_n, removed_n;

static void put(void *ctx, struct span key, struct span value)
{
    (void)ctx;
    assert_int_equal(key.n, COUNTER_KEY_SIZE);
    puts_n++;
    if (!value.p) {
        removed_n++;
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

static struct counter *open_counter(const struct rule_correlation *rule)
{
    stored_n = puts_n = removed_n = 0;
    return counter_new(rule, version, (struct counter_store){NULL, put});
}

static bool hit(struct counter *c, uint32_t group, int64_t seconds, struct counted *out)
{
    uint8_t key[COUNTER_GROUP_SIZE] = {0};
    memcpy(key, &group, sizeof(group));
    return counter_add(c, key, seconds * 1000, 0, out);
}

static const struct rule_correlation five = {
    .type = CORRELATION_EVENT_COUNT, .timespan_ms = 60000, .least = 5, .most = UINT64_MAX};

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
    counter_free(c);
}

static void test_window(void **state)
{
    (void)state;
    struct counter *c = open_counter(&five);
    struct counted out;
    for (int i = 0; i < 20; i++) /* 15 s apart: never five in less than 60 s */
        assert_false(hit(c, 1, 100 + 15 * i, &out));
    counter_free(c);
    c = open_counter(&five);
    for (int i = 0; i < 4; i++)
        assert_false(hit(c, 1, 100 + 14 * i, &out));
    assert_true(hit(c, 1, 100 + 14 * 4, &out));
    counter_free(c);
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
    counter_free(c);
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
    counter_free(c);
    c = open_counter(&five);
    for (int i = 0; i < 5; i++)
        assert_int_equal(hit(c, 1, 5000000 + i, &out), i == 4); /* fires in the future */
    for (int i = 0; i < 5; i++)
        assert_int_equal(hit(c, 1, 1000 + i, &out), i == 4);
    uint8_t key[COUNTER_GROUP_SIZE] = {0};
    counter_add(c, key, INT64_MIN, 0, &out);
    counter_add(c, key, INT64_MAX, 0, &out);
    counter_free(c);
}

static void test_values(void **state)
{
    (void)state;
    const struct rule_correlation three = {
        .type = CORRELATION_VALUE_COUNT, .timespan_ms = 60000, .least = 3, .most = UINT64_MAX};
    struct counter *c = open_counter(&three);
    const uint8_t key[COUNTER_GROUP_SIZE] = {1};
    struct counted out;
    for (int i = 0; i < 50; i++) /* two values, over and over */
        assert_false(counter_add(c, key, 1000 * i, (uint64_t)(i % 2), &out));
    assert_true(counter_add(c, key, 50000, 7, &out));
    assert_int_equal(out.count, 3);
    counter_free(c);
}

static void test_bounds(void **state)
{
    (void)state;
    const struct rule_correlation exact = {
        .type = CORRELATION_EVENT_COUNT, .timespan_ms = 60000, .least = 1, .most = 1};
    struct counter *c = open_counter(&exact);
    struct counted out;
    assert_true(hit(c, 1, 100, &out));
    assert_false(hit(c, 1, 101, &out));
    assert_true(hit(c, 1, 200, &out));
    counter_free(c);
}

static void test_eviction(void **state)
{
    (void)state;
    struct counter *c = open_counter(&five);
    struct counted out;
    for (uint32_t i = 0; i < COUNTER_GROUPS_MAX + 10; i++) {
        hit(c, i, 100, &out);
        if (i == COUNTER_GROUPS_MAX - 1)
            hit(c, 0, 101, &out); /* seen again: group 1 is the oldest now */
    }
    assert_int_equal(counter_groups(c), COUNTER_GROUPS_MAX);
    assert_int_equal(counter_evicted(c), 10);
    assert_int_equal(removed_n, 10);
    for (int i = 0; i < 3; i++)
        assert_int_equal(hit(c, 0, 102, &out), i == 2);
    puts_n = 0;
    counter_checkpoint(c);
    assert_int_equal(puts_n, COUNTER_GROUPS_MAX);
    counter_checkpoint(c);
    assert_int_equal(puts_n, COUNTER_GROUPS_MAX); /* only what has changed */
    hit(c, 0, 103, &out);
    counter_checkpoint(c);
    assert_int_equal(puts_n, COUNTER_GROUPS_MAX + 1);
    counter_free(c);
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
    counter_checkpoint(c);
    counter_free(c); /* four of five were read before a kill */
    size_t kept = stored_n;
    assert_int_equal(kept, 2);

    c = open_counter(&five);
    for (size_t i = 0; i < kept; i++) {
        struct span key = {stored[i].key, COUNTER_KEY_SIZE}, value = {stored[i].value, stored[i].n};
        assert_true(counter_restore(c, key, value));
    }
    assert_true(hit(c, 1, 104, &out));
    assert_int_equal(out.first_ms, 100000);
    assert_false(hit(c, 2, 106, &out)); /* still quiet */
    for (int i = 150; i < 155; i++)
        assert_false(hit(c, 2, i, &out));
    assert_true(hit(c, 2, 164, &out));
    assert_int_equal(out.suppressed, 7);
    counter_free(c);
}

static void test_strange_state(void **state)
{
    (void)state;
    struct counter *c = open_counter(&five);
    struct counted out;
    hit(c, 1, 100, &out);
    counter_checkpoint(c);
    struct span key = {stored[0].key, COUNTER_KEY_SIZE}, value = {stored[0].value, stored[0].n};
    for (size_t n = 0; n < value.n; n++)
        if (n != value.n - 16) /* that is a group without hits */
            assert_false(counter_restore(c, key, (struct span){value.p, n}));
    assert_false(counter_restore(c, (struct span){key.p, key.n - 1}, value));
    stored[0].value[0] = 99; /* another format */
    assert_false(counter_restore(c, key, value));
    stored[0].value[0] = 1;
    stored[0].key[5] ^= 1; /* another version of the rule */
    assert_false(counter_restore(c, key, value));
    stored[0].key[5] ^= 1;
    char large[40000] = {1};
    assert_false(counter_restore(c, key, (struct span){large, 24 + 16 * 100})); /* too many hits */
    counter_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fires_once),    cmocka_unit_test(test_window),
        cmocka_unit_test(test_out_of_order),  cmocka_unit_test(test_false_times),
        cmocka_unit_test(test_values),        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_eviction),      cmocka_unit_test(test_state),
        cmocka_unit_test(test_strange_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
