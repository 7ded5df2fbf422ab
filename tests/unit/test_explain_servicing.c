/*
 * What an update of Windows explains and what it does not: a small host whose registry, signatures,
 * hard links, notifications and clock are doubles. One file stands for each way to be, by its name.
 */
#include "platform/clock.h"
#include "platform/hardlink.h"
#include "platform/signature.h"
#include "platform/thread.h"
#include "platform/watch.h"
#include "source/all.h"
#include "source/integrity/explain_kind.h"
#include "source/integrity/servicing.h"
#include "unit/cmocka_all.h"
#include "unit/host_kit.h"
#include "unit/registry_kit.h"
#include "unit/scratch.h"

#include <errno.h>
#include <stdatomic.h>

#define TURNS_MAX 3000 /* of 10 ms at most */
#define MINUTE_MS 60000ll
#define HOUR_MS   3600000ll
#define PACKAGES                                                                                   \
    "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages\\"
#define ROLLUP "Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2227.1.14"
#define DOTNET "Package_for_DotNetRollup~31bf3856ad364e35~amd64~~10.0.4690.3"

/* ---- doubles ---- */

const struct explain_kind *const explain_of_system = &explain_servicing;

static const struct row {
    const char *name;
    enum signature_state state;
    bool under_microsoft;
    const char *subject;
    const char *store; /* its name there, or NULL */
} rows[] = {
    {"one.exe", SIGNATURE_VALID, true, "Microsoft Windows", "c:/windows/WINSXS/amd64_a_1/one.exe"},
    {"two.dll", SIGNATURE_VALID, true, "Microsoft Corporation",
     "C:/Windows/WinSxS/msil_b_1/Two.dll"},
    {"new.dll", SIGNATURE_VALID, true, "Microsoft Windows Publisher",
     "C:/Windows/WinSxS/amd64_n_1/new.dll"},
    {"unsigned.exe", SIGNATURE_NONE, false, "", NULL},
    {"bare.dll", SIGNATURE_NONE, false, "", "C:/Windows/WinSxS/amd64_c_1/bare.dll"},
    {"broken.dll", SIGNATURE_BROKEN, true, "Microsoft Windows",
     "C:/Windows/WinSxS/amd64_c_1/broken.dll"},
    {"loose.exe", SIGNATURE_VALID, true, "Microsoft Windows", NULL},
    {"sethc.exe", SIGNATURE_VALID, true, "Microsoft Windows",
     "C:/Windows/WinSxS/amd64_d_1/cmd.exe"},
    {"aside.exe", SIGNATURE_VALID, true, "Microsoft Windows", "C:/Temp/WinSxS/amd64_d_1/aside.exe"},
    {"deep.exe", SIGNATURE_VALID, true, "Microsoft Windows", "C:/Windows/WinSxS/Temp/x/deep.exe"},
    {"driver.sys", SIGNATURE_VALID, true, "Microsoft Windows Hardware Compatibility Publisher",
     "C:/Windows/WinSxS/amd64_e_1/driver.sys"},
    {"rooted.dll", SIGNATURE_VALID, false, "Microsoft Windows",
     "C:/Windows/WinSxS/amd64_f_1/rooted.dll"},
};
#define ROWS  (sizeof(rows) / sizeof(rows[0]))
#define ALONE 3 /* from here on nothing explains them */

static const struct row *row_of(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    fail_msg("no row for %s", path);
    return NULL;
}

static atomic_bool catalogs_late; /* no signature is found yet */

bool signature_is_known(void)
{
    return true;
}

int signature_of(const char *path, struct signature *out)
{
    const struct row *r = row_of(path);
    *out = (struct signature){.state = atomic_load(&catalogs_late) ? SIGNATURE_NONE : r->state};
    if (out->state == SIGNATURE_NONE)
        return 0;
    out->under_microsoft = r->under_microsoft;
    snprintf(out->subject, sizeof(out->subject), "%s", r->subject);
    return 0;
}

int hardlink_each(const char *path, bool (*each)(void *ctx, const char *name), void *ctx)
{
    const struct row *r = row_of(path);
    if (each(ctx, "C:/Windows/System32/x") && r->store)
        each(ctx, r->store);
    return 0;
}

static atomic_llong mono_ms, wall_ms;

int64_t clock_mono_ms(void)
{
    return atomic_load(&mono_ms);
}

int64_t clock_wall_ms(void)
{
    return atomic_load(&wall_ms);
}

