/*
 * spool: what becomes of batches that wait - delivered, refused, given up for want of room - when
 * the inbox is hostile, the outbox has reached its cap or the disk is full.
 */
#include "platform/file.h"
#include "spool/losses.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"
#include "unit/spool_kit.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define ID "0123456789abcdef0123456789abcdef"

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

static struct spool_counters counters(void)
{
    struct spool_counters c;
    spool_counters_read(kit.spool, &c);
    return c;
}

static const char *in_inbox(const char *kind, const char *name)
{
    static char path[1024];
    snprintf(path, sizeof(path), "%s/%s/%s", kit.inbox, kind, name);
    return path;
}

/* One batch with n events. */
static void seal_events(unsigned first, unsigned n, bool urgent)
{
    for (unsigned i = 0; i < n; i++)
        spool_kit_add(first + i, urgent);
    spool_kit_flush();
    spool_kit_seal();
}

/* What the next heartbeat tells of losses, as "1-3:12 reason; ". */
static const char *losses(void)
{
    static char text[4096];
    size_t n = 0;
    spool_kit_seal();
    text[0] = '\0';
    for (size_t i = 0; i < kit.facts.lost_n; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%llu-%llu:%llu %s; ",
                              (unsigned long long)kit.lost[i].from,
                              (unsigned long long)kit.lost[i].to,
                              (unsigned long long)kit.lost[i].events, kit.lost[i].reason);
    return text;
}

/* ---- acknowledged ---- */

static void a_delivered_batch_goes_and_is_counted(void **state)
{
    (void)state;
    seal_events(1, 1, false);
    seal_events(2, 1, true);
    seal_events(3, 1, false);
    spool_kit_deliver(2);
    spool_kit_deliver(1);
    assert_int_equal(spool_take_acks(kit.spool), 0); /* the marks are still there */
    assert_int_equal(counters().acknowledged, 2);
    assert_int_equal(spool_kit_count(OUTBOX_URGENT), 0);
    assert_int_equal(spool_kit_count(OUTBOX_ROUTINE), 1);
    assert_string_equal(losses(), "");
}

static void an_acknowledgement_of_other_bytes_is_none(void **state)
{
    (void)state;
    struct batch_name name;
    char text[BATCH_NAME_SIZE];
    seal_events(1, 1, false);
    assert_true(batch_name_parse(span_of(spool_kit_name(1)), &name));
    memcpy(name.id, ID, sizeof(ID)); /* the same number */
    batch_name_format(&name, text);
    spool_kit_mark_delivered(text);
    spool_kit_mark_refused(text, "413\n");
    assert_int_equal(spool_take_acks(kit.spool), 0);
    assert_int_equal(spool_kit_count(OUTBOX_ROUTINE), 1);
}

/* ---- refused ---- */

static void a_refused_batch_is_kept_aside_and_told(void **state)
{
    (void)state;
    seal_events(1, 3, false);
    seal_events(11, 2, true);
    spool_kit_mark_refused(spool_kit_name(1), "413\n");
    assert_int_equal(spool_take_acks(kit.spool), 0);
    spool_kit_mark_refused(spool_kit_name(2), "404");
    assert_int_equal(spool_take_acks(kit.spool), 0);
    spool_kit_expect(OUTBOX_REFUSED, 1, "event 1;event 2;event 3;");
    spool_kit_expect(OUTBOX_REFUSED, 2, "event 11;event 12;");
    assert_int_equal(counters().refused, 2);
    assert_string_equal(losses(), "1-1:3 refused by the center: 413; "
                                  "2-2:2 refused by the center: 404; ");
    assert_int_equal(kit.facts.low, 3); /* nobody waits for them */
    assert_int_equal(spool_take_acks(kit.spool), 0);
    restart();
    assert_int_equal(spool_take_acks(kit.spool), 0);
    assert_string_equal(losses(), "1-1:3 refused by the center: 413; "
                                  "2-2:2 refused by the center: 404; ");
}

static void what_stands_in_a_refusal_is_not_trusted(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "-1",   "99",    "1000",
                                      "4 13", "413x", "\n413", "18446744073709552029"};
    char long_text[200];
    memset(long_text, '4', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    unsigned n = sizeof(bad) / sizeof(bad[0]);
    for (unsigned i = 0; i <= n; i++) {
        seal_events(i + 1, 1, false);
        spool_kit_mark_refused(spool_kit_name(i + 1), i < n ? bad[i] : long_text);
    }
    assert_int_equal(spool_take_acks(kit.spool), 0);
    assert_int_equal(spool_kit_count(OUTBOX_REFUSED), n + 1);
    spool_kit_seal();
    for (size_t i = 0; i < kit.facts.lost_n; i++)
        assert_string_equal(kit.lost[i].reason, "refused by the center: 0");
}

