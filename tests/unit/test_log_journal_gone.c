/* A journal whose files are taken away: when that is told, and what is no reason to. The journal is
 * a double: a list of entries, each with its cursor. */
#include "platform/clock.h"
#include "platform/sysjournal.h"
#include "source/all.h"
#include "unit/cmocka_all.h"

#include <errno.h>

#define ENTRIES_MAX 16

static struct {
    char cursors[ENTRIES_MAX][SYSJOURNAL_CURSOR_MAX];
    size_t n, at; /* at: one more than the present entry's place */
    int news;     /* what sysjournal_process says next */
    char saved[SYSJOURNAL_CURSOR_MAX];
    size_t records, told;
    struct event last;
} fake;

int store_get(struct store *s, enum store_table t, struct span key, struct buf *out)
{
    (void)s, (void)t, (void)key;
    buf_put_text(out, fake.saved);
    return fake.saved[0] ? 0 : -ENOENT;
}

int sysjournal_open(const char *folder, struct sysjournal **out)
{
    (void)folder;
    *out = (struct sysjournal *)&fake;
    return 0;
}

void sysjournal_close(struct sysjournal *j)
{
    (void)j;
}

wait_t sysjournal_wait(struct sysjournal *j)
{
    (void)j;
    return WAIT_NONE;
}

int sysjournal_process(struct sysjournal *j)
{
    (void)j;
    int news = fake.news;
    fake.news = 0;
    return news;
}

int sysjournal_only(struct sysjournal *j, const char *field)
{
    (void)j, (void)field;
    return 0;
}

int sysjournal_seek_time(struct sysjournal *j, int64_t wall_ms)
{
    (void)j, (void)wall_ms;
    fake.at = 0;
    return 0;
}

/* Before the entry, or before the first when it is gone. */
int sysjournal_seek_cursor(struct sysjournal *j, const char *cursor)
{
    (void)j;
    fake.at = 0;
    for (size_t i = 0; i < fake.n; i++)
        if (strcmp(fake.cursors[i], cursor) == 0)
            fake.at = i;
    return 0;
}

int sysjournal_next(struct sysjournal *j)
{
    (void)j;
    if (fake.at >= fake.n)
        return 0;
    fake.at++;
    return 1;
}

int sysjournal_cursor(struct sysjournal *j, char *out, size_t size)
{
    (void)j;
    snprintf(out, size, "%s", fake.cursors[fake.at - 1]);
    return 0;
}

int sysjournal_time(struct sysjournal *j, int64_t *wall_ms)
{
    (void)j;
    *wall_ms = 1000;
    return 0;
}

int sysjournal_field(struct sysjournal *j, const char **data, size_t *n)
{
    (void)j, (void)data, (void)n;
    return 0;
}

static void emit(void *ctx, const struct event *e)
{
    (void)ctx;
    fake.told++;
    fake.last = *e;
}

static void emit_record(void *ctx, const struct record *r)
{
    (void)ctx, (void)r;
    fake.records++;
}

static void put(void *ctx, enum store_table t, struct span key, struct span value)
{
    (void)ctx, (void)t, (void)key;
    span_copy(value, fake.saved, sizeof(fake.saved));
}

static void dropped(void *ctx, const char *reason, uint64_t n)
{
    (void)ctx, (void)reason, (void)n;
}

static char root[] = "", yes[] = "yes";
static struct config config = {.journal = yes, .host_root = root};

static void *start(void)
{
    struct source_host host = {.config = &config,
                               .emit = emit,
                               .emit_record = emit_record,
                               .put = put,
                               .dropped = dropped};
    struct error e;
    void *self;
    assert_int_equal(source_log_journal.open(&host, &self, &e), 0);
    return self;
}

static void stop(void *self)
{
    source_log_journal.checkpoint(self);
    source_log_journal.close(self);
}

static void add(uint64_t number, const char *boot, int64_t age_ms)
{
    uint64_t us = (uint64_t)(clock_wall_ms() - age_ms) * 1000;
    snprintf(fake.cursors[fake.n++], SYSJOURNAL_CURSOR_MAX, "s=aa;i=%llx;b=%s;m=1;t=%llx;x=%llx",
             (unsigned long long)number, boot, (unsigned long long)us, (unsigned long long)number);
}

