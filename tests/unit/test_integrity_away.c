/*
 * What changed while the agent was off: the integrity source over a volume whose change journal is
 * a double that replays records put together by the documented format.
 */
#include "event/event.h"
#include "platform/clock.h"
#include "platform/common/usn_record.h"
#include "platform/file.h"
#include "platform/watch.h"
#include "source/all.h"
#include "unit/cmocka_all.h"
#include "unit/host_kit.h"
#include "unit/scratch.h"
#include "unit/usn_kit.h"

#include <errno.h>

#define END_MS   60000
#define TOLD_MAX 64
#define FOLDER   0x10u
#define TOP      5u /* numbers of folders */
#define BELOW    6u
#define GONE     7u
#define CHANGED  0x80000001u /* data overwritten, closed */
#define WHEN_MS  1700000000000

/* ---- the journal ---- */

struct usn {
    size_t at;
};

static struct usn the_journal;
static struct usn_kit kit;                        /* what was written while nobody read */
static struct usn_position end = {1000, 1 << 20}; /* of the journal now */
static int64_t first;                             /* what it still has */
static int opened, sought, broken;
static struct usn_position sought_from;

int usn_volume(const char *path, char *out, size_t size)
{
    (void)path;
    snprintf(out, size, "V:");
    return 0;
}

int usn_open(const char *volume, struct usn **out)
{
    assert_string_equal(volume, "V:");
    *out = &the_journal;
    opened++;
    return 0;
}

void usn_close(struct usn *j)
{
    opened -= j != NULL;
}

int usn_end(struct usn *j, struct usn_position *out)
{
    (void)j;
    *out = end;
    return 0;
}

int usn_seek(struct usn *j, const struct usn_position *from)
{
    sought++;
    sought_from = *from;
    j->at = USN_RECORD_HEAD;
    if (from->journal != end.journal)
        return -ENOENT;
    return from->next < first ? -ERANGE : 0;
}

int usn_next(struct usn *j, struct usn_change *out)
{
    static struct usn_record r;
    int rc;
    while ((rc = usn_record_take(kit.data, kit.n, &j->at, &r)) == 1) {
        if (r.folder[0] == GONE)
            continue;
        *out = r.change;
        if (snprintf(out->path, sizeof(out->path), "%s/w%s/%s", host_kit.root,
                     r.folder[0] == BELOW ? "/below" : "", r.change.path) >= (int)sizeof(out->path))
            abort();
        return 1;
    }
    return rc == 0 && broken ? broken : rc;
}

static void changed(unsigned version, uint64_t folder, uint32_t reason, uint32_t attributes,
                    const char *name)
{
    usn_kit_add(&kit, version, folder, reason, attributes, WHEN_MS, name);
}

/* ---- no changes in real time, and all is well with that ---- */

int watch_open(const struct watch_filter *filter, struct watch **out)
{
    (void)filter;
    *out = (struct watch *)(uintptr_t)&the_journal;
    return 0;
}

int watch_add(struct watch *w, const char *path)
{
    (void)w, (void)path;
    return 0;
}

wait_t watch_wait(const struct watch *w)
{
    static struct bell *never;
    (void)w;
    if (!never)
        assert_int_equal(bell_open(&never), 0);
    return bell_wait(never);
}

int watch_next(struct watch *w, struct watch_event *out)
{
    (void)w, (void)out;
    return 0;
}

size_t watch_status(struct watch *w, struct watch_root_status *out, size_t max)
{
    (void)w, (void)max;
    out[0] = (struct watch_root_status){.mechanism = "double"};
    return 1;
}

void watch_close(struct watch *w)
{
    (void)w;
}

/* ---- what is told ---- */

struct told {
    int activity;
    int64_t time_ms;
    bool by_journal, by_scan, while_off;
    char path[300];
};

static struct told told[TOLD_MAX];
static size_t told_n;
static unsigned scans;
static char because[200];

static void emit(void *ctx, const struct event *e)
{
    char vigia[2048];
    (void)ctx;
    assert_true(span_copy(e->vigia, vigia, sizeof(vigia)));
    if (e->class_uid == EVENT_SCAN) {
        const char *why = strstr(vigia, "\"because\":\"");
        snprintf(because, sizeof(because), "%s", why ? why + 11 : "");
        scans++;
        return;
    }
    assert_true(told_n < TOLD_MAX);
    struct told *t = &told[told_n++];
    *t = (struct told){.activity = e->activity,
                       .time_ms = e->time_ms,
                       .by_journal = strstr(vigia, "\"found_by\":\"journal\"") != NULL,
                       .by_scan = strstr(vigia, "\"found_by\":\"scan\"") != NULL,
                       .while_off = strstr(vigia, "\"while_off\":true") != NULL};
    assert_true(span_copy(e->u.file.path, t->path, sizeof(t->path)));
}

static const struct told *find(const char *path)
{
    for (size_t i = 0; i < told_n; i++)
        if (strcmp(told[i].path, path) == 0)
            return &told[i];
    return NULL;
}

static void run_for(int64_t ms)
{
    int64_t until = clock_mono_ms() + ms;
    while (clock_mono_ms() < until)
        host_kit_turn(50);
}

static void await_scan(void)
{
    int64_t until = clock_mono_ms() + END_MS;
    while (scans == 0) {
        if (clock_mono_ms() > until)
            fail_msg("no scan came to an end");
        host_kit_turn(100);
    }
}

static void await(const char *path)
{
    int64_t until = clock_mono_ms() + END_MS;
    while (!find(path)) {
        if (clock_mono_ms() > until)
            fail_msg("%s was not told", path);
        host_kit_turn(100);
    }
}