/* ---- a hostile inbox ---- */

static void only_files_of_a_batchs_name_are_marks(void **state)
{
    (void)state;
    static const char *const kinds[] = {"ack", "refused"};
    static const char *const odd[] = {"..ndjson.gz", "x", "00000000-1-" ID ".ndjson.gz ",
                                      "\x1b[2J-1-" ID ".ndjson.gz", ".hidden"};
    seal_events(1, 1, false);
    seal_events(2, 1, false);
    seal_events(3, 1, false);
    for (size_t k = 0; k < 2; k++) {
        scratch_link("/etc/passwd", in_inbox(kinds[k], spool_kit_name(1)));
        assert_int_equal(folder_make(in_inbox(kinds[k], spool_kit_name(2)), 0700), 0);
        assert_int_equal(mkfifo(in_inbox(kinds[k], spool_kit_name(3)), 0600), 0);
        for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
            scratch_append(in_inbox(kinds[k], odd[i]), "x", 1);
    }
    assert_int_equal(spool_take_acks(kit.spool), 0);
    assert_int_equal(spool_kit_count(OUTBOX_ROUTINE), 3);
    assert_int_equal(counters().acknowledged + counters().refused, 0);
}

static void thousands_of_marks_for_nothing_hide_none(void **state)
{
    (void)state;
    seal_events(1, 1, false);
    for (unsigned i = 0; i < 5000; i++) {
        char name[BATCH_NAME_SIZE];
        struct batch_name n = {.seq = i + 1, .id = ID};
        snprintf(n.stream, sizeof(n.stream), "%08x", i % 3);
        if (i % 3 == 2)
            snprintf(n.stream, sizeof(n.stream), "%s", spool_stream(kit.spool));
        batch_name_format(&n, name);
        spool_kit_mark_delivered(name);
        spool_kit_mark_refused(name, "404");
    }
    spool_kit_deliver(1);
    assert_int_equal(spool_kit_count(OUTBOX_ROUTINE), 0);
    assert_int_equal(counters().acknowledged, 1);
    assert_string_equal(losses(), "");
}

static void an_inbox_that_is_a_link_is_not_followed(void **state)
{
    (void)state;
    char elsewhere[1024], name[BATCH_NAME_SIZE];
    seal_events(1, 1, false);
    snprintf(name, sizeof(name), "%s", spool_kit_name(1));
    snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", scratch_path());
    assert_int_equal(folder_make(elsewhere, 0700), 0);
    scratch_remove(in_inbox("ack", ""));
    snprintf(elsewhere + strlen(elsewhere), 100, "/%s", name);
    scratch_append(elsewhere, "", 0);
    elsewhere[strlen(elsewhere) - strlen(name) - 1] = '\0';
    char ack[1024];
    snprintf(ack, sizeof(ack), "%s/ack", kit.inbox);
    scratch_link(elsewhere, ack);
    assert_true(spool_take_acks(kit.spool) < 0);
    assert_int_equal(spool_kit_count(OUTBOX_ROUTINE), 1);
}

/* ---- the cap ---- */

/* About 10 KiB, in a class. */
static void seal_noise(unsigned number, bool urgent)
{
    assert_int_equal(spool_kit_add_noise(number, 12000, urgent), 0);
    spool_kit_flush();
    spool_kit_seal();
}

static bool waits(uint64_t seq)
{
    enum outbox_class c;
    struct batch_name name;
    return spool_kit_find(seq, &c, &name);
}

static void refused_batches_go_first_then_routine_then_urgent_ones(void **state)
{
    (void)state;
    static const uint64_t order[] = {3, 2, 4, 6, 1, 5}; /* how they are given up */
    for (unsigned i = 1; i <= 6; i++)
        seal_noise(i, i == 1 || i == 5);
    spool_kit_mark_refused(spool_kit_name(3), "413");
    assert_int_equal(spool_take_acks(kit.spool), 0);
    spool_kit_crash();
    kit.options.cap_bytes = 6 * 11000; /* six fit, not seven */
    spool_kit_start();
    for (unsigned i = 0; i < 6; i++) {
        assert_true(waits(order[i]));
        seal_noise(7 + i, true);
        assert_false(waits(order[i]));
        assert_int_equal(counters().given_up, i + 1);
        assert_int_equal(spool_kit_count(OUTBOX_URGENT) + spool_kit_count(OUTBOX_ROUTINE) +
                             spool_kit_count(OUTBOX_REFUSED),
                         6);
    }
}

static void each_loss_is_told_with_its_events(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 4; i++)
        seal_noise(i, false);
    spool_kit_crash();
    kit.options.cap_bytes = 2 * 11000;
    spool_kit_start();
    seal_noise(5, false);
    assert_string_equal(losses(), "1-3:3 outbox full; ");
    restart();
    assert_string_equal(losses(), "1-3:3 outbox full; ");
    assert_int_equal(kit.facts.low, 4);
}

