/* The detector of what was never logged before, over structured events: kinds, values, hours, how
 * often, restarts, state of the version before, hostile providers. */
#include "base/buf.h"
#include "detect/all.h"
#include "detect/templates.h"
#include "unit/cmocka_all.h"
#include "unit/sigma_kit.h"
#include "unit/state_kit.h"

#include <stdio.h>

#define MINUTE_MS 60000LL
#define HOUR_MS   3600000LL
#define START     (1790000000000LL / TEMPLATES_DAY_MS * TEMPLATES_DAY_MS)
#define LEARNED   (START + 8 * TEMPLATES_DAY_MS)
#define THEN      (LEARNED + 9 * HOUR_MS)
#define AUDITING  "Microsoft-Windows-Security-Auditing"

int store_each(struct store *s, enum store_table t, struct span prefix,
               bool (*each)(void *ctx, struct span key, struct span value), void *ctx)
{
    (void)s;
    return state_kit_each(t, prefix, each, ctx);
}

static struct {
    size_t n;
    uint8_t uid[2][EVENT_UID_SIZE]; /* the last and the one before */
    char id[32], message[512], vigia[1024], log[64], evidence[64];
} seen;

static void emit(void *ctx, const struct event *e)
{
    (void)ctx;
    seen.n++;
    memcpy(seen.uid[1], seen.uid[0], sizeof(seen.uid[0]));
    memcpy(seen.uid[0], e->uid, sizeof(seen.uid[0]));
    span_copy(e->u.detection.rule_id, seen.id, sizeof(seen.id));
    span_copy(span_of(e->message), seen.message, sizeof(seen.message));
    span_copy(e->vigia, seen.vigia, sizeof(seen.vigia));
    span_copy(e->u.detection.log_name, seen.log, sizeof(seen.log));
    span_copy(e->u.detection.evidence, seen.evidence, sizeof(seen.evidence));
}

static struct config config = {.detect = true, .learn_s = 7 * 86400, .silence_s = 3600};
static struct detect_host host = {&config, (struct store *)&config, NULL, emit, state_kit_put};
static const struct detector *const d = &detector_templates;

static void *start(void)
{
    void *self;
    struct error e;
    assert_int_equal(d->open(&host, &self, &e), 0);
    seen.n = 0;
    return self;
}

static struct record event(const char *channel, const char *provider, const char *id,
                           int64_t time_ms)
{
    struct record r = {.source = channel,
                       .product = "windows",
                       .time_ms = time_ms,
                       .raw = SPAN("<Event>as it was</Event>")};
    memcpy(r.uid, &time_ms, sizeof(time_ms));
    kit_field(&r, "Provider_Name", provider);
    kit_field(&r, "EventID", id);
    kit_field(&r, "Channel", channel);
    return r;
}

static void logon(void *self, int64_t time_ms, const char *user, const char *address)
{
    struct record r = event("Security", AUDITING, "4624", time_ms);
    kit_field(&r, "SubjectUserName", "PC$");
    kit_field(&r, "TargetUserName", user);
    kit_field(&r, "TargetLogonId", "0x8dcdc");
    kit_field(&r, "IpAddress", address);
    d->record(self, &r);
}

static void process(void *self, int64_t time_ms, const char *image, const char *command)
{
    struct record r = event("Security", AUDITING, "4688", time_ms);
    kit_field(&r, "NewProcessName", image);
    kit_field(&r, "CommandLine", command);
    d->record(self, &r);
}

static void plain(void *self, int64_t time_ms, const char *channel, const char *provider,
                  const char *id)
{
    struct record r = event(channel, provider, id, time_ms);
    d->record(self, &r);
}

/* Eight days of logons and a process each half hour, at 8 to 12. */
static void *learned(void)
{
    state_kit_clear();
    void *self = start();
    for (int64_t at = START; at <= LEARNED; at += HOUR_MS / 2)
        if (at / HOUR_MS % 24 >= 8 && at / HOUR_MS % 24 < 12) {
            logon(self, at, "backup", "10.0.0.7");
            process(self, at, "C:\\Windows\\System32\\sync.exe", "sync.exe /all");
        }
    assert_int_equal(seen.n, 0);
    return self;
}