int64_t clock_local_offset_s(int64_t at)
{
    (void)at;
    return 0;
}

void clock_sleep_ms(int64_t ms)
{
    poll_wait(NULL, 0, ms);
}

static struct bell *quiet;
static struct watch_event happened;

int watch_open(const struct watch_filter *filter, struct watch **out)
{
    (void)filter;
    *out = (struct watch *)&happened;
    return 0;
}

int watch_add(struct watch *w, const char *path)
{
    (void)w, (void)path;
    return 0;
}

wait_t watch_wait(const struct watch *w)
{
    (void)w;
    return bell_wait(quiet);
}

int watch_next(struct watch *w, struct watch_event *out)
{
    (void)w;
    *out = happened;
    happened.kinds = 0;
    return out->kinds != 0;
}

size_t watch_status(struct watch *w, struct watch_root_status *out, size_t max)
{
    (void)w, (void)out, (void)max;
    return 0;
}

void watch_close(struct watch *w)
{
    (void)w;
}

/* ---- what is told ---- */

static struct told {
    char path[200], vigia[4000], message[300];
    enum event_severity severity;
    int64_t time_ms;
} told[64];
static size_t told_n;
static unsigned scans;

static void emit(void *ctx, const struct event *e)
{
    struct buf line;
    (void)ctx;
    scans += e->class_uid == EVENT_SCAN;
    if (e->class_uid != EVENT_FILE)
        return;
    json_free(host_kit_encode(e, &line));
    buf_release(&line);
    assert_true(told_n < sizeof(told) / sizeof(told[0]));
    struct told *t = &told[told_n++];
    assert_true(span_copy(e->u.file.path, t->path, sizeof(t->path)));
    assert_true(span_copy(e->vigia, t->vigia, sizeof(t->vigia)));
    assert_true(span_copy(span_of(e->message), t->message, sizeof(t->message)));
    t->severity = e->severity;
    t->time_ms = e->time_ms;
}

static const struct told *find(const char *path)
{
    const struct told *found = NULL;
    for (size_t i = 0; i < told_n; i++) {
        if (strcmp(told[i].path, path) != 0)
            continue;
        if (found)
            fail_msg("%s was told twice", path);
        found = &told[i];
    }
    return found;
}

static const struct told *told_of(const char *name)
{
    char path[100];
    snprintf(path, sizeof(path), "/w/%s", name);
    return find(path);
}

static const struct told *summary(void)
{
    return find("C:/Windows/servicing/Packages");
}

static bool is_held(void)
{
    struct source_health h;
    source_integrity.health(host_kit.self, &h);
    return strstr(h.detail, "wait for Windows Update") != NULL;
}

/* ---- the course of time ---- */

static void turn(void)
{
    host_kit_turn(10);
    atomic_fetch_add(&mono_ms, 10);
    atomic_fetch_add(&wall_ms, 10);
}

static bool is_at_rest(void)
{
    const struct integrity *self = host_kit.self;
    const size_t *steps = self->explain->helds->steps;
    return !self->scanning && pendings_next_ms(self->pending) == INT64_MAX &&
           integrity_scan_idle(self->scan) && steps[HELD_RIPE] + steps[HELD_LOOKED] == 0;
}

/* Until all that was seen was looked at; what is held may wait on. */
static void settle(void)
{
    for (int i = 0; i < 3 || !is_at_rest(); i++) {
        assert_true(i < TURNS_MAX);
        turn();
    }
}

static void later(int64_t ms)
{
    atomic_fetch_add(&mono_ms, ms);
    atomic_fetch_add(&wall_ms, ms);
    settle();
}

static void await_scan(void)
{
    unsigned before = scans;
    for (int i = 0; scans == before; i++) {
        assert_true(i < TURNS_MAX);
        turn();
    }
    settle();
}

static void scan_now(void)
{
    assert_true(source_integrity.request(host_kit.self, "scan"));
    await_scan();
}

/* ---- the host ---- */

static const char *at(const char *name)
{
    static char out[400];
    snprintf(out, sizeof(out), "%s/w/%s", host_kit.root, name);
    return out;
}

static void change(const char *name)
{
    scratch_append(at(name), "x", 1);
}

/* When a file became what it is. */
static int64_t changed_ms(const char *name)
{
    struct file_info info;
    assert_int_equal(file_info_at(at(name), &info), 0);
    return info.ctime_ns / 1000000;
}

