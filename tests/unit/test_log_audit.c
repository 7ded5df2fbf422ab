/* audit.log: lines taken apart, events put together. */
#include "base/text.h"
#include "source/log/audit.h"
#include "source/log/audit_line.h"
#include "unit/cmocka_all.h"

#include <stdlib.h>

static struct audit *a;
static int records, dropped;
static char last[16384]; /* "name=value" of the last record's fields, joined by '|' */
static char message[64 * 1024];
static struct record seen;
static char host[64];
static uint8_t line_number;

static void take_record(void *ctx, struct record *r)
{
    size_t n = 0;
    (void)ctx;
    records++;
    for (size_t i = 0; i < r->fields_n && n < sizeof(last); i++)
        n += (size_t)snprintf(last + n, sizeof(last) - n, "%.*s=%.*s|", (int)r->fields[i].name.n,
                              r->fields[i].name.p, (int)r->fields[i].value.n, r->fields[i].value.p);
    span_copy(r->message, message, sizeof(message));
    span_copy(r->host, host, sizeof(host));
    seen = *r;
}

static void take_dropped(void *ctx, const char *reason)
{
    (void)ctx, (void)reason;
    dropped++;
}

static int set_up(void **state)
{
    (void)state;
    const struct audit_callbacks cb = {NULL, take_record, take_dropped};
    a = audit_new(&cb);
    records = dropped = line_number = 0;
    last[0] = message[0] = '\0';
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    audit_free(a);
    return 0;
}

static bool take(const char *line, int64_t now_ms)
{
    uint8_t uid[EVENT_UID_SIZE] = {++line_number};
    return audit_take(a, span_of(line), uid, now_ms);
}

#define ID(n)    "msg=audit(1795524908.123:" #n "):"
#define HAS(w)   assert_non_null(strstr(last, w))
#define HASNT(w) assert_null(strstr(last, w))

static void an_execution_is_one_record(void **state)
{
    (void)state;
    take("node=pc type=SYSCALL " ID(
             7) " arch=c000003e syscall=59 success=yes exit=0 a0=55d0 "
                "a1=55d1 items=2 ppid=40 pid=41 auid=1000 uid=0 comm=\"cat\" exe=\"/usr/bin/cat\" "
                "subj=unconfined key=\"susp_activity\"\x1d"
                "ARCH=x86_64 SYSCALL=execve AUID=\"ana\" "
                "UID=\"root\"",
         1);
    take("type=EXECVE " ID(7) " argc=3 a0=\"cat\" a1=2F746D702F6D792066696C65 a2=\"DEAD\"", 1);
    take("type=CWD " ID(7) " cwd=\"/root\"", 1);
    take("type=PATH " ID(7) " item=0 name=\"/usr/bin/cat\" inode=9 dev=fd:00 mode=0100755 ouid=0 "
                            "nametype=NORMAL cap_fp=0",
         1);
    take("type=PATH " ID(7) " item=1 name=\"/lib64/ld.so\" inode=8 nametype=NORMAL", 1);
    assert_int_equal(records, 0);
    take("type=PROCTITLE " ID(7) " proctitle=636174002F746D702F6D792066696C65", 1);
    assert_int_equal(records, 1);
    assert_true(take("type=EOE " ID(7) " ", 1));
    assert_int_equal(records, 1);
    HAS("type=SYSCALL|");
    HAS("type=EXECVE|");
    HAS("|a0=cat|a1=/tmp/my file|a2=DEAD|");
    HASNT("a0=55d0");
    HAS("SYSCALL=execve|");
    HAS("exe=/usr/bin/cat|");
    HAS("key=susp_activity|");
    HAS("cwd=/root|");
    HAS("name=/usr/bin/cat|");
    HAS("name=/lib64/ld.so|");
    HAS("proctitle=cat /tmp/my file|");
    HAS("user=ana|");
    HASNT("inode");
    HASNT("cap_fp");
    assert_string_equal(host, "pc");
    assert_int_equal(seen.pid, 41);
    assert_int_equal(seen.time_ms, 1795524908123);
    assert_int_equal(seen.uid[0], 1); /* its first line's */
    assert_non_null(strstr(message, "a1=/tmp/my file a2=DEAD"));
    assert_int_equal(dropped, 0);
}

static void a_call_without_arguments_keeps_its_numbers(void **state)
{
    (void)state;
    take("type=SYSCALL " ID(8) " syscall=103 a0=4 a1=0 pid=9 key=(null)\x1dSYSCALL=syslog", 1);
    take("type=PROCTITLE " ID(8) " proctitle=\"dmesg\"", 1);
    HAS("|a0=4|");
    HASNT("key");
    HAS("proctitle=dmesg|");
}

static void user_space_says_it_in_one_line(void **state)
{
    (void)state;
    take("type=USER_AUTH " ID(
             9) " pid=77 uid=0 auid=4294967295 ses=4294967295 msg='op=PAM:"
                "authentication grantors=? acct=\"root\" exe=\"/usr/sbin/sshd\" hostname=192.0.2.1 "
                "addr=192.0.2.1 terminal=ssh res=failed'\x1dUID=\"root\" AUID=\"unset\"",
         1);
    assert_int_equal(records, 1);
    HAS("acct=root|");
    HAS("exe=/usr/sbin/sshd|");
    HAS("res=failed|");
    HAS("UID=root|");
    HAS("user=root|");
    HAS("src_ip=192.0.2.1|");
}