static void test_new(void **state)
{
    (void)state;
    static const struct {
        const char *channel, *provider, *id, *text;
    } rows[] = {
        {"Security", AUDITING, "4720", "Security " AUDITING " 4720"},
        {"Security", "Other", "4624", "Security Other 4624"},
        {"System", AUDITING, "4624", "System " AUDITING " 4624"},
        {"A-B/Operational", "A-B", "201", "A-B/Operational 201"},
        {"A\x01"
         "B",
         "C\n", "1", "A?B C? 1"},
    };
    void *self = learned();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plain(self, THEN, rows[i].channel, rows[i].provider, rows[i].id);
        assert_int_equal(seen.n, i + 1);
        assert_string_equal(seen.id, "template-new");
        const char *text = strstr(seen.message, ": ");
        assert_string_equal(text + 2, rows[i].text);
        assert_string_equal(seen.log, rows[i].channel);
        assert_string_equal(seen.evidence, "<Event>as it was</Event>");
        plain(self, THEN, rows[i].channel, rows[i].provider, rows[i].id);
        assert_int_equal(seen.n, i + 1);
    }
    d->close(self);
}

/* Other fields of a known kind, as another version of it has: nothing new. */
static void test_versions(void **state)
{
    (void)state;
    void *self = learned();
    plain(self, THEN, "Security", AUDITING, "4624");
    struct record r = event("Security", AUDITING, "4624", THEN);
    for (int i = 0; i < 60; i++)
        kit_field(&r, "More", "of it");
    kit_field(&r, "TargetUserName", "backup");
    kit_field(&r, "IpAddress", "");
    d->record(self, &r);
    assert_int_equal(seen.n, 0);
    d->close(self);
}

static void test_value(void **state)
{
    (void)state;
    void *self = learned();
    logon(self, THEN, "BackUp", "10.0.0.7");
    assert_int_equal(seen.n, 0);
    logon(self, THEN, "eve", "10.0.0.7");
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.id, "template-value");
    assert_non_null(strstr(seen.message, "Security " AUDITING " 4624, TargetUserName"));
    assert_non_null(strstr(seen.vigia, "\"field\":\"TargetUserName\",\"value\":\"eve\""));
    assert_non_null(strstr(seen.vigia, "\"text\":\"Security " AUDITING " 4624\""));
    logon(self, THEN, "mallory", "10.0.0.7"); /* told once */
    assert_int_equal(seen.n, 1);
    logon(self, THEN, "backup", "203.0.113.9");
    assert_int_equal(seen.n, 2);
    assert_non_null(strstr(seen.vigia, "\"field\":\"IpAddress\",\"value\":\"203.0.113.9\""));
    d->close(self);
}

/* One event with the same new value in two fields is two findings. */
static void test_values_at_once(void **state)
{
    (void)state;
    void *self = learned();
    process(self, THEN, "C:\\a.exe", "C:\\a.exe");
    assert_int_equal(seen.n, 2);
    assert_memory_not_equal(seen.uid[0], seen.uid[1], EVENT_UID_SIZE);
    d->close(self);
}

static void test_secrets(void **state)
{
    (void)state;
    void *self = learned();
    process(self, THEN, "C:\\Windows\\System32\\sync.exe", "sync.exe --password=hunter2");
    assert_int_equal(seen.n, 1);
    assert_non_null(strstr(seen.vigia, "\"field\":\"CommandLine\""));
    assert_non_null(strstr(seen.vigia, "sync.exe --password="));
    assert_null(strstr(seen.vigia, "hunter2"));
    d->close(self);
}

static void test_hour(void **state)
{
    (void)state;
    void *self = learned();
    logon(self, LEARNED + 12 * HOUR_MS, "backup", "10.0.0.7"); /* beside a known hour */
    assert_int_equal(seen.n, 0);
    logon(self, LEARNED + 20 * HOUR_MS, "backup", "10.0.0.7");
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.id, "template-hour");
    d->close(self);
}

/* Twenty logons each five minutes in the Security channel, at any hour. */
static int64_t steady(void *self, int64_t from, int64_t until, int logons)
{
    for (; from < until; from += 5 * MINUTE_MS) {
        d->tick(self, from);
        for (int i = 0; i < logons; i++)
            logon(self, from, "backup", "10.0.0.7");
    }
    return from;
}

static void test_rates(void **state)
{
    (void)state;
    state_kit_clear();
    void *self = start();
    int64_t at = steady(self, START, START + 15 * TEMPLATES_DAY_MS, 20);
    assert_int_equal(seen.n, 0);
    for (int i = 0; i < 2000; i++)
        logon(self, at, "backup", "10.0.0.7");
    assert_int_equal(seen.n, 2); /* of the channel and of the event */
    assert_string_equal(seen.id, "rate-spike");
    assert_non_null(strstr(seen.vigia, "\"rate\":{\"template\":\"Security " AUDITING " 4624\""));
    at = steady(self, at, at + HOUR_MS, 20);
    at = steady(self, at, at + HOUR_MS, 1);
    assert_int_equal(seen.n, 2);
    at = steady(self, at, at + 5 * MINUTE_MS, 1);
    assert_int_equal(seen.n, 4);
    assert_string_equal(seen.id, "rate-drop");
    for (int64_t end = at + 4 * HOUR_MS; at < end && strcmp(seen.id, "source-silent") != 0;
         at += 5 * MINUTE_MS)
        d->tick(self, at);
    assert_string_equal(seen.id, "source-silent");
    assert_string_equal(seen.log, "Security");
    d->close(self);
}