/* Three entries, all read. */
static void *caught_up(int64_t age_ms)
{
    memset(&fake, 0, sizeof(fake));
    void *self = start();
    for (uint64_t i = 1; i <= 3; i++)
        add(i, "b1", age_ms);
    source_log_journal.run(self, 1000);
    assert_int_equal(fake.records, 3);
    return self;
}

static void test_emptied(void **state)
{
    (void)state;
    void *self = caught_up(0);
    fake.n = fake.at = 0;
    fake.news = 2;
    source_log_journal.run(self, 2000);
    assert_int_equal(fake.told, 0); /* it may be a move */
    assert_true(source_log_journal.run(self, 2500) <= 4000);
    source_log_journal.run(self, 4000);
    assert_int_equal(fake.told, 1);
    assert_int_equal(fake.last.class_uid, EVENT_LOG_ACTIVITY);
    assert_int_equal(fake.last.activity, LOG_ACTIVITY_CLEAR);
    assert_int_equal(fake.last.severity, SEVERITY_HIGH);
    fake.news = 2;
    source_log_journal.run(self, 5000);
    source_log_journal.run(self, 9000);
    assert_int_equal(fake.told, 1); /* once */
    stop(self);
}

/* The oldest went, as journald does it; what is new is read as ever. */
static void test_vacuumed(void **state)
{
    (void)state;
    void *self = caught_up(0);
    memmove(fake.cursors[0], fake.cursors[2], SYSJOURNAL_CURSOR_MAX);
    fake.n = 1;
    fake.news = 2;
    source_log_journal.run(self, 2000);
    add(4, "b1", 0);
    source_log_journal.run(self, 5000);
    assert_int_equal(fake.told, 0);
    assert_int_equal(fake.records, 4);
    stop(self);
}

/* All that was read went, and what is new stands there: each is told or read once. */
static void test_emptied_and_written(void **state)
{
    (void)state;
    void *self = caught_up(0);
    fake.n = fake.at = 0;
    fake.news = 2;
    source_log_journal.run(self, 2000);
    source_log_journal.run(self, 4500);
    assert_int_equal(fake.told, 1);
    add(4, "b1", 0);
    source_log_journal.run(self, 5000);
    assert_int_equal(fake.records, 4);
    stop(self);
}

/* Journald's own first word in a new file is no proof that the others are there. */
static void test_rotated_and_vacuumed(void **state)
{
    (void)state;
    void *self = caught_up(0);
    fake.n = fake.at = 0;
    add(4, "b1", 0);
    fake.news = 2;
    source_log_journal.run(self, 2000);
    assert_int_equal(fake.records, 4);
    source_log_journal.run(self, 4500);
    assert_int_equal(fake.told, 1);
    assert_int_equal(fake.records, 4);
    stop(self);
}

static void test_old(void **state)
{
    (void)state;
    void *self = caught_up(2 * 24 * 3600 * 1000LL);
    fake.n = fake.at = 0;
    fake.news = 2;
    source_log_journal.run(self, 2000);
    source_log_journal.run(self, 5000);
    assert_int_equal(fake.told, 0);
    stop(self);
}

static void test_while_off(void **state)
{
    (void)state;
    static const struct {
        const char *boot;
        size_t told;
    } rows[] = {{"b1", 1}, {"b2", 0}}; /* a journal in memory ends with its machine */
    for (size_t i = 0; i < 2; i++) {
        stop(caught_up(0));
        fake.n = fake.at = 0;
        add(9, rows[i].boot, 0);
        void *self = start();
        source_log_journal.run(self, 1000);
        assert_int_equal(fake.told, rows[i].told);
        assert_int_equal(fake.records, 4);
        stop(self);
    }
    stop(caught_up(0));
    void *self = start(); /* nothing happened */
    source_log_journal.run(self, 1000);
    assert_int_equal(fake.told, 0);
    assert_int_equal(fake.records, 3);
    stop(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_emptied),
        cmocka_unit_test(test_vacuumed),
        cmocka_unit_test(test_emptied_and_written),
        cmocka_unit_test(test_rotated_and_vacuumed),
        cmocka_unit_test(test_old),
        cmocka_unit_test(test_while_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
