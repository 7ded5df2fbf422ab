/* The whole detector: rules from a folder, findings out, state across a kill. */
#include "detect/all.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"
#include "unit/sigma_kit.h"
#include "unit/state_kit.h"

int store_each(struct store *s, enum store_table t, struct span prefix,
               bool (*each)(void *ctx, struct span key, struct span value), void *ctx)
{
    (void)s;
    return state_kit_each(t, prefix, each, ctx);
}

static struct {
    size_t n;
    struct event last;
    char title[64], message[256], user[64], ip[64], vigia[256], evidence[256];
} seen;

static void emit(void *ctx, const struct event *e)
{
    (void)ctx;
    seen.n++;
    seen.last = *e;
    span_copy(e->u.detection.rule_title, seen.title, sizeof(seen.title));
    span_copy(span_of(e->message), seen.message, sizeof(seen.message));
    span_copy(e->u.detection.user, seen.user, sizeof(seen.user));
    span_copy(e->u.detection.src_ip, seen.ip, sizeof(seen.ip));
    span_copy(e->u.detection.evidence, seen.evidence, sizeof(seen.evidence));
    span_copy(e->vigia, seen.vigia, sizeof(seen.vigia));
}

static struct config config = {.detect = true};
static struct detect_host host = {&config, (struct store *)&config, NULL, emit, state_kit_put};

static void *start(const char *rules)
{
    void *self;
    struct error e;
    char folder[256], file[300];
    scratch_open();
    snprintf(folder, sizeof(folder), "%s", scratch_path());
    snprintf(file, sizeof(file), "%s/a.yml", folder);
    scratch_append(file, rules, strlen(rules));
    config.rules_dir = folder;
    assert_int_equal(detector_sigma.open(&host, &self, &e), 0);
    return self;
}

static void stop(void *self)
{
    detector_sigma.close(self);
    scratch_close();
}

static void feed(void *self, int64_t seconds, const char *message)
{
    struct record r = kit_record("sshd", message, seconds * 1000);
    detector_sigma.record(self, &r);
}

#define LOGIN_RULE                                                                                 \
    "title: Login failed\nid: base\nname: login\nlevel: low\nlogsource: {service: sshd}\n"         \
    "detection:\n    k: ['failed password']\n    condition: k\n"                                   \
    "vigia:\n    extract:\n        - 'for (?<user>\\S+) from (?<src_ip>\\S+)'\n"
#define COUNT_RULE                                                                                 \
    "---\ntitle: Many logins failed\nid: many\nlevel: high\nstatus: stable\ntags: "                \
    "[attack.t1110]\n"                                                                             \
    "correlation:\n    type: event_count\n    rules: [login]\n    group-by: [src_ip]\n"            \
    "    timespan: 60s\n    condition: {gte: 5}\n"

static void test_finding(void **state)
{
    (void)state;
    seen.n = 0;
    void *self = start(LOGIN_RULE);
    feed(self, 7, "Accepted password for root from 192.0.2.1");
    assert_int_equal(seen.n, 0);
    feed(self, 8, "Failed password for root from 192.0.2.1 port 22");
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.last.class_uid, EVENT_DETECTION);
    assert_int_equal(seen.last.severity, SEVERITY_LOW);
    assert_int_equal(seen.last.time_ms, 8000);
    assert_string_equal(seen.user, "root");
    assert_string_equal(seen.ip, "192.0.2.1");
    assert_string_equal(seen.evidence, "Failed password for root from 192.0.2.1 port 22");
    assert_int_equal(seen.last.u.detection.count, 1);
    uint8_t uid[EVENT_UID_SIZE];
    memcpy(uid, seen.last.uid, sizeof(uid));
    feed(self, 8, "Failed password for root from 192.0.2.1 port 22"); /* read again */
    assert_memory_equal(uid, seen.last.uid, sizeof(uid));
    feed(self, 9, "Failed password for root from 192.0.2.1 port 22");
    assert_memory_not_equal(uid, seen.last.uid, sizeof(uid));
    stop(self);
}

/* Four of five lines were read before a kill; the frame held the state. */
/* Is a finding of the second message the same as one of the first? */
static bool is_same(void *self, const char *first, const char *second)
{
    uint8_t same[EVENT_UID_SIZE];
    feed(self, 1, first);
    memcpy(same, seen.last.u.detection.same, sizeof(same));
    feed(self, 2, second);
    return memcmp(same, seen.last.u.detection.same, sizeof(same)) == 0;
}