/* Between the two a crash leaves a batch that is told as lost: it is given up once more, and
 * counted once. */
static void a_loss_is_recorded_before_the_batch_is_removed(void **state)
{
    (void)state;
    seal_noise(1, false);
    seal_noise(2, false);
    spool_kit_save("outbox", "before");
    spool_kit_crash();
    kit.options.cap_bytes = 2 * 11000;
    spool_kit_start();
    seal_noise(3, false);
    assert_false(waits(1));
    spool_kit_crash();
    spool_kit_load("outbox", "before"); /* as if the removal had never come */
    spool_kit_start();
    assert_true(waits(1));
    seal_noise(4, false);
    assert_false(waits(1));
    assert_string_equal(losses(), "1-1:1 outbox full; ");
}

static void batches_of_a_lost_stream_are_given_up_first(void **state)
{
    (void)state;
    seal_noise(1, false);
    seal_noise(2, false);
    spool_kit_crash();
    assert_int_equal(file_replace(kit.state, "stream", "", 0, 0600), 0);
    kit.options.cap_bytes = 3 * 11000;
    spool_kit_start();
    seal_noise(3, false);
    seal_noise(4, false);
    assert_int_equal(spool_kit_count(OUTBOX_ROUTINE), 3);
    enum outbox_class c;
    struct batch_name name;
    assert_true(spool_kit_find(1, &c, &name));
    assert_string_equal(name.stream, spool_stream(kit.spool)); /* and no longer theirs */
    assert_string_equal(losses(), ""); /* no number of this stream is missing */
}

/* The raw journal may be larger than the cap of what is compressed. */
static void the_open_batch_is_not_held_against_the_cap(void **state)
{
    (void)state;
    spool_kit_crash();
    kit.options.cap_bytes = 64 << 10;
    spool_kit_start();
    seal_events(1, 1, false);
    for (unsigned i = 2; i < 5000; i++)
        assert_int_equal(spool_kit_add(i, false), 0);
    spool_kit_flush();
    spool_kit_seal();
    assert_int_equal(counters().given_up, 0);
    assert_int_equal(spool_kit_count(OUTBOX_ROUTINE), 2);
}

static void a_batch_above_the_cap_is_no_space_in_words(void **state)
{
    (void)state;
    spool_kit_crash();
    kit.options.cap_bytes = 1000;
    spool_kit_start();
    assert_int_equal(spool_kit_add_noise(1, 5000, false), 0);
    assert_int_equal(spool_seal(kit.spool), -ENOSPC);
}

/* ---- the record of losses ---- */

static void losses_are_merged_when_there_is_no_place(void **state)
{
    (void)state;
    struct losses l;
    assert_int_equal(losses_open(&l, scratch_path(), "0a1b2c3d"), 0);
    for (uint64_t seq = 10; seq < 10 + 2 * (SPOOL_LOSSES_MAX + 5); seq += 2)
        assert_int_equal(losses_record(&l, seq, seq, 3, "outbox full"), 0);
    assert_int_equal(losses_record(&l, 200, 200, 1, "journal damaged"), 0);
    assert_int_equal(losses_record(&l, 201, 201, 1, "outbox full"), 0);
    losses_close(&l);
    assert_int_equal(losses_open(&l, scratch_path(), "0a1b2c3d"), 0);
    assert_int_equal(l.n, SPOOL_LOSSES_MAX);
    assert_int_equal(l.at[0].from, 10);
    uint64_t events = 0;
    for (size_t i = 0; i < l.n; i++) {
        assert_true(i == 0 || l.at[i].from > l.at[i - 1].to);
        events += l.at[i].events;
    }
    assert_int_equal(events, 3 * (SPOOL_LOSSES_MAX + 5) + 2);
    losses_close(&l);
    assert_int_equal(losses_open(&l, scratch_path(), "ffffffff"), 0);
    assert_int_equal(l.n, 0); /* another stream's are not ours */
    losses_close(&l);
}

