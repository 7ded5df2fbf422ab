/*
 * spool after a crash: wherever it came, each event is in exactly one batch, numbers go on, and
 * each batch names the one before; what the journal holds of state comes back; damage is told.
 */
#include "base/slurp.h"
#include "platform/file.h"
#include "spool/journal.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"
#include "unit/spool_kit.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

static int setup(void **state)
{
    spool_kit_setup(state);
    spool_kit_start();
    return 0;
}

static void restart(void)
{
    spool_kit_crash();
    spool_kit_start();
}

static const char *in_state(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof(path), "%s/%s", kit.state, name);
    return path;
}

static void rename_in_state(const char *from, const char *to)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s", in_state(to));
    assert_int_equal(file_rename(in_state(from), path), 0);
}

static bool is_there(const char *path)
{
    struct file_info info;
    return file_info_at(path, &info) == 0;
}

/* ---- the double of the center: what it was given ---- */

static struct {
    char name[BATCH_NAME_SIZE], prev[BATCH_NAME_SIZE];
    struct buf events;
} taken[16];
static uint64_t taken_max;

static void center_forget(void)
{
    for (size_t i = 0; i < 16; i++)
        buf_release(&taken[i].events);
    memset(taken, 0, sizeof(taken));
    taken_max = 0;
}

/* Takes every batch that lies in the outbox, and says so in the inbox. */
static void center_take(void)
{
    enum outbox_class c;
    struct batch_name name;
    for (uint64_t seq = 1; seq < 16; seq++) {
        if (!spool_kit_find(seq, &c, &name))
            continue;
        const char *text = spool_kit_name(seq);
        if (taken[seq].name[0])
            assert_string_equal(taken[seq].name, text); /* never two of one number */
        snprintf(taken[seq].name, BATCH_NAME_SIZE, "%s", text);
        snprintf(taken[seq].prev, BATCH_NAME_SIZE, "%s", spool_kit_prev(seq));
        buf_release(&taken[seq].events);
        taken[seq].events = BUF_INIT(100000);
        buf_put_text(&taken[seq].events, spool_kit_events(seq));
        spool_kit_mark_delivered(taken[seq].name);
        taken_max = seq > taken_max ? seq : taken_max;
    }
}

/* No gap, an unbroken chain, and these events. */
static void center_expect(const char *events)
{
    struct buf all = BUF_INIT(100000);
    for (uint64_t seq = 1; seq <= taken_max; seq++) {
        assert_string_not_equal(taken[seq].name, "");
        assert_string_equal(taken[seq].prev, taken[seq - 1].name);
        buf_put_span(&all, buf_span(&taken[seq].events));
    }
    assert_string_equal(all.p ? all.p : "", events);
    buf_release(&all);
}

/* ---- a crash at every step of sealing ---- */

static void save_noted(void)
{
    spool_kit_save("state", "noted");
    spool_kit_save("outbox", "noted");
}

static const struct {
    const char *state, *outbox; /* of which moment each is when the power goes */
} moments[] = {
    {"before", "before"}, /* the batch is not in the outbox */
    {"before", "done"},   /* it is, and nothing else knows */
    {"noted", "noted"},   /* the state is not committed, the journal still there */
    {"done", "done"},
};

static void seal_and_crash(size_t moment)
{
    spool_kit_add(1, false);
    spool_kit_seal();
    spool_kit_add(2, false);
    spool_put(kit.spool, 1, SPAN("position"), SPAN("2"));
    spool_kit_flush();
    spool_kit_save("state", "before");
    spool_kit_save("outbox", "before");
    kit.at_commit = save_noted;
    spool_kit_seal();
    kit.at_commit = NULL;
    spool_kit_save("state", "done");
    spool_kit_save("outbox", "done");
    spool_kit_crash();
    spool_kit_load("state", moments[moment].state);
    spool_kit_load("outbox", moments[moment].outbox);
}

/* delivered: ship brings everything to the center before, or after, the restart; twice: collect
 * takes that in and is started once more. */
static void crash_and_go_on(size_t moment, bool early, bool late, bool twice)
{
    seal_and_crash(moment);
    if (early)
        center_take();
    spool_kit_start();
    if (late)
        center_take();
    assert_int_equal(spool_take_acks(kit.spool), 0);
    if (twice)
        restart();
    if (moment != 3) /* its position is not known to be durable: the source reads it again */
        assert_int_equal(spool_kit_add(2, false), 1);
    spool_kit_add(3, true);
    spool_kit_seal();
    center_take();
    center_expect("event 1;event 2;event 3;");
    center_forget();
}

