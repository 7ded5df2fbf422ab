/* The event log as a source, over a log that the test holds: where reading starts and goes on, what
 * is lost and said, channels that fail, go and come; and events as records. */
#include "platform/eventlog.h"
#include "source/all.h"
#include "source/log/eventlog_record.h"
#include "unit/cmocka_all.h"
#include "unit/host_kit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define OWN     "Microsoft-Windows-Eventlog"
#define MINUTE  60000
#define NUMBERS 64

/* ---- the double: channels of events that have nothing but a number ---- */

static struct made_channel {
    const char *name;
    uint64_t oldest, newest; /* numbers that are there; newest < oldest: none */
    uint64_t cut_at;         /* this one cannot be shown */
    int open_error, next_error;
    unsigned opened, at_once;
    bool marked; /* when it was opened last */
} made[2];
static bool no_log; /* of Windows at all */

struct eventlog {
    struct made_channel *channel;
    uint64_t at;
    char xml[1024];
};

static struct made_channel *find_made(const char *name)
{
    for (size_t i = 0; i < 2; i++)
        if (made[i].name && strcmp(made[i].name, name) == 0)
            return &made[i];
    return NULL;
}

static void put_bookmark(const struct made_channel *c, uint64_t id, char *out, size_t size)
{
    snprintf(out, size, "<BookmarkList><Bookmark Channel='%s' RecordId='%llu'/></BookmarkList>",
             c->name, (unsigned long long)id);
}

int eventlog_end(const char *channel, char *bookmark, size_t size)
{
    struct made_channel *c = find_made(channel);
    if (no_log)
        return -ENOSYS;
    if (!c || c->open_error != 0)
        return c ? c->open_error : -ENODEV;
    put_bookmark(c, c->newest, bookmark, size);
    return c->newest >= c->oldest;
}

int eventlog_open(const char *channel, const char *bookmark, unsigned at_once,
                  struct eventlog **out)
{
    struct made_channel *c = find_made(channel);
    uint64_t id = bookmark ? eventlog_bookmark_id(span_of(bookmark)) : 0;
    *out = NULL;
    if (no_log)
        return -ENOSYS;
    if (!c || c->open_error != 0)
        return c ? c->open_error : -ENODEV;
    c->opened++;
    c->at_once = at_once;
    c->marked = bookmark != NULL;
    if (bookmark && (id < c->oldest || id > c->newest))
        return -ENOENT;
    *out = calloc(1, sizeof(**out));
    assert_non_null(*out);
    (*out)->channel = c;
    (*out)->at = bookmark ? id : c->oldest - 1;
    return 0;
}

void eventlog_close(struct eventlog *l)
{
    free(l);
}

wait_t eventlog_wait(struct eventlog *l)
{
    (void)l;
    return WAIT_NONE;
}

bool eventlog_ready(const struct eventlog *l)
{
    return l->at < l->channel->newest;
}

int eventlog_next(struct eventlog *l, const char **xml, size_t *n)
{
    if (l->channel->next_error != 0)
        return l->channel->next_error;
    if (l->at >= l->channel->newest)
        return 0;
    l->at++;
    if (l->at == l->channel->cut_at)
        return -ENODATA;
    snprintf(l->xml, sizeof(l->xml),
             "<Event><System><Provider Name='p'/><EventID>1</EventID>"
             "<TimeCreated SystemTime='2026-11-30T13:00:00.0000000Z'/>"
             "<EventRecordID>%llu</EventRecordID><Channel>%s</Channel></System></Event>",
             (unsigned long long)l->at, l->channel->name);
    *xml = l->xml;
    *n = strlen(l->xml);
    return 1;
}

int eventlog_bookmark(struct eventlog *l, char *out, size_t size)
{
    put_bookmark(l->channel, l->at, out, size);
    return 0;
}

/* ---- what the source tells ---- */

static struct {
    unsigned told[NUMBERS]; /* records by number */
    char uid[NUMBERS][EVENT_UID_SIZE];
    unsigned activities[16]; /* by activity_id */
} seen;
static int64_t now;