static void test_same(void **state)
{
    (void)state;
    void *self = start(LOGIN_RULE); /* says which fields matter */
    assert_true(is_same(self, "Failed password for x from 192.0.2.1 port 50",
                        "Failed password for x from 192.0.2.1 port 51"));
    assert_false(is_same(self, "Failed password for x from 192.0.2.1 port 50",
                         "Failed password for x from 192.0.2.2 port 50"));
    assert_false(is_same(self, "Failed password for x from 192.0.2.1 port 50",
                         "Failed password for y from 192.0.2.1 port 50"));
    assert_false(is_same(self, "Failed password for x from 192.0.2.1 ; rm /a1",
                         "Failed password for x from 192.0.2.1 ; rm /a2"));
    stop(self);
    self = start("title: t\nlogsource: {}\ndetection: {k: [password], condition: k}\n");
    assert_true(is_same(self, "password 1", "password 1"));
    assert_false(is_same(self, "password 1", "password 2"));
    stop(self);
    self = start(LOGIN_RULE COUNT_RULE);
    for (int i = 0; i < 5; i++)
        feed(self, 100 + i, "Failed password for x from 192.0.2.1");
    uint8_t same[EVENT_UID_SIZE];
    memcpy(same, seen.last.u.detection.same, sizeof(same));
    for (int i = 0; i < 5; i++)
        feed(self, 200 + i, "Failed password for other from 192.0.2.1");
    assert_memory_equal(same, seen.last.u.detection.same, sizeof(same));
    stop(self);
}

static void test_kill(void **state)
{
    (void)state;
    state_kit_clear();
    seen.n = 0;
    void *self = start(LOGIN_RULE COUNT_RULE);
    for (int i = 0; i < 4; i++)
        feed(self, 100 + i, "Failed password for root from 192.0.2.1 port 22");
    feed(self, 103, "Failed password for a line without an address");
    detector_sigma.checkpoint(self);
    stop(self);
    self = start(LOGIN_RULE COUNT_RULE);
    assert_int_equal(seen.n, 0); /* the base rule is silent by itself */
    feed(self, 104, "Failed password for bin from 192.0.2.1 port 22");
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.title, "Many logins failed");
    assert_string_equal(seen.message, "Many logins failed: 5 in 60 s (src_ip 192.0.2.1)");
    assert_string_equal(
        seen.vigia, "{\"group\":{\"src_ip\":\"192.0.2.1\"},\"timespan_s\":60,\"suppressed\":0}");
    assert_int_equal(seen.last.severity, SEVERITY_HIGH);
    assert_int_equal(seen.last.u.detection.count, 5);
    assert_int_equal(seen.last.u.detection.first_ms, 100000);
    assert_int_equal(seen.last.u.detection.last_ms, 104000);
    assert_string_equal(seen.ip, "192.0.2.1");
    assert_string_equal(seen.user, "bin");
    for (int i = 105; i < 160; i++)
        feed(self, i, "Failed password for bin from 192.0.2.1 port 22");
    assert_int_equal(seen.n, 1);
    stop(self);
}

static void test_changed_rule_forgets(void **state)
{
    (void)state;
    state_kit_clear();
    seen.n = 0;
    void *self = start(LOGIN_RULE COUNT_RULE);
    for (int i = 0; i < 4; i++)
        feed(self, 100 + i, "Failed password for root from 192.0.2.1 port 22");
    detector_sigma.checkpoint(self);
    assert_int_equal(state_kit_count(), 1);
    stop(self);
    self = start(LOGIN_RULE "falsepositives: [words do not matter]\n" COUNT_RULE);
    detector_sigma.checkpoint(self);
    assert_int_equal(state_kit_count(), 1);
    stop(self);
    self = start(LOGIN_RULE "        - '(?<other>x)'\n" COUNT_RULE); /* counts something else now */
    detector_sigma.checkpoint(self);
    assert_int_equal(state_kit_count(), 0);
    feed(self, 104, "Failed password for root from 192.0.2.1 port 22");
    assert_int_equal(seen.n, 0);
    stop(self);
}

static void test_generate(void **state)
{
    (void)state;
    state_kit_clear();
    seen.n = 0;
    void *self = start(LOGIN_RULE "generate: true\n" COUNT_RULE);
    for (int i = 0; i < 5; i++)
        feed(self, 100 + i, "Failed password for root from 192.0.2.1 port 22");
    assert_int_equal(seen.n, 6);
    stop(self);
}

#define PART(name, word)                                                                           \
    "---\ntitle: " name "\nname: " name "\nlogsource: {service: sshd}\n"                           \
    "detection: {k: ['" word "'], condition: k}\n"                                                 \
    "vigia: {extract: ['user=(?<user>\\S+)', 'to=(?<to>\\S+)', 'n=(?<n>\\S+)']}\n"
