/* Templates of log messages: what is one, what stays apart, what a hostile log can do, state. */
#include "detect/miner.h"
#include "unit/cmocka_all.h"

#include <stdio.h>

#define HOUR_MS 3600000

static struct mined *take(struct miner *m, const char *line, int64_t time_ms, bool *fresh)
{
    struct tokens tokens;
    tokens_take(span_of(line), &tokens);
    struct mined *t = miner_take(m, 7, SPAN("prog"), &tokens, fresh);
    miner_seen(m, t, time_ms);
    return t;
}

static uint32_t id_of(struct miner *m, const char *line)
{
    bool fresh;
    return take(m, line, HOUR_MS, &fresh)->id;
}

static void test_pairs(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"took 15 ms", "took 7 ms", true},
        {"took 900 ms", "took 1 sec", true},
        {"from 192.0.2.1 port 22", "from 2001:db8::1 port 443", true},
        {"id 6ba7b810-9dad-11d1-80b4-00c04fd430c8 done", "id 12 done", true},
        {"open /etc/passwd failed", "open /var/log/a/b.log failed", true},
        {"deleted blk_1 blk_2", "deleted blk_3 blk_4 blk_5", true},
        {"set {1, 2, 3} kept", "set {1} kept", true},
        {"to mail.example.org now", "to www.example.net now", true},
        {"to proxy.lan:80 now", "to cache.lan:8080 now", true},
        {"sent 2048 bytes (2.00 KB) to", "sent 12 bytes to", true},
        {"at Sun Jul 10 03:55:15 2005", "at Mon Aug  1 00:00:00 2005", true},
        {"session closed for user ana", "session closed for user root", true},
        {"host a1 () up", "host a1 (b2) up", true},
        {"user= rhost=192.0.2.1", "user= rhost=", true},
        {"ready: true", "ready: false", true},
        {"bssid ab:cd:ef:1a:bc:de left", "bssid 00:11:22:33:44:55 left", true},
        {"at fe80::dead:beef:cafe up", "at 192.0.2.1 up", true},
        {"node a1 <ok> node b2 <ok> seen", "node a1 <ok> seen", true},
        {"trap enable.....0", "trap enable...1", true},
        {"trap enable.....0", "trap ready....0", false},
        {"see ../x/y now", "see ../a/b/c now", true},
        {"service started", "service stopped", false},
        {"check pass; user unknown", "check fail; user unknown", false},
        {"May be late", "April be late", false},
        {"a b c", "a b", false},
        {"x: y", "x, y", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct miner *m = miner_new();
        bool same = id_of(m, rows[i].a) == id_of(m, rows[i].b);
        if (same != rows[i].same)
            fail_msg("'%s' and '%s': %s", rows[i].a, rows[i].b, same ? "one" : "apart");
        miner_free(m);
    }
}

static void test_variants(void **state)
{
    static const char *const names[] = {"ash", "birch", "cedar", "date", "elm", "fir"};
    (void)state;
    struct miner *m = miner_new();
    char line[64];
    uint32_t id[6];
    for (size_t i = 0; i < 6; i++) {
        snprintf(line, sizeof(line), "plant %s was watered", names[i]);
        id[i] = id_of(m, line);
    }
    assert_int_not_equal(id[0], id[3]);
    assert_int_equal(id[4], id[5]);
    assert_int_equal(id_of(m, "plant ash was watered"), id[5]);
    assert_int_not_equal(id_of(m, "plant ash was eaten"), id[5]);
    assert_int_equal(miner_used(m), 2);
    miner_free(m);
}

/* Two words change in each line, so that no two lines differ in one alone. */
static void test_joint(void **state)
{
    (void)state;
    struct miner *m = miner_new();
    char line[128];
    for (char c = 'a'; c <= 'z'; c++) {
        snprintf(line, sizeof(line), "lock tag=\"%c%c\", name=%c%c%c taken", c, c, c, c, c);
        id_of(m, line);
        snprintf(line, sizeof(line), "copied from %cx to %cy, all went well", c, c);
        id_of(m, line);
    }
    assert_int_equal(miner_used(m), 2);
    miner_free(m);
}

static void test_text(void **state)
{
    (void)state;
    struct miner *m = miner_new();
    bool fresh;
    assert_string_equal(take(m, "Failed password for user bob from 192.0.2.1:22", 0, &fresh)->text,
                        "prog: Failed password for user <*> from <*>");
    assert_true(fresh);
    assert_string_equal(take(m, "a\001\033[2Jb", 0, &fresh)->text, "prog: a??[<*>");
    miner_free(m);
}