static void interleaved_events_are_parted(void **state)
{
    (void)state;
    take("type=SYSCALL " ID(20) " pid=1 comm=\"one\"", 1);
    take("type=SYSCALL " ID(21) " pid=2 comm=\"two\"", 1);
    take("type=CWD " ID(20) " cwd=\"/one\"", 1);
    take("type=CWD " ID(21) " cwd=\"/two\"", 1);
    take("type=PROCTITLE " ID(21) " proctitle=\"two\"", 1);
    assert_int_equal(records, 1);
    HAS("comm=two|");
    HAS("cwd=/two|");
    HASNT("one");
    take("type=PROCTITLE " ID(20) " proctitle=\"one\"", 1);
    assert_int_equal(records, 2);
    HAS("cwd=/one|");
}

static void unfinished_ones_do_not_wait_for_ever(void **state)
{
    (void)state;
    take("type=SYSCALL " ID(30) " pid=1 comm=\"one\"", 1000);
    assert_int_equal(audit_flush_old(a, 2999), 3000);
    assert_int_equal(records, 0);
    assert_int_equal(audit_flush_old(a, 3000), INT64_MAX);
    assert_int_equal(records, 1);
    take("type=SYSCALL " ID(31) " pid=1 comm=\"one\"", 1000); /* reading what is older: no clock */
    take("type=SYSCALL msg=audit(1795524911.000:32): pid=1 comm=\"later\"", 1000);
    assert_int_equal(records, 2);
    for (int i = 0; i < 100; i++) {
        char line[128];
        snprintf(line, sizeof(line), "type=SYSCALL msg=audit(1795524911.000:%d): pid=1", 40 + i);
        take(line, 1000);
    }
    assert_int_equal(records, 2 + 101 - AUDIT_PENDING_MAX);
}

static void one_event_is_bounded(void **state)
{
    (void)state;
    char line[4096];
    take("type=SYSCALL " ID(50) " pid=1 comm=\"big\"", 1);
    for (int i = 0; i < 200; i++) {
        snprintf(line, sizeof(line), "type=PATH " ID(50) " item=%d name=\"/a/%d/%0300d\"", i, i, i);
        take(line, 1);
    }
    take("type=PROCTITLE " ID(50) " proctitle=\"big\"", 1);
    assert_int_equal(records, 1);
    assert_int_equal(seen.fields_n, RECORD_FIELDS_MAX);
    assert_true(dropped > 0);
    assert_in_range(seen.raw.n, 1000, AUDIT_EVENT_MAX);
}

static void an_argument_in_pieces_is_one(void **state)
{
    (void)state;
    take("type=EXECVE " ID(60) " argc=2 a0=\"sh\" a1_len=8 a1[0]=6162 a1[1]=6364 a2=\"x\"", 1);
    take("type=PROCTITLE " ID(60) " proctitle=\"sh\"", 1);
    HAS("|a0=sh|a1=abcd|a2=x|");
}

static void restart(void)
{
    struct buf saved = BUF_INIT(2 * AUDIT_SAVED_MAX);
    const struct audit_callbacks cb = {NULL, take_record, take_dropped};
    assert_true(audit_save(a, &saved));
    assert_false(audit_save(a, &saved));
    audit_free(a);
    a = audit_new(&cb);
    audit_restore(a, buf_span(&saved), 5);
    buf_release(&saved);
}

static void a_restart_loses_no_line(void **state)
{
    (void)state;
    take("type=SYSCALL " ID(70) " pid=1 comm=\"one\"", 1);
    restart();
    take("type=PROCTITLE " ID(70) " proctitle=\"one\"", 6);
    assert_int_equal(records, 1);
    HAS("comm=one|");
    HAS("proctitle=one|");
    assert_int_equal(seen.uid[0], 1);
}

/* Times in disorder: what was not complete before the restart is not so by it. */
static void a_restart_completes_nothing(void **state)
{
    (void)state;
    take("type=SYSCALL msg=audit(1795524999.000:80): pid=1 comm=\"first\"", 1);
    take("type=SYSCALL msg=audit(1795524000.000:81): pid=1 comm=\"old\"", 1);
    take("type=SYSCALL msg=audit(1795524999.000:82): pid=1 comm=\"later\"", 1);
    take("type=PROCTITLE msg=audit(1795524999.000:80): proctitle=\"first\"", 1);
    restart();
    assert_int_equal(records, 1);
    take("type=PROCTITLE msg=audit(1795524000.000:81): proctitle=\"old\"", 6);
    assert_int_equal(records, 2);
    HAS("comm=old|");
    HAS("proctitle=old|");
}

static void other_lines_are_left_to_the_caller(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "type=",
        "type=SYSCALL",
        "type=SYSCALL msg=audit(x.123:1): a=b",
        "type=SYSCALL msg=audit(1.1:1): a=b",
        "Nov 24 00:00:00 host app: x",
        "type=SYSCALL msg=audit(99999999999999.000:1): a=b",
        "node=x",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_false(take(lines[i], 1));
    assert_int_equal(records, 0);
}

int main(void)
{
#define AUDIT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        AUDIT_TEST(an_execution_is_one_record),
        AUDIT_TEST(a_call_without_arguments_keeps_its_numbers),
        AUDIT_TEST(user_space_says_it_in_one_line),
        AUDIT_TEST(interleaved_events_are_parted),
        AUDIT_TEST(unfinished_ones_do_not_wait_for_ever),
        AUDIT_TEST(one_event_is_bounded),
        AUDIT_TEST(an_argument_in_pieces_is_one),
        AUDIT_TEST(a_restart_loses_no_line),
        AUDIT_TEST(a_restart_completes_nothing),
        AUDIT_TEST(other_lines_are_left_to_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
