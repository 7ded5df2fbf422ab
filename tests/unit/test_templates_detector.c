/* The detector of what was never logged before: learning, findings, flood, false times, a kill. */
#include "detect/all.h"
#include "detect/templates.h"
#include "unit/cmocka_all.h"
#include "unit/sigma_kit.h"
#include "unit/state_kit.h"

#define HOUR_MS 3600000LL
#define START   (1790000000000LL / TEMPLATES_DAY_MS * TEMPLATES_DAY_MS)
#define LEARNED (START + 8 * TEMPLATES_DAY_MS)

int store_each(struct store *s, enum store_table t, struct span prefix,
               bool (*each)(void *ctx, struct span key, struct span value), void *ctx)
{
    (void)s;
    return state_kit_each(t, prefix, each, ctx);
}

static struct {
    size_t n;
    uint8_t uid[EVENT_UID_SIZE];
    char id[32], message[512], vigia[1024];
} seen;

static void emit(void *ctx, const struct event *e)
{
    (void)ctx;
    seen.n++;
    memcpy(seen.uid, e->uid, sizeof(seen.uid));
    span_copy(e->u.detection.rule_id, seen.id, sizeof(seen.id));
    span_copy(span_of(e->message), seen.message, sizeof(seen.message));
    span_copy(e->vigia, seen.vigia, sizeof(seen.vigia));
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

static void feed(void *self, int64_t time_ms, const char *message)
{
    struct record r = kit_record("sshd", message, time_ms);
    d->record(self, &r);
}

/* Eight days of two messages an hour at 8 to 12, of which one has always the same user. */
static void *learned(void)
{
    state_kit_clear();
    void *self = start();
    for (int64_t at = START; at <= LEARNED; at += HOUR_MS / 2)
        if (at / HOUR_MS % 24 >= 8 && at / HOUR_MS % 24 < 12) {
            feed(self, at, "login of user backup ok");
            feed(self, at, "checked 12 files");
        }
    feed(self, LEARNED + 9 * HOUR_MS, "checked 13 files");
    assert_int_equal(seen.n, 0);
    return self;
}

/* The same four messages each minute, from nine to five, and then a log that stops. */
static void test_rates(void **state)
{
    (void)state;
    state_kit_clear();
    void *self = start();
    int64_t at = START, quiet = START + 8 * TEMPLATES_DAY_MS + 10 * HOUR_MS;
    for (; at < quiet; at += 5 * 60000) {
        d->tick(self, at);
        for (int i = 0; i < 20 && at / HOUR_MS % 24 >= 9; i++)
            feed(self, at, "accepted key for user backup");
    }
    assert_int_equal(seen.n, 0);
    for (int i = 0; i < 2000; i++)
        feed(self, at, "accepted key for user backup");
    assert_int_equal(seen.n, 2); /* of the log and of the template */
    assert_string_equal(seen.id, "rate-spike");
    assert_non_null(
        strstr(seen.vigia, "\"rate\":{\"template\":\"sshd: accepted key for user <*>\""));
    feed(self, at - 2 * HOUR_MS, "accepted key for user backup"); /* of another time */
    for (; at < quiet + 48 * HOUR_MS && seen.n == 2; at += 5 * 60000)
        d->tick(self, at);
    assert_string_equal(seen.id, "source-silent");
    assert_true(at > quiet + 24 * HOUR_MS); /* nine hours of every night are usual */
    d->close(self);
}

/* As somebody does who wants to see it. */
static void test_habits_of_seconds(void **state)
{
    (void)state;
    state_kit_clear();
    struct config usual = config;
    config.learn_s = 10;
    config.silence_s = 5;
    void *self = start();
    int64_t at = START;
    for (; at < START + 12000; at += 100) {
        d->tick(self, at);
        feed(self, at, "checked 12 files");
    }
    assert_int_equal(seen.n, 0);
    feed(self, at, "segfault at 7ffe ip 55d0");
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.id, "template-new");
    d->tick(self, at + 4000);
    assert_int_equal(seen.n, 1);
    d->tick(self, at + 6000);
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.id, "source-silent");
    assert_non_null(strstr(seen.message, "for 6 s, the longest before was 0 s"));
    d->close(self);
    config = usual;
}

/* As a log of plain lines gives them. */
static void test_no_program(void **state)
{
    (void)state;
    void *self = learned();
    struct record r = kit_record("", "disk is gone", LEARNED + 9 * HOUR_MS);
    r.program = (struct span){NULL, 0};
    r.service = NULL;
    d->tick(self, LEARNED + 9 * HOUR_MS);
    d->record(self, &r);
    assert_int_equal(seen.n, 1);
    assert_non_null(strstr(seen.message, "disk is gone"));
    d->close(self);
}

