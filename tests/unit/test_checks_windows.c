/*
 * The host checks of Windows: each check of conf/windows/checks over registries made of text
 * (tests/unit/checks/windows) and an audit policy made of numbers, by the probes and conditions
 * that the program for Windows has.
 */
#include "base/json_read.h"
#include "base/slurp.h"
#include "event/ocsf.h"
#include "platform/audit_policy.h"
#include "source/checks/probe.h"
#include "source/checks/tell.h"
#include "unit/cmocka_all.h"
#include "unit/registry_kit.h"

#include <errno.h>

/* The very table of Windows, in place of this system's. */
#include "source/checks/probes_windows.c"

#define CHECKS   "conf/windows/checks"
#define FIXTURES "tests/unit/checks/windows"
#define HEAD     "[A]\ntitle = t\nseverity = high\nreason = r\nremedy = do it\n"
#define VALUE    HEAD "probe = registry\nvalue = HKLM\\SOFTWARE\\V:N\n"

/* ---- an audit policy ---- */

static struct {
    uint32_t subcategory;
    unsigned policy;
    int error;
} audit;

int audit_policy_get(uint32_t subcategory, unsigned *out)
{
    *out = subcategory == audit.subcategory ? audit.policy : AUDIT_POLICY_NONE;
    return audit.error;
}

/* "audit 0cce9215 success failure" */
static void set_audit(struct span line)
{
    char text[200];
    assert_true(span_copy(line, text, sizeof(text)));
    audit.subcategory = (uint32_t)strtoul(text + 6, NULL, 16);
    audit.policy = (strstr(text, "success") ? AUDIT_POLICY_SUCCESS : 0u) |
                   (strstr(text, "failure") ? AUDIT_POLICY_FAILURE : 0u);
}

/* ---- looking ---- */

static void must_be_well(void *ctx, const char *problem)
{
    (void)ctx;
    fail_msg("%s", problem);
}

static void look(const struct check *c, struct check_outcome *out)
{
    struct checks_view view;
    void *walk = NULL;
    checks_view_open(&view, "/nowhere");
    assert_true(checks_step(&view, c, &walk, out));
    checks_view_close(&view);
    assert_int_equal(registry_kit_opened(), 0);
}

/* One check's text over what was put into the registry. */
static void ask(const char *text, struct check_outcome *out)
{
    struct checks checks = {0};
    checks_parse("x.ini", span_of(text), must_be_well, NULL, &checks);
    checks_verify(&checks, must_be_well, NULL);
    look(&checks.items[0], out);
    checks_release(&checks);
}

static int begin(void **state)
{
    (void)state;
    registry_kit_clear();
    memset(&audit, 0, sizeof(audit));
    return 0;
}

/* ---- our own checks ---- */

static const char *const words[] = {
    [CHECK_UNKNOWN] = "unknown",
    [CHECK_PASS] = "pass",
    [CHECK_FAIL] = "fail",
    [CHECK_SKIPPED] = "skip",
};

static struct checks checks;

static const struct check *check_of(struct span id)
{
    for (size_t i = 0; i < checks.n; i++)
        if (span_equal_text(id, checks.items[i].id))
            return &checks.items[i];
    fail_msg("fixture of %.*s: there is no such check", (int)id.n, id.p);
    return NULL;
}

struct fixture {
    const struct check *check;
    char outcome[16], expected[128];
};

static void judge(const struct fixture *f, size_t seen[])
{
    struct check_outcome o;
    look(f->check, &o);
    if (strcmp(f->outcome, words[o.status]) != 0 || !strstr(o.found, f->expected))
        fail_msg("%s %s: it says %s, \"%s\" (%s)", f->check->id, f->outcome, words[o.status],
                 o.found, o.path);
    assert_true(o.found[0] != '\0');
    seen[f->check - checks.items] |= (size_t)1 << o.status;
}

static void take_line(struct fixture *f, struct span line)
{
    char text[1024];
    assert_true(span_copy(line, text, sizeof(text)));
    if (span_starts(line, SPAN("expect ")))
        assert_true(span_copy(span_of(text + 7), f->expected, sizeof(f->expected)));
    else if (span_starts(line, SPAN("audit ")))
        set_audit(line);
    else
        registry_kit_add(text);
}

static void run_fixtures(struct span text, size_t seen[])
{
    struct fixture f = {NULL, "", ""};
    struct span line, id;
    while (span_take_line(&text, &line)) {
        if (!span_starts(line, SPAN("== "))) {
            if (line.n > 0)
                take_line(&f, line);
            continue;
        }
        if (f.check)
            judge(&f, seen);
        begin(NULL);
        f = (struct fixture){NULL, "", ""};
        line = span_make(line.p + 3, line.n - 3);
        span_take_until(&line, ' ', &id);
        f.check = check_of(id);
        assert_true(span_copy(line, f.outcome, sizeof(f.outcome)));
    }
    judge(&f, seen);
}

