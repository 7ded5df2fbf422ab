/* store: what was committed is there after a restart, what was not is not; order; damage; growth.
 */
#include "platform/file.h"
#include "platform/thread.h"
#include "store/store.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

static struct store *open_store(bool *fresh)
{
    struct store *s = NULL;
    struct error e = {""};
    bool ignored;
    if (store_open(scratch_path(), &s, fresh ? fresh : &ignored, &e) != 0)
        fail_msg("%s", e.text);
    return s;
}

static int setup(void **state)
{
    (void)state;
    scratch_open();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

static const char *file_path(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", scratch_path(), name);
    return path;
}

static void put(struct store *s, const char *key, const char *value)
{
    store_put(s, STORE_META, span_of(key), span_of(value));
}

static void expect(struct store *s, const char *key, const char *value)
{
    struct buf out = BUF_INIT(70000);
    int rc = store_get(s, STORE_META, span_of(key), &out);
    if (!value) {
        assert_int_equal(rc, -ENOENT);
    } else {
        assert_int_equal(rc, 0);
        assert_true(span_equal_text(buf_span(&out), value));
    }
    buf_release(&out);
}

static void only_what_was_committed_survives(void **state)
{
    (void)state;
    bool fresh = false;
    struct store *s = open_store(&fresh);
    assert_true(fresh);
    put(s, "a", "1");
    put(s, "gone", "x");
    put(s, "empty", "");
    expect(s, "a", "1"); /* seen at once */
    assert_true(store_pending_bytes(s) > 0);
    assert_int_equal(store_commit(s), 0);
    assert_int_equal(store_pending_bytes(s), 0);
    store_remove(s, STORE_META, SPAN("gone"));
    assert_int_equal(store_commit(s), 0);
    put(s, "a", "2");
    store_remove(s, STORE_META, SPAN("empty"));
    expect(s, "a", "2");
    expect(s, "empty", NULL);
    store_close(s);

    s = open_store(&fresh);
    assert_false(fresh);
    expect(s, "a", "1");
    expect(s, "empty", "");
    expect(s, "gone", NULL);
    store_close(s);
}

static void tables_do_not_mix(void **state)
{
    (void)state;
    struct store *s = open_store(NULL);
    struct buf out = BUF_INIT(100);
    for (int committed = 0; committed < 2; committed++) {
        store_put(s, STORE_META, SPAN("k"), SPAN("meta"));
        assert_int_equal(store_get(s, STORE_DETECT, SPAN("k"), &out), -ENOENT);
        assert_int_equal(store_commit(s), 0);
    }
    store_close(s);
}

static void limits_are_kept(void **state)
{
    (void)state;
    static char big[65537];
    memset(big, 'x', sizeof(big));
    struct store *s = open_store(NULL);
    struct buf out = BUF_INIT(70000);
    store_put(s, STORE_META, (struct span){big, 500}, (struct span){big, 65536});
    store_put(s, STORE_META, (struct span){big, 501}, SPAN("x")); /* refused, with a message */
    store_put(s, STORE_META, SPAN("k"), (struct span){big, 65537});
    assert_int_equal(store_commit(s), 0);
    assert_int_equal(store_get(s, STORE_META, (struct span){big, 500}, &out), 0);
    assert_int_equal(out.n, 65536);
    assert_int_equal(store_get(s, STORE_META, (struct span){big, 501}, &out), -EINVAL);
    assert_int_equal(store_get(s, STORE_META, (struct span){big, 0}, &out), -EINVAL);
    expect(s, "k", NULL);
    struct buf small = BUF_INIT(10);
    assert_int_equal(store_get(s, STORE_META, (struct span){big, 500}, &small), -EMSGSIZE);
    buf_release(&small);
    buf_release(&out);
    store_close(s);
}

struct list {
    struct buf text;
    size_t stop_after;
    size_t n;
};

static bool collect(void *ctx, struct span key, struct span value)
{
    struct list *l = ctx;
    buf_put_span(&l->text, key);
    buf_put_byte(&l->text, '=');
    buf_put_span(&l->text, value);
    buf_put_byte(&l->text, ' ');
    return ++l->n != l->stop_after;
}

static void expect_list(struct store *s, const char *prefix, size_t stop_after, const char *wanted)
{
    struct list l = {BUF_INIT(10000), stop_after, 0};
    assert_int_equal(store_each(s, STORE_META, span_of(prefix), collect, &l), 0);
    assert_string_equal(l.text.p ? l.text.p : "", wanted);
    buf_release(&l.text);
}

static void a_walk_merges_file_and_pending_in_key_order(void **state)
{
    (void)state;
    struct store *s = open_store(NULL);
    put(s, "b1", "file");
    put(s, "b3", "file");
    put(s, "b5", "file");
    put(s, "c", "file");
    assert_int_equal(store_commit(s), 0);
    put(s, "a", "new");
    put(s, "b2", "new");
    put(s, "b3", "newer");
    put(s, "b6", "new");
    store_remove(s, STORE_META, SPAN("b5"));
    store_remove(s, STORE_META, SPAN("b4"));
    store_put(s, STORE_DETECT, SPAN("b2b"), SPAN("another table"));
    expect_list(s, "b", 0, "b1=file b2=new b3=newer b6=new ");
    expect_list(s, "", 0, "a=new b1=file b2=new b3=newer b6=new c=file ");
    expect_list(s, "b", 2, "b1=file b2=new ");
    expect_list(s, "bb", 0, "");
    expect_list(s, "\xff", 0, "");
    store_close(s);
}

static bool count_in_order(void *ctx, struct span key, struct span value)
{
    size_t *n = ctx;
    char wanted[16];
    snprintf(wanted, sizeof(wanted), "%08u", (unsigned)*n);
    assert_true(span_equal_text(key, wanted));
    assert_true(value.n % 100 == 0);
    (*n)++;
    return true;
}

static void a_walk_of_many_pages_misses_and_repeats_nothing(void **state)
{
    (void)state;
    static char value[3000];
    struct store *s = open_store(NULL);
    const unsigned total = 5000;
    for (unsigned i = 0; i < total; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%08u", i);
        store_put(s, STORE_FOLDERS, span_of(key), (struct span){value, i % 30 * 100});
        if (i == total / 2)
            assert_int_equal(store_commit(s), 0);
    }
    size_t n = 0;
    assert_int_equal(store_each(s, STORE_FOLDERS, SPAN("0"), count_in_order, &n), 0);
    assert_int_equal(n, total);
    store_close(s);
}

static void the_file_grows_past_its_first_map(void **state)
{
    (void)state;
    static char value[60000];
    struct store *s = open_store(NULL);
    struct store_bulk *b;
    assert_int_equal(store_bulk_begin(s, &b), 0);
    for (unsigned i = 0; i < 1400; i++) { /* 84 MB, the first map has 64 MiB */
        memset(value, (int)('a' + i % 26), 4);
        assert_int_equal(store_bulk_put(b, STORE_BASELINE, span_make(&i, sizeof(i)),
                                        (struct span){value, sizeof(value)}),
                         0);
    }
    assert_int_equal(store_bulk_end(b, true), 0);
    store_close(s);
    s = open_store(NULL);
    struct buf out = BUF_INIT(70000);
    unsigned last = 1399;
    assert_int_equal(store_get(s, STORE_BASELINE, span_make(&last, sizeof(last)), &out), 0);
    assert_int_equal(out.n, sizeof(value));
    buf_release(&out);
    put(s, "more", "room");
    assert_int_equal(store_commit(s), 0);
    store_close(s);
}

static void a_bulk_that_is_not_kept_drops_its_last_chunk(void **state)
{
    (void)state;
    struct store *s = open_store(NULL);
    struct store_bulk *b;
    assert_int_equal(store_bulk_begin(s, &b), 0);
    assert_int_equal(store_bulk_put(b, STORE_META, SPAN("k"), SPAN("v")), 0);
    assert_int_equal(store_bulk_end(b, false), 0);
    expect(s, "k", NULL);
    put(s, "k", "v");
    assert_int_equal(store_commit(s), 0);
    assert_int_equal(store_bulk_begin(s, &b), 0);
    assert_int_equal(store_bulk_remove(b, STORE_META, SPAN("k")), 0);
    assert_int_equal(store_bulk_end(b, true), 0);
    expect(s, "k", NULL);
    store_close(s);
}

static void expect_moved_aside(void)
{
    bool fresh = false;
    struct store *s = open_store(&fresh);
    struct file_info info;
    assert_true(fresh);
    assert_int_equal(file_info_at(file_path("state.mdb.damaged"), &info), 0);
    put(s, "works", "again");
    assert_int_equal(store_commit(s), 0);
    store_close(s);
    s = open_store(&fresh);
    assert_false(fresh);
    expect(s, "works", "again");
    store_close(s);
}

static void a_file_of_other_bytes_is_moved_aside(void **state)
{
    (void)state;
    static char other[20000];
    memset(other, 'z', sizeof(other));
    scratch_append(file_path("state.mdb"), other, sizeof(other));
    expect_moved_aside();
}

static void a_file_cut_short_is_moved_aside(void **state)
{
    (void)state;
    struct store *s = open_store(NULL);
    static char value[60000];
    store_put(s, STORE_META, SPAN("k"), (struct span){value, sizeof(value)});
    assert_int_equal(store_commit(s), 0);
    store_close(s);
    file_t f;
    assert_int_equal(file_open_rw(file_path("state.mdb"), 0600, &f), 0);
    assert_int_equal(file_truncate(f, 5 * 4096), 0);
    file_close(f);
    expect_moved_aside();
}

static void an_empty_file_is_a_fresh_one(void **state)
{
    (void)state;
    bool fresh = false;
    scratch_append(file_path("state.mdb"), "", 0);
    struct store *s = open_store(&fresh);
    assert_true(fresh);
    store_close(s);
}

static void a_missing_folder_is_told(void **state)
{
    (void)state;
    struct store *s;
    struct error e = {""};
    bool fresh;
    assert_true(store_open("/nonexistent/folder", &s, &fresh, &e) < 0);
    assert_non_null(strstr(e.text, "/nonexistent/folder/state.mdb"));
}

static void fill(void *arg)
{
    struct store_bulk *b;
    assert_int_equal(store_bulk_begin(arg, &b), 0);
    for (unsigned i = 0; i < 20000; i++)
        assert_int_equal(store_bulk_put(b, STORE_BASELINE, span_make(&i, sizeof(i)),
                                        SPAN("the state of one file, some 40 bytes")),
                         0);
    assert_int_equal(store_bulk_end(b, true), 0);
}

static void one_thread_fills_while_another_commits_and_reads(void **state)
{
    (void)state;
    struct store *s = open_store(NULL);
    struct thread *t;
    struct buf out = BUF_INIT(100);
    assert_int_equal(thread_start(fill, s, false, &t), 0);
    for (unsigned i = 0; i < 50; i++) {
        put(s, "n", "v");
        assert_int_equal(store_commit(s), 0);
        unsigned key = 19999 - i;
        buf_clear(&out);
        store_get(s, STORE_BASELINE, span_make(&key, sizeof(key)), &out);
    }
    thread_join(t);
    for (unsigned i = 0; i < 20000; i += 999) {
        buf_clear(&out);
        assert_int_equal(store_get(s, STORE_BASELINE, span_make(&i, sizeof(i)), &out), 0);
    }
    buf_release(&out);
    store_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_was_committed_survives),
        TEST(tables_do_not_mix),
        TEST(limits_are_kept),
        TEST(a_walk_merges_file_and_pending_in_key_order),
        TEST(a_walk_of_many_pages_misses_and_repeats_nothing),
        TEST(the_file_grows_past_its_first_map),
        TEST(a_bulk_that_is_not_kept_drops_its_last_chunk),
        TEST(a_file_of_other_bytes_is_moved_aside),
        TEST(a_file_cut_short_is_moved_aside),
        TEST(an_empty_file_is_a_fresh_one),
        TEST(a_missing_folder_is_told),
        TEST(one_thread_fills_while_another_commits_and_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