/* A package's record, so long after the file one.exe changed. */
static void record(const char *package, int state, int64_t after_ms)
{
    char lines[600];
    snprintf(lines, sizeof(lines),
             PACKAGES "%s|CurrentState|dword|%d\n" PACKAGES "%s|!written|%lld\n", package, state,
             package, (long long)(changed_ms("one.exe") + after_ms));
    registry_kit_add(lines);
}

static int begin_with(bool realtime)
{
    static char w[] = "/w", *paths[] = {w};
    char folder[400];
    registry_kit_clear();
    registry_kit_add("HKLM\\SOFTWARE\\Microsoft\\Windows "
                     "NT\\CurrentVersion|SystemRoot|sz|C:\\Windows\n");
    atomic_store(&catalogs_late, false);
    atomic_store(&mono_ms, 1000000);
    happened.kinds = 0;
    host_kit_begin(&source_integrity, emit,
                   (struct config){.integrity = true,
                                   .paths = {1, paths},
                                   .scan_every_s = 30 * 86400,
                                   .rehash_every_s = 30 * 86400,
                                   .hash_max = 512 << 20});
    snprintf(folder, sizeof(folder), "%s/w", host_kit.root);
    assert_int_equal(folder_make(folder, 0755), 0);
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].name, "new.dll") != 0)
            change(rows[i].name);
    atomic_store(&wall_ms, changed_ms("one.exe") + 1000);
    assert_int_equal(bell_open(&quiet), 0);
    host_kit_start();
    await_scan();
    host_kit_stop(true);
    host_kit.config.realtime = realtime;
    host_kit_start();
    await_scan();
    told_n = 0;
    return 0;
}

static int begin(void **state)
{
    (void)state;
    return begin_with(false);
}

static int begin_watching(void **state)
{
    (void)state;
    return begin_with(true);
}

static int end(void **state)
{
    (void)state;
    host_kit_stop(true);
    assert_int_equal(host_kit.dropped, 0);
    assert_int_equal(registry_kit_opened(), 0);
    host_kit_end();
    bell_close(quiet);
    return 0;
}

/* ---- */

static void an_update_is_told_once(void **state)
{
    (void)state;
    change("one.exe");
    change("two.dll");
    change("new.dll");
    record(ROLLUP, 112, 2 * MINUTE_MS);
    record(DOTNET, 112, 3 * MINUTE_MS);
    record("Package_for_KB5012170~31bf3856ad364e35~amd64~~1.2", 112, -40 * HOUR_MS);
    record("Package_1_for_KB5034441~31bf3856ad364e35~amd64~~1.2", 112, 2 * MINUTE_MS);
    scan_now();
    assert_int_equal(told_n, 0);
    assert_false(is_held());
    later(4 * MINUTE_MS); /* the update may still be at work */
    assert_int_equal(told_n, 0);
    later(2 * MINUTE_MS);
    const struct told *t = summary();
    assert_int_equal(told_n, 1);
    assert_non_null(t);
    assert_int_equal(t->severity, SEVERITY_LOW);
    assert_string_equal(t->message,
                        "Packages changed: 2, with 3 files that Microsoft signed for Windows");
    assert_non_null(strstr(t->vigia, "\"label\":\"proved\""));
    assert_non_null(strstr(t->vigia, "[{\"name\":\"RollupFix\",\"to\":\"20348.2227.1.14\"},"
                                     "{\"name\":\"DotNetRollup\",\"to\":\"10.0.4690.3\"}]"));
    assert_non_null(
        strstr(t->vigia, "\"files_created\":1,\"files_changed\":2,\"files_deleted\":0"));
    assert_non_null(strstr(t->vigia, "/w/one.exe"));
    scan_now(); /* it is in the baseline now, and told */
    later(HOUR_MS);
    assert_int_equal(told_n, 1);
}

static void what_is_not_proved_is_told_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        change(rows[i].name);
    record(ROLLUP, 112, 2 * MINUTE_MS);
    scan_now();
    assert_false(is_held());
    for (size_t i = ALONE; i < ROWS; i++)
        if (!told_of(rows[i].name))
            fail_msg("%s was not told", rows[i].name);
    assert_int_equal(told_n, ROWS - ALONE);
    assert_int_equal(told_of("unsigned.exe")->severity, SEVERITY_MEDIUM);
    later(6 * MINUTE_MS);
    assert_int_equal(told_n, ROWS - ALONE + 1);
    assert_non_null(strstr(summary()->message, "3 files"));
}

