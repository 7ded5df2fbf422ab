/* journal: frames are there whole or not at all, in order; damage is told from a torn tail. */
#include "base/slurp.h"
#include "spool/journal.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <errno.h>

#define STREAM "0a1b2c3d"

static char path[512];
static struct journal journal;

static int setup(void **state)
{
    (void)state;
    scratch_open();
    journal_path(path, sizeof(path), scratch_path(), 7);
    return journal_open(&journal, scratch_path(), 7);
}

static int teardown(void **state)
{
    (void)state;
    journal_close(&journal);
    scratch_close();
    return 0;
}

/* ---- writing ---- */

static const uint8_t *uid_of(int number)
{
    static uint8_t uid[16];
    memset(uid, number, sizeof(uid));
    return uid;
}

/* "line N", and the position that belongs to it. */
static void append_numbered(int number)
{
    struct buf frame = BUF_INIT(FRAME_MAX);
    char line[32], position[8];
    snprintf(line, sizeof(line), "line %d", number);
    snprintf(position, sizeof(position), "%d", number);
    frame_begin(&frame, STREAM);
    frame_put_line(&frame, uid_of(number), number % 2 == 0, span_of(line));
    frame_put_state(&frame, 3, SPAN("position"), span_of(position));
    assert_int_equal(journal_append(&journal, &frame), 0);
    buf_release(&frame);
}

static void append_frame(struct buf *frame)
{
    assert_int_equal(journal_append(&journal, frame), 0);
    buf_release(frame);
}

/* ---- reading: everything in words ---- */

static void tell_stream(void *ctx, struct span stream)
{
    buf_printf(ctx, "[%.*s] ", (int)stream.n, stream.p);
}

static void tell_line(void *ctx, const uint8_t uid[16], bool urgent, struct span line)
{
    buf_printf(ctx, "%s(%u) %.*s%s; ", "line", uid[15], (int)line.n, line.p, urgent ? "!" : "");
}

static void tell_state(void *ctx, uint8_t table, struct span key, struct span value)
{
    buf_printf(ctx, "%u/%.*s", table, (int)key.n, key.p);
    if (value.p)
        buf_printf(ctx, "=%.*s; ", (int)value.n, value.p);
    else
        buf_put_text(ctx, " gone; ");
}

static void tell_known(void *ctx, const uint8_t uid[16])
{
    buf_printf(ctx, "known(%u); ", uid[0]);
}

static struct journal_end replay(struct buf *told)
{
    const struct journal_reader reader = {told, tell_stream, tell_line, tell_state, tell_known};
    struct journal_end end;
    buf_clear(told);
    buf_put_text(told, "");
    assert_int_equal(journal_replay(journal.file, &reader, &end), 0);
    return end;
}

static void expect_told(const char *wanted)
{
    struct buf told = BUF_INIT(100000);
    replay(&told);
    assert_true(span_equal_text(buf_span(&told), wanted));
    buf_release(&told);
}

static void change_byte(uint64_t at, char how)
{
    char byte;
    assert_int_equal(file_read_at(journal.file, at, &byte, 1), 1);
    byte ^= how;
    assert_int_equal(file_write_at(journal.file, at, &byte, 1), 0);
}

/* ---- tests ---- */

static void names_are_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {"open-.journal",
                                      "open-0.journal",
                                      "open-01.journal",
                                      "open-1.journal~",
                                      "open-1",
                                      "xopen-1.journal",
                                      "open--1.journal",
                                      "open-1 .journal",
                                      "open-+1.journal",
                                      ".open-1.journal",
                                      "open-.journal1",
                                      "",
                                      "open-1.journal.damaged",
                                      "open-1234567890123.journal"};
    uint64_t seq;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (journal_name_parse(span_of(bad[i]), &seq))
            fail_msg("taken: %s", bad[i]);
    assert_true(journal_name_parse(SPAN("open-123456789012.journal"), &seq));
    assert_int_equal(seq, 123456789012);
    journal_path(path, sizeof(path), "/f", seq);
    assert_string_equal(path, "/f/open-123456789012.journal");
}

