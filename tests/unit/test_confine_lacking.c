/* What is said where the kernel lacks a means, or refuses it: doubles of both. */
#include "platform/linux/confine_parts.h"
#include "ship/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int calls_answer, files_answer, tcp_answer;
static unsigned calls_asked;
static int tcp_asked;

int confine_calls(unsigned never)
{
    calls_asked = never;
    return calls_answer;
}

int confine_files(const struct confine_path *paths, size_t n)
{
    assert_true(n > 0 && paths[0].path[0] != '\0');
    return files_answer;
}

int confine_tcp(const uint16_t *ports, size_t n)
{
    assert_true(n > 0 && ports[0] > 0);
    tcp_asked = ports[0];
    return tcp_answer;
}

static void confine_all(struct confine_result *r)
{
    const struct confine_path path = {"/etc", false};
    const struct confine c = {
        .never = CONFINE_PROGRAMS | CONFINE_SYSTEM, .paths = &path, .paths_n = 1};
    confine_self(&c, r);
    assert_int_equal(calls_asked, c.never);
}

static void what_is_in_force_is_named(void **state)
{
    struct confine_result r;
    (void)state;
    calls_answer = files_answer = 0;
    confine_all(&r);
    assert_string_equal(r.in_force, "Landlock: no files but its own; seccomp: no programs, changes "
                                    "of the system");
    assert_string_equal(r.missing, "");
}

static void a_kernel_without_is_no_error(void **state)
{
    struct confine_result r;
    (void)state;
    calls_answer = files_answer = -ENOSYS;
    confine_all(&r);
    assert_string_equal(r.in_force, "");
    assert_string_equal(r.missing, "");
    files_answer = -ENOSYS;
    calls_answer = 0;
    confine_all(&r);
    assert_string_equal(r.in_force, "seccomp: no programs, changes of the system");
}

static void a_refusal_is_told_and_the_rest_stays(void **state)
{
    struct confine_result r;
    (void)state;
    files_answer = -EPERM;
    calls_answer = 0;
    confine_all(&r);
    assert_string_equal(r.in_force, "seccomp: no programs, changes of the system");
    assert_string_equal(r.missing, "Landlock: Operation not permitted");
    calls_answer = -EINVAL;
    confine_all(&r);
    assert_string_equal(r.in_force, "");
    assert_string_equal(r.missing, "Landlock: Operation not permitted; seccomp: Invalid argument");
}

static void enter(struct limits *l)
{
    static char file[] = "/etc/vigia/vigia.ini", some[] = "/somewhere";
    const struct config c = {.file = file, .pki_dir = some, .outbox_dir = some, .inbox_dir = some};
    calls_answer = files_answer = 0;
    limits_enter(l, &c);
    assert_int_equal(l->port, 0);
}

static void the_center_keeps_its_port(void **state)
{
    struct limits l;
    (void)state;
    enter(&l);
    tcp_answer = 0;
    assert_true(limits_center(&l, "https://center.example:8443"));
    assert_int_equal(tcp_asked, 8443);
    assert_non_null(strstr(l.result.in_force, "TCP only to port 8443, 53"));
    tcp_asked = 0;
    assert_true(limits_center(&l, "https://other.example:8443"));
    assert_int_equal(tcp_asked, 0);
    assert_false(limits_center(&l, "https://center.example:9443"));
    assert_false(limits_center(&l, "https://center.example"));
}

static void ports_are_read_from_every_address(void **state)
{
    static const struct {
        const char *url;
        int port;
    } rows[] = {
        {"https://center.example", 443},
        {"https://192.0.2.1:444", 444},
        {"https://[2001:db8::1]", 443},
        {"https://[2001:db8::1]:445", 445},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct limits l;
        enter(&l);
        tcp_answer = 0;
        assert_true(limits_center(&l, rows[i].url));
        assert_int_equal(tcp_asked, rows[i].port);
    }
}

static void without_a_limit_any_port_will_do(void **state)
{
    struct limits l;
    (void)state;
    enter(&l);
    tcp_answer = -ENOSYS;
    assert_true(limits_center(&l, "https://center.example:8443"));
    assert_true(limits_center(&l, "https://center.example:9443"));
    assert_string_equal(l.result.missing, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_force_is_named),
        cmocka_unit_test(a_kernel_without_is_no_error),
        cmocka_unit_test(a_refusal_is_told_and_the_rest_stays),
        cmocka_unit_test(the_center_keeps_its_port),
        cmocka_unit_test(ports_are_read_from_every_address),
        cmocka_unit_test(without_a_limit_any_port_will_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
