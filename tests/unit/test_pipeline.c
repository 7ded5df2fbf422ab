/*
 * The pipeline with a source and a detector of the test: what is emitted is told once, state stands
 * in the frame of its event, and a crash between two frames takes both back together.
 */
#include "collect/counters.h"
#include "collect/heartbeat.h"
#include "collect/pipeline.h"
#include "detect/detect.h"
#include "platform/confine.h"
#include "platform/file.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

/* ---- the double of a source: emits what the test asks for ---- */

static const struct source_host *host;
static struct source_host host_copy;
static int to_emit, next_number, checkpoints, records_seen, run_calls;

static int open_source(const struct source_host *h, void **self, struct error *e)
{
    (void)e;
    host_copy = *h;
    host = &host_copy;
    *self = &host_copy;
    return 0;
}

static void emit_number(int number)
{
    struct span part = span_make(&number, sizeof(number));
    struct event e = {.class_uid = EVENT_APPLICATION,
                      .activity = APPLICATION_START,
                      .severity = SEVERITY_LOW,
                      .time_ms = 1790000000000};
    event_uid_make(e.uid, &part, 1);
    host->emit(host->ctx, &e);
    host->put(host->ctx, STORE_PATCH, SPAN("last"), part);
}

static int64_t run_source(void *self, int64_t now_ms)
{
    (void)self, (void)now_ms;
    run_calls++;
    for (; to_emit > 0; to_emit--)
        emit_number(next_number++);
    return INT64_MAX;
}

static void checkpoint_source(void *self)
{
    (void)self;
    checkpoints++;
}

static void health_source(void *self, struct source_health *out)
{
    (void)self;
    *out = (struct source_health){.state = SOURCE_DEGRADED, .detail = "a \"reason\""};
}

static void close_source(void *self)
{
    (void)self;
}

static const struct source test_source = {.name = "test",
                                          .open = open_source,
                                          .run = run_source,
                                          .checkpoint = checkpoint_source,
                                          .health = health_source,
                                          .close = close_source};
const struct source *const all_sources[] = {&test_source, NULL};

static int open_detector(const struct detect_host *h, void **self, struct error *e)
{
    (void)h, (void)self;
    return error_set(e, "no rules");
}

static void take_record(void *self, const struct record *r)
{
    (void)self, (void)r;
    records_seen++;
}

static const struct detector test_detector = {
    .name = "test", .open = open_detector, .record = take_record};
/* A detector that makes the same findings of each event of a source. */
static struct detect_host finder_host;
static int events_seen, findings_made;

static int open_finder(const struct detect_host *h, void **self, struct error *e)
{
    (void)e;
    finder_host = *h;
    *self = &finder_host;
    return 0;
}

static void find(void *self, const struct event *e)
{
    (void)self;
    events_seen++;
    struct event found = {
        .class_uid = EVENT_DETECTION,
        .activity = FINDING_CREATE,
        .severity = SEVERITY_LOW,
        .time_ms = e->time_ms,
        .u.detection = {.rule_id = SPAN("x"), .rule_title = SPAN("x"), .same = {1}}};
    for (int i = 0; i < findings_made; i++) {
        memcpy(found.uid, e->uid, sizeof(found.uid));
        found.uid[0] = (uint8_t)(found.uid[0] + i + 1);
        finder_host.emit(finder_host.ctx, &found);
    }
}

static void health_of_finder(void *self, struct detect_health *out)
{
    (void)self;
    *out = (struct detect_health){.rules = 0};
}

static void do_nothing(void *self)
{
    (void)self;
}

static const struct detector finder = {.name = "finder",
                                       .open = open_finder,
                                       .record = take_record,
                                       .event = find,
                                       .checkpoint = do_nothing,
                                       .health = health_of_finder,
                                       .close = do_nothing};
const struct detector *const all_detectors[] = {&test_detector, &finder, NULL};

/* ---- a pipeline in a scratch folder ---- */

static struct config config;
static const struct identity who = {.institution = "MX", .endpoint = "pc", .hostname = "pc"};
static struct store *store;
static char folders[8][300];

static char *make(int at, const char *name)
{
    snprintf(folders[at], sizeof(folders[at]), "%s/%s", scratch_path(), name);
    assert_int_equal(folder_make(folders[at], 0700), 0);
    return folders[at];
}

