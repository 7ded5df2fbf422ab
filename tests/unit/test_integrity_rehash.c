/* Reading again: in a month of scans no content gets older than the period, and no scan reads much
 * more than its share. */
#include "source/integrity/rehash.h"
#include "unit/cmocka_all.h"

#define HOUR  3600
#define DAY   (24 * HOUR)
#define FILES 5000
#define START 1700000000

static uint32_t hashed[FILES];
static int64_t oldest; /* when it was read again */
static unsigned most;  /* files that one scan read */

static unsigned scan(int64_t now_s, int64_t every_s, int64_t period_s)
{
    const struct integrity_rehash r = {now_s, every_s, period_s};
    unsigned n = 0;
    for (uint64_t i = 0; i < FILES; i++) {
        if (!integrity_rehash_due(&r, 131072 + 3 * i, hashed[i]))
            continue;
        if (now_s - hashed[i] > oldest)
            oldest = now_s - hashed[i];
        hashed[i] = (uint32_t)now_s;
        n++;
    }
    most = n > most ? n : most;
    return n;
}

static void begin(void)
{
    for (size_t i = 0; i < FILES; i++)
        hashed[i] = (uint32_t)(START + i / 10); /* a baseline of eight minutes */
    oldest = 0;
    most = 0;
}

static void everything_is_read_within_the_period_in_equal_parts(void **state)
{
    (void)state;
    unsigned all = 0;
    begin();
    for (int64_t t = START + 6 * HOUR; t < START + 35 * DAY; t += 6 * HOUR + t % 47)
        all += scan(t, 6 * HOUR, 7 * DAY);
    assert_true(oldest <= 7 * DAY);
    assert_true(most <= FILES / 27 * 3 / 2);
    assert_true(all >= 4 * FILES && all <= 6 * FILES);
}

static void a_machine_that_was_off_makes_up_for_it(void **state)
{
    (void)state;
    begin();
    for (int64_t t = START + 9 * HOUR; t < START + 30 * DAY; t += DAY) /* once each morning */
        scan(t, 6 * HOUR, 7 * DAY);
    assert_true(oldest <= 7 * DAY + 18 * HOUR); /* what the pause costs */
    begin();
    assert_int_equal(scan(START + 40 * DAY, 6 * HOUR, 7 * DAY), FILES);
    assert_int_equal(scan(START + 40 * DAY + 60, 6 * HOUR, 7 * DAY), 0);
}

static void what_was_not_read_is_due_at_once(void **state)
{
    (void)state;
    const struct integrity_rehash r = {START, 6 * HOUR, 7 * DAY};
    for (uint64_t ino = 0; ino < 100; ino++) {
        assert_true(integrity_rehash_due(&r, ino, 0));
        assert_false(integrity_rehash_due(&r, ino, START - 1));
        assert_false(integrity_rehash_due(&r, ino, START + 60)); /* the clock was set back a bit */
        assert_true(integrity_rehash_due(&r, ino, (uint32_t)START + 400 * DAY));
        assert_true(integrity_rehash_due(&r, ino, START - 7 * DAY));
    }
}

/* A period that is shorter than what is between scans: each reads everything. */
static void a_short_period_reads_everything(void **state)
{
    (void)state;
    begin();
    for (int i = 1; i < 5; i++)
        assert_int_equal(scan(START + DAY * i, DAY, HOUR), FILES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read_within_the_period_in_equal_parts),
        cmocka_unit_test(a_machine_that_was_off_makes_up_for_it),
        cmocka_unit_test(what_was_not_read_is_due_at_once),
        cmocka_unit_test(a_short_period_reads_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