static void take_event(void *ctx, const struct event *e)
{
    struct buf line;
    (void)ctx;
    json_free(host_kit_encode(e, &line));
    buf_release(&line);
    assert_int_equal(e->class_uid, EVENT_LOG_ACTIVITY);
    assert_true(e->activity < 16);
    seen.activities[e->activity]++;
}

static void take_record(void *ctx, const struct record *r)
{
    uint64_t id;
    (void)ctx;
    assert_true(span_to_u64(record_field(r, SPAN("EventRecordID")), &id) && id < NUMBERS);
    if (seen.told[id]++ > 0) /* read again after a crash: the same event */
        assert_memory_equal(seen.uid[id], r->uid, EVENT_UID_SIZE);
    memcpy(seen.uid[id], r->uid, EVENT_UID_SIZE);
}

static int begin(void **state)
{
    static char none[] = "", channel[] = "Made", log[] = "made";
    struct config config = {.eventlog = true, .logs_n = 1};
    (void)state;
    config.logs[0] =
        (struct config_log){.name = log, .path = none, .channel = channel, .service = none};
    memset(&seen, 0, sizeof(seen));
    memset(made, 0, sizeof(made));
    made[0] = (struct made_channel){.name = "Made", .oldest = 1, .newest = 3};
    now = 1000000;
    host_kit_begin(&source_log_events, take_event, config);
    host_kit.host.emit_record = take_record;
    host_kit_start();
    return 0;
}

static int end(void **state)
{
    (void)state;
    host_kit_stop(true);
    host_kit_end();
    return 0;
}

/* So long, in steps of a second, with a frame after each. */
static void pass(int64_t ms)
{
    for (int64_t until = now + ms; now < until; now += 1000) {
        for (int i = 0; i < 40 && host_kit.source->run(host_kit.self, now) <= now; i++)
            assert_true(i < 39);
        host_kit.source->checkpoint(host_kit.self);
    }
}

static void again(bool commit)
{
    host_kit_stop(commit);
    host_kit_start();
    pass(30000);
}

static void assert_told(unsigned from, unsigned to, unsigned times)
{
    for (unsigned i = from; i <= to; i++)
        assert_int_equal(seen.told[i], times);
}

static struct source_health health_now(void)
{
    struct source_health h;
    host_kit.source->health(host_kit.self, &h);
    return h;
}

/* ---- the source ---- */

static void what_came_before_the_first_start_is_not_told(void **state)
{
    (void)state;
    pass(30000);
    made[0].newest = 6;
    pass(2000);
    assert_told(1, 3, 0);
    assert_told(4, 6, 1);
}

static void reading_goes_on_behind_the_bookmark(void **state)
{
    (void)state;
    pass(30000);
    made[0].newest = 6;
    pass(2000);
    assert_int_equal(store_commit(host_kit.store), 0);
    made[0].newest = 8;
    again(true);
    assert_told(4, 8, 1);
    assert_int_equal(store_commit(host_kit.store), 0);
    made[0].newest = 9;
    pass(2000);
    again(false); /* the frame with 9 was not written: read again, with the same uid */
    assert_told(4, 8, 1);
    assert_told(9, 9, 2);
    assert_int_equal(host_kit.dropped, 0);
}

static void a_channel_that_was_empty_is_read_from_its_first_event(void **state)
{
    (void)state;
    made[0] = (struct made_channel){.name = "Made", .oldest = 1, .newest = 0};
    pass(30000);
    again(true);
    assert_false(made[0].marked);
    made[0].newest = 2;
    again(true);
    assert_told(1, 2, 1);
    assert_true(made[0].marked); /* by now it can be: losses are told */
}

static void lost_state_reads_it_from_its_oldest(void **state)
{
    (void)state;
    host_kit_stop(true);
    host_kit.host.lost_after_ms = 1764511200000 + 365 * (int64_t)86400000; /* the events' time */
    host_kit_start();
    pass(30000);
    assert_told(1, 3, 1);
    host_kit.host.lost_after_ms = 0;
}