/* ---- the host ---- */

static const char *on_disk(const char *path)
{
    static char paths[4][400];
    static unsigned next;
    char *out = paths[next++ % 4];
    snprintf(out, sizeof(paths[0]), "%s/w/%s", host_kit.root, path);
    return out;
}

static void append(const char *path)
{
    scratch_append(on_disk(path), "more", 4);
}

static void start(void)
{
    told_n = scans = 0;
    because[0] = '\0';
    sought = broken = 0;
    host_kit_start();
}

static void stop(void)
{
    source_integrity.checkpoint(host_kit.self);
    host_kit_stop(true);
    assert_int_equal(opened, 0);
    usn_kit_begin(&kit, 0);
}

/* A baseline, and a position that is kept. */
static int set_up(void **state)
{
    static char *paths[] = {"/w", "/w2/*/deep/**"};
    (void)state;
    host_kit_begin(&source_integrity, emit,
                   (struct config){.integrity = true,
                                   .realtime = true,
                                   .scan_every_s = 6 * 3600,
                                   .rehash_every_s = 30 * 86400,
                                   .hash_max = 512 << 20});
    host_kit.config.paths = (struct config_list){1, paths};
    end = (struct usn_position){1000, 1 << 20};
    first = 0;
    usn_kit_begin(&kit, 0);
    assert_int_equal(folder_make(on_disk("below"), 0755), 0);
    append("named");
    append("unnamed");
    append("doomed");
    append("below/x");
    start();
    assert_int_equal(sought, 0);
    await_scan();
    assert_int_equal(told_n, 0);
    run_for(1500);
    stop();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    host_kit_end();
    return 0;
}

static void only_what_the_journal_names_is_looked_at(void **state)
{
    (void)state;
    append("named");
    append("unnamed");
    append("below/x");
    assert_int_equal(file_remove(on_disk("doomed")), 0);
    assert_int_equal(folder_make(on_disk("new"), 0755), 0);
    append("new/a");
    changed(2, TOP, CHANGED, 0x20, "named");
    changed(2, TOP, CHANGED, 0x20, "named");
    changed(3, BELOW, CHANGED, 0x20, "x");
    changed(2, TOP, USN_DELETED, 0x20, "doomed");
    changed(2, TOP, USN_CREATED, FOLDER, "new");
    changed(2, GONE, USN_CREATED, 0x20, "lost");
    changed(2, TOP, CHANGED, 0x20, "nothing of that name");
    start();
    assert_int_equal(sought, 1);
    assert_int_equal(sought_from.journal, 1000);
    assert_int_equal(sought_from.next, 1 << 20);
    await("/w/named");
    await("/w/below/x");
    await("/w/doomed");
    await("/w/new/a");
    run_for(1500);
    assert_int_equal(scans, 0);
    assert_null(find("/w/unnamed"));
    assert_int_equal(find("/w/named")->time_ms, WHEN_MS);
    assert_int_equal(find("/w/doomed")->activity, FILE_ACTIVITY_DELETE);
    for (size_t i = 0; i < told_n; i++)
        assert_true(told[i].by_journal && told[i].while_off);
    assert_int_equal(told_n, 5);
    assert_true(source_integrity.request(host_kit.self, "scan")); /* as the rolling one does */
    await_scan();
    assert_true(find("/w/unnamed")->by_scan);
    stop();
}

static void a_position_moves_when_all_was_looked_at(void **state)
{
    (void)state;
    append("named");
    changed(2, TOP, CHANGED, 0x20, "named");
    end.next += 500;
    start();
    host_kit_stop(true); /* killed before anything was looked at */
    start();
    assert_int_equal(sought_from.next, 1 << 20);
    await("/w/named");
    run_for(1500);
    stop();
    start();
    assert_int_equal(sought_from.next, (1 << 20) + 500);
    run_for(200);
    assert_int_equal(told_n, 0);
    stop();
}

static void expect_scan(const char *words)
{
    append("unnamed");
    start();
    await_scan();
    assert_true(find("/w/unnamed")->by_scan);
    assert_non_null(strstr(because, words));
    run_for(1500);
    stop();
    start(); /* from now on it is good again */
    assert_int_equal(sought, 1);
    assert_int_equal(sought_from.next, end.next);
    run_for(300);
    assert_int_equal(scans, 0);
    stop();
}

static void a_journal_made_anew_leads_to_a_scan(void **state)
{
    (void)state;
    end = (struct usn_position){2000, 400};
    expect_scan("change journal of V: was deleted or made anew");
}

static void a_journal_that_lost_its_beginning_leads_to_a_scan(void **state)
{
    (void)state;
    end.next += 100000;
    first = end.next - 10;
    expect_scan("change journal of V: does not reach back");
}

static void a_journal_that_breaks_leads_to_a_scan(void **state)
{
    (void)state;
    append("unnamed");
    start();
    broken = -ERANGE;
    await_scan();
    assert_true(find("/w/unnamed")->by_scan);
    assert_non_null(strstr(because, "was overrun"));
    stop();
}

static void another_configuration_leads_to_a_scan(void **state)
{
    (void)state;
    host_kit.config.paths.n = 2;
    start();
    await_scan();
    assert_string_equal(because, "");
    stop();
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(only_what_the_journal_names_is_looked_at),
        TEST(a_position_moves_when_all_was_looked_at),
        TEST(a_journal_made_anew_leads_to_a_scan),
        TEST(a_journal_that_lost_its_beginning_leads_to_a_scan),
        TEST(a_journal_that_breaks_leads_to_a_scan),
        TEST(another_configuration_leads_to_a_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