static void a_crash_while_sealing_neither_loses_nor_repeats(void **state)
{
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]) * 8; i++) {
        crash_and_go_on(i / 8, i & 1, i & 2, i & 4);
        spool_kit_teardown(state);
        setup(state);
    }
}

/* ---- what cannot be written down ---- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void nothing_leaves_the_outbox_before_it_is_on_record(void **state)
{
    (void)state;
    spool_kit_add(1, false);
    limit_files(1000); /* the batch fits, the record of 4 KiB does not */
    assert_int_equal(spool_seal(kit.spool), 0);
    spool_kit_mark_delivered(spool_kit_name(1));
    assert_true(spool_take_acks(kit.spool) < 0);
    assert_int_equal(spool_kit_count(OUTBOX_ROUTINE), 1);
    limit_files(RLIM_INFINITY);
    center_take();
    assert_int_equal(spool_take_acks(kit.spool), 0);
    assert_int_equal(spool_kit_count(OUTBOX_ROUTINE), 0);
    restart();
    spool_kit_add(2, false);
    spool_kit_seal();
    center_take();
    center_expect("event 1;event 2;");
    center_forget();
}

/* The store cannot be written: journals stay, however many batches are sealed meanwhile. */
static void journals_stay_until_their_state_is_safe(void **state)
{
    (void)state;
    char position[16];
    kit.commit_rc = -ENOSPC;
    for (unsigned i = 1; i <= 300; i++) {
        spool_kit_add(i, false);
        snprintf(position, sizeof(position), "%u", i);
        spool_put(kit.spool, 1, SPAN("position"), span_of(position));
        spool_kit_flush();
        spool_kit_seal();
        spool_kit_deliver(i);
    }
    spool_kit_add(301, false);
    spool_kit_flush();
    restart();
    assert_true(span_ends(buf_span(&kit.restored), SPAN("1/position=299; 1/position=300; ")));
    kit.commit_rc = 0;
    assert_int_equal(spool_kit_add(301, false), 1);
    spool_kit_seal();
    spool_kit_expect(OUTBOX_ROUTINE, 301, "event 301;");
    assert_false(is_there(in_state("open-1.journal")));
    assert_false(is_there(in_state("open-300.journal")));
    assert_false(is_there(in_state("open-301.journal")));
}

/* ---- state ---- */

static void state_comes_back_in_order_and_lines_are_open_again(void **state)
{
    (void)state;
    spool_put(kit.spool, 2, SPAN("a"), SPAN("1"));
    spool_kit_add(1, true);
    spool_kit_flush();
    spool_put(kit.spool, 2, SPAN("a"), SPAN("2"));
    spool_put(kit.spool, 3, SPAN("b"), (struct span){NULL, 0});
    spool_kit_flush();
    spool_put(kit.spool, 2, SPAN("a"), SPAN("never durable"));
    spool_kit_add(2, false);
    restart();
    assert_string_equal(kit.restored.p, "2/a=1; 2/a=2; 3/b gone; ");
    assert_int_equal(spool_kit_add(1, true), 1);
    assert_int_equal(spool_kit_add(2, false), 0);
    spool_kit_seal();
    spool_kit_expect(OUTBOX_URGENT, 1, "event 1;event 2;"); /* still urgent */
}

static void a_journal_of_a_sealed_batch_hands_over_its_state_only(void **state)
{
    (void)state;
    seal_and_crash(2);
    spool_kit_start();
    assert_string_equal(kit.restored.p, "1/position=2; ");
    assert_false(is_there(in_state("open-2.journal")));
    struct spool_counters c;
    spool_counters_read(kit.spool, &c);
    assert_int_equal(c.open_events, 0);
}

/* ---- state of two moments ---- */

/* A copy that was made while batches were sealed, put back when they had left: `last` of one
 * moment, the journal of another. The number between is unknown, so no batch is named as the one
 * before; one with another number would make the SOC refuse the batch. */
static void a_copy_of_two_moments_names_no_batch_before(void **state)
{
    (void)state;
    char before[BATCH_NAME_SIZE];
    spool_kit_add(1, false);
    spool_kit_seal();
    spool_kit_deliver(1);
    spool_kit_add(2, false);
    spool_kit_flush();
    spool_kit_crash();
    rename_in_state("open-2.journal", "open-4.journal");
    spool_kit_start();
    spool_kit_seal();
    spool_kit_expect(OUTBOX_ROUTINE, 4, "event 2;");
    assert_string_equal(spool_kit_prev(4), "");
    snprintf(before, sizeof(before), "%s", spool_kit_name(4));
    spool_kit_add(3, false);
    spool_kit_seal();
    assert_string_equal(spool_kit_prev(5), before);
}