static void everything_comes_back_in_the_order_it_was_written(void **state)
{
    (void)state;
    struct buf frame = BUF_INIT(FRAME_MAX);
    frame_begin(&frame, STREAM);
    frame_put_known(&frame, uid_of(9));
    append_frame(&frame);
    frame_begin(&frame, STREAM);
    frame_put_state(&frame, 1, SPAN("k"), SPAN("before"));
    frame_put_line(&frame, uid_of(1), false, SPAN("first"));
    frame_put_state(&frame, 1, SPAN("k"), SPAN("after"));
    frame_put_state(&frame, 255, SPAN("empty"), SPAN(""));
    frame_put_line(&frame, uid_of(2), true, SPAN("second"));
    frame_put_state(&frame, 1, SPAN("k"), (struct span){NULL, 0});
    append_frame(&frame);
    expect_told("[" STREAM "] known(9); [" STREAM "] 1/k=before; line(1) first; 1/k=after; "
                "255/empty=; line(2) second!; 1/k gone; ");
}

static void an_open_journal_goes_on_behind_what_it_holds(void **state)
{
    (void)state;
    append_numbered(1);
    journal_close(&journal);
    assert_int_equal(journal_open(&journal, scratch_path(), 7), 0);
    append_numbered(2);
    expect_told("[" STREAM "] line(1) line 1; 3/position=1; "
                "[" STREAM "] line(2) line 2!; 3/position=2; ");
}

/* Of a frame cut anywhere nothing is told, the frames before it are, and it is no damage. */
static void a_torn_frame_is_not_there(void **state)
{
    (void)state;
    struct buf told = BUF_INIT(10000), before = BUF_INIT(10000);
    append_numbered(1);
    append_numbered(2);
    uint64_t whole = journal.size;
    replay(&before);
    append_numbered(3);
    for (uint64_t size = journal.size - 1; size >= whole; size--) {
        assert_int_equal(file_truncate(journal.file, size), 0);
        struct journal_end end = replay(&told);
        assert_true(span_equal(buf_span(&told), buf_span(&before)));
        assert_int_equal(end.good, whole);
        assert_int_equal(end.size, size);
        assert_false(end.damaged);
    }
    buf_release(&told);
    buf_release(&before);
}

/* The blocks of a write may reach the disk in any order: zeroes where bytes should be. */
static void a_frame_with_a_hole_is_not_there(void **state)
{
    (void)state;
    struct buf told = BUF_INIT(10000);
    append_numbered(1);
    uint64_t whole = journal.size;
    append_numbered(2);
    uint64_t size = journal.size;
    for (uint64_t at = whole; at < size; at++) {
        char byte;
        assert_int_equal(file_read_at(journal.file, at, &byte, 1), 1);
        if (byte == '\0')
            continue;
        change_byte(at, byte);
        struct journal_end end = replay(&told);
        assert_int_equal(end.good, whole);
        assert_false(end.damaged);
        change_byte(at, byte);
    }
    assert_int_equal(replay(&told).good, size);
    buf_release(&told);
}

/* One bit anywhere in the second of four frames. */
static void damage_in_the_middle_is_told_and_counted(void **state)
{
    (void)state;
    struct buf told = BUF_INIT(10000), first = BUF_INIT(10000);
    append_numbered(1);
    uint64_t good = journal.size;
    replay(&first);
    append_numbered(2);
    uint64_t bad = journal.size;
    append_numbered(3);
    append_numbered(4);
    for (uint64_t at = good; at < bad; at++) {
        change_byte(at, 0x10);
        struct journal_end end = replay(&told);
        assert_true(span_equal(buf_span(&told), buf_span(&first)));
        assert_int_equal(end.good, good);
        assert_true(end.damaged);
        assert_int_equal(end.lines, 2);
        change_byte(at, 0x10);
    }
    assert_false(replay(&told).damaged);
    buf_release(&told);
    buf_release(&first);
}

/* Behind more bytes of garbage than are looked through in one piece, at every distance from its
 * end. */