/* Held for a while; then it is told, as it was found. */
static void no_update_explains_nothing(void **state)
{
    static const struct {
        int state;
        int64_t after_ms;
    } records[] = {
        {112, -SERVICING_AFTER_MS - 2000}, /* over before */
        {112, SERVICING_BEFORE_MS + 2000}, /* long after */
        {96, MINUTE_MS},                   /* waits for a restart */
        {80, MINUTE_MS},                   /* superseded */
        {64, MINUTE_MS},                   /* staged */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        told_n = 0;
        change("one.exe");
        record(ROLLUP, records[i].state, records[i].after_ms);
        scan_now();
        assert_int_equal(told_n, 0);
        assert_true(is_held());
        later(29 * MINUTE_MS);
        assert_int_equal(told_n, 0);
        later(2 * MINUTE_MS);
        later(11000); /* the records are read again for the next one */
        if (told_n != 1 || !told_of("one.exe"))
            fail_msg("record %zu: %zu told", i, told_n);
        assert_true(told_of("one.exe")->time_ms == changed_ms("one.exe"));
        assert_non_null(strstr(told[0].vigia, "\"found_by\":\"scan\""));
        assert_false(is_held());
    }
    later(HOUR_MS);
    assert_int_equal(told_n, 1);
}

/* After a restart the record comes last, and catalogs may be late. */
static void a_change_waits_for_its_update(void **state)
{
    (void)state;
    atomic_store(&catalogs_late, true);
    change("one.exe");
    change("two.dll");
    record(ROLLUP, 96, 0);
    scan_now();
    later(10 * MINUTE_MS);
    assert_int_equal(told_n, 0);
    assert_true(is_held());
    atomic_store(&catalogs_late, false);
    record(ROLLUP, 112, 12 * MINUTE_MS);
    later(11000);
    assert_false(is_held());
    assert_int_equal(told_n, 0);
    later(6 * MINUTE_MS);
    assert_int_equal(told_n, 1);
    assert_non_null(strstr(summary()->message, "2 files"));
}

static void a_crash_loses_nothing(void **state)
{
    (void)state;
    change("one.exe");
    scan_now();
    assert_true(is_held());
    host_kit_stop(false); /* while it is held */
    host_kit_start();
    await_scan();
    assert_true(is_held());
    assert_int_equal(told_n, 0);
    record(ROLLUP, 112, MINUTE_MS);
    later(11000);
    assert_false(is_held());
    host_kit_stop(true); /* it is counted and kept, and not told */
    change("two.dll");
    host_kit_start();
    await_scan();
    assert_int_equal(told_n, 0);
    later(6 * MINUTE_MS);
    assert_int_equal(told_n, 1);
    assert_non_null(strstr(summary()->message, "2 files"));
    host_kit_stop(true);
    host_kit_start();
    await_scan();
    later(HOUR_MS);
    assert_int_equal(told_n, 1);
}

static void a_crash_hides_nothing(void **state)
{
    (void)state;
    change("one.exe");
    scan_now();
    assert_true(is_held());
    host_kit_stop(false);
    host_kit_start();
    await_scan();
    later(31 * MINUTE_MS);
    assert_int_equal(told_n, 1);
    assert_non_null(told_of("one.exe"));
}

/* A right that somebody gets is no part of an update. */
static void only_content_is_explained(void **state)
{
    static const unsigned others[] = {INTEGRITY_OWNER, INTEGRITY_ACL,           INTEGRITY_MODE,
                                      INTEGRITY_XATTR, INTEGRITY_FLAGS,         INTEGRITY_STREAM,
                                      INTEGRITY_TYPE,  INTEGRITY_HIDDEN_PROGRAM};
    struct integrity *self = host_kit.self;
    struct signature s = {
        .state = SIGNATURE_VALID, .under_microsoft = true, .subject = "Microsoft Windows"};
    struct integrity_state after = {.info.type = FILE_REGULAR};
    struct integrity_fact f = {.path = "/w/one.exe",
                               .before = &after,
                               .after = &after,
                               .signature = &s,
                               .seen_ms = changed_ms("one.exe")};
    (void)state;
    record(ROLLUP, 112, MINUTE_MS);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        f.change = INTEGRITY_CONTENT | others[i];
        assert_int_equal(integrity_explain_judge(self->explain, &f, NULL), EXPLAIN_TELL);
    }
    f.change = INTEGRITY_TIMES;
    assert_int_equal(integrity_explain_judge(self->explain, &f, NULL), EXPLAIN_TELL);
    f.change = INTEGRITY_CONTENT | INTEGRITY_TIMES;
    assert_int_equal(integrity_explain_judge(self->explain, &f, NULL), EXPLAIN_CLAIMED);
    f.change = INTEGRITY_DELETED;
    f.after = NULL;
    assert_int_equal(integrity_explain_judge(self->explain, &f, NULL), EXPLAIN_TELL);
}