static void what_was_overwritten_is_a_loss(void **state)
{
    (void)state;
    pass(30000);
    made[0].newest = 4;
    pass(2000);
    made[0].oldest = 20;
    made[0].newest = 22;
    again(true);
    assert_told(20, 22, 1);
    assert_int_equal(host_kit.dropped, 15); /* 5 to 19 */
    assert_int_equal(seen.activities[LOG_ACTIVITY_DELETE], 0);
    made[0].next_error = -EOVERFLOW; /* the same while it is followed */
    made[0].oldest = 25;
    made[0].newest = 30;
    pass(2000);
    assert_int_equal(health_now().state, SOURCE_DEGRADED);
    made[0].next_error = 0;
    pass(10000);
    assert_told(25, 30, 1);
    assert_int_equal(host_kit.dropped, 17);
    assert_int_equal(health_now().state, SOURCE_OK);
}

static void numbers_that_begin_again_are_another_log(void **state)
{
    (void)state;
    made[0].newest = 40;
    made[0].oldest = 30;
    pass(30000);
    made[0].oldest = 1;
    made[0].newest = 2;
    again(true);
    assert_told(1, 2, 1);
    assert_int_equal(seen.activities[LOG_ACTIVITY_DELETE], 1);
    assert_int_equal(host_kit.dropped, 0);
}

static void what_cannot_be_shown_is_counted_and_passed_over(void **state)
{
    (void)state;
    pass(30000);
    made[0].cut_at = 5;
    made[0].newest = 6;
    pass(2000);
    assert_told(4, 4, 1);
    assert_told(5, 5, 0);
    assert_told(6, 6, 1);
    assert_int_equal(host_kit.dropped, 1);
    again(true);
    assert_told(6, 6, 1);
}

static void channels_that_are_not_there_are_said_and_no_fault(void **state)
{
    (void)state;
    pass(30000);
    assert_int_equal(health_now().state, SOURCE_OK);
    assert_non_null(strstr(health_now().detail, "not on this host: Security, System"));
    assert_null(strstr(health_now().detail, "Made"));
    made[1] = (struct made_channel){.name = "Security", .oldest = 11, .newest = 12};
    pass(2 * MINUTE);
    assert_told(11, 12, 1); /* it was not there: from its beginning */
    assert_null(strstr(health_now().detail, "Security"));
}

static void a_channel_that_fails_is_a_fault_and_tried_again(void **state)
{
    static const struct {
        int error;
        const char *words;
    } rows[] = {{-EACCES, "Made: access denied"},
                {-ECONNRESET, "Made: the service EventLog does not answer"},
                {-EIO, "Made: "}};
    (void)state;
    pass(30000);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        made[0].next_error = made[0].open_error = rows[i].error;
        made[0].newest++;
        pass(2000);
        assert_int_equal(health_now().state, SOURCE_DEGRADED);
        assert_non_null(strstr(health_now().detail, rows[i].words));
        made[0].next_error = made[0].open_error = 0;
        pass(10000);
        assert_int_equal(health_now().state, SOURCE_OK);
        assert_told(4, (unsigned)made[0].newest, 1);
    }
    assert_int_equal(host_kit.dropped, 0);
}

static void pauses_between_tries_grow(void **state)
{
    (void)state;
    pass(30000);
    made[0].opened = 0;
    made[0].next_error = -EIO;
    made[0].newest = 4;
    pass(10 * MINUTE);
    assert_in_range(made[0].opened, 10, 16); /* 1, 2, 4 ... 32 s, then each minute */
    made[0].next_error = 0;
    pass(MINUTE);
    assert_told(4, 4, 1);
}

static void too_much_at_once_becomes_less(void **state)
{
    (void)state;
    pass(30000);
    assert_int_equal(made[0].at_once, EVENTLOG_AT_ONCE);
    made[0].next_error = -EMSGSIZE;
    made[0].newest = 4;
    pass(2000);
    assert_true(made[0].at_once < EVENTLOG_AT_ONCE);
    made[0].next_error = 0;
    pass(30000);
    assert_told(4, 4, 1);
}

