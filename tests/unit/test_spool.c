/* spool: when a batch is sealed, what its name and heartbeat say, that nothing is told twice. */
#include "base/hex.h"
#include "base/sha256.h"
#include "base/slurp.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "unit/cmocka_all.h"
#include "unit/spool_kit.h"

#include <errno.h>

/* ---- the double of the clock ---- */

static int64_t now;

int64_t clock_mono_ms(void)
{
    return now;
}

int64_t clock_wall_ms(void)
{
    return 1790000000000 + now;
}

int64_t clock_local_offset_s(int64_t wall_ms)
{
    (void)wall_ms;
    return 0;
}

void clock_sleep_ms(int64_t ms)
{
    now += ms;
}

static int setup(void **state)
{
    now = 1000000;
    spool_kit_setup(state);
    spool_kit_start();
    return 0;
}

static uint64_t sealed(void)
{
    struct spool_counters c;
    spool_counters_read(kit.spool, &c);
    return c.sealed;
}

/* Nothing is sealed until `due`, and then one batch is; spool_run says so all the time. */
static void expect_seal_at(int64_t due)
{
    uint64_t before = sealed();
    assert_int_equal(spool_run(kit.spool, now), due);
    now = due - 1;
    assert_int_equal(spool_run(kit.spool, now), due);
    assert_int_equal(sealed(), before);
    now = due;
    assert_true(spool_run(kit.spool, now) > now);
    assert_int_equal(sealed(), before + 1);
}

/* ---- when ---- */

static void a_batch_is_sealed_when_its_first_event_is_old(void **state)
{
    (void)state;
    now += 5000;
    int64_t first = now;
    spool_kit_add(1, false);
    now += 30000;
    spool_kit_add(2, false);
    spool_kit_flush();
    expect_seal_at(first + 60000);
    spool_kit_expect(OUTBOX_ROUTINE, 1, "event 1;event 2;");
}

static void urgent_events_wait_for_each_other_a_moment(void **state)
{
    (void)state;
    spool_kit_add(1, false);
    now += 1000;
    int64_t first = now;
    spool_kit_add(2, true);
    now += 150;
    spool_kit_add(3, true); /* does not put it off */
    expect_seal_at(first + 200);
    spool_kit_expect(OUTBOX_URGENT, 1, "event 1;event 2;event 3;");
    spool_kit_add(4, false); /* the next one is not urgent */
    expect_seal_at(now + 60000);
    spool_kit_expect(OUTBOX_ROUTINE, 2, "event 4;");
}

static void with_nothing_to_say_a_heartbeat_goes_out(void **state)
{
    (void)state;
    int64_t start = now;
    expect_seal_at(start + 300000);
    spool_kit_expect(OUTBOX_ROUTINE, 1, "");
    assert_int_equal(kit.facts.events, 0);
    spool_kit_deliver(1);
    expect_seal_at(start + 600000);
    spool_kit_expect(OUTBOX_ROUTINE, 2, "");
}

static void jitter_only_shortens_and_differs(void **state)
{
    (void)state;
    int64_t shortest = INT64_MAX, longest = 0;
    spool_kit_crash();
    kit.options.jitter = 20;
    spool_kit_start();
    for (unsigned i = 0; i < 60; i++) {
        spool_kit_add(i, false);
        int64_t wait = spool_run(kit.spool, now) - now;
        shortest = wait < shortest ? wait : shortest;
        longest = wait > longest ? wait : longest;
        spool_kit_seal();
        spool_kit_deliver(i + 1);
    }
    assert_true(shortest >= 48000 && longest <= 60000);
    assert_true(longest - shortest > 3000);
}

/* Adding alone seals a full batch, below what the center takes. */
static void a_batch_is_sealed_at_its_size(void **state)
{
    (void)state;
    struct file_info info;
    char path[1024];
    unsigned n = 0;
    while (sealed() == 0 && n < 10000)
        assert_int_equal(spool_kit_add_noise(n++, 1000, false), 0);
    snprintf(path, sizeof(path), "%s/routine/%s", kit.outbox, spool_kit_name(1));
    assert_int_equal(file_info_at(path, &info), 0);
    assert_in_range(info.size, 250 << 10, 300 << 10);
    assert_int_equal(kit.facts.events, n - 1); /* the last one is in the next */
    struct spool_counters c;
    spool_counters_read(kit.spool, &c);
    assert_int_equal(c.open_events, 1);
}