static void a_frame_far_behind_damage_is_found(void **state)
{
    (void)state;
    static char garbage[65536 + 16];
    memset(garbage, 0xf7, sizeof(garbage)); /* the first byte of the magic number, all over */
    struct buf told = BUF_INIT(10000), frame = BUF_INIT(10000);
    append_numbered(1);
    assert_int_equal(slurp(path, &frame), 0);
    for (size_t n = sizeof(garbage) - 32; n <= sizeof(garbage); n++) {
        assert_int_equal(file_truncate(journal.file, 0), 0);
        assert_int_equal(file_write_at(journal.file, 0, garbage, n), 0);
        assert_int_equal(file_write_at(journal.file, n, frame.p, frame.n), 0);
        struct journal_end end = replay(&told);
        assert_int_equal(end.good, 0);
        assert_true(end.damaged);
        assert_int_equal(end.lines, 1);
    }
    buf_release(&told);
    buf_release(&frame);
}

/* A frame whose checksum is right and whose entries are not is none: a length beyond its end, an
 * unknown kind, a line without bytes, a removal with a value. */
static void entries_that_make_no_sense_are_no_frame(void **state)
{
    (void)state;
    static const struct span bad[] = {
        {"L\xff\xff\xff\xff", 5},
        {"L\x11\0\0\0aaaaaaaaaaaaaaaa\0", 22},
        {"Z\x01\0\0\0x", 6},
        {"U\x0f\0\0\0aaaaaaaaaaaaaaa", 20},
        {"S\x02\0\0\0ab", 7},
        {"P\x06\0\0\0\x01\x05\0\0\0k", 11},
        {"R\x07\0\0\0\x01\x01\0\0\0kv", 12},
        {"P\x02\0\0", 4},
    };
    struct buf told = BUF_INIT(10000), frame = BUF_INIT(FRAME_MAX);
    append_numbered(1);
    uint64_t good = journal.size;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        frame_begin(&frame, STREAM);
        buf_put_span(&frame, bad[i]);
        append_frame(&frame);
        assert_int_equal(replay(&told).good, good);
        journal.size = good; /* the next one in its place */
        assert_int_equal(file_truncate(journal.file, good), 0);
    }
    buf_release(&told);
}

static void an_empty_or_foreign_file_holds_no_frame(void **state)
{
    (void)state;
    struct buf told = BUF_INIT(10000);
    static const char text[] = "something else altogether, longer than a header";
    struct journal_end end = replay(&told);
    assert_int_equal(end.good, 0);
    assert_int_equal(end.size, 0);
    assert_int_equal(file_write_at(journal.file, 0, text, sizeof(text)), 0);
    end = replay(&told);
    assert_int_equal(end.good, 0);
    assert_int_equal(end.size, sizeof(text));
    assert_false(end.damaged);
    assert_int_equal(told.n, 0);
    buf_release(&told);
}

/* Frames of another stream are told as such; what to do about it is the spool's business. */
static void each_frame_tells_its_stream(void **state)
{
    (void)state;
    struct buf frame = BUF_INIT(FRAME_MAX);
    append_numbered(1);
    frame_begin(&frame, "ffffffff");
    frame_put_line(&frame, uid_of(2), false, SPAN("theirs"));
    append_frame(&frame);
    expect_told("[" STREAM "] line(1) line 1; 3/position=1; [ffffffff] line(2) theirs; ");
}

static void a_frame_that_did_not_fit_in_memory_is_not_written(void **state)
{
    (void)state;
    struct buf frame = BUF_INIT(40);
    append_numbered(1);
    uint64_t size = journal.size;
    frame_begin(&frame, STREAM);
    frame_put_line(&frame, uid_of(2), false, SPAN("more than is left of forty bytes"));
    assert_int_equal(journal_append(&journal, &frame), -ENOMEM);
    assert_int_equal(journal.size, size);
    struct file_info info;
    assert_int_equal(file_info_at(path, &info), 0);
    assert_int_equal(info.size, size);
    buf_release(&frame);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_are_strict),
        TEST(everything_comes_back_in_the_order_it_was_written),
        TEST(an_open_journal_goes_on_behind_what_it_holds),
        TEST(a_torn_frame_is_not_there),
        TEST(a_frame_with_a_hole_is_not_there),
        TEST(damage_in_the_middle_is_told_and_counted),
        TEST(a_frame_far_behind_damage_is_found),
        TEST(entries_that_make_no_sense_are_no_frame),
        TEST(an_empty_or_foreign_file_holds_no_frame),
        TEST(each_frame_tells_its_stream),
        TEST(a_frame_that_did_not_fit_in_memory_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