static void a_service_that_stays_away_is_told_once(void **state)
{
    (void)state;
    pass(30000);
    made[0].next_error = made[0].open_error = -ECONNRESET;
    pass(MINUTE / 2);
    made[0].next_error = made[0].open_error = 0;
    pass(MINUTE); /* a restart */
    assert_int_equal(seen.activities[LOG_ACTIVITY_STOP], 0);
    made[0].next_error = made[0].open_error = -ECONNRESET;
    pass(10 * MINUTE);
    assert_int_equal(seen.activities[LOG_ACTIVITY_STOP], 1);
    made[0].next_error = made[0].open_error = 0;
    pass(2 * MINUTE);
    made[0].next_error = made[0].open_error = -ECONNRESET;
    pass(10 * MINUTE);
    assert_int_equal(seen.activities[LOG_ACTIVITY_STOP], 2);
}

static void without_an_event_log_it_is_off(void **state)
{
    (void)state;
    host_kit_stop(true);
    no_log = true;
    host_kit_start();
    pass(30000);
    assert_int_equal(health_now().state, SOURCE_OFF);
    assert_non_null(strstr(health_now().detail, "no event log"));
    no_log = false;
    host_kit_stop(true);
    host_kit.config.eventlog = false;
    host_kit_start();
    assert_int_equal(host_kit.source->run(host_kit.self, now), INT64_MAX);
    assert_int_equal(health_now().state, SOURCE_OFF);
    assert_string_equal(health_now().detail, "");
}

/* ---- records ---- */

#define HEAD(provider, id, record)                                                                 \
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"                \
    "<Provider Name='" provider "' Guid='{0}'/><EventID>" id "</EventID>"                          \
    "<TimeCreated SystemTime='2026-11-30T13:14:15.9876543Z'/><EventRecordID>" record               \
    "</EventRecordID><Execution ProcessID='44' ThreadID='8'/><Channel>Elsewhere</Channel>"         \
    "<Computer>pc-1</Computer></System>"

static void events_become_records(void **state)
{
    struct eventlog_record e;
    struct span xml = SPAN(HEAD("P", "4688", "17") "<EventData><Data Name='Image'>C:\\a &amp; b"
                                                   "</Data></EventData></Event>");
    (void)state;
    eventlog_record_init(&e);
    assert_true(eventlog_record_take(&e, "Security", NULL, xml, 5));
    const struct record *r = &e.record;
    assert_string_equal(r->source, "Security");
    assert_string_equal(r->product, "windows");
    assert_int_equal(r->time_ms, 1796044455987);
    assert_int_equal(r->pid, 44);
    assert_int_equal(e.id, 17);
    assert_false(e.cut);
    assert_true(span_equal_text(r->host, "pc-1"));
    assert_true(span_equal_text(record_field(r, SPAN("Image")), "C:\\a & b"));
    assert_true(span_equal_text(record_field(r, SPAN("EventID")), "4688"));
    assert_true(span_equal(r->raw, xml));
    assert_true(eventlog_record_take(&e, "ForwardedEvents", "sysmon", xml, 5));
    assert_string_equal(e.record.source, "Elsewhere");
    assert_string_equal(e.record.service, "sysmon");
    static const char *const none[] = {"", "<Event>", "<Event><System></System></Event>", "text",
                                       "<Event><System><EventID>x</EventID></System></Event>"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(eventlog_record_take(&e, "Security", NULL, span_of(none[i]), 5));
    assert_true(eventlog_record_take(
        &e, "Security", NULL, SPAN("<Event><System><EventID>1</EventID></System></Event>"), 5));
    assert_int_equal(e.record.time_ms, 5);
    eventlog_record_release(&e);
}

/* Whoever may write events gives them data under any name. */
static void data_cannot_pose_as_the_system(void **state)
{
    struct eventlog_record e;
    uint8_t uid[EVENT_UID_SIZE];
    struct event activity;
    (void)state;
    eventlog_record_init(&e);
    assert_true(
        eventlog_record_take(&e, "Security", NULL, SPAN(HEAD("P", "1102", "17") "</Event>"), 5));
    memcpy(uid, e.record.uid, sizeof(uid));
    struct span forged =
        SPAN(HEAD("P", "1102", "17") "<EventData><Data Name='EventRecordID'>99</Data><Data "
                                     "Name='Provider_Name'>" OWN "</Data><Data "
                                     "Name='TimeCreated_SystemTime'>2001-01-01T00:00:00Z</Data>"
                                     "<Data Name='Computer'>other</Data></EventData></Event>");
    assert_true(eventlog_record_take(&e, "Security", NULL, forged, 5));
    assert_memory_equal(uid, e.record.uid, sizeof(uid));
    assert_int_equal(e.id, 17);
    assert_int_equal(e.record.time_ms, 1796044455987);
    assert_false(eventlog_record_activity(&e, &activity));
    eventlog_record_release(&e);
}

static void clearing_is_told(void **state)
{
#define CLEARED "<UserData><LogFileCleared><SubjectUserName>bob</SubjectUserName>"
#define AFTER   "</LogFileCleared></UserData></Event>"
    static const struct {
        const char *channel, *xml;
        int activity;
        const char *about, *user;
    } rows[] = {
        {"Security", HEAD(OWN, "1102", "1") CLEARED AFTER, LOG_ACTIVITY_CLEAR, "Security", "bob"},
        {"System", HEAD(OWN, "104", "1") CLEARED "<Channel>Application</Channel>" AFTER,
         LOG_ACTIVITY_CLEAR, "Application", "bob"},
        {"Security", HEAD(OWN, "1100", "1") "</Event>", LOG_ACTIVITY_STOP, "Security", ""},
        {"Security", HEAD(OWN, "104", "1") "</Event>", 0, NULL, NULL},
        {"Application", HEAD(OWN, "1102", "1") "</Event>", 0, NULL, NULL},
        {"Security", HEAD("Other", "1102", "1") "</Event>", 0, NULL, NULL},
        {"ForwardedEvents",
         "<Event><System><Provider Name='" OWN "'/><EventID>1102</EventID><Channel>Security"
         "</Channel></System></Event>",
         0, NULL, NULL}, /* another host's */
    };
    struct eventlog_record e;
    struct event activity;
    (void)state;
    eventlog_record_init(&e);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(eventlog_record_take(&e, rows[i].channel, NULL, span_of(rows[i].xml), 5));
        assert_int_equal(eventlog_record_activity(&e, &activity), rows[i].activity != 0);
        if (rows[i].activity == 0)
            continue;
        assert_int_equal(activity.activity, rows[i].activity);
        assert_true(span_equal_text(activity.u.log.log_name, rows[i].about));
        assert_true(span_equal_text(activity.u.log.actor.user, rows[i].user));
        assert_memory_not_equal(activity.uid, e.record.uid, EVENT_UID_SIZE);
    }
    eventlog_record_release(&e);
}