#define TOP(title, type, rest)                                                                     \
    "---\ntitle: " title "\nid: " title "\ncorrelation:\n    type: " type                          \
    "\n    timespan: 60s\n" rest

/* One line a second from `seconds` on; how many findings come of it. */
static size_t feed_all(void *self, int64_t seconds, const char *const *lines)
{
    size_t before = seen.n;
    for (size_t i = 0; lines[i]; i++)
        feed(self, seconds + (int64_t)i, lines[i]);
    return seen.n - before;
}

#define FEED(self, seconds, ...) feed_all(self, seconds, (const char *const[]){__VA_ARGS__, NULL})

static void test_temporal(void **state)
{
    (void)state;
    state_kit_clear();
    seen.n = 0;
    void *self = start(PART("a", "aaa") PART("b", "bbb")
                           TOP("both", "temporal", "    rules: [a, b]\n    group-by: [user]\n")
                               TOP("order", "temporal_ordered",
                                   "    rules: [a, b]\n    group-by: [user]\n    generate: no\n"));
    assert_int_equal(FEED(self, 100, "aaa user=x", "bbb user=y", "bbb no user"), 0);
    assert_int_equal(FEED(self, 110, "aaa user=y"), 1); /* not in order */
    assert_string_equal(seen.message, "both: 2 in 60 s (user y)");
    assert_int_equal(FEED(self, 120, "bbb user=x"), 2);
    stop(self);
}

/* Both sides of a connection name the same addresses otherwise. */
static void test_aliases(void **state)
{
    (void)state;
    state_kit_clear();
    seen.n = 0;
    void *self = start(PART("a", "aaa") PART("b", "bbb") TOP(
        "talk", "temporal",
        "    rules: [a, b]\n    group-by: [who]\n    aliases: {who: {a: user, b: to}}\n"));
    assert_int_equal(FEED(self, 100, "aaa user=x to=y", "bbb user=x to=y", "bbb user=y"), 0);
    assert_int_equal(FEED(self, 110, "bbb user=z to=x"), 1);
    assert_string_equal(seen.message, "talk: 2 in 60 s (who x)");
    assert_non_null(strstr(seen.vigia, "\"group\":{\"who\":\"x\"}"));
    stop(self);
}

#define BURST                                                                                      \
    PART("fail", "fff")                                                                            \
    PART("good", "ggg")                                                                            \
    "---\ntitle: burst\nname: burst\nvigia: {generate: true}\ncorrelation:\n    type: "            \
    "event_count\n"                                                                                \
    "    rules: [fail]\n    timespan: 60s\n    group-by: [user]\n    condition: {gte: 3}\n"

/* A correlation of a correlation, whose lines are there in two lives of the detector. */
static void test_chain(void **state)
{
    (void)state;
    static const char *const rules = BURST TOP("broken in", "temporal_ordered",
                                               "    rules: [burst, good]\n    group-by: [user]\n");
    state_kit_clear();
    seen.n = 0;
    void *self = start(rules);
    assert_int_equal(FEED(self, 100, "ggg user=x", "fff user=x", "fff user=x", "ggg user=x"), 0);
    assert_int_equal(FEED(self, 110, "fff user=x", "ggg user=y"), 1);
    assert_string_equal(seen.title, "burst");
    assert_int_equal(FEED(self, 155, "fff user=x", "fff user=x", "fff user=x"), 0); /* quiet */
    detector_sigma.checkpoint(self);
    stop(self);
    self = start(rules);
    /* more than its timespan after the burst was told, not after it was there last */
    assert_int_equal(FEED(self, 180, "ggg user=x"), 1);
    assert_string_equal(seen.title, "broken in");
    stop(self);
}

/* To a count above it a burst is one however many lines it has. */
static void test_chain_counts_bursts(void **state)
{
    (void)state;
    state_kit_clear();
    seen.n = 0;
    void *self = start(
        BURST TOP("three bursts", "event_count", "    rules: [burst]\n    condition: {gte: 3}\n"));
    for (int i = 0; i < 20; i++)
        assert_int_equal(FEED(self, 100, "fff user=x"), i == 2);
    assert_int_equal(FEED(self, 100, "fff user=y", "fff user=y", "fff user=y"), 1);
    assert_int_equal(FEED(self, 110, "fff user=z", "fff user=z", "fff user=z"), 2);
    stop(self);
}

