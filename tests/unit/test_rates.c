/* What is usual by the hour of the week: spikes, drops, silence; pauses, restarts, floods. */
#include "detect/rates.h"
#include "detect/rates_usual.h"
#include "unit/cmocka_all.h"
#include "unit/state_kit.h"

#define HOUR   RATES_HOUR_MS
#define MINUTE 60000LL
#define MONDAY (2973LL * RATES_HOURS * HOUR) /* an hour of the week 0, in 2026 */

static const struct rates_limits usual_limits = {7 * 24 * HOUR, HOUR};

static struct {
    size_t n;
    struct rates_finding last;
    char name[RATES_NAME_MAX];
} told;

static void tell(void *ctx, const struct rates_finding *f)
{
    (void)ctx;
    told.n++;
    told.last = *f;
    span_copy(f->name, told.name, sizeof(told.name));
}

static struct rates *begin(void)
{
    memset(&told, 0, sizeof(told));
    return rates_new(usual_limits, tell, NULL);
}

static const struct span syslog_name = SPAN("/var/log/syslog");

/* One hour with n messages in its middle. */
static void hour(struct rates *r, int64_t at, int n)
{
    for (int64_t t = at; t < at + HOUR; t += 5 * MINUTE) {
        rates_tick(r, t);
        if (t == at + 30 * MINUTE)
            for (int i = 0; i < n; i++)
                rates_count(r, true, 1, syslog_name);
    }
}

static int usual_at(int64_t at)
{
    int64_t h = at / HOUR % 24;
    return h >= 8 && h < 18 ? 200 + (int)(at / HOUR * 7919 % 60) : 10;
}

static struct rates *after(int weeks)
{
    struct rates *r = begin();
    for (int64_t t = MONDAY; t < MONDAY + weeks * RATES_HOURS * HOUR; t += HOUR)
        hour(r, t, usual_at(t));
    return r;
}

static void a_code_is_near_its_count(void **state)
{
    (void)state;
    uint8_t before = 0;
    for (uint64_t n = 0; n < 1U << 31; n += 1 + n / 50) {
        uint8_t code = rates_code(n);
        uint64_t back = rates_decode(code);
        assert_true(code != RATES_UNKNOWN && code >= before);
        assert_true((back > n ? back - n : n - back) * 15 <= n);
        before = code;
    }
    for (unsigned code = 0; code < 256; code++) /* whatever a state says */
        rates_decode((uint8_t)code);
    assert_int_equal(rates_code(UINT64_MAX), rates_code(INT32_MAX));
}

static void what_is_usual_is_quiet(void **state)
{
    (void)state;
    rates_free(after(6));
    assert_int_equal(told.n, 0);
}

static void a_spike_is_told_at_once_and_once(void **state)
{
    (void)state;
    struct rates *r = after(3);
    int64_t at = MONDAY + 3 * RATES_HOURS * HOUR + 10 * HOUR;
    for (int64_t t = MONDAY + 3 * RATES_HOURS * HOUR; t < at; t += HOUR)
        hour(r, t, usual_at(t));
    rates_tick(r, at);
    for (int i = 0; i < 900; i++)
        rates_count(r, true, 1, syslog_name);
    assert_int_equal(told.n, 0);
    for (int i = 0; i < 2000; i++)
        rates_count(r, true, 1, syslog_name);
    assert_int_equal(told.n, 1);
    assert_int_equal(told.last.kind, RATES_SPIKE);
    assert_int_equal(told.last.hour_ms, at);
    assert_in_range(told.last.usual, 200, 270);
    assert_int_equal(told.last.count, told.last.bound + 1);
    assert_string_equal(told.name, "/var/log/syslog");
    rates_free(r);
}

static void a_drop_is_told_when_its_hour_is_over(void **state)
{
    (void)state;
    struct rates *r = after(3);
    int64_t at = MONDAY + 3 * RATES_HOURS * HOUR;
    for (int64_t t = at; t < at + 11 * HOUR; t += HOUR)
        hour(r, t, t == at + 10 * HOUR ? 3 : usual_at(t));
    assert_int_equal(told.n, 0);
    rates_tick(r, at + 11 * HOUR);
    assert_int_equal(told.n, 1);
    assert_int_equal(told.last.kind, RATES_DROP);
    assert_int_equal(told.last.count, 3);
    rates_free(r);
}

static void silence_is_measured_by_habit(void **state)
{
    (void)state;
    struct rates *r = after(2);
    int64_t at = MONDAY + 2 * RATES_HOURS * HOUR;
    int hours = 0;
    for (; told.n == 0 && hours < 10; hours++)
        hour(r, at + hours * HOUR, 0);
    assert_int_equal(hours, 3); /* an hour between messages is usual */
    assert_int_equal(told.last.kind, RATES_SILENT);
    assert_in_range(told.last.longest_ms, HOUR - 5 * MINUTE, HOUR + 5 * MINUTE);
    hour(r, at + hours++ * HOUR, 0);
    assert_int_equal(told.n, 1);
    hour(r, at + hours++ * HOUR, 10); /* back; and the longer silence is known now */
    for (int i = 0; i < 9; i++)
        hour(r, at + hours++ * HOUR, 0);
    assert_int_equal(told.n, 1);
    rates_free(r);
}