/* The other way round: what was given up under numbers that this life has still to use. */
static void a_copy_with_later_losses_does_not_tell_them(void **state)
{
    (void)state;
    struct buf losses = BUF_INIT(65536);
    spool_kit_save("state", "early");
    spool_kit_save("outbox", "early");
    for (unsigned i = 1; i <= 3; i++) {
        spool_kit_add(i, false);
        spool_kit_seal();
    }
    spool_kit_mark_refused(spool_kit_name(2), "413");
    assert_int_equal(spool_take_acks(kit.spool), 0);
    spool_kit_seal();
    assert_int_equal(kit.facts.lost_n, 1);
    spool_kit_crash();
    assert_int_equal(slurp(in_state("losses"), &losses), 0);
    spool_kit_load("state", "early");
    spool_kit_load("outbox", "early");
    assert_int_equal(file_replace(kit.state, "losses", losses.p, losses.n, 0600), 0);
    spool_kit_start();
    for (unsigned i = 1; i <= 3; i++) {
        spool_kit_add(i, false);
        spool_kit_seal();
        assert_int_equal(kit.facts.lost_n, 0);
    }
    buf_release(&losses);
}

/* ---- damage ---- */

static void change_journal(const char *name, uint64_t at)
{
    file_t f;
    char byte;
    assert_int_equal(file_open_rw(in_state(name), 0600, &f), 0);
    assert_int_equal(file_read_at(f, at, &byte, 1), 1);
    byte ^= 1;
    assert_int_equal(file_write_at(f, at, &byte, 1), 0);
    file_close(f);
}

static uint64_t size_of(const char *name)
{
    struct file_info info;
    assert_int_equal(file_info_at(in_state(name), &info), 0);
    return info.size;
}

/* Three frames of one event each; the second is damaged. */
static void damage_second_of_three(const char *name)
{
    uint64_t good = 0;
    for (unsigned i = 1; i <= 3; i++) {
        spool_kit_add(i, false);
        spool_kit_flush();
        if (i == 1)
            good = size_of(name);
    }
    change_journal(name, good + 20);
}

static void a_damaged_journal_is_told_with_what_it_held(void **state)
{
    (void)state;
    damage_second_of_three("open-1.journal");
    restart();
    assert_true(is_there(in_state("open-1.journal.damaged")));
    spool_kit_seal();
    spool_kit_expect(OUTBOX_ROUTINE, 1, "event 1;");
    assert_int_equal(kit.facts.lost_n, 1);
    assert_int_equal(kit.lost[0].from, 1);
    assert_int_equal(kit.lost[0].to, 1);
    assert_int_equal(kit.lost[0].events, 1); /* the third; the second cannot be counted */
    assert_string_equal(kit.lost[0].reason, "journal damaged");
    assert_int_equal(spool_kit_add(3, false), 0); /* it may be told again */
}

/* The batch is sealed and whole: its journal's damage takes nothing from anybody. */
static void damage_in_the_journal_of_a_sealed_batch_is_no_loss(void **state)
{
    (void)state;
    damage_second_of_three("open-1.journal");
    kit.commit_rc = -ENOSPC;
    spool_kit_seal();
    spool_kit_expect(OUTBOX_ROUTINE, 1, "event 1;event 2;event 3;");
    restart();
    spool_kit_seal();
    assert_int_equal(kit.facts.lost_n, 0);
}

static void a_torn_tail_is_no_loss(void **state)
{
    (void)state;
    spool_kit_add(1, false);
    spool_kit_flush();
    scratch_append(in_state("open-1.journal"), "\xf7\x56\xca\xfe torn", 9);
    restart();
    spool_kit_add(2, false);
    spool_kit_flush();
    restart();
    spool_kit_seal();
    spool_kit_expect(OUTBOX_ROUTINE, 1, "event 1;event 2;");
    assert_int_equal(kit.facts.lost_n, 0);
}

static void the_last_batch_is_known_from_the_outbox_when_its_record_is_damaged(void **state)
{
    (void)state;
    spool_kit_add(1, false);
    spool_kit_seal();
    spool_kit_crash();
    scratch_append(in_state("last"), "x", 1);
    spool_kit_start();
    spool_kit_add(2, false);
    spool_kit_seal();
    center_take();
    center_expect("event 1;event 2;");
    center_forget();
}

/* ---- another stream ---- */

