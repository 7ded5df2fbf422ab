/* Entries of the journal as records, and what cursors say. Reading real journals: system/journal.
 */
#include "source/log/journal_entry.h"
#include "unit/cmocka_all.h"

#include <stdlib.h>

#define CURSOR(s, i, x)                                                                            \
    SPAN("s=" s ";i=" i ";b=660a0e1c9e15491395d981c56b851786;m=49a1c517a;t=66105e1abe3a1;x=" x)

static void add(struct journal_entry *e, const char *field)
{
    journal_entry_add(e, span_of(field));
}

static void fields_are_kept_and_named(void **state)
{
    (void)state;
    static const struct {
        const char *fields[4], *service, *program;
        int64_t pid;
    } rows[] = {
        {{"SYSLOG_FACILITY=10", "SYSLOG_IDENTIFIER=sshd", "_PID=7", "_COMM=x"}, "auth", "sshd", 7},
        {{"SYSLOG_FACILITY=4", "_COMM=login", "SYSLOG_PID=8", "A=b"}, "auth", "login", 8},
        {{"SYSLOG_FACILITY=9", "SYSLOG_IDENTIFIER=CRON", "A=b", "A=c"}, "cron", "CRON", 0},
        {{"_TRANSPORT=kernel", "SYSLOG_IDENTIFIER=kernel", "_PID=x", "A=b"}, "kern", "kernel", 0},
        {{"SYSLOG_FACILITY=3", "_PID=99999999999", "A=", "=b"}, "syslog", "", 0},
        {{"novalue", "__CURSOR=x", "_BOOT_ID=y", "A=b"}, "syslog", "", 0},
    };
    struct journal_entry e;
    journal_entry_init(&e);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        journal_entry_begin(&e);
        for (size_t k = 0; k < 4; k++)
            add(&e, rows[i].fields[k]);
        add(&e, "MESSAGE=what happened");
        add(&e, "_HOSTNAME=pc");
        journal_entry_end(&e);
        assert_string_equal(e.record.service, rows[i].service);
        assert_true(span_equal_text(e.record.program, rows[i].program));
        assert_int_equal(e.record.pid, rows[i].pid);
        assert_true(span_equal_text(e.record.message, "what happened"));
        assert_true(span_equal_text(e.record.host, "pc"));
        assert_true(span_ends(e.record.raw, SPAN(": what happened")));
        assert_null(record_field(&e.record, SPAN("_BOOT_ID")).p);
        assert_null(record_field(&e.record, SPAN("__CURSOR")).p);
        assert_false(e.cut);
    }
    journal_entry_begin(&e);
    journal_entry_end(&e); /* an entry without anything */
    assert_int_equal(e.record.message.n, 0);
    journal_entry_release(&e);
}

static void entries_are_bounded(void **state)
{
    (void)state;
    struct journal_entry e;
    char name[64];
    char *big = malloc(JOURNAL_ENTRY_MAX);
    assert_non_null(big);
    memset(big, 'x', JOURNAL_ENTRY_MAX);
    memcpy(big, "A=", 2);
    journal_entry_init(&e);
    journal_entry_begin(&e);
    const char *before = e.text.p;
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "FIELD_%d=%d", i, i);
        add(&e, name);
    }
    assert_true(e.cut);
    assert_int_equal(e.record.fields_n, RECORD_FIELDS_MAX);
    journal_entry_begin(&e);
    add(&e, "MESSAGE=m");
    journal_entry_add(&e, (struct span){big, JOURNAL_ENTRY_MAX});
    journal_entry_add(&e, (struct span){big, JOURNAL_ENTRY_MAX / 2});
    journal_entry_end(&e);
    assert_true(e.cut);
    assert_int_equal(e.record.fields_n, 2);
    assert_ptr_equal(before, e.text.p); /* spans into it stayed good */
    journal_entry_release(&e);
    free(big);
}

static void cursors_say_what_lies_between(void **state)
{
    (void)state;
    static const struct {
        struct span before, after;
        uint64_t between;
    } rows[] = {
        {CURSOR("aa", "9", "1"), CURSOR("aa", "a", "2"), 0},
        {CURSOR("aa", "9", "1"), CURSOR("aa", "1a", "2"), 16},
        {CURSOR("aa", "1a", "1"), CURSOR("aa", "9", "2"), 0},
        {CURSOR("aa", "9", "1"), CURSOR("bb", "1a", "2"), 0},
        {CURSOR("aa", "9", "1"), CURSOR("aa", "xyz", "2"), 0},
        {CURSOR("aa", "9", "1"), CURSOR("aa", "11112222333344445", "2"), 0},
        {SPAN("time:17"), CURSOR("aa", "9", "1"), 0},
        {SPAN(""), SPAN(""), 0},
        {SPAN(";;i;=;s="), SPAN("i=1"), 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(journal_entries_between(rows[i].before, rows[i].after), rows[i].between);
}

/* journald copies entries from /run to /var when it may write there: other file, other number. */
static void a_copy_has_the_same_uid(void **state)
{
    (void)state;
    uint8_t a[EVENT_UID_SIZE], b[EVENT_UID_SIZE], c[EVENT_UID_SIZE];
    journal_entry_uid(a, CURSOR("aa", "9", "f1"));
    journal_entry_uid(b, CURSOR("bb", "1", "f1"));
    journal_entry_uid(c, CURSOR("aa", "9", "f2"));
    assert_memory_equal(a, b, sizeof(a));
    assert_memory_not_equal(a, c, sizeof(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_kept_and_named),
        cmocka_unit_test(entries_are_bounded),
        cmocka_unit_test(cursors_say_what_lies_between),
        cmocka_unit_test(a_copy_has_the_same_uid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