/* Lines of any size and kind: neither the center's limit nor that of lines is exceeded. */
static void the_largest_lines_fit_below_the_limits(void **state)
{
    (void)state;
    struct outbox_entry at[OUTBOX_WINDOW];
    spool_kit_crash();
    kit.options.seal_bytes = 512 << 10;
    spool_kit_start();
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(spool_kit_add_noise(i, SPOOL_LINE_MAX, i % 7 == 0), 0);
    spool_kit_seal();
    for (int c = OUTBOX_URGENT; c <= OUTBOX_ROUTINE; c++) {
        int n = outbox_first(kit.outbox, (enum outbox_class)c, NULL, at);
        for (int i = 0; i < n; i++)
            assert_in_range(at[i].size, 1, 1 << 20);
    }
    uint64_t events = 0;
    for (uint64_t seq = 1; seq <= sealed(); seq++)
        events += strlen(spool_kit_events(seq)) / (SPOOL_LINE_MAX + 1);
    assert_int_equal(events, 40);
}

static void many_short_lines_are_no_endless_batch(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20000; i++)
        assert_int_equal(spool_kit_add(i, false), 0);
    assert_int_equal(sealed(), 1);
    assert_int_equal(kit.facts.events, 16384);
}

/* The center is away: age makes no small batches then; size and urgency do, and the heartbeat. */
static void while_routine_batches_wait_age_does_not_seal(void **state)
{
    (void)state;
    spool_kit_add(1, false);
    spool_kit_seal();
    int64_t sealed_at = now;
    spool_kit_add(2, false);
    now += 120000;
    assert_int_equal(spool_run(kit.spool, now), sealed_at + 300000);
    assert_int_equal(sealed(), 1);
    spool_kit_add(3, true);
    expect_seal_at(now + 200);
    spool_kit_expect(OUTBOX_URGENT, 2, "event 2;event 3;");
    for (unsigned i = 100; sealed() == 2; i++)
        spool_kit_add_noise(i, 1000, false);
    spool_kit_deliver(1);
    now += 60000;
    assert_true(spool_run(kit.spool, now) > now); /* 3 waits */
    assert_int_equal(sealed(), 3);
    spool_kit_deliver(3); /* and 2, an urgent one, does not count */
    spool_run(kit.spool, now);
    assert_int_equal(sealed(), 4);
}

static void lines_of_no_size_or_too_large_are_refused(void **state)
{
    (void)state;
    static char line[SPOOL_LINE_MAX + 1];
    uint8_t uid[SPOOL_UID_SIZE] = {1};
    assert_int_equal(spool_add(kit.spool, uid, SPAN(""), false), -EMSGSIZE);
    assert_int_equal(spool_add(kit.spool, uid, (struct span){line, sizeof(line)}, false),
                     -EMSGSIZE);
    assert_false(spool_has_pending(kit.spool));
    assert_int_equal(spool_add(kit.spool, uid, SPAN("x"), false), 0); /* its uid is not used up */
}

/* ---- names, the chain ---- */

static void expect_name_is_hash(uint64_t seq)
{
    char path[1024], hex[2 * SHA256_SIZE + 1];
    uint8_t digest[SHA256_SIZE];
    struct buf file = BUF_INIT(1 << 20);
    struct batch_name name;
    snprintf(path, sizeof(path), "%s/routine/%s", kit.outbox, spool_kit_name(seq));
    assert_int_equal(slurp(path, &file), 0);
    sha256_of(file.p, file.n, digest);
    hex_encode(digest, sizeof(digest), hex);
    assert_true(batch_name_parse(span_of(spool_kit_name(seq)), &name));
    assert_memory_equal(name.id, hex, 32);
    buf_release(&file);
}