static void a_torn_record_leaves_the_one_before(void **state)
{
    (void)state;
    struct losses l;
    char path[600];
    file_t f;
    snprintf(path, sizeof(path), "%s/losses", scratch_path());
    for (uint64_t offset = 0; offset < 200; offset += 7) {
        file_remove(path);
        assert_int_equal(losses_open(&l, scratch_path(), "0a1b2c3d"), 0);
        assert_int_equal(losses_record(&l, 1, 1, 1, "outbox full"), 0);
        assert_int_equal(losses_record(&l, 9, 9, 1, "outbox full"), 0);
        losses_close(&l);
        assert_int_equal(file_open_rw(path, 0600, &f), 0);
        assert_int_equal(file_write_at(f, offset, "\xa5", 1), 0); /* generation 2: slot 0 */
        file_close(f);
        assert_int_equal(losses_open(&l, scratch_path(), "0a1b2c3d"), 0);
        assert_true(l.n == 1 || offset >= 160);
        assert_int_equal(losses_record(&l, 20, 20, 1, "outbox full"), 0);
        losses_close(&l);
        assert_int_equal(losses_open(&l, scratch_path(), "0a1b2c3d"), 0);
        assert_int_equal(l.at[l.n - 1].from, 20);
        losses_close(&l);
    }
}

/* ---- a full disk ---- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Adds until it is full; the number that was refused. */
static unsigned add_until_full(unsigned from)
{
    for (unsigned i = from; i < from + 20000; i++) {
        int rc = spool_kit_add_noise(i, 2000, false);
        if (rc == -ENOSPC)
            return i;
        assert_int_equal(rc, 0);
    }
    fail_msg("never full");
    return 0;
}

static uint64_t events_in_all(void)
{
    uint64_t n = 0;
    for (uint64_t seq = 1; waits(seq); seq++)
        n += strlen(spool_kit_events(seq)) / 2001;
    return n;
}

static void without_room_the_spool_is_full_and_keeps_what_it_took(void **state)
{
    (void)state;
    limit_files(30000); /* the journal has some frames, no batch fits */
    unsigned full = add_until_full(0);
    assert_true(full > 100);
    assert_true(spool_flush(kit.spool) < 0);
    assert_true(spool_run(kit.spool, INT64_MAX / 2) < 0);
    assert_int_equal(spool_kit_add_noise(full, 2000, false), -ENOSPC); /* nothing of it is kept */
    limit_files(RLIM_INFINITY);
    assert_int_equal(spool_kit_add_noise(full, 2000, false), 0);
    spool_kit_flush();
    spool_kit_seal();
    assert_int_equal(events_in_all(), full + 1);
}

/* The disk fills up while frames are written: what was flushed before is safe, what is told later
 * stands behind it. */
static void a_frame_that_found_no_room_is_written_later_whole(void **state)
{
    (void)state;
    spool_kit_add_noise(0, 2000, false);
    spool_kit_flush();
    limit_files(3000);
    spool_kit_add_noise(1, 2000, false);
    assert_true(spool_flush(kit.spool) < 0);
    assert_true(spool_has_pending(kit.spool));
    limit_files(RLIM_INFINITY);
    spool_kit_save("state", "full");
    spool_kit_flush();
    restart();
    assert_int_equal(counters().open_events, 2);
    spool_kit_crash();
    spool_kit_load("state", "full"); /* the power went before there was room */
    spool_kit_start();
    assert_int_equal(counters().open_events, 1);
    assert_int_equal(spool_kit_add_noise(0, 2000, false), 1);
    assert_int_equal(spool_kit_add_noise(1, 2000, false), 0);
}

static void a_loss_can_be_written_down_on_a_full_disk(void **state)
{
    (void)state;
    seal_events(1, 1, false);
    seal_events(2, 1, false);
    spool_kit_mark_refused(spool_kit_name(1), "413");
    limit_files(8192); /* no file can grow beyond what losses and last have */
    assert_int_equal(spool_take_acks(kit.spool), 0);
    limit_files(RLIM_INFINITY);
    restart();
    assert_string_equal(losses(), "1-1:1 refused by the center: 413; ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, spool_kit_teardown)

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    const struct CMUnitTest tests[] = {
        TEST(a_delivered_batch_goes_and_is_counted),
        TEST(an_acknowledgement_of_other_bytes_is_none),
        TEST(a_refused_batch_is_kept_aside_and_told),
        TEST(what_stands_in_a_refusal_is_not_trusted),
        TEST(only_files_of_a_batchs_name_are_marks),
        TEST(thousands_of_marks_for_nothing_hide_none),
        TEST(an_inbox_that_is_a_link_is_not_followed),
        TEST(refused_batches_go_first_then_routine_then_urgent_ones),
        TEST(each_loss_is_told_with_its_events),
        TEST(a_loss_is_recorded_before_the_batch_is_removed),
        TEST(batches_of_a_lost_stream_are_given_up_first),
        TEST(the_open_batch_is_not_held_against_the_cap),
        TEST(a_batch_above_the_cap_is_no_space_in_words),
        TEST(losses_are_merged_when_there_is_no_place),
        TEST(a_torn_record_leaves_the_one_before),
        TEST(without_room_the_spool_is_full_and_keeps_what_it_took),
        TEST(a_frame_that_found_no_room_is_written_later_whole),
        TEST(a_loss_can_be_written_down_on_a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