/* ---- as it happens ---- */

static void notify(uint32_t kinds, const char *from, const char *to)
{
    happened = (struct watch_event){.kinds = kinds, .time_ms = clock_wall_ms()};
    snprintf(happened.path, sizeof(happened.path), "%s", at(from));
    if (to)
        snprintf(happened.path2, sizeof(happened.path2), "%s", at(to));
    settle();
}

/* The time that counts is when it was seen, whatever the file says of itself. */
static void a_change_that_is_seen_is_dated_by_that(void **state)
{
    (void)state;
    record(ROLLUP, 112, MINUTE_MS);
    change("one.exe");
    notify(WATCH_CHANGED, "one.exe", NULL);
    change("unsigned.exe");
    notify(WATCH_CHANGED, "unsigned.exe", NULL);
    assert_int_equal(told_n, 1);
    assert_non_null(told_of("unsigned.exe"));
    later(HOUR_MS);
    assert_int_equal(told_n, 2);
    assert_non_null(summary());
    told_n = 0;
    change("two.dll"); /* dated into the update by the system's clock, but seen an hour later */
    int64_t seen = clock_wall_ms();
    notify(WATCH_CHANGED, "two.dll", NULL);
    assert_true(is_held());
    later(31 * MINUTE_MS);
    assert_int_equal(told_n, 1);
    assert_non_null(strstr(told_of("two.dll")->vigia, "\"found_by\":\"watch\""));
    assert_true(told_of("two.dll")->time_ms - seen < 10000);
}

/* ---- records ---- */

static void the_last_records_are_kept(void **state)
{
    static struct servicing s;
    (void)state;
    for (int i = 0; i < SERVICING_PACKAGES_MAX + 6; i++) {
        char name[100];
        snprintf(name, sizeof(name), "Package_for_KB%d~31bf3856ad364e35~amd64~~1.%d", 5000000 + i,
                 i);
        record(name, 112, (i * 37 % 70) * HOUR_MS);
    }
    registry_kit_add(PACKAGES "Package_for_KB1~no~state\n" PACKAGES "Package_for_|x|dword|1\n");
    servicing_read(&s);
    assert_int_equal(s.n, SERVICING_PACKAGES_MAX);
    for (size_t i = 0; i < s.n; i++)
        assert_true(s.package[i].written_ms == changed_ms("one.exe") + (int64_t)(i + 6) * HOUR_MS);
    assert_string_equal(s.package[0].name, "KB5000038");
}

static void records_close_together_are_one_update(void **state)
{
    static struct servicing s = {.n = 4};
    static const int64_t minutes[] = {0, 100, 110, 125};
    static const struct {
        int64_t minute;
        bool found;
        size_t first, end;
    } cases[] = {{-10, true, 0, 1},   {0, true, 0, 1},     {10, true, 0, 1},  {11, true, 1, 4},
                 {100, true, 1, 4},   {112, true, 1, 4},   {135, true, 1, 4}, {136, false, 0, 0},
                 {-4319, true, 0, 1}, {-4321, false, 0, 0}};
    (void)state;
    for (size_t i = 0; i < s.n; i++)
        s.package[i].written_ms = 1000 * HOUR_MS + minutes[i] * MINUTE_MS;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct servicing_run run = {0, 0};
        bool found = servicing_run_of(&s, 1000 * HOUR_MS + cases[i].minute * MINUTE_MS, &run);
        if (found != cases[i].found || run.first != cases[i].first || run.end != cases[i].end)
            fail_msg("case %zu: %d, %zu to %zu", i, found, run.first, run.end);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_update_is_told_once),
        CASE(what_is_not_proved_is_told_alone),
        CASE(no_update_explains_nothing),
        CASE(a_change_waits_for_its_update),
        CASE(a_crash_loses_nothing),
        CASE(a_crash_hides_nothing),
        CASE(only_content_is_explained),
        cmocka_unit_test_setup_teardown(a_change_that_is_seen_is_dated_by_that, begin_watching,
                                        end),
        CASE(the_last_records_are_kept),
        cmocka_unit_test(records_close_together_are_one_update),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