static struct pipeline *start(void)
{
    struct error e = {""};
    bool fresh;
    assert_int_equal(store_open(config.state_dir, &store, &fresh, &e), 0);
    struct pipeline *p = pipeline_new(store);
    if (pipeline_open_spool(p, &config, &who, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(store_commit(store), 0);
    pipeline_start(p, &config, &who);
    return p;
}

static void crash(struct pipeline *p)
{
    pipeline_free(p);
    store_close(store);
}

static int set_up(void **state)
{
    (void)state;
    scratch_open();
    config = (struct config){.state_dir = make(0, "state"),
                             .outbox_dir = make(1, "outbox"),
                             .inbox_dir = make(2, "inbox"),
                             .spool_cap = 1 << 30,
                             .seal_bytes = 256 * 1024,
                             .seal_age_s = 60,
                             .heartbeat_s = 300};
    make(3, "outbox/urgent");
    make(4, "outbox/routine");
    make(5, "outbox/refused");
    make(6, "inbox/ack");
    make(7, "inbox/refused");
    to_emit = next_number = checkpoints = records_seen = run_calls = 0;
    events_seen = findings_made = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

static int last_number(void)
{
    int number = -1;
    struct buf value = BUF_INIT(64);
    if (store_get(store, STORE_PATCH, SPAN("last"), &value) == 0)
        memcpy(&number, value.p, sizeof(number));
    buf_release(&value);
    return number;
}

static void describe(struct pipeline *p, struct buf *out)
{
    struct json_out j;
    json_start(&j, out);
    json_object(&j, NULL);
    pipeline_describe(p, &j);
    json_end_object(&j);
}

/* ---- what must hold ---- */

static void an_event_and_its_state_survive_together(void **state)
{
    (void)state;
    struct pipeline *p = start();
    to_emit = 3;
    pipeline_round(p, 1);
    assert_int_equal(last_number(), 2); /* seen at once */
    crash(p);
    p = start(); /* nothing was flushed: both are gone */
    assert_int_equal(last_number(), -1);
    next_number = 0;
    to_emit = 3;
    pipeline_round(p, 1);
    pipeline_stop(p); /* writes the frame */
    crash(p);
    p = start();
    assert_int_equal(last_number(), 2);
    crash(p);
    assert_true(checkpoints > 0);
}

static void a_source_hears_of_a_lost_state(void **state)
{
    (void)state;
    static const char ship[] = "{\"last_delivery\": 1790000000000}";
    char path[600];
    struct pipeline *p = start();
    assert_int_equal(host->lost_after_ms, 0); /* the first start of all */
    crash(p);
    snprintf(path, sizeof(path), "%s/ship.json", config.inbox_dir);
    scratch_append(path, ship, sizeof(ship) - 1);
    p = start();
    assert_int_equal(host->lost_after_ms, 1790000000000);
    pipeline_stop(p); /* a reload is no new beginning */
    pipeline_start(p, &config, &who);
    assert_int_equal(host->lost_after_ms, 0);
    to_emit = 1;
    pipeline_round(p, 1);
    pipeline_stop(p); /* writes the frame */
    crash(p);
    p = start();
    assert_int_equal(host->lost_after_ms, 0);
    crash(p);
}

static void the_same_event_is_not_told_twice(void **state)
{
    (void)state;
    struct buf text = BUF_INIT(65536);
    struct pipeline *p = start();
    to_emit = 2;
    pipeline_round(p, 1);
    pipeline_stop(p);
    crash(p);
    p = start();
    next_number = 1; /* one of before, one new */
    to_emit = 2;
    pipeline_round(p, 1);
    describe(p, &text);
    if (!strstr(text.p, "\"emitted\":3,\"suppressed\":1"))
        fail_msg("%s", text.p);
    crash(p);
    buf_release(&text);
}

static void health_is_said_with_its_reason(void **state)
{
    (void)state;
    struct buf text = BUF_INIT(65536);
    struct pipeline *p = start();
    assert_false(pipeline_is_healthy(p));
    describe(p, &text);
    assert_non_null(strstr(text.p, "\"state\":\"degraded\",\"detail\":\"a \\\"reason\\\"\""));
    assert_non_null(strstr(text.p, "no rules"));
    crash(p);
    buf_release(&text);
}

static void a_seal_makes_one_batch(void **state)
{
    (void)state;
    struct outbox_count count;
    struct pipeline *p = start();
    to_emit = 5;
    pipeline_round(p, 1);
    pipeline_seal(p);
    assert_int_equal(outbox_sum(config.outbox_dir, OUTBOX_ROUTINE, pipeline_stream(p), &count), 0);
    assert_int_equal(count.batches, 1);
    crash(p);
    p = start();
    assert_int_equal(last_number(), 4);
    crash(p);
}

/* The SOC hears what a role should have given up and could not; of what is well, not a word. */
static void a_heartbeat_says_what_is_not_confined(void **state)
{
    (void)state;
    static const char *const ship[] = {"{\"confinement_error\":\"\",\"error\":\"\"}",
                                       "{\"confinement_error\":\"Landlock: why\"}"};
    struct confine_result confined[2] = {{.in_force = "all"}, {.missing = "seccomp: why"}};
    struct spool_facts batch = {.stream = "0123456789abcdef", .seq = 1, .prev = "", .low = 1};
    char file[320];
    struct pipeline *p = start();
    for (int i = 0; i < 2; i++) {
        struct buf line = BUF_INIT(65536);
        struct heartbeat_facts facts = {&config, &who, &confined[i], 0, 0};
        snprintf(file, sizeof(file), "%s/ship.json", config.inbox_dir);
        if (i > 0)
            scratch_remove(file);
        scratch_append(file, ship[i], strlen(ship[i]));
        heartbeat_write(&line, &facts, &batch, p);
        assert_int_equal(strstr(line.p, "seccomp: why") != NULL, i);
        assert_int_equal(strstr(line.p, "Landlock: why") != NULL, i);
        assert_int_equal(strstr(line.p, "confinement_error") != NULL, i);
        buf_release(&line);
    }
    crash(p);
}

/* What detectors make of an event lies in its frame, and what was told before is nothing new. */
static void detectors_see_new_events_of_sources(void **state)
{
    (void)state;
    struct buf text = BUF_INIT(65536);
    struct pipeline *p = start();
    findings_made = 1;
    to_emit = 3;
    pipeline_round(p, 1);
    assert_int_equal(events_seen, 3);
    next_number = 0;
    to_emit = 3; /* the same ones */
    pipeline_round(p, 2);
    assert_int_equal(events_seen, 3);
    describe(p, &text);
    assert_non_null(strstr(text.p, "\"emitted\":6,"));
    assert_non_null(strstr(text.p, "\"findings\":{\"told\":3,"));
    buf_release(&text);
    crash(p); /* nothing was flushed */
    p = start();
    next_number = 0;
    to_emit = 3;
    pipeline_round(p, 1);
    assert_int_equal(events_seen, 6);
    crash(p);
}

/* The same finding again is counted; what was counted stands in the frame of what it was found in.
 */
static void repeated_findings_are_counted(void **state)
{
    (void)state;
    struct buf text = BUF_INIT(65536);
    config.repeat_window_s = 3600;
    struct pipeline *p = start();
    findings_made = 5;
    to_emit = 2;
    pipeline_round(p, 1);
    describe(p, &text);
    assert_non_null(strstr(text.p, "\"findings\":{\"told\":1,\"repeated\":9,"));
    pipeline_stop(p);
    crash(p);
    buf_clear(&text);
    p = start();
    to_emit = 1;
    pipeline_round(p, 1);
    describe(p, &text); /* the window goes on after a restart */
    assert_non_null(strstr(text.p, "\"findings\":{\"told\":0,\"repeated\":5,"));
    buf_release(&text);
    crash(p);
}

static void counters_survive_being_saved(void **state)
{
    (void)state;
    struct counters a = {.sequence = 9, .seen = 8, .emitted = 7, .suppressed = 6}, b = {0};
    struct buf saved = BUF_INIT(4096);
    char reason[32];
    for (int i = 0; i < 40; i++) { /* more reasons than there is room for */
        snprintf(reason, sizeof(reason), "reason %d", i);
        counters_drop(&a, reason, 1);
    }
    counters_save(&a, &saved);
    counters_load(&b, buf_span(&saved));
    assert_memory_equal(&a, &b, sizeof(a));
    uint64_t sum = 0;
    for (size_t i = 0; i < b.reasons_n; i++)
        sum += b.dropped[i].count;
    assert_int_equal(sum, 40);
    counters_load(&b, SPAN("12\tx"));
    assert_int_equal(b.sequence, 9);
    buf_release(&saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_and_its_state_survive_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_source_hears_of_a_lost_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_event_is_not_told_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(health_is_said_with_its_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_seal_makes_one_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_heartbeat_says_what_is_not_confined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(detectors_see_new_events_of_sources, set_up, tear_down),
        cmocka_unit_test_setup_teardown(repeated_findings_are_counted, set_up, tear_down),
        cmocka_unit_test(counters_survive_being_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