/* A log that never repeats: memory stays, and what was learned before is still known. */
static void test_never_repeats(void **state)
{
    (void)state;
    struct miner *m = miner_new();
    char line[128];
    bool fresh;
    for (int i = 0; i < 200; i++) /* templates that are seen four times */
        for (int k = 0; k < 4; k++) {
            snprintf(line, sizeof(line), "%c%c statement", 'a' + i % 10, 'a' + i / 10);
            take(m, line, i, &fresh);
        }
    for (unsigned i = 0; i < 200000; i++) {
        uint32_t r = i * 2654435761U;
        size_t n = 0;
        for (unsigned k = 0; k < 7; k++, r /= 16)
            line[n++] = (char)('a' + r % 16);
        snprintf(line + n, sizeof(line) - n, " noise");
        take(m, line, 1000 + i, &fresh);
        assert_true(miner_used(m) <= MINER_MAX);
    }
    assert_true(miner_evicted(m) > 190000);
    assert_true(miner_bytes() <= 1 << 20);
    take(m, "ab statement", 300000, &fresh);
    assert_false(fresh);
    miner_free(m);
}

/* What is always seen four times fills the place of the settled, but the fixed size holds. */
static void test_settled_flood(void **state)
{
    (void)state;
    struct miner *m = miner_new();
    char line[64];
    bool fresh;
    for (unsigned i = 0; i < 30000; i++) {
        snprintf(line, sizeof(line), "%c%c%c flood", 'a' + i / 4 % 26, 'a' + i / 104 % 26,
                 'a' + i / 2704 % 26);
        take(m, line, i, &fresh);
    }
    assert_int_equal(miner_used(m), MINER_MAX);
    assert_true(miner_evicted(m) > 0);
    miner_free(m);
}

static void test_age(void **state)
{
    (void)state;
    struct miner *m = miner_new();
    bool fresh;
    take(m, "old one", 1000, &fresh);
    take(m, "older but seen again", 500, &fresh);
    take(m, "older but seen again", 9000, &fresh);
    miner_age(m, 5000);
    assert_int_equal(miner_used(m), 1);
    take(m, "old one", 9000, &fresh);
    assert_true(fresh);
    miner_free(m);
}

static void copy_state(struct miner *from, struct miner *to)
{
    struct buf b = BUF_INIT(4096);
    for (size_t i = 0; i < MINER_MAX; i++)
        if (miner_slot(from, i)->used) {
            buf_clear(&b);
            miner_save(miner_slot(from, i), &b);
            assert_true(miner_load(to, i, buf_span(&b)));
            assert_false(miner_load(to, i, buf_span(&b)));
        }
    miner_loaded(to);
    buf_release(&b);
}

static void test_state(void **state)
{
    static const char *const lines[] = {"one 1", "two 2 from /tmp/x", "user=ana started", "one 3"};
    (void)state;
    struct miner *a = miner_new(), *b = miner_new();
    bool fresh;
    for (size_t i = 0; i < 4; i++)
        take(a, lines[i], (int64_t)i * HOUR_MS, &fresh);
    copy_state(a, b);
    assert_int_equal(miner_used(b), 3);
    for (size_t i = 0; i < 4; i++) {
        const struct mined *t = take(b, lines[i], 9 * HOUR_MS, &fresh);
        assert_false(fresh);
        assert_int_equal(t->id, take(a, lines[i], 9 * HOUR_MS, &fresh)->id);
    }
    assert_int_equal(take(b, "one 1", 0, &fresh)->hours, 1 | 1 << 3 | 1 << 9);
    take(b, "new one", 0, &fresh);
    assert_true(fresh);
    miner_free(a);
    miner_free(b);
}

static void test_bad_state(void **state)
{
    (void)state;
    struct miner *m = miner_new();
    struct buf b = BUF_INIT(4096);
    struct mined t;
    bool fresh;
    miner_save(take(m, "user=ana from 1.2.3.4", 5, &fresh), &b);
    assert_true(miner_read(buf_span(&b), &t));
    for (size_t n = 0; n < 51; n++)
        assert_false(miner_read((struct span){b.p, n}, &t));
    for (int n = TOKENS_MAX + 1; n < 256; n++) {
        b.p[1] = (char)n;
        assert_false(miner_read(buf_span(&b), &t));
    }
    assert_false(miner_load(m, MINER_MAX, buf_span(&b)));
    buf_release(&b);
    miner_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),         cmocka_unit_test(test_variants),
        cmocka_unit_test(test_joint),         cmocka_unit_test(test_text),
        cmocka_unit_test(test_never_repeats), cmocka_unit_test(test_settled_flood),
        cmocka_unit_test(test_age),           cmocka_unit_test(test_state),
        cmocka_unit_test(test_bad_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
