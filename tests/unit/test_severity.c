/* The table of severities: what its lines mean, what is said of wrong ones, and what the shipped
 * table makes of changes that matter. */
#include "platform/file.h"
#include "source/integrity/severity.h"
#include "source/integrity/state.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <sys/stat.h>

static char problems[8192];
static size_t problems_n;

static void tell(void *ctx, const char *problem)
{
    (void)ctx;
    size_t n = strlen(problems);
    snprintf(problems + n, sizeof(problems) - n, "%s\n", problem);
    problems_n++;
}

static struct integrity_severity *parse(const char *text)
{
    problems[0] = '\0';
    problems_n = 0;
    return integrity_severity_parse("t", span_of(text), tell, NULL);
}

static void refuse(void *ctx, const char *problem)
{
    (void)ctx;
    fail_msg("%s", problem);
}

static void test_shipped(void **state)
{
    static const struct {
        const char *path;
        unsigned change;
        bool by_packages;
        enum event_severity severity;
    } rows[] = {
        {"/usr/bin/su", INTEGRITY_MODE | INTEGRITY_SETUID, false, SEVERITY_HIGH},
        {"/usr/bin/su", INTEGRITY_CREATED | INTEGRITY_SETUID, true, SEVERITY_HIGH},
        {"/usr/share/man/man1/ls.1.gz", INTEGRITY_SETUID, false, SEVERITY_HIGH},
        {"/usr/share/man/man1/ls.1.gz", INTEGRITY_CONTENT, false, SEVERITY_INFORMATIONAL},
        {"/usr/bin/ls", INTEGRITY_CONTENT | INTEGRITY_TIMES, false, SEVERITY_MEDIUM},
        {"/usr/bin/ls", INTEGRITY_CONTENT | INTEGRITY_TIMES, true, SEVERITY_MEDIUM},
        {"/usr/bin/new", INTEGRITY_CREATED, true, SEVERITY_MEDIUM},
        {"/usr/bin/ls", INTEGRITY_TIMES, false, SEVERITY_LOW},
        {"/etc/passwd", INTEGRITY_CONTENT, true, SEVERITY_HIGH},
        {"/etc/passwd", INTEGRITY_TIMES, false, SEVERITY_HIGH},
        {"/etc/cron.d", INTEGRITY_MODE, false, SEVERITY_HIGH},
        {"/etc/cron.d/job", INTEGRITY_CREATED, true, SEVERITY_HIGH},
        {"/home/a/.ssh/authorized_keys2", INTEGRITY_CREATED, false, SEVERITY_HIGH},
        {"/etc/alternatives/vi", INTEGRITY_CONTENT, false, SEVERITY_MEDIUM},
        {"/etc/alternatives/vi", INTEGRITY_CONTENT, true, SEVERITY_LOW},
        {"/etc/ssh/x.dpkg-dist", INTEGRITY_CREATED, true, SEVERITY_LOW},
        {"/etc/alternatives/vi", INTEGRITY_OWNER, true, SEVERITY_MEDIUM},
        {"/boot/initrd.img-6.1.0-9-amd64", INTEGRITY_CONTENT, true, SEVERITY_LOW},
        {"/boot/vmlinuz-6.1.0-9-amd64", INTEGRITY_CONTENT, true, SEVERITY_MEDIUM},
    };
    (void)state;
    struct integrity_severity *t = integrity_severity_load("conf/severity", refuse, NULL);
    assert_true(integrity_severity_rows(t) > 30);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum event_severity s =
            integrity_severity_of(t, rows[i].path, rows[i].change, rows[i].by_packages);
        if (s != rows[i].severity)
            fail_msg("row %zu, %s: %d", i, rows[i].path, (int)s);
    }
    integrity_severity_free(t);
}

