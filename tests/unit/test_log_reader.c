/* What a log's lines become: records, and a finding when their time goes back. */
#include "source/log/reader.h"
#include "unit/cmocka_all.h"

#define NOW  1790000000000 /* 2026-09-21T14:13:20Z */
#define HOUR 3600000

static struct log_times times;
static struct log_position at;
static struct log_reader reader;
static int records, findings, dropped;
static enum event_severity severity;
static char message[256];

static void emit(void *ctx, const struct event *e)
{
    (void)ctx;
    assert_int_equal(e->class_uid, EVENT_DETECTION);
    findings++;
    severity = e->severity;
    snprintf(message, sizeof(message), "%s", e->message);
}

static void emit_record(void *ctx, const struct record *r)
{
    (void)ctx, (void)r;
    records++;
}

static void take_dropped(void *ctx, const char *reason, uint64_t n)
{
    (void)ctx, (void)reason;
    dropped += (int)n;
}

static struct source_host host = {
    .emit = emit, .emit_record = emit_record, .dropped = take_dropped};
static struct config_log log_section = {.service = "auth", .format = "syslog"};

static int set_up(void **state)
{
    (void)state;
    times = (struct log_times){.mono_ms = 0};
    at = (struct log_position){.ino = 1};
    reader = (struct log_reader){.host = &host,
                                 .log = &log_section,
                                 .path = "/var/log/auth.log",
                                 .times = &times,
                                 .at = &at};
    log_reader_init(&reader);
    log_times_now(&times, 1000, NOW, 0);
    records = findings = dropped = 0;
    return 0;
}

static void take(const char *text)
{
    const struct log_line line = {.text = span_of(text), .offset = at.offset, .file = &at};
    at.offset += line.text.n + 1;
    log_reader_take(&reader, &line);
}

static void time_going_back_is_told_once(void **state)
{
    (void)state;
    take("Sep 21 12:00:00 pc sshd[1]: a");
    take("Sep 21 11:56:00 pc sshd[1]: late, but not by much");
    assert_int_equal(findings, 0);
    take("Sep 21 10:00:00 pc sshd[1]: inserted");
    assert_int_equal(findings, 1);
    assert_int_equal(severity, SEVERITY_MEDIUM);
    assert_non_null(strstr(message, "2026-09-21T12:00:00.000Z comes 2026-09-21T10:00:00.000Z"));
    take("Sep 21 10:00:01 pc sshd[1]: and more of it");
    take("no time at all");
    assert_int_equal(findings, 1);
    take("Sep 21 12:00:01 pc sshd[1]: forward again");
    take("2026-09-21T09:00:00Z pc sshd[1]: and back again");
    assert_int_equal(findings, 2);
    assert_int_equal(records, 7);
}

static void a_new_year_is_no_step_back(void **state)
{
    (void)state;
    log_times_now(&times, 2000, 1798761620000, 0); /* 2027-01-01T00:00:20Z */
    take("Dec 31 23:59:59 pc sshd[1]: a");
    take("Jan  1 00:00:01 pc sshd[1]: b");
    assert_int_equal(findings, 0);
    assert_int_equal(at.newest_ms, 1798761601000);
}

static void a_set_clock_is_told_as_such(void **state)
{
    (void)state;
    take("Sep 21 14:13:00 pc sshd[1]: a");
    log_times_now(&times, 2000, NOW - 2 * HOUR, 0); /* a second later, and two hours earlier */
    take("Sep 21 12:13:21 pc sshd[1]: b");
    assert_int_equal(findings, 1);
    assert_int_equal(severity, SEVERITY_LOW);
}

static void a_time_service_explains_it(void **state)
{
    (void)state;
    take("Sep 21 14:13:00 pc app[1]: a");
    take("Sep 21 12:13:21 pc chronyd[1]: System clock was stepped by -7199.0 seconds");
    assert_int_equal(findings, 1);
    assert_int_equal(severity, SEVERITY_INFORMATIONAL);
}

static void one_line_of_the_future_makes_nothing_old(void **state)
{
    (void)state;
    take("2027-09-21T12:00:00Z pc sshd[1]: a");
    take("2026-09-21T12:00:00Z pc sshd[1]: b");
    assert_int_equal(findings, 0);
}

static void it_is_kept_over_a_restart(void **state)
{
    (void)state;
    struct buf saved = BUF_INIT(LOG_POSITION_SAVED_MAX);
    take("Sep 21 12:00:00 pc sshd[1]: a");
    log_position_save(&at, &saved);
    memset(&at, 0, sizeof(at));
    assert_true(log_position_load(buf_span(&saved), &at));
    take("Sep 21 10:00:00 pc sshd[1]: written while nobody looked");
    assert_int_equal(findings, 1);
    buf_clear(&saved);
    log_position_save(&at, &saved);
    assert_true(log_position_load(buf_span(&saved), &at));
    take("Sep 21 10:00:01 pc sshd[1]: told already");
    assert_int_equal(findings, 1);
    buf_release(&saved);
}

/* The same line has the same uid wherever its file lies by then. */
static void odd_lines_become_records(void **state)
{
    (void)state;
    static const char nul[] = "Sep 21 12:00:00 pc a: x\0y\xff\xfe";
    const struct log_line line = {.text = {nul, sizeof(nul) - 1}, .file = &at, .cut = true};
    log_reader_take(&reader, &line);
    uint8_t uid[EVENT_UID_SIZE];
    memcpy(uid, times.record.uid, sizeof(uid));
    assert_int_equal(times.record.message.n, 5);
    at.ino = 99;
    log_reader_take(&reader, &line);
    assert_memory_equal(uid, times.record.uid, sizeof(uid));
    assert_int_equal(records, 2);
    assert_int_equal(dropped, 2); /* that they were cut */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(time_going_back_is_told_once, set_up),
        cmocka_unit_test_setup(a_new_year_is_no_step_back, set_up),
        cmocka_unit_test_setup(a_set_clock_is_told_as_such, set_up),
        cmocka_unit_test_setup(a_time_service_explains_it, set_up),
        cmocka_unit_test_setup(one_line_of_the_future_makes_nothing_old, set_up),
        cmocka_unit_test_setup(it_is_kept_over_a_restart, set_up),
        cmocka_unit_test_setup(odd_lines_become_records, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