static void test_measures(void **state)
{
    (void)state;
    state_kit_clear();
    seen.n = 0;
    void *self =
        start(PART("out", "ooo")
                  TOP("much", "value_sum", "    rules: [out]\n    condition: {gt: 100, field: n}\n")
                      TOP("pairs", "value_count",
                          "    rules: [out]\n    condition: {gte: 3, field: [user, to]}\n"));
    assert_int_equal(FEED(self, 100, "ooo n=60.5", "ooo n=1e400", "ooo n=x", "ooo n=39.5"), 0);
    assert_int_equal(FEED(self, 110, "ooo n=1"), 1);
    assert_string_equal(seen.message, "much: 101 in 60 s");
    assert_non_null(strstr(seen.vigia, "\"field\":\"n\",\"sum\":\"101\""));
    assert_int_equal(FEED(self, 120, "ooo user=x to=y", "ooo user=y to=x", "ooo user=x to=y"), 0);
    assert_int_equal(FEED(self, 130, "ooo user=xy to="), 0);
    assert_int_equal(FEED(self, 140, "ooo user=x to=z"), 1);
    stop(self);
}

/* A reload with one rule changed and one added keeps what the others have counted. */
static void test_reload_keeps_the_rest(void **state)
{
    (void)state;
    state_kit_clear();
    seen.n = 0;
#define COUNT_OF(name, word, n)                                                                    \
    PART(name, word)                                                                               \
    TOP("many " name, "event_count", "    rules: [" name "]\n    condition: {gte: " n "}\n")
    void *self = start(COUNT_OF("a", "aaa", "3") COUNT_OF("b", "bbb", "3"));
    FEED(self, 100, "aaa", "aaa", "bbb", "bbb");
    detector_sigma.checkpoint(self);
    stop(self);
    self = start(COUNT_OF("c", "ccc", "1") COUNT_OF("a", "aaa", "3") COUNT_OF("b", "bbb", "4"));
    detector_sigma.checkpoint(self);
    assert_int_equal(FEED(self, 110, "bbb", "bbb", "bbb"), 0);
    assert_int_equal(FEED(self, 120, "aaa"), 1);
    stop(self);
}

/* A stranger who makes up values costs bounded memory, and health says what was given up. */
static void test_random_groups(void **state)
{
    (void)state;
    struct detect_health health;
    char line[64];
    state_kit_clear();
    seen.n = 0;
    void *self = start(BURST);
    for (int i = 0; i < 30000; i++) {
        snprintf(line, sizeof(line), "fff user=%d", i);
        feed(self, 100, line);
    }
    detector_sigma.health(self, &health);
    assert_int_equal(health.broken, 0);
    assert_non_null(strstr(health.detail, "groups within their timespan"));
    assert_int_equal(FEED(self, 110, "fff user=x", "fff user=x", "fff user=x"), 1);
    stop(self);
}

static void test_health(void **state)
{
    (void)state;
    struct detect_health health;
    void *self = start(LOGIN_RULE "---\ntitle: broken\n");
    detector_sigma.health(self, &health);
    assert_int_equal(health.rules, 1);
    assert_int_equal(health.broken, 1);
    assert_non_null(strstr(health.detail, "/a.yml:13: no detection; add one"));
    stop(self);

    config.rules_dir = "/nonexistent/rules";
    struct error e;
    assert_int_equal(detector_sigma.open(&host, &self, &e), 0);
    detector_sigma.health(self, &health);
    assert_int_equal(health.rules, 0);
    assert_non_null(strstr(health.detail, "/nonexistent/rules: No such file"));
    detector_sigma.close(self);

    config.detect = false;
    assert_int_equal(detector_sigma.open(&host, &self, &e), 0);
    config.detect = true;
    detector_sigma.health(self, &health);
    assert_int_equal(health.rules + health.broken, 0);
    feed(self, 1, "Failed password for root from 192.0.2.1 port 22");
    detector_sigma.close(self);
}

/* An expression that would take ages gives up, and health says so. */
static void test_gives_up(void **state)
{
    (void)state;
    struct detect_health health;
    static char line[20000];
    memset(line, 'a', sizeof(line) - 1);
    memcpy(line + sizeof(line) - 3, "b!", 2);
    void *self = start("title: t\nlogsource: {service: sshd}\ndetection:\n    s:\n"
                       "        message|re: '(a+)+b$'\n    condition: s\n");
    feed(self, 1, line);
    detector_sigma.health(self, &health);
    assert_non_null(strstr(health.detail, "gave up on 1 lines"));
    stop(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_kill),
        cmocka_unit_test(test_generate),
        cmocka_unit_test(test_changed_rule_forgets),
        cmocka_unit_test(test_temporal),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_chain_counts_bursts),
        cmocka_unit_test(test_measures),
        cmocka_unit_test(test_reload_keeps_the_rest),
        cmocka_unit_test(test_random_groups),
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_gives_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
