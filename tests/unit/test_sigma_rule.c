/* Rules from YAML: limits, conditions, modifiers, missing fields, what is said of broken ones. */
#include "unit/cmocka_all.h"
#include "unit/sigma_kit.h"

#define HEAD                                                                                       \
    "title: t\nlogsource:\n    product: linux\ndetection:\n" /* detection's members follow at      \
                                                                line 5 */

struct row {
    const char *detection;
    const char *message;
    size_t hits;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char yaml[4096];
        struct kit k;
        snprintf(yaml, sizeof(yaml), HEAD "%s", rows[i].detection);
        kit_open(&k, yaml);
        if (k.problems)
            fail_msg("row %zu: %s", i, k.problem);
        if (kit_hits(&k, rows[i].message) != rows[i].hits)
            fail_msg("row %zu: '%s' on '%s'", i, rows[i].detection, rows[i].message);
        kit_close(&k);
    }
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

#define ABC "    a: [alpha]\n    b: [bravo]\n    b2: [second]\n    _c: [charlie]\n    condition: "

static void test_conditions(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {ABC "a\n", "alpha", 1},
        {ABC "a and b\n", "alpha", 0},
        {ABC "a and b\n", "bravo alpha", 1},
        {ABC "a or b\n", "bravo", 1},
        {ABC "not a\n", "bravo", 1},
        {ABC "not a\n", "alpha", 0},
        {ABC "not not a\n", "alpha", 1},
        {ABC "a or b and _c\n", "alpha", 1}, /* and binds tighter */
        {ABC "(a or b) and _c\n", "alpha", 0},
        {ABC "(a or b) and _c\n", "alpha charlie", 1},
        {ABC "a and not b\n", "alpha bravo", 0},
        {ABC "NOT a AND b\n", "bravo", 1},
        {ABC "1 of them\n", "charlie", 0}, /* hidden by its underscore */
        {ABC "1 of them\n", "second", 1},
        {ABC "all of them\n", "alpha bravo", 0},
        {ABC "all of them\n", "alpha bravo second", 1},
        {ABC "1 of b*\n", "second", 1},
        {ABC "1 of b*\n", "alpha", 0},
        {ABC "all of b*\n", "second", 0},
        {ABC "all of b*\n", "second bravo", 1},
        {ABC "a and not 1 of b*\n", "alpha", 1},
        {ABC "2 of them\n", "alpha", 0},
        {ABC "2 of them\n", "alpha second", 1},
        {ABC "2 of them\n", "alpha bravo second", 1},
        {ABC "2 of b*\n", "alpha second", 0},
        {ABC "not 2 of b*\n", "alpha second", 1},
        {"    2: [x]\n    condition: 2\n", "x", 1}, /* a selection of that name */
        {ABC "any of b*\n", "second", 1},
        {ABC "1 of _c*\n", "charlie", 1},
        {ABC "\n        - a\n        - b\n", "bravo", 1}, /* a list: or */
        {"    all: [x]\n    condition: all\n", "x", 1},   /* a selection of that name */
    };
    CHECK_ROWS(rows);
}

