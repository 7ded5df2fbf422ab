/* Followed logs: syslog lines taken apart, positions, and a log's life through rotations. */
#include "base/text.h"
#include "platform/file.h"
#include "source/log/follow.h"
#include "source/log/syslog.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#define NOW 1790000000000 /* 2026-09-21T14:13:20Z */

static void syslog_forms_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool fits;
        const char *time, *host, *program;
        int64_t pid;
        const char *message;
    } rows[] = {
        {"Sep 21 14:00:00 pc sshd[12]: Failed password", true, "2026-09-21T14:00:00.000Z", "pc",
         "sshd", 12, "Failed password"},
        {"Dec  1 00:00:01 pc kernel: x", true, "2025-12-01T00:00:01.000Z", "pc", "kernel", 0, "x"},
        {"<34>Sep 22 14:00:00 pc su: y", true, "2026-09-22T14:00:00.000Z", "pc", "su", 0, "y"},
        {"2026-09-21T16:13:20.5+02:00 pc a.b-c/d[7]: z", true, "2026-09-21T14:13:20.500Z", "pc",
         "a.b-c/d", 7, "z"},
        {"2026-09-21T14:13:20Z pc last message repeated", true, "2026-09-21T14:13:20.000Z", "pc",
         "", 0, "last message repeated"},
        {"Sep 31x", false, "2026-09-21T14:13:20.000Z", "", "", 0, "Sep 31x"},
        {"", false, "2026-09-21T14:13:20.000Z", "", "", 0, ""},
        {"Sep 21 25:00:00 pc a: b", false, "2026-09-21T14:13:20.000Z", "", "", 0,
         "Sep 21 25:00:00 pc a: b"},
        {"Sep 21 14:00:00 pc prog[99999999999999]: b", true, "2026-09-21T14:00:00.000Z", "pc",
         "prog", 0, "b"},
    };
    struct syslog_clock clock;
    syslog_clock_init(&clock, NOW, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct syslog_line out;
        char time[TEXT_TIME_SIZE];
        assert_int_equal(syslog_parse(span_of(rows[i].line), &clock, &out), rows[i].fits);
        text_time(out.time_ms, time);
        assert_string_equal(time, rows[i].time);
        assert_true(span_equal_text(out.host, rows[i].host));
        assert_true(span_equal_text(out.program, rows[i].program));
        assert_int_equal(out.pid, rows[i].pid);
        assert_true(span_equal_text(out.message, rows[i].message));
    }
}

static void local_time_is_taken_into_account(void **state)
{
    (void)state;
    struct syslog_clock clock;
    struct syslog_line out;
    char time[TEXT_TIME_SIZE];
    syslog_clock_init(&clock, NOW, -6 * 3600);
    assert_true(syslog_parse(SPAN("Sep 21 08:00:00 pc a: b"), &clock, &out));
    text_time(out.time_ms, time);
    assert_string_equal(time, "2026-09-21T14:00:00.000Z");
}

/* ---- following ---- */

static char log_path[512];
static struct buf lines; /* what was handed on, one a line */
static int truncated, replaced, edited, deleted, cut;
static const char *unread;

static void take_line(void *ctx, const struct log_line *line)
{
    (void)ctx;
    buf_put(&lines, line->text.p, line->text.n < 40 ? line->text.n : 40);
    buf_put_byte(&lines, '\n');
    cut += line->cut;
}

static void take_incident(void *ctx, enum log_incident what, const struct log_position *before)
{
    (void)ctx;
    (void)before;
    truncated += what == LOG_INCIDENT_TRUNCATED;
    replaced += what == LOG_INCIDENT_REPLACED;
    edited += what == LOG_INCIDENT_EDITED;
    deleted += what == LOG_INCIDENT_DELETED;
}

static void take_unread(void *ctx, const char *why)
{
    (void)ctx;
    unread = why;
}

static const struct log_follow_callbacks callbacks = {NULL, take_line, take_incident, take_unread};

static void append(const char *path, const char *text)
{
    scratch_append(path, text, strlen(text));
}

static const char *read_now(struct log_follow *f, int64_t now_ms)
{
    buf_clear(&lines);
    log_follow_read(f, 1 << 20, now_ms, &callbacks);
    return lines.p ? lines.p : "";
}

static int set_up(void **state)
{
    (void)state;
    scratch_open();
    snprintf(log_path, sizeof(log_path), "%s/a.log", scratch_path());
    lines = BUF_INIT(1 << 20);
    buf_put_text(&lines, "");
    truncated = replaced = edited = deleted = cut = 0;
    unread = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&lines);
    scratch_close();
    return 0;
}

static void whole_lines_only_and_each_once(void **state)
{
    (void)state;
    struct log_follow f;
    log_follow_init(&f, log_path);
    append(log_path, "one\r\ntw");
    assert_string_equal(read_now(&f, 1), "one\n");
    assert_string_equal(read_now(&f, 2), "");
    append(log_path, "o\n\nthree\n");
    assert_string_equal(read_now(&f, 3), "two\nthree\n");
    assert_string_equal(read_now(&f, 4), "");
    log_follow_release(&f);
}

static void a_first_start_begins_at_the_end(void **state)
{
    (void)state;
    struct log_follow f;
    append(log_path, "old\n");
    log_follow_init(&f, log_path);
    log_follow_resume(&f, NULL, true);
    append(log_path, "new\n");
    assert_string_equal(read_now(&f, 1), "new\n");
    log_follow_release(&f);
}