static void batches_form_a_chain(void **state)
{
    (void)state;
    char before[BATCH_NAME_SIZE] = "";
    assert_true(spool_is_new_stream(kit.spool));
    for (unsigned i = 1; i <= 3; i++) {
        spool_kit_add(i, false);
        spool_kit_seal();
        assert_int_equal(kit.facts.seq, i);
        assert_string_equal(kit.facts.prev, before);
        assert_int_equal(kit.facts.low, 1);
        assert_int_equal(kit.facts.batches, i - 1);
        assert_int_equal(kit.facts.events, 1);
        expect_name_is_hash(i);
        snprintf(before, sizeof(before), "%s", spool_kit_name(i));
    }
    spool_kit_deliver(2);
    spool_kit_seal();
    assert_int_equal(kit.facts.low, 1); /* 1 is still on its way */
    spool_kit_deliver(1);
    spool_kit_seal();
    assert_int_equal(kit.facts.low, 3);
    spool_kit_deliver(3), spool_kit_deliver(4), spool_kit_deliver(5);
    spool_kit_seal();
    assert_int_equal(kit.facts.low, 6); /* none waits */
}

/* ---- told once ---- */

static uint64_t duplicates(void)
{
    struct spool_counters c;
    spool_counters_read(kit.spool, &c);
    return c.duplicates;
}

static void an_event_is_told_once(void **state)
{
    (void)state;
    assert_int_equal(spool_kit_add(1, false), 0);
    assert_int_equal(spool_kit_add(1, false), 1); /* pending */
    spool_kit_flush();
    assert_int_equal(spool_kit_add(1, false), 1); /* in the journal */
    spool_kit_seal();
    assert_int_equal(spool_kit_add(1, true), 1); /* in a batch */
    spool_kit_deliver(1);
    assert_int_equal(spool_kit_add(1, false), 1); /* delivered */
    assert_int_equal(duplicates(), 4);
    spool_kit_seal();
    spool_kit_expect(OUTBOX_ROUTINE, 2, "");
}

/* The events of a frame that was cut short by its size are read again after a crash. */
static void an_event_is_told_once_across_seal_and_restart(void **state)
{
    (void)state;
    spool_kit_add(1, false);
    spool_kit_seal(); /* in the middle of a round: no position of event 1 is written yet */
    spool_kit_crash();
    spool_kit_start();
    assert_false(spool_is_new_stream(kit.spool));
    assert_int_equal(spool_kit_add(1, false), 1);
    spool_kit_seal();
    spool_kit_crash(); /* and once more: the source has still not come past it */
    spool_kit_start();
    assert_int_equal(spool_kit_add(1, false), 1);
    assert_int_equal(spool_kit_add(2, false), 0);
    spool_kit_flush();
    spool_kit_seal();
    spool_kit_expect(OUTBOX_ROUTINE, 2, "");
    spool_kit_expect(OUTBOX_ROUTINE, 3, "event 2;");
}

static void a_uid_of_zeroes_is_nobodys(void **state)
{
    (void)state;
    uint8_t uid[SPOOL_UID_SIZE] = {0};
    assert_int_equal(spool_add(kit.spool, uid, SPAN("a"), false), 0);
    assert_int_equal(spool_add(kit.spool, uid, SPAN("b"), false), 0);
    spool_kit_seal();
    spool_kit_expect(OUTBOX_ROUTINE, 1, "a;b;");
}

static void uids_are_forgotten_only_after_many_batches(void **state)
{
    (void)state;
    spool_kit_add(1, false);
    for (unsigned i = 0; i < 16; i++) {
        spool_kit_add(100 + i, false);
        spool_kit_seal();
    }
    assert_int_equal(spool_kit_add(1, false), 1);
    for (unsigned i = 0; i < 16; i++)
        spool_kit_seal();
    assert_int_equal(spool_kit_add(1, false), 0); /* else memory would grow for ever */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, spool_kit_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_batch_is_sealed_when_its_first_event_is_old),
        TEST(urgent_events_wait_for_each_other_a_moment),
        TEST(with_nothing_to_say_a_heartbeat_goes_out),
        TEST(jitter_only_shortens_and_differs),
        TEST(a_batch_is_sealed_at_its_size),
        TEST(the_largest_lines_fit_below_the_limits),
        TEST(many_short_lines_are_no_endless_batch),
        TEST(while_routine_batches_wait_age_does_not_seal),
        TEST(lines_of_no_size_or_too_large_are_refused),
        TEST(batches_form_a_chain),
        TEST(an_event_is_told_once),
        TEST(an_event_is_told_once_across_seal_and_restart),
        TEST(a_uid_of_zeroes_is_nobodys),
        TEST(uids_are_forgotten_only_after_many_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