static void each_check_says_of_each_fixture_what_it_is_for(void **state)
{
    (void)state;
    assert_int_equal(checks_load(CHECKS, must_be_well, NULL, &checks), 0);
    assert_true(checks.n >= 60);
    size_t *seen = calloc(checks.n, sizeof(*seen)); /* a bit an outcome */
    for (size_t i = 0; i < checks.n; i++) {
        struct buf text = BUF_INIT(1 << 20);
        char path[300];
        if (i > 0 && strcmp(checks.items[i].topic, checks.items[i - 1].topic) == 0)
            continue;
        snprintf(path, sizeof(path), FIXTURES "/%s.txt", checks.items[i].topic);
        assert_int_equal(slurp(path, &text), 0);
        run_fixtures(buf_span(&text), seen);
        buf_release(&text);
    }
    for (size_t i = 0; i < checks.n; i++)
        if (!(seen[i] >> CHECK_PASS & 1) || !(seen[i] >> CHECK_FAIL & 1))
            fail_msg("%s needs a fixture in which it passes and one in which it fails",
                     checks.items[i].id);
    free(seen);
    checks_release(&checks);
}

/* Written one way, so that the SOC can count by standard and look a section up. */
static bool is_reference(struct span line)
{
    return span_starts(line, SPAN("NIST SP 800-53 r5: ")) ||
           span_starts(line, SPAN("DISA STIG Windows 10: WN10-")) ||
           span_starts(line, SPAN("CIS Microsoft Windows 10 Enterprise Benchmark v1.12.0: "));
}

static void each_names_a_standard(void **state)
{
    (void)state;
    assert_int_equal(checks_load(CHECKS, must_be_well, NULL, &checks), 0);
    for (size_t i = 0; i < checks.n; i++) {
        struct span rest = span_of(checks.items[i].references), line;
        if (rest.n == 0 || strncmp(checks.items[i].id, "VIG-WIN-", 8) != 0)
            fail_msg("%s names no standard, or is no VIG-WIN-", checks.items[i].id);
        while (span_take_until(&rest, '\n', &line))
            if (!is_reference(line))
                fail_msg("%s: %.*s", checks.items[i].id, (int)line.n, line.p);
    }
    checks_release(&checks);
}

/* ---- the probe registry ---- */