static struct log_position saved_and_loaded(const struct log_follow *f)
{
    struct log_position p;
    struct buf saved = BUF_INIT(256);
    log_position_save(&f->at, &saved);
    assert_true(log_position_load(buf_span(&saved), &p));
    assert_false(log_position_load((struct span){saved.p, saved.n - 1}, &p));
    assert_true(log_position_load(buf_span(&saved), &p));
    buf_release(&saved);
    return p;
}

static void rename_rotation_loses_nothing(void **state)
{
    (void)state;
    struct log_follow f;
    char old[600];
    snprintf(old, sizeof(old), "%s.1", log_path);
    log_follow_init(&f, log_path);
    append(log_path, "one\n");
    assert_string_equal(read_now(&f, 1), "one\n");
    append(log_path, "two\n");
    file_rename(log_path, old);
    append(log_path, ""); /* the new file, empty: the writer still writes to the old one */
    assert_string_equal(read_now(&f, 2), "two\n");
    append(old, "late\n");
    assert_string_equal(read_now(&f, 3), "late\n");
    append(log_path, "three\n");
    assert_string_equal(read_now(&f, 4), "three\n");
    assert_int_equal(truncated + deleted, 0);
    log_follow_release(&f);
}

static void a_rotation_while_off_is_made_up_for(void **state)
{
    (void)state;
    struct log_follow f;
    char old[600];
    snprintf(old, sizeof(old), "%s.1", log_path);
    log_follow_init(&f, log_path);
    append(log_path, "one\n");
    read_now(&f, 1);
    struct log_position saved = saved_and_loaded(&f);
    log_follow_release(&f);

    append(log_path, "two\n");
    file_rename(log_path, old);
    append(log_path, "three\n");
    log_follow_init(&f, log_path);
    log_follow_resume(&f, &saved, false);
    assert_string_equal(read_now(&f, 2), "two\nthree\n");
    assert_int_equal(truncated + deleted, 0);
    log_follow_release(&f);
}

static void copytruncate_loses_nothing(void **state)
{
    (void)state;
    struct log_follow f;
    char copy[600];
    file_t file;
    snprintf(copy, sizeof(copy), "%s.1", log_path);
    log_follow_init(&f, log_path);
    append(log_path, "one\n");
    assert_string_equal(read_now(&f, 1), "one\n");
    append(copy, "one\ntwo\n");
    assert_int_equal(file_open_rw(log_path, 0600, &file), 0);
    file_truncate(file, 0);
    file_close(file);
    append(log_path, "x\n");
    assert_string_equal(read_now(&f, 2), "two\nx\n");
    assert_int_equal(truncated, 0);
    log_follow_release(&f);
}

static void an_emptied_log_without_a_copy_is_told(void **state)
{
    (void)state;
    struct log_follow f;
    file_t file;
    log_follow_init(&f, log_path);
    append(log_path, "one\ntwo\n");
    read_now(&f, 1);
    assert_int_equal(file_open_rw(log_path, 0600, &file), 0);
    file_truncate(file, 0);
    file_close(file);
    read_now(&f, 2);
    assert_int_equal(truncated, 1);
    append(log_path, "three\n");
    assert_string_equal(read_now(&f, 3), "three\n");
    assert_int_equal(truncated, 1);
    log_follow_release(&f);
}

static void a_deleted_log_is_told_once(void **state)
{
    (void)state;
    struct log_follow f;
    log_follow_init(&f, log_path);
    append(log_path, "one\n");
    read_now(&f, 1);
    file_remove(log_path);
    read_now(&f, 1000);
    assert_int_equal(deleted, 0); /* may be a rotation */
    read_now(&f, 12000);
    read_now(&f, 30000);
    assert_int_equal(deleted, 1);
    append(log_path, "new\n");
    assert_string_equal(read_now(&f, 40000), "new\n");
    assert_int_equal(deleted + truncated, 1);
    log_follow_release(&f);
}

static void a_link_is_not_followed(void **state)
{
    (void)state;
    struct log_follow f;
    char target[600];
    snprintf(target, sizeof(target), "%s/secret", scratch_path());
    append(target, "root:x:0:0\n");
    scratch_link(target, log_path);
    log_follow_init(&f, log_path);
    assert_string_equal(read_now(&f, 1), "");
    assert_int_not_equal(f.error, 0);
    log_follow_release(&f);
}

static void huge_and_odd_lines_are_bounded(void **state)
{
    (void)state;
    struct log_follow f;
    size_t n = 300000;
    char *big = malloc(n);
    assert_non_null(big);
    memset(big, 'b', n);
    log_follow_init(&f, log_path);
    scratch_append(log_path, big, n);
    assert_string_equal(read_now(&f, 1), "");
    scratch_append(log_path, "\nnext\0x\n", 8);
    read_now(&f, 2);
    assert_int_equal(cut, 1);
    assert_memory_equal(lines.p, "bbbb", 4);
    assert_memory_equal(lines.p + 41, "next\0x\n", 7);
    free(big);
    log_follow_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syslog_forms_are_taken_apart),
        cmocka_unit_test(local_time_is_taken_into_account),
        cmocka_unit_test_setup_teardown(whole_lines_only_and_each_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_first_start_begins_at_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rename_rotation_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rotation_while_off_is_made_up_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copytruncate_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_emptied_log_without_a_copy_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_deleted_log_is_told_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_is_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(huge_and_odd_lines_are_bounded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