/* The machine slept, or the clock was set: neither a silence nor a drop, and nothing is learned. */
static void a_pause_is_no_silence(void **state)
{
    (void)state;
    struct rates *r = after(3);
    int64_t at = MONDAY + 3 * RATES_HOURS * HOUR;
    rates_tick(r, at + 9 * HOUR + 30 * MINUTE);
    rates_tick(r, at + 19 * HOUR + 30 * MINUTE);
    rates_tick(r, at + 20 * HOUR);
    rates_tick(r, at - 5 * HOUR);
    rates_tick(r, at - 4 * HOUR - 50 * MINUTE);
    assert_int_equal(told.n, 0);
    rates_free(r);
}

/* ---- state ---- */

static void put(void *ctx, struct span key, struct span value)
{
    state_kit_put(ctx, STORE_DETECT, key, value);
}

static bool load(void *ctx, struct span key, struct span value)
{
    assert_true(rates_load(ctx, key, value));
    return true;
}

static struct rates *reopened(struct rates *r)
{
    state_kit_clear();
    rates_save(r, put, NULL);
    rates_free(r);
    r = rates_new(usual_limits, tell, NULL);
    state_kit_each(STORE_DETECT, RATES_KEY_PREFIX, load, r);
    return r;
}

static void what_was_learned_survives(void **state)
{
    (void)state;
    struct rates *r = reopened(after(3));
    int64_t at = MONDAY + 3 * RATES_HOURS * HOUR;
    assert_int_equal(rates_used(r), 1);
    for (int64_t t = at; t < at + 10 * HOUR; t += HOUR)
        hour(r, t, usual_at(t));
    assert_int_equal(told.n, 0);
    hour(r, at + 10 * HOUR, 5000);
    assert_int_equal(told.n, 1);
    r = reopened(r); /* told is told */
    hour(r, at + 10 * HOUR, 5000);
    assert_int_equal(told.n, 1);
    rates_tick(r, at + 11 * HOUR);
    rates_save(r, put, NULL);
    rates_free(r);
}

static void only_what_changed_is_saved(void **state)
{
    (void)state;
    struct rates *r = reopened(after(3));
    int64_t at = MONDAY + 3 * RATES_HOURS * HOUR;
    hour(r, at, 10);
    hour(r, at + HOUR, 10);
    rates_tick(r, at + 2 * HOUR);
    state_kit_clear();
    rates_save(r, put, NULL);
    assert_in_range(state_kit_count(), 1, 4);
    state_kit_clear();
    rates_save(r, put, NULL);
    assert_int_equal(state_kit_count(), 0);
    rates_free(r);
}

static void damaged_state_is_refused(void **state)
{
    (void)state;
    struct rates *r = begin();
    const struct {
        struct span key, value;
    } bad[] = {{SPAN("rat\0S\0"), SPAN("")},
               {SPAN("rat\0S\0\0"), SPAN("\1\1")},
               {SPAN("rat\0S\1\0"), SPAN("\1\0\0aaaabbbb\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                         "ccccddddeeeeffffname")},
               {SPAN("rat\0h\0\xa8"), SPAN("")},
               {SPAN("rat\0h\0\0"), SPAN("12345678")},
               {SPAN("rat\0R\0\0"), SPAN("\1\xff\xff\xff\xff\xff\xff\xff\xff")},
               {SPAN("rat\0x\0\0"), SPAN("")}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(rates_load(r, bad[i].key, bad[i].value));
    assert_true(rates_load(r, SPAN("rat\0h\0\0"), SPAN("aaaa\1bbbb"))); /* of no series: left out */
    assert_int_equal(rates_used(r), 0);
    rates_free(r);
}

static void a_flood_of_series_keeps_what_there_is(void **state)
{
    (void)state;
    struct rates *r = begin();
    rates_tick(r, MONDAY);
    rates_count(r, true, 7, syslog_name);
    for (uint32_t key = 0; key < 100000; key++)
        rates_count(r, false, key, SPAN("x"));
    assert_int_equal(rates_used(r), RATES_MAX);
    assert_int_equal(rates_refused(r), 100000 - (RATES_MAX - 1));
    rates_tick(r, MONDAY + 5 * MINUTE);
    rates_count(r, false, 5, SPAN("x")); /* still the same */
    assert_int_equal(rates_refused(r), 100000 - (RATES_MAX - 1));
    for (int64_t t = MONDAY; t < MONDAY + RATES_IDLE_MS + HOUR; t += 10 * MINUTE) {
        rates_tick(r, t);
        rates_count(r, false, 5, SPAN("x"));
    }
    rates_count(r, false, 200000, SPAN("new"));
    assert_int_equal(rates_refused(r), 100000 - (RATES_MAX - 1));
    assert_in_range(rates_bytes(), 1, 300 * 1024);
    rates_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_is_near_its_count),
        cmocka_unit_test(what_is_usual_is_quiet),
        cmocka_unit_test(a_spike_is_told_at_once_and_once),
        cmocka_unit_test(a_drop_is_told_when_its_hour_is_over),
        cmocka_unit_test(silence_is_measured_by_habit),
        cmocka_unit_test(a_pause_is_no_silence),
        cmocka_unit_test(what_was_learned_survives),
        cmocka_unit_test(only_what_changed_is_saved),
        cmocka_unit_test(damaged_state_is_refused),
        cmocka_unit_test(a_flood_of_series_keeps_what_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