static void values_are_read_by_their_type(void **state)
{
    (void)state;
    static const struct {
        const char *value, *keys, *found;
        enum check_status status;
    } rows[] = {
        {"dword|7", "want = is 7\n", "N is 7", CHECK_PASS},
        {"dword_be|7", "want = is 7\n", "N is 7", CHECK_PASS},
        {"qword|0x100000000", "want = at-least 4294967296\n", "N is 4294967296", CHECK_PASS},
        {"sz|Some text", "want = like Some*\n", "N is Some text", CHECK_PASS},
        {"sz|1", "want = is 1\n", "N is 1", CHECK_PASS},
        {"multi_sz|a|b", "want = has a b\n", "N is a,b", CHECK_PASS},
        {"multi_sz|a|b", "want = lacks b\n", "N is a,b", CHECK_FAIL},
        {"binary|00ff", "want = is 00FF\n", "N is 00ff", CHECK_PASS},
        {"binary|000102", "bytes = 1 2\nwant = is 513\n", "N is 513", CHECK_PASS},
        {"binary|000102", "bytes = 2 2\nwant = is 2\n", "cannot be read", CHECK_UNKNOWN},
        {"dword|0xff", "bits = 0x11\nwant = is 17\n", "N is 17", CHECK_PASS},
        {"dword|0xee", "bits = 0x11\nwant = is 0\n", "N is 0", CHECK_PASS},
        {"dword|1", "want = set\n", "N is set", CHECK_PASS},
        {"sz|secret", "want = unset\n", "N is set", CHECK_FAIL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char line[200], text[600];
        struct check_outcome o;
        begin(NULL);
        snprintf(line, sizeof(line), "HKLM\\SOFTWARE\\V|N|%s", rows[i].value);
        registry_kit_add(line);
        snprintf(text, sizeof(text), VALUE "%s", rows[i].keys);
        ask(text, &o);
        if (o.status != rows[i].status || !strstr(o.found, rows[i].found))
            fail_msg("row %zu: %s, \"%s\"", i, words[o.status], o.found);
        assert_string_equal(o.path, "HKLM\\SOFTWARE\\V:N");
        assert_null(strstr(o.found, "secret"));
    }
}

static void what_is_not_there_means_what_the_check_says(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        enum check_status status;
    } rows[] = {
        {"want = is 1\n", CHECK_FAIL},
        {"want = unset\n", CHECK_PASS},
        {"otherwise = 1\nwant = is 1\n", CHECK_PASS},
        {"otherwise = 0\nwant = is 1\n", CHECK_FAIL},
        {"absent = skip\nwant = is 1\n", CHECK_SKIPPED},
        {"absent = unknown\nwant = is 1\n", CHECK_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int with_key = 0; with_key < 2; with_key++) {
            char text[600];
            struct check_outcome o;
            begin(NULL);
            if (with_key)
                registry_kit_add("HKLM\\SOFTWARE\\V|Other|dword|1");
            snprintf(text, sizeof(text), VALUE "%s", rows[i].keys);
            ask(text, &o);
            if (o.status != rows[i].status)
                fail_msg("row %zu: %s, \"%s\"", i, words[o.status], o.found);
        }
}

static void the_first_that_is_there_counts(void **state)
{
    (void)state;
    struct check_outcome o;
    const char *text = VALUE "value = HKLM\\SYSTEM\\W:N\nwant = is 1\n";
    registry_kit_add("HKLM\\SYSTEM\\W|N|dword|1");
    ask(text, &o);
    assert_int_equal(o.status, CHECK_PASS);
    assert_string_equal(o.path, "HKLM\\SYSTEM\\W:N");
    registry_kit_add("HKLM\\SOFTWARE\\V|N|dword|0");
    ask(text, &o);
    assert_int_equal(o.status, CHECK_FAIL);
    assert_string_equal(o.path, "HKLM\\SOFTWARE\\V:N");
}

static void views_are_apart(void **state)
{
    (void)state;
    struct check_outcome o;
    registry_kit_add("HKLM\\SOFTWARE\\V|N|dword|1\nHKLM\\SOFTWARE\\WOW6432Node\\V|N|dword|2");
    ask(VALUE "want = is 1\n", &o);
    assert_int_equal(o.status, CHECK_PASS);
    ask(VALUE "view = 32\nwant = is 2\n", &o);
    assert_int_equal(o.status, CHECK_PASS);
}

/* SAM and SECURITY, for one who is not the system. */
static void what_may_not_be_read_is_unknown(void **state)
{
    (void)state;
    struct check_outcome o;
    registry_kit_add("HKLM\\SOFTWARE\\V|!denied");
    ask(VALUE "otherwise = 1\nwant = is 1\n", &o);
    assert_int_equal(o.status, CHECK_UNKNOWN);
    assert_non_null(strstr(o.found, "cannot be read"));
}

static void a_long_value_is_cut(void **state)
{
    (void)state;
    static char line[6000];
    struct check_outcome o;
    int n = snprintf(line, sizeof(line), "HKLM\\SOFTWARE\\V|N|sz|");
    memset(line + n, 'x', 5000); /* the rest is zeros */
    registry_kit_add(line);
    ask(VALUE "want = like xx*\n", &o);
    assert_int_equal(o.status, CHECK_PASS);
    assert_true(strlen(o.found) < 320);
}

static char problem[600];

static void keep_problem(void *ctx, const char *text)
{
    (void)ctx;
    snprintf(problem, sizeof(problem), "%s", text);
}

static void a_check_that_asks_nonsense_is_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *problem;
    } rows[] = {
        {"value = HKLM\\SOFTWARE\\V\nwant = is 1\n", "it is KEY:NAME"},
        {"value = HKCU\\V:N\nwant = is 1\n", "begins with HKLM"},
        {"value = HKLM\\V:N\nview = 16\nwant = is 1\n", "it is 64 or 32"},
        {"value = HKLM\\V:N\nabsent = pass\nwant = is 1\n", "it is skip or unknown"},
        {"value = HKLM\\V:N\nbits = many\nwant = is 1\n", "such as 0x20080000"},
        {"value = HKLM\\V:N\nbits = -1\nwant = is 1\n", "such as 0x20080000"},
        {"value = HKLM\\V:N\nbytes = 1\nwant = is 1\n", "how many, 1 to 8"},
        {"value = HKLM\\V:N\nbytes = 1 9\nwant = is 1\n", "how many, 1 to 8"},
        {"value = HKLM\\V:N\nbytes = 999999999 1\nwant = is 1\n", "how many, 1 to 8"},
        {"value = HKLM\\V:N\n", "needs the key want"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct checks some = {0};
        char text[600];
        snprintf(text, sizeof(text), HEAD "probe = registry\n%s", rows[i].keys);
        checks_parse("x.ini", span_of(text), must_be_well, NULL, &some);
        checks_verify(&some, keep_problem, NULL);
        if (some.n != 0 || !strstr(problem, rows[i].problem))
            fail_msg("row %zu: %s", i, problem);
        checks_release(&some);
    }
}