static void test_first_row_counts(void **state)
{
    (void)state;
    struct integrity_severity *t = parse("# head\n\n  low created,mode\t/a/*\r\n"
                                         "critical data packages /a/with space\nhigh any /a/**\n");
    assert_int_equal(problems_n, 0);
    assert_int_equal(integrity_severity_rows(t), 3);
    assert_int_equal(integrity_severity_of(t, "/a/b", INTEGRITY_CREATED, false), SEVERITY_LOW);
    assert_int_equal(integrity_severity_of(t, "/a/b", INTEGRITY_MODE | INTEGRITY_CONTENT, false),
                     SEVERITY_LOW);
    assert_int_equal(integrity_severity_of(t, "/a/b", INTEGRITY_DELETED, false), SEVERITY_HIGH);
    assert_int_equal(integrity_severity_of(t, "/a/b/c", INTEGRITY_CREATED, false), SEVERITY_HIGH);
    assert_int_equal(integrity_severity_of(t, "/a/with space", INTEGRITY_CONTENT, true),
                     SEVERITY_CRITICAL);
    assert_int_equal(integrity_severity_of(t, "/a/with space", INTEGRITY_CONTENT, false),
                     SEVERITY_HIGH);
    assert_int_equal(integrity_severity_of(t, "/other", INTEGRITY_CONTENT, false),
                     SEVERITY_MEDIUM); /* no row: never less than this */
    integrity_severity_free(t);
}

static void test_wrong_lines(void **state)
{
    static const struct {
        const char *line, *said;
    } rows[] = {{"high", "severity, changes, path"},    {"high any", "begin with /"},
                {"odd any /x", "'odd' is no severity"}, {"low any,odd /x", "'odd' is no kind"},
                {"low any x", "begin with / or **"},    {"low any packages", "begin with /"},
                {"low any *x", "begin with / or **"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), "low any /fine\n%s\nhigh any /after\n", rows[i].line);
        struct integrity_severity *t = parse(text);
        if (problems_n != 1 || !strstr(problems, rows[i].said) || strncmp(problems, "t:2: ", 5))
            fail_msg("%s: %s", rows[i].line, problems);
        assert_int_equal(integrity_severity_rows(t), 2); /* the others stay */
        assert_int_equal(integrity_severity_of(t, "/after", INTEGRITY_MODE, false), SEVERITY_HIGH);
        integrity_severity_free(t);
    }
}

static void test_too_many(void **state)
{
    (void)state;
    struct buf text = BUF_INIT(1 << 20);
    for (int i = 0; i < INTEGRITY_SEVERITY_ROWS_MAX + 10; i++)
        buf_printf(&text, "high any /%d\n", i);
    struct integrity_severity *t = parse(text.p);
    assert_int_equal(integrity_severity_rows(t), INTEGRITY_SEVERITY_ROWS_MAX);
    assert_int_equal(problems_n, 1);
    assert_non_null(strstr(problems, "t:1001: more than 1000 rows"));
    integrity_severity_free(t);
    buf_release(&text);
}

static void check_own(const char *file, const char *said)
{
    problems[0] = '\0';
    problems_n = 0;
    struct integrity_severity *t = integrity_severity_load(file, tell, NULL);
    assert_int_equal(problems_n, 1);
    if (!strstr(problems, said) || !strstr(problems, file))
        fail_msg("%s", problems);
    assert_int_equal(integrity_severity_of(t, "/a", INTEGRITY_SETUID, false), SEVERITY_HIGH);
    assert_int_equal(integrity_severity_of(t, "/a", INTEGRITY_TIMES, true), SEVERITY_MEDIUM);
    integrity_severity_free(t);
}

static void test_without_file(void **state)
{
    char file[300];
    (void)state;
    scratch_open();
    snprintf(file, sizeof(file), "%s/severity", scratch_path());
    check_own(file, "cannot be read: No such file");
    scratch_append(file, "low any **\n", 11);
    chmod(file, 0602);
    check_own(file, "chmod o-w");
    chmod(file, 0600);
    struct integrity_severity *t = integrity_severity_load(file, refuse, NULL);
    assert_int_equal(integrity_severity_of(t, "/a", INTEGRITY_SETUID, false), SEVERITY_LOW);
    integrity_severity_free(t);
    file_remove(file);
    mkfifo(file, 0600); /* is not waited for */
    check_own(file, "cannot be read");
    scratch_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped),      cmocka_unit_test(test_first_row_counts),
        cmocka_unit_test(test_wrong_lines),  cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_without_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