static void lose_stream(void)
{
    char before[9];
    snprintf(before, sizeof(before), "%s", spool_stream(kit.spool));
    spool_kit_crash();
    assert_int_equal(file_replace(kit.state, "stream", "no hex!!", 8, 0600), 0);
    spool_kit_start();
    assert_true(spool_is_new_stream(kit.spool));
    assert_string_not_equal(before, spool_stream(kit.spool));
}

static void a_lost_stream_begins_anew_and_takes_over_what_was_open(void **state)
{
    (void)state;
    struct outbox_entry at[OUTBOX_WINDOW];
    spool_kit_add(1, false);
    spool_kit_flush();
    spool_put(kit.spool, 1, SPAN("k"), SPAN("v"));
    spool_kit_add(2, true);
    spool_kit_flush();
    lose_stream();
    assert_string_equal(kit.restored.p, "1/k=v; ");
    assert_int_equal(spool_kit_add(1, false), 1);
    restart(); /* they are in a journal of this stream now */
    assert_int_equal(spool_kit_add(2, false), 1);
    spool_kit_seal();
    spool_kit_expect(OUTBOX_URGENT, 1, "event 1;event 2;");
    assert_string_equal(kit.facts.prev, "");
    assert_int_equal(outbox_first(kit.outbox, OUTBOX_URGENT, NULL, at), 1);
}

static void batches_of_a_lost_stream_wait_and_do_not_count(void **state)
{
    (void)state;
    char old[BATCH_NAME_SIZE];
    for (unsigned i = 1; i <= 3; i++) {
        spool_kit_add(i, false);
        spool_kit_seal();
    }
    snprintf(old, sizeof(old), "%s", spool_kit_name(3));
    lose_stream();
    spool_kit_seal();
    assert_int_equal(kit.facts.seq, 1);
    assert_int_equal(kit.facts.low, 1);
    assert_int_equal(kit.facts.batches, 3);
    assert_string_equal(kit.facts.prev, "");
    assert_int_equal(spool_kit_count(OUTBOX_ROUTINE), 4);
    spool_kit_mark_delivered(old); /* theirs are acknowledged like ours */
    assert_int_equal(spool_take_acks(kit.spool), 0);
    assert_int_equal(spool_kit_count(OUTBOX_ROUTINE), 3);
}

/* What is lost of a foreign journal belongs to no number but that of the batch that takes it in. */
static void damage_of_a_foreign_journal_is_told_of_our_batch(void **state)
{
    (void)state;
    for (unsigned i = 100; i < 104; i++)
        spool_kit_seal();
    damage_second_of_three("open-5.journal");
    lose_stream();
    spool_kit_seal();
    assert_int_equal(kit.facts.seq, 1);
    assert_int_equal(kit.facts.lost_n, 1);
    assert_int_equal(kit.lost[0].from, 1);
    assert_int_equal(kit.lost[0].to, 1);
}

/* ---- leftovers ---- */

static void what_a_crash_left_half_written_goes_away(void **state)
{
    (void)state;
    char path[1024];
    struct file_info info;
    static const char half[] = ".0a1b2c3d-9-0123456789abcdef0123456789abcdef.ndjson.gz.new0";
    snprintf(path, sizeof(path), "%s/routine/%s", kit.outbox, half);
    scratch_append(path, "half", 4);
    restart();
    assert_int_equal(file_info_at(path, &info), -ENOENT);
    spool_kit_add(1, false);
    assert_true(spool_run(kit.spool, INT64_MAX / 2) > 0); /* and nothing waits: age seals */
    assert_int_equal(spool_kit_count(OUTBOX_ROUTINE), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, spool_kit_teardown)

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    const struct CMUnitTest tests[] = {
        TEST(a_crash_while_sealing_neither_loses_nor_repeats),
        TEST(nothing_leaves_the_outbox_before_it_is_on_record),
        TEST(journals_stay_until_their_state_is_safe),
        TEST(state_comes_back_in_order_and_lines_are_open_again),
        TEST(a_copy_of_two_moments_names_no_batch_before),
        TEST(a_copy_with_later_losses_does_not_tell_them),
        TEST(a_journal_of_a_sealed_batch_hands_over_its_state_only),
        TEST(a_damaged_journal_is_told_with_what_it_held),
        TEST(damage_in_the_journal_of_a_sealed_batch_is_no_loss),
        TEST(a_torn_tail_is_no_loss),
        TEST(the_last_batch_is_known_from_the_outbox_when_its_record_is_damaged),
        TEST(a_lost_stream_begins_anew_and_takes_over_what_was_open),
        TEST(batches_of_a_lost_stream_wait_and_do_not_count),
        TEST(damage_of_a_foreign_journal_is_told_of_our_batch),
        TEST(what_a_crash_left_half_written_goes_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