/* ---- what the SOC gets ---- */

static void keep_event(void *ctx, const struct event *e)
{
    const struct identity who = {.institution = "I", .endpoint = "pc-1"};
    ocsf_encode(ctx, &who, e, 1);
}

static void an_event_names_the_value(void **state)
{
    (void)state;
    struct checks some = {0};
    struct check_outcome o;
    struct check_told told;
    struct buf line = BUF_INIT(65536);
    struct error why = {""};
    registry_kit_add("HKLM\\SOFTWARE\\V|N|dword|0");
    checks_parse("x.ini", SPAN(VALUE "want = is 1\n"), must_be_well, NULL, &some);
    look(&some.items[0], &o);
    assert_true(check_is_news(&some.items[0], &o, NULL, 1000, &told));
    check_tell(&some.items[0], &o, NULL, &told, keep_event, &line);
    struct json_doc *doc = json_read(buf_span(&line), &why);
    assert_string_equal(why.text, "");
    const struct json_value *evidence = json_at(json_get(json_root(doc), "evidences"), 0);
    const struct json_value *value = json_get(evidence, "reg_value");
    assert_true(span_equal_text(json_get_text(value, "path"), "HKLM\\SOFTWARE\\V"));
    assert_true(span_equal_text(json_get_text(value, "name"), "N"));
    assert_null(json_get(evidence, "file"));
    json_free(doc);
    buf_release(&line);
    checks_release(&some);
}

/* ---- when ---- */

static void a_check_applies_when_its_condition_holds(void **state)
{
    (void)state;
    static const struct {
        const char *when;
        bool applies;
    } rows[] = {
        {"registry HKLM\\SYSTEM\\A key:N", true},
        {"registry HKLM\\SYSTEM\\A key:N is 1 2", true},
        {"registry HKLM\\SYSTEM\\A key:N is 3", false},
        {"registry HKLM\\SYSTEM\\A key:D like *.example", true},
        {"registry HKLM\\SYSTEM\\A key:E like ?*", false},
        {"registry HKLM\\SYSTEM\\A key:None", false},
        {"registry HKLM\\SYSTEM\\None:N", false},
        {"no-registry HKLM\\SYSTEM\\None:N", true},
        {"no-registry HKLM\\SYSTEM\\A key:N is 2", false},
    };
    registry_kit_add("HKLM\\SYSTEM\\A key|N|dword|2\nHKLM\\SYSTEM\\A key|E|sz|\n"
                     "HKLM\\SYSTEM\\A key|D|sz|agency.example");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[600];
        struct check_outcome o;
        snprintf(text, sizeof(text), VALUE "when = %s\nwant = unset\n", rows[i].when);
        ask(text, &o);
        if ((o.status == CHECK_PASS) != rows[i].applies)
            fail_msg("%s: %s, \"%s\"", rows[i].when, words[o.status], o.found);
    }
}

/* ---- the probe audit ---- */

static void the_audit_policy_is_asked(void **state)
{
    (void)state;
    struct check_outcome o;
    const char *text = HEAD "probe = audit\nsubcategory = Logon\nwant = has success failure\n";
    set_audit(SPAN("audit 0cce9215 success failure"));
    ask(text, &o);
    assert_int_equal(o.status, CHECK_PASS);
    assert_string_equal(o.found, "Logon: success failure");
    audit.policy = AUDIT_POLICY_FAILURE;
    ask(text, &o);
    assert_int_equal(o.status, CHECK_FAIL);
    audit.policy = AUDIT_POLICY_NONE;
    ask(text, &o);
    assert_string_equal(o.found, "Logon: none");
    audit.error = -EPERM;
    ask(text, &o);
    assert_int_equal(o.status, CHECK_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_check_says_of_each_fixture_what_it_is_for, begin),
        cmocka_unit_test_setup(each_names_a_standard, begin),
        cmocka_unit_test_setup(values_are_read_by_their_type, begin),
        cmocka_unit_test_setup(what_is_not_there_means_what_the_check_says, begin),
        cmocka_unit_test_setup(the_first_that_is_there_counts, begin),
        cmocka_unit_test_setup(views_are_apart, begin),
        cmocka_unit_test_setup(what_may_not_be_read_is_unknown, begin),
        cmocka_unit_test_setup(a_long_value_is_cut, begin),
        cmocka_unit_test_setup(a_check_that_asks_nonsense_is_left_out, begin),
        cmocka_unit_test_setup(an_event_names_the_value, begin),
        cmocka_unit_test_setup(a_check_applies_when_its_condition_holds, begin),
        cmocka_unit_test_setup(the_audit_policy_is_asked, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