static void test_values(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"    s:\n        message|contains: FaIl\n    condition: s\n", "it failed", 1},
        {"    s:\n        message|contains|cased: FaIl\n    condition: s\n", "it failed", 0},
        {"    s:\n        message|startswith: it\n    condition: s\n", "it failed", 1},
        {"    s:\n        message|startswith: failed\n    condition: s\n", "it failed", 0},
        {"    s:\n        message|endswith: failed\n    condition: s\n", "it failed", 1},
        {"    s:\n        message|contains: [x, failed]\n    condition: s\n", "it failed", 1},
        {"    s:\n        message|contains|all: [it, failed]\n    condition: s\n", "it failed", 1},
        {"    s:\n        message|contains|all: [it, x]\n    condition: s\n", "it failed", 0},
        {"    s:\n        message|contains|neq: failed\n    condition: s\n", "it failed", 0},
        {"    s:\n        message|contains|neq: x\n    condition: s\n", "it failed", 1},
        {"    s:\n        message|re: 'f[a-z]+d$'\n    condition: s\n", "it failed", 1},
        {"    s:\n        message|re: 'F[a-z]+d$'\n    condition: s\n", "it failed", 0},
        {"    s:\n        message|re|i: 'F[a-z]+d$'\n    condition: s\n", "it failed", 1},
        {"    s:\n        message|re: 'a.b'\n    condition: s\n", "a\nb", 0},
        {"    s:\n        message|re|s: 'a.b'\n    condition: s\n", "a\nb", 1},
        {"    s:\n        message|re|m: '^b$'\n    condition: s\n", "a\nb\nc", 1},
        {"    s:\n        message: 'it*ed'\n    condition: s\n", "it failed", 1},
        {"    s:\n        message: 'it'\n    condition: s\n", "it failed", 0},
        {"    s:\n        message|contains|windash: ' -a'\n    condition: s\n", "run /a", 1},
        /* keywords */
        {"    k: [one, two]\n    condition: k\n", "has TWO", 1},
        {"    k: [one, two]\n    condition: k\n", "three", 0},
        {"    k: ['o*e']\n    condition: k\n", "x onne y", 1},
        {"    k: word\n    condition: k\n", "a word", 1},
        {"    k:\n        '|all': [one, two]\n    condition: k\n", "two one", 1},
        {"    k:\n        '|all': [one, two]\n    condition: k\n", "two", 0},
        {"    k:\n        '|re': 'o+e'\n    condition: k\n", "oooe", 1},
        /* lists of maps are joined by or, maps by and */
        {"    s:\n        - message|contains: a\n        - message|contains: b\n    condition: s\n",
         "b", 1},
        {"    s:\n        message|contains: a\n        message|endswith: b\n    condition: s\n",
         "b", 0},
        {"    s:\n        - word\n        - message|endswith: b\n    condition: s\n", "b", 1},
        {"    s:\n        program: sshd\n        host: pc1\n    condition: s\n", "b", 1},
    };
    CHECK_ROWS(rows);
}

struct field_row {
    const char *item;
    const char *value; /* of field F; NULL: missing */
    size_t hits;
};

