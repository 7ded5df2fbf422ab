/* The whole detector: rules from a folder, findings out, state across a kill. */
#include "detect/all.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"
#include "unit/sigma_kit.h"

/* The store's double: what was put is what is there. */
struct entry {
    char key[64], value[1024];
    size_t key_n, value_n;
};

static struct entry entries[64];
static size_t entries_n;

int store_each(struct store *s, enum store_table t, struct span prefix,
               bool (*each)(void *ctx, struct span key, struct span value), void *ctx)
{
    (void)s;
    assert_int_equal(t, STORE_DETECT);
    for (size_t i = 0; i < entries_n; i++) {
        struct span key = {entries[i].key, entries[i].key_n};
        if (span_starts(key, prefix) &&
            !each(ctx, key, (struct span){entries[i].value, entries[i].value_n}))
            break;
    }
    return 0;
}

static void put(void *ctx, enum store_table t, struct span key, struct span value)
{
    (void)ctx;
    assert_int_equal(t, STORE_DETECT);
    assert_true(key.n <= sizeof(entries[0].key) && value.n <= sizeof(entries[0].value));
    size_t i = 0;
    while (i < entries_n && !span_equal((struct span){entries[i].key, entries[i].key_n}, key))
        i++;
    if (!value.p) {
        if (i < entries_n)
            entries[i] = entries[--entries_n];
        return;
    }
    entries_n += i == entries_n;
    assert_true(entries_n <= sizeof(entries) / sizeof(entries[0]));
    memcpy(entries[i].key, key.p, key.n);
    memcpy(entries[i].value, value.p, value.n);
    entries[i].key_n = key.n;
    entries[i].value_n = value.n;
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
static struct detect_host host = {&config, (struct store *)&config, NULL, emit, put};

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
static void test_kill(void **state)
{
    (void)state;
    entries_n = seen.n = 0;
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
    entries_n = seen.n = 0;
    void *self = start(LOGIN_RULE COUNT_RULE);
    for (int i = 0; i < 4; i++)
        feed(self, 100 + i, "Failed password for root from 192.0.2.1 port 22");
    detector_sigma.checkpoint(self);
    assert_int_equal(entries_n, 1);
    stop(self);
    self = start(LOGIN_RULE "falsepositives: [words do not matter]\n" COUNT_RULE);
    detector_sigma.checkpoint(self);
    assert_int_equal(entries_n, 1);
    stop(self);
    self = start(LOGIN_RULE "        - '(?<other>x)'\n" COUNT_RULE); /* counts something else now */
    detector_sigma.checkpoint(self);
    assert_int_equal(entries_n, 0);
    feed(self, 104, "Failed password for root from 192.0.2.1 port 22");
    assert_int_equal(seen.n, 0);
    stop(self);
}

static void test_generate(void **state)
{
    (void)state;
    entries_n = seen.n = 0;
    void *self = start(LOGIN_RULE "generate: true\n" COUNT_RULE);
    for (int i = 0; i < 5; i++)
        feed(self, 100 + i, "Failed password for root from 192.0.2.1 port 22");
    assert_int_equal(seen.n, 6);
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
        cmocka_unit_test(test_finding),  cmocka_unit_test(test_kill),
        cmocka_unit_test(test_generate), cmocka_unit_test(test_changed_rule_forgets),
        cmocka_unit_test(test_health),   cmocka_unit_test(test_gives_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