static void test_new(void **state)
{
    (void)state;
    void *self = learned();
    feed(self, LEARNED + 9 * HOUR_MS, "segfault at 7ffe ip 55d0");
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.id, "template-new");
    assert_non_null(strstr(seen.message, "sshd: segfault at <*> ip <*>"));
    feed(self, LEARNED + 9 * HOUR_MS, "segfault at 1 ip 2");
    feed(self, LEARNED + 9 * HOUR_MS, "checked 14 files");
    assert_int_equal(seen.n, 1);
    d->close(self);
}

static void test_value(void **state)
{
    (void)state;
    void *self = learned();
    feed(self, LEARNED + 9 * HOUR_MS, "login of user eve ok");
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.id, "template-value");
    assert_non_null(strstr(seen.vigia, "\"value\":\"eve\""));
    feed(self, LEARNED + 9 * HOUR_MS, "login of user mallory ok");
    assert_int_equal(seen.n, 1);
    d->close(self);
}

static void test_secrets(void **state)
{
    (void)state;
    void *self = learned();
    for (int i = 0; i < TEMPLATES_FIRM; i++)
        feed(self, LEARNED + 9 * HOUR_MS, "connect password=hunter2 now");
    assert_int_equal(seen.n, 1);
    assert_null(strstr(seen.message, "hunter2"));
    assert_null(strstr(seen.vigia, "hunter2"));
    feed(self, LEARNED + 9 * HOUR_MS, "unlock with password=sesame now");
    assert_int_equal(seen.n, 2);
    assert_null(strstr(seen.message, "sesame"));
    assert_null(strstr(seen.vigia, "sesame"));
    feed(self, LEARNED + 9 * HOUR_MS, "connect password=letmein4 now");
    assert_int_equal(seen.n, 3);
    assert_string_equal(seen.id, "template-value");
    assert_null(strstr(seen.vigia, "letmein4"));
    d->close(self);
}

static void test_hour(void **state)
{
    (void)state;
    void *self = learned();
    feed(self, LEARNED + 12 * HOUR_MS, "checked 1 files"); /* beside a known hour */
    assert_int_equal(seen.n, 0);
    feed(self, LEARNED + 20 * HOUR_MS, "checked 1 files");
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.id, "template-hour");
    feed(self, LEARNED + 20 * HOUR_MS, "checked 2 files");
    assert_int_equal(seen.n, 1);
    d->close(self);
}

static void test_false_times(void **state)
{
    (void)state;
    state_kit_clear();
    void *self = start();
    feed(self, START, "checked 12 files");
    feed(self, START + 30000 * TEMPLATES_DAY_MS, "checked 13 files");
    feed(self, START, "something new");
    assert_int_equal(seen.n, 0); /* learning goes on */
    d->checkpoint(self);
    feed(self, START + HOUR_MS, "checked 14 files");
    d->close(self);
    assert_int_equal(state_kit_count(), 3); /* nothing was forgotten */
}

/* With the frame a finding is known; without it the same is told again, with the same uid. */
static void test_kill(void **state)
{
    (void)state;
    uint8_t uid[EVENT_UID_SIZE];
    void *self = learned();
    feed(self, LEARNED + 9 * HOUR_MS, "login of user backup ok"); /* count, day, hour are saved */
    d->checkpoint(self);
    feed(self, LEARNED + 9 * HOUR_MS, "segfault at 7ffe");
    feed(self, LEARNED + 9 * HOUR_MS + 1, "login of user eve ok");
    assert_int_equal(seen.n, 2);
    memcpy(uid, seen.uid, sizeof(uid));
    d->close(self);

    self = start(); /* read again from the frame on */
    feed(self, LEARNED + 9 * HOUR_MS, "segfault at 7ffe");
    feed(self, LEARNED + 9 * HOUR_MS + 1, "login of user eve ok");
    assert_int_equal(seen.n, 2);
    assert_memory_equal(uid, seen.uid, sizeof(uid));
    d->checkpoint(self);
    d->close(self);

    self = start(); /* the frame held both */
    feed(self, LEARNED + 9 * HOUR_MS + 2, "segfault at 7ffe");
    feed(self, LEARNED + 9 * HOUR_MS + 2, "login of user mallory ok");
    assert_int_equal(seen.n, 0);
    d->close(self);
}

static void test_age(void **state)
{
    (void)state;
    void *self = learned();
    d->checkpoint(self);
    size_t before = state_kit_count();
    for (int day = 1; day <= 92; day++)
        feed(self, LEARNED + day * TEMPLATES_DAY_MS + 9 * HOUR_MS, "checked 15 files");
    d->checkpoint(self);
    assert_int_equal(state_kit_count(), before - 1);
    feed(self, LEARNED + 92 * TEMPLATES_DAY_MS + 9 * HOUR_MS, "login of user backup ok");
    assert_string_equal(seen.id, "template-new");
    d->close(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),      cmocka_unit_test(test_habits_of_seconds),
        cmocka_unit_test(test_no_program), cmocka_unit_test(test_new),
        cmocka_unit_test(test_value),      cmocka_unit_test(test_hour),
        cmocka_unit_test(test_kill),       cmocka_unit_test(test_false_times),
        cmocka_unit_test(test_age),        cmocka_unit_test(test_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
