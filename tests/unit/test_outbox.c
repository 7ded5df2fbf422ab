/* outbox: strict names, order, bounded listing. */
#include "platform/file.h"
#include "spool/outbox.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#define ID "0123456789abcdef0123456789abcdef"

static int setup(void **state)
{
    (void)state;
    char path[512];
    scratch_open();
    for (int c = 0; c < OUTBOX_CLASSES; c++) {
        snprintf(path, sizeof(path), "%s/%s", scratch_path(), outbox_folder_name[c]);
        folder_make(path, 0700);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

static void put_text(enum outbox_class c, const char *name, size_t size)
{
    static const char bytes[100];
    char path[512];
    snprintf(path, sizeof(path), "%s/%s/%s", scratch_path(), outbox_folder_name[c], name);
    scratch_append(path, bytes, size);
}

static void put(enum outbox_class c, const char *stream, uint64_t seq, size_t size)
{
    struct batch_name n = {.seq = seq, .id = ID};
    char text[BATCH_NAME_SIZE];
    memcpy(n.stream, stream, 9);
    batch_name_format(&n, text);
    put_text(c, text, size);
}

static void good_names_are_read_and_written_back(void **state)
{
    (void)state;
    static const char *const good[] = {
        "1a2b3c4d-1-" ID ".ndjson.gz",
        "00000000-999999999999-" ID ".ndjson.gz",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct batch_name n;
        char text[BATCH_NAME_SIZE];
        assert_true(batch_name_parse(span_of(good[i]), &n));
        batch_name_format(&n, text);
        assert_string_equal(text, good[i]);
    }
}

static void other_names_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "-",
        "1a2b3c4d",
        "1a2b3c4d-",
        "1a2b3c4d-1",
        "1a2b3c4d-1-",
        "1a2b3c4d-0-" ID ".ndjson.gz",
        "1a2b3c4d-01-" ID ".ndjson.gz",
        "1a2b3c4d-+1-" ID ".ndjson.gz",
        "1a2b3c4d- 1-" ID ".ndjson.gz",
        "1a2b3c4d--" ID ".ndjson.gz",
        "1a2b3c4d-1000000000000-" ID ".ndjson.gz",
        "1A2b3c4d-1-" ID ".ndjson.gz",
        "1a2b3c4-1-" ID ".ndjson.gz",
        "1a2b3c4d1-" ID ".ndjson.gz",
        "1a2b3c4d-1-" ID "0.ndjson.gz",
        "1a2b3c4d-1-0123456789ABCDEF0123456789abcdef.ndjson.gz",
        "1a2b3c4d-1-" ID ".ndjson.gz ",
        "1a2b3c4d-1-" ID ".ndjson",
        "../1a2b3c4d-1-" ID ".ndjson.gz",
        ".1a2b3c4d-1-" ID ".ndjson.gz",
    };
    struct batch_name n;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (batch_name_parse(span_of(bad[i]), &n))
            fail_msg("taken: %s", bad[i]);
    assert_false(batch_name_parse(
        (struct span){"1a2b3c4d-1\0-0123456789abcdef0123456789abcde.ndjson.gz", 54}, &n));
}

static void older_streams_come_first_then_the_lowest_seq(void **state)
{
    (void)state;
    struct outbox_entry at[OUTBOX_WINDOW];
    put(OUTBOX_ROUTINE, "bbbbbbbb", 10, 1);
    put(OUTBOX_ROUTINE, "bbbbbbbb", 9, 2);
    put(OUTBOX_ROUTINE, "aaaaaaaa", 20, 3);
    put(OUTBOX_ROUTINE, "cccccccc", 3, 4);
    assert_int_equal(outbox_first(scratch_path(), OUTBOX_ROUTINE, "bbbbbbbb", at), 4);
    static const uint64_t with_stream[] = {3, 20, 9, 10}, without[] = {3, 9, 10, 20};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(at[i].name.seq, with_stream[i]);
    assert_int_equal(at[0].size, 4);
    assert_int_equal(outbox_first(scratch_path(), OUTBOX_ROUTINE, NULL, at), 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(at[i].name.seq, without[i]);
    assert_int_equal(outbox_first(scratch_path(), OUTBOX_URGENT, NULL, at), 0);
}

static void only_regular_files_with_good_names_count(void **state)
{
    (void)state;
    struct outbox_entry at[OUTBOX_WINDOW];
    struct outbox_count sum;
    char path[512];
    put(OUTBOX_URGENT, "aaaaaaaa", 7, 10);
    put(OUTBOX_URGENT, "bbbbbbbb", 2, 5);
    put_text(OUTBOX_URGENT, ".sealing", 50);
    put_text(OUTBOX_URGENT, "note.txt", 50);
    snprintf(path, sizeof(path), "%s/urgent/aaaaaaaa-1-" ID ".ndjson.gz", scratch_path());
    scratch_link("/etc/passwd", path);
    snprintf(path, sizeof(path), "%s/urgent/aaaaaaaa-2-" ID ".ndjson.gz", scratch_path());
    folder_make(path, 0700);
    assert_int_equal(outbox_sum(scratch_path(), OUTBOX_URGENT, "aaaaaaaa", &sum), 0);
    assert_int_equal(sum.batches, 2);
    assert_int_equal(sum.bytes, 15);
    assert_int_equal(sum.low_seq, 7);
    assert_int_equal(outbox_first(scratch_path(), OUTBOX_URGENT, "aaaaaaaa", at), 2);
    assert_int_equal(outbox_sum(scratch_path(), OUTBOX_URGENT, "cccccccc", &sum), 0);
    assert_int_equal(sum.low_seq, 0);
}

static void many_batches_are_seen_through_a_window(void **state)
{
    (void)state;
    struct outbox_entry at[OUTBOX_WINDOW];
    struct outbox_count sum;
    for (uint64_t i = 0; i < 2000; i++)
        put(OUTBOX_ROUTINE, "aaaaaaaa", 1 + i * 7919 % 2000, 3);
    assert_int_equal(outbox_first(scratch_path(), OUTBOX_ROUTINE, "aaaaaaaa", at), OUTBOX_WINDOW);
    for (uint64_t i = 0; i < OUTBOX_WINDOW; i++)
        assert_int_equal(at[i].name.seq, i + 1);
    assert_int_equal(outbox_sum(scratch_path(), OUTBOX_ROUTINE, "aaaaaaaa", &sum), 0);
    assert_int_equal(sum.batches, 2000);
    assert_int_equal(sum.bytes, 6000);
}

static void a_missing_outbox_is_an_error(void **state)
{
    (void)state;
    struct outbox_entry at[OUTBOX_WINDOW];
    struct outbox_count sum;
    assert_true(outbox_first("/nonexistent", OUTBOX_URGENT, NULL, at) < 0);
    assert_true(outbox_sum("/nonexistent", OUTBOX_URGENT, NULL, &sum) < 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_names_are_read_and_written_back),
        cmocka_unit_test(other_names_are_refused),
        TEST(older_streams_come_first_then_the_lowest_seq),
        TEST(only_regular_files_with_good_names_count),
        TEST(many_batches_are_seen_through_a_window),
        cmocka_unit_test(a_missing_outbox_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