static void test_fields(void **state)
{
    (void)state;
    static const struct field_row rows[] = {
        {"F: x", "X", 1},
        {"F: x", NULL, 0},
        {"F: 5", "5", 1},
        {"F: ''", "", 1},
        {"F: ''", NULL, 0},
        {"F: null", NULL, 1},
        {"F: null", "", 1},
        {"F: null", "-", 0},
        {"F:", NULL, 1},
        {"F|exists: true", "", 1},
        {"F|exists: true", NULL, 0},
        {"F|exists: false", NULL, 1},
        {"F|exists: false", "x", 0},
        {"F|neq: x", "y", 1},
        {"F|neq: x", "x", 0},
        {"F|neq: x", NULL, 1},
        {"F: ['a', 'null']", NULL, 0}, /* a text in quotes */
        {"F|gt: 5", "6", 1},
        {"F|gt: 5", "5", 0},
        {"F|gte: 5", "5", 1},
        {"F|lt: -1", "-2", 1},
        {"F|lte: 1.5", "1.5", 1},
        {"F|lt: 5", "abc", 0},
        {"F|lt: 5", "4x", 0},
        {"F|lt: 5", "", 0},
        {"F|cidr: 10.0.0.0/8", "10.200.0.1", 1},
        {"F|cidr: 10.0.0.0/8", "11.0.0.1", 0},
        {"F|cidr: 10.0.0.0/8", "::ffff:10.0.0.1", 1},
        {"F|cidr: 10.0.0.0/8", "10.0.0", 0},
        {"F|cidr: 10.0.0.0/8", "10.0.0.256", 0},
        {"F|cidr: ['192.168.0.0/23', '2001:db8::/33']", "192.168.1.255", 1},
        {"F|cidr: 2001:db8::/33", "2001:db8:7fff::1", 1},
        {"F|cidr: 2001:db8::/33", "2001:db8:8000::1", 0},
        {"F|cidr: 0.0.0.0/0", "1.2.3.4", 1},
        {"F|cidr: 0.0.0.0/0", "::1", 0},
        {"F|cidr: ::1", "0:0:0:0:0:0:0:1", 1},
        {"F|cidr: ::1", "1:2:3:4:5:6:7:8:9", 0},
        {"F|cidr: ::1", "::12345", 0},
        /* encodings; of base64offset one text at each of its three places */
        {"F|base64: 'foo bar'", "Zm9vIGJhcg==", 1},
        {"F|base64: 'foo bar'", "Zm9vIGJhcg=", 0},
        {"F|base64|contains: foo", "xxZm9vxx", 1},
        {"F|base64: 'a\\*'", "YSo=", 1},
        {"F|base64offset|contains: 'secret!'", "bXkgc2VjcmV0IQ==", 1},
        {"F|base64offset|contains: 'secret!'", "YSBzZWNyZXQh", 1},
        {"F|base64offset|contains: 'secret!'", "c2VjcmV0ISBpdA==", 1},
        {"F|base64offset|contains: 'secret!'", "bXkgc2VjcmV4IQ==", 0},
        {"F|base64offset|contains|all: ['one', 'two']", "eCBvbmUgdHdvIHg=", 1},
        {"F|base64offset|contains|all: ['one', 'six']", "eCBvbmUgdHdvIHg=", 0},
        {"F|wide|base64offset|contains: iex", "aQBlAHgA", 1},
        {"F|utf16le|base64offset|contains: iex", "AABpAGUAeAA=", 1},
        {"F|utf16be|base64: iex", "AGkAZQB4", 1},
        {"F|utf16|base64: iex", "//5pAGUAeAA=", 1},
        {"F|utf16be|base64: 'é€𝄞'", "AOkgrNg03R4=", 1},
        /* another field: G is "x.EXE" */
        {"F|fieldref: G", "x.exe", 1},
        {"F|fieldref|cased: G", "x.exe", 0},
        {"F|fieldref: G", "y.exe", 0},
        {"F|fieldref: G", NULL, 0},
        {"F|fieldref: H", "x.exe", 0},
        {"F|fieldref|endswith: G", "C:\\x.exe", 1},
        {"F|fieldref|startswith: G", "C:\\x.exe", 0},
        {"F|fieldref|contains: G", "ax.exeb", 1},
        {"F|fieldref|neq: G", "y.exe", 1},
        {"F|fieldref: message", "M", 1},
        /* parts of a date */
        {"F|hour: 7", "2025-08-02T07:40:10.1Z", 1},
        {"F|hour: 8", "2025-08-02T07:40:10.1Z", 0},
        {"F|hour|gte: 7", "2025-08-02 07:40", 1},
        {"F|minute|lt: 40", "2025-08-02 07:40", 0},
        {"F|minute: 0", "2025-08-02", 0},
        {"F|day: [1, 2]", "2025-08-02", 1},
        {"F|month: 8", "2025-08-02", 1},
        {"F|year|neq: 2025", "2025-08-02", 0},
        {"F|week: 53", "2020-12-31", 1},
        {"F|week: 53", "2021-01-03", 1},
        {"F|week: 1", "2021-01-04", 1},
        {"F|week: 1", "2024-12-30", 1},
        {"F|week: 1", "2026-01-01", 1},
        {"F|week: 52", "2023-01-01", 1},
        {"F|month: 13", "2025-13-02", 0},
        /* placeholders: %Admins% is root or adm*, %Hosts% is h1 */
        {"F|expand: '%Admins%'", "root", 1},
        {"F|expand: '%Admins%'", "adm_x", 1},
        {"F|expand: '%Admins%'", "x", 0},
        {"F: '%Admins%'", "%admins%", 1},
        {"F|expand: '%Admins%@%Hosts%'", "adm7@h1", 1},
        {"F|expand: '\\%Admins%Hosts%'", "%Adminsh1", 1},
        {"F|expand|contains|all: ['%Admins%', '%Hosts%']", "x root on h1", 1},
        {"F|expand|contains|all: ['%Admins%', '%Hosts%']", "x root on h2", 0},
        {"F|expand|re: '^%Hosts%$'", "h1", 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char yaml[512];
        struct kit k;
        struct record r = kit_record("sshd", "m", 0);
        if (rows[i].value)
            kit_field(&r, "F", rows[i].value);
        kit_field(&r, "G", "x.EXE");
        snprintf(yaml, sizeof(yaml), HEAD "    s:\n        %s\n    condition: s\n", rows[i].item);
        kit_open_with(&k, yaml, "[placeholders]\nAdmins = root\nAdmins = adm*\nHosts = h1\n");
        if (k.problems || kit_hits_record(&k, &r) != rows[i].hits)
            fail_msg("'%s' on '%s' %s", rows[i].item, rows[i].value ? rows[i].value : "(missing)",
                     k.problem);
        kit_close(&k);
    }
}

/* An audit event names several files: any of a field's values counts. */
static void test_repeated_field(void **state)
{
    (void)state;
    static const struct {
        const char *detection;
        size_t hits;
    } rows[] = {
        {"name: /etc/shadow", 1},
        {"name: [/etc/group, /etc/issue]", 1},
        {"name: /etc/passwd", 0},
        {"'name|contains|all': [shadow, issue]", 1},
        {"'name|contains|all': [shadow, none]", 0},
        {"name: null", 0},
        {"{name: /etc/issue, type: PATH}", 1},
        {"'name|endswith': shadow", 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char yaml[512];
        struct kit k;
        snprintf(yaml, sizeof(yaml),
                 "title: t\nid: r-1\nlogsource: {product: linux}\nlevel: low\ndetection:\n"
                 "    s: %s%s%s\n    condition: s\n",
                 rows[i].detection[0] == '{' ? "" : "{", rows[i].detection,
                 rows[i].detection[0] == '{' ? "" : "}");
        kit_open(&k, yaml);
        struct record r = kit_record("", "x", 0);
        kit_field(&r, "type", "SYSCALL");
        kit_field(&r, "type", "PATH");
        kit_field(&r, "name", "/etc/shadow");
        kit_field(&r, "name", "/etc/issue");
        assert_int_equal(k.problems, 0);
        assert_int_equal(kit_hits_record(&k, &r), rows[i].hits);
        kit_close(&k);
    }
}

static void test_logsource(void **state)
{
    (void)state;
    static const struct {
        const char *logsource, *program;
        size_t hits;
    } rows[] = {
        {"product: linux", "sshd", 1},
        {"product: windows", "sshd", 0},
        {"service: sshd", "sshd", 1},
        {"service: sshd", "sshd-session", 1},
        {"service: sshd", "sshd(pam_unix)", 1},
        {"service: sshd", "sshdx", 0},
        {"service: cron", "CRON", 1},
        {"service: auth", "su", 1}, /* the log's own service */
        {"service: syslog", "su", 0},
        {"category: process_creation", "sshd", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char yaml[512];
        struct kit k;
        struct record r = kit_record(rows[i].program, "word", 0);
        snprintf(yaml, sizeof(yaml),
                 "title: t\nlogsource: {%s}\ndetection: {k: [word], condition: k}\n",
                 rows[i].logsource);
        kit_open(&k, yaml);
        if (k.problems || kit_hits_record(&k, &r) != rows[i].hits)
            fail_msg("'%s' with '%s' %s", rows[i].logsource, rows[i].program, k.problem);
        kit_close(&k);
    }
}

/* Each broken rule is told with the line it is wrong at, and a remedy after the semicolon. */
static void test_broken(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *place, *words;
    } rows[] = {
        {HEAD "    s:\n        message|contain: x\n    condition: s\n",
         "rule.yml:6: ", "modifier 'contain' is unknown"},
        {HEAD "    s:\n        message|base64|wide: x\n    condition: s\n",
         "rule.yml:6: ", "write wide before it"},
        {HEAD "    s:\n        message|base64offset|contains: a*c\n    condition: s\n",
         "rule.yml:6: ", "wildcard can't be encoded"},
        {HEAD "    s:\n        message|base64offset|contains: a\n    condition: s\n",
         "rule.yml:6: ", "too short"},
        {HEAD "    s:\n        message|base64|re: abc\n    condition: s\n",
         "rule.yml:6: ", "only plain text is encoded"},
        {HEAD "    s:\n        message|wide|utf16be: abc\n    condition: s\n",
         "rule.yml:6: ", "exclude each other"},
        {HEAD "    s:\n        message|base64|windash: ' -a'\n    condition: s\n",
         "rule.yml:6: ", "windash would change"},
        {HEAD "    s:\n        F|fieldref|re: G\n    condition: s\n",
         "rule.yml:6: ", "fieldref compares"},
        {HEAD "    s:\n        F|fieldref: ''\n    condition: s\n",
         "rule.yml:6: ", "name of a field"},
        {HEAD "    s:\n        F|hour: soon\n    condition: s\n", "rule.yml:6: ", "numbers"},
        {HEAD "    s:\n        F|hour|day: 1\n    condition: s\n",
         "rule.yml:6: ", "two parts of a date"},
        {HEAD "    s:\n        F|hour|contains: 1\n    condition: s\n",
         "rule.yml:6: ", "parts of a date are numbers"},
        {HEAD "    s:\n        F|expand:\n            - a\n            - '%Nobody%'\n"
              "    condition: s\n",
         "rule.yml:8: ", "placeholder '%Nobody%' has no values"},
        {HEAD "    k: [x]\n    condition: 2 of k*\n", "rule.yml:6: ", "fewer selections"},
        {HEAD "    s:\n        message|contains|re: x\n    condition: s\n",
         "rule.yml:6: ", "exclude each other"},
        {HEAD "    s:\n        message|i: x\n    condition: s\n", "rule.yml:6: ", "behind re"},
        {HEAD "    s:\n        message|re: '(x'\n    condition: s\n",
         "rule.yml:6: ", "wrong at character 3"},
        {HEAD
         "    s:\n        message|re:\n            - x\n            - '\\C'\n    condition: s\n",
         "rule.yml:8: ", "expression is wrong"},
        {HEAD "    s:\n        F|cidr: 10.0.0.0/33\n    condition: s\n",
         "rule.yml:6: ", "no network range"},
        {HEAD "    s:\n        F|gt: many\n    condition: s\n", "rule.yml:6: ", "numbers"},
        {HEAD "    s:\n        F|exists: maybe\n    condition: s\n",
         "rule.yml:6: ", "true or false"},
        {HEAD "    s:\n        F|contains: null\n    condition: s\n", "rule.yml:6: ", "null"},
        {HEAD "    s:\n        F: {a: b}\n    condition: s\n", "rule.yml:6: ", "no value"},
        {HEAD "    s: {}\n    condition: s\n", "rule.yml:5: ", "empty selection"},
        {HEAD "    k: ['']\n    condition: k\n", "rule.yml:5: ", "empty keyword"},
        {HEAD "    k: [x]\n", "rule.yml:5: ", "no condition"},
        {HEAD "    k: [x]\n    condition: k and nope\n", "rule.yml:6: ", "'nope'"},
        {HEAD "    k: [x]\n    condition: (k\n", "rule.yml:6: ", "not closed"},
        {HEAD "    k: [x]\n    condition: k k\n", "rule.yml:6: ", "no 'and' or 'or'"},
        {HEAD "    k: [x]\n    condition: k and\n", "rule.yml:6: ", "name is missing"},
        {HEAD "    k: [x]\n    condition: 1 of y*\n", "rule.yml:6: ", "no selection"},
        {HEAD "    k: [x]\n    condition: k | count() > 5\n", "rule.yml:6: ", "no 'and' or 'or'"},
        {"title: t\ndetection: {k: [x], condition: k}\n", "rule.yml:1: ", "no logsource"},
        {"title: t\nlogsource: {product: linux}\n", "rule.yml:1: ", "no detection"},
        {"logsource: {product: linux}\ndetection: {k: [x], condition: k}\n",
         "rule.yml:1: ", "no title"},
        {"title: t\nlevel: huge\n", "rule.yml:2: ", "level"},
        {"title: t\nstatus: unsupported\n", "rule.yml:2: ", "unsupported"},
        {"title: t\ntitle: u\n", "rule.yml:2: ", "twice"},
        {"title: &a t\nid: *a\n", "rule.yml:2: ", "aliases"},
        {"title: t\n  bad: [\n", "rule.yml:2: ", "no valid YAML"},
        {"title: t\n\x01", "rule.yml:2: ", "no valid YAML"},
        {"- a\n- b\n", "rule.yml:1: ", "map of keys"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kit k;
        kit_open(&k, rows[i].yaml);
        if (k.problems != 1 || strncmp(k.problem, rows[i].place, strlen(rows[i].place)) != 0 ||
            !strstr(k.problem, rows[i].words))
            fail_msg("row %zu: %zu problems: '%s', expected '%s' '%s'", i, k.problems, k.problem,
                     rows[i].place, rows[i].words);
        assert_int_equal(k.set->n - k.set->off, 0);
        kit_close(&k);
    }
}

static void test_others_go_on(void **state)
{
    (void)state;
    struct kit k;
    kit_open(&k, "title: broken\n---\n" HEAD "    k: [word]\n    condition: k\nid: one\n---\n" HEAD
                 "    k: [word]\n    condition: k\nid: one\n---\n---\n" HEAD
                 "    k: [word]\n    condition: k\nid: two\n");
    assert_int_equal(k.problems, 2); /* the broken one and the second "one" */
    assert_int_equal(k.set->n, 2);
    assert_int_equal(kit_hits(&k, "a word"), 2);
    kit_close(&k);
    /* what stands before a syntax error is kept */
    kit_open(&k, HEAD "    k: [word]\n    condition: k\n---\na: [\n");
    assert_int_equal(k.problems, 1);
    assert_int_equal(kit_hits(&k, "a word"), 1);
    kit_close(&k);
}

static void test_meta(void **state)
{
    (void)state;
    struct kit k;
    kit_open(&k, HEAD "    k: [x]\n    condition: k\nlevel: critical\nstatus: test\nid: ab-1\n"
                      "tags: [attack.t1110.001, attack.T1098, attack.persistence, cve.2021]\n");
    const struct rule *r = k.set->entries[0].rule;
    assert_int_equal(r->severity, SEVERITY_CRITICAL);
    assert_int_equal(r->confidence_id, 2);
    assert_int_equal(r->attacks_n, 2);
    assert_true(span_equal_text(r->attacks[0], "T1110.001"));
    assert_true(span_equal_text(r->attacks[1], "T1098"));
    assert_true(span_equal_text(r->id, "ab-1"));
    kit_close(&k);
    kit_open(&k, HEAD "    k: [x]\n    condition: k\n");
    assert_int_equal(k.set->entries[0].rule->severity, SEVERITY_MEDIUM);
    assert_int_equal(k.set->entries[0].rule->id.n, 32); /* from its content */
    kit_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions),     cmocka_unit_test(test_values),
        cmocka_unit_test(test_fields),         cmocka_unit_test(test_logsource),
        cmocka_unit_test(test_repeated_field), cmocka_unit_test(test_broken),
        cmocka_unit_test(test_others_go_on),   cmocka_unit_test(test_meta),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