static void bookmarks_have_numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t id;
    } rows[] = {
        {"<Bookmark Channel='a' RecordId='12' IsCurrent='true'/>", 12},
        {"<Bookmark RecordId=\"18446744073709551615\"/>", UINT64_MAX},
        {"RecordId='", 0},
        {"RecordId=", 0},
        {"RecordId='1", 1},
        {"RecordId='x'", 0},
        {"", 0},
        {"0", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(eventlog_bookmark_id(span_of(rows[i].text)), rows[i].id);
}

#define SOURCE_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SOURCE_TEST(what_came_before_the_first_start_is_not_told),
        SOURCE_TEST(reading_goes_on_behind_the_bookmark),
        SOURCE_TEST(a_channel_that_was_empty_is_read_from_its_first_event),
        SOURCE_TEST(lost_state_reads_it_from_its_oldest),
        SOURCE_TEST(what_was_overwritten_is_a_loss),
        SOURCE_TEST(numbers_that_begin_again_are_another_log),
        SOURCE_TEST(what_cannot_be_shown_is_counted_and_passed_over),
        SOURCE_TEST(channels_that_are_not_there_are_said_and_no_fault),
        SOURCE_TEST(a_channel_that_fails_is_a_fault_and_tried_again),
        SOURCE_TEST(pauses_between_tries_grow),
        SOURCE_TEST(too_much_at_once_becomes_less),
        SOURCE_TEST(a_service_that_stays_away_is_told_once),
        SOURCE_TEST(without_an_event_log_it_is_off),
        cmocka_unit_test(events_become_records),
        cmocka_unit_test(data_cannot_pose_as_the_system),
        cmocka_unit_test(clearing_is_told),
        cmocka_unit_test(bookmarks_have_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