static void test_restart(void **state)
{
    (void)state;
    void *self = learned();
    logon(self, THEN, "backup", "10.0.0.7");
    d->checkpoint(self);
    plain(self, THEN, "System", "New", "1"); /* lost with a kill, told again */
    assert_int_equal(seen.n, 1);
    d->close(self);
    self = start();
    logon(self, THEN, "backup", "10.0.0.7");
    process(self, THEN, "C:\\Windows\\System32\\sync.exe", "sync.exe /all");
    assert_int_equal(seen.n, 0);
    plain(self, THEN, "System", "New", "1");
    logon(self, THEN, "eve", "10.0.0.7");
    assert_int_equal(seen.n, 2);
    d->checkpoint(self);
    logon(self, THEN, "eve", "203.0.113.9");
    assert_int_equal(seen.n, 3);
    d->checkpoint(self);
    d->close(self);
    self = start(); /* the value is known to vary since */
    logon(self, THEN, "eve", "203.0.113.10");
    assert_int_equal(seen.n, 0);
    d->close(self);
}

/* State of an agent that took no notice of events: they have a time of learning of their own, the
 * lines have had theirs. */
static void test_upgrade(void **state)
{
    (void)state;
    const uint64_t parts[] = {1, START, 8 * TEMPLATES_DAY_MS, 0};
    struct buf head = BUF_INIT(64);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        buf_put_u64(&head, parts[i]);
    state_kit_clear();
    state_kit_put(NULL, STORE_DETECT, SPAN("tpl\0head"), buf_span(&head));
    buf_release(&head);
    void *self = start();
    logon(self, START + HOUR_MS, "backup", "10.0.0.7");
    plain(self, START + 6 * TEMPLATES_DAY_MS / 7, "System", "New", "1");
    assert_int_equal(seen.n, 0);
    struct record line = kit_record("sshd", "never was this", START + HOUR_MS);
    d->record(self, &line);
    assert_int_equal(seen.n, 1);
    d->checkpoint(self);
    d->close(self);
    self = start();
    for (int day = 1; day <= 8; day++)
        logon(self, START + day * TEMPLATES_DAY_MS + HOUR_MS, "backup", "10.0.0.7");
    assert_int_equal(seen.n, 0);
    plain(self, START + 8 * TEMPLATES_DAY_MS + HOUR_MS, "System", "New", "2");
    assert_int_equal(seen.n, 1);
    d->close(self);
}

/* A provider that never repeats a number pushes out nothing that was learned. */
static void test_hostile(void **state)
{
    (void)state;
    char id[32];
    void *self = learned();
    for (int i = 0; i < 3 * MINER_MAX; i++) {
        snprintf(id, sizeof(id), "%d", i);
        plain(self, THEN, "Application", "Never the same", id);
    }
    seen.n = 0;
    logon(self, THEN, "backup", "10.0.0.7");
    assert_int_equal(seen.n, 0);
    logon(self, THEN, "eve", "10.0.0.7");
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.id, "template-value");
    d->close(self);
}

/* What is no event, or half of one, and fields as long as can be. */
static void test_odd(void **state)
{
    (void)state;
    static char text[70000];
    memset(text, 'x', sizeof(text) - 1);
    void *self = learned();
    struct record r = event("Security", AUDITING, "", THEN);
    d->record(self, &r);
    r = event("Security", "", "1", THEN);
    d->record(self, &r);
    r.fields_n = 0;
    d->record(self, &r);
    assert_int_equal(seen.n, 0);
    plain(self, THEN, text, text, text);
    assert_int_equal(seen.n, 1);
    assert_non_null(strstr(seen.message, "xxx xxxxxxxxxx"));
    logon(self, THEN, text, "10.0.0.7");
    assert_int_equal(seen.n, 2);
    d->close(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),     cmocka_unit_test(test_versions),
        cmocka_unit_test(test_value),   cmocka_unit_test(test_values_at_once),
        cmocka_unit_test(test_secrets), cmocka_unit_test(test_hour),
        cmocka_unit_test(test_rates),   cmocka_unit_test(test_restart),
        cmocka_unit_test(test_upgrade), cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
