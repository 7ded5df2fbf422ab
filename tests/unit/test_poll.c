/* Several things waited for at once, and the bell that another thread rings. */
#include "platform/clock.h"
#include "platform/poll.h"
#include "platform/thread.h"

#include "unit/cmocka_all.h"

#include <errno.h>

static void ring(void *arg)
{
    clock_sleep_ms(20);
    bell_ring(arg);
}

static void test_bell_from_thread(void **state)
{
    (void)state;
    struct bell *b, *silent;
    struct thread *t;
    assert_int_equal(bell_open(&b), 0);
    assert_int_equal(bell_open(&silent), 0);
    struct poll_item items[] = {{bell_wait(silent), true}, {WAIT_NONE, true}, {bell_wait(b), true}};
    assert_int_equal(poll_wait(items, 3, 0), 0);
    assert_false(items[0].ready || items[1].ready || items[2].ready);
    assert_int_equal(thread_start(ring, b, false, &t), 0);
    assert_int_equal(poll_wait(items, 3, 10000), 1);
    assert_true(items[2].ready && !items[0].ready && !items[1].ready);
    thread_join(t);
    bell_ring(b); /* several rings are one */
    bell_ring(b);
    assert_int_equal(poll_wait(items, 3, -1), 1);
    bell_clear(b);
    assert_int_equal(poll_wait(items, 3, 0), 0);
    bell_clear(b); /* does not wait */
    bell_close(b);
    bell_close(silent);
    bell_close(NULL);
}

static void test_every_bell_that_rang(void **state)
{
    (void)state;
    enum { N = 6 };
    struct bell *b[N];
    for (unsigned rang = 0; rang < 1u << N; rang++) {
        struct poll_item items[N];
        int want = 0;
        for (unsigned i = 0; i < N; i++) {
            assert_int_equal(bell_open(&b[i]), 0);
            items[i] = (struct poll_item){bell_wait(b[i]), true};
            if (rang >> i & 1) {
                bell_ring(b[i]);
                want++;
            }
        }
        assert_int_equal(poll_wait(items, N, 0), want);
        for (unsigned i = 0; i < N; i++) {
            assert_int_equal(items[i].ready, rang >> i & 1);
            bell_close(b[i]);
        }
    }
}

static void test_poll_limits(void **state)
{
    (void)state;
    struct poll_item many[POLL_MAX + 1];
    for (size_t i = 0; i <= POLL_MAX; i++)
        many[i].what = WAIT_NONE;
    assert_int_equal(poll_wait(many, POLL_MAX + 1, 0), -EINVAL);
    assert_int_equal(poll_wait(many, POLL_MAX, 0), 0);
    many[0].what = 9999; /* not open: an endless loop if it counted as ready */
    assert_true(poll_wait(many, 1, 0) < 0);
    int64_t before = clock_mono_ms();
    assert_int_equal(poll_wait(NULL, 0, 100), 0);
    assert_true(clock_mono_ms() - before >= 80); /* Windows' clock goes in steps of 16 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bell_from_thread),
        cmocka_unit_test(test_every_bell_that_rang),
        cmocka_unit_test(test_poll_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
