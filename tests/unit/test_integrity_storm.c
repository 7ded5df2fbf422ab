/*
 * Many changes at once, mounts and containers: the counting of storms by itself, with a clock of
 * the test's, and through the source on a small host in a scratch folder.
 */
#include "base/buf.h"
#include "event/event.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "source/all.h"
#include "source/integrity/storm.h"
#include "unit/cmocka_all.h"
#include "unit/host_kit.h"
#include "unit/scratch.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_MS   60000
#define TOLD_MAX 8192
#define ID       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LAYER    "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

/* ---- the pipeline, writing straight into a real store ---- */

struct told {
    int activity;
    enum event_severity severity;
    uint64_t count;
    int64_t first_ms, last_ms;
    char path[300], overlay[300], container[100], vigia[2000];
};

static struct told *told;
static size_t told_n;
static unsigned scans;
static uint64_t detections;
static bool private;

static void emit(void *ctx, const struct event *e)
{
    (void)ctx;
    if (e->class_uid != EVENT_FILE) {
        scans += e->class_uid == EVENT_SCAN;
        detections = e->u.scan.detections;
        return;
    }
    assert_true(told_n < TOLD_MAX);
    struct told *t = &told[told_n++];
    const struct event_file *f = &e->u.file;
    *t = (struct told){.activity = e->activity,
                       .severity = e->severity,
                       .count = f->count,
                       .first_ms = f->first_ms,
                       .last_ms = f->last_ms};
    assert_true(span_copy(f->path, t->path, sizeof(t->path)));
    assert_true(span_copy(f->overlay, t->overlay, sizeof(t->overlay)));
    assert_true(span_copy(f->container, t->container, sizeof(t->container)));
    assert_true(span_copy(e->vigia, t->vigia, sizeof(t->vigia)));
}

static void stop(void)
{
    source_integrity.checkpoint(host_kit.self);
    host_kit_stop(true);
}

static void finish_scan(void)
{
    unsigned before = scans;
    int64_t end = clock_mono_ms() + END_MS;
    while (scans == before) {
        assert_true(clock_mono_ms() < end);
        host_kit_turn(100);
    }
}

static void start_and_scan(void)
{
    told_n = 0;
    host_kit_start();
    finish_scan();
}

static const struct told *find(const char *path)
{
    for (size_t i = 0; i < told_n; i++)
        if (strcmp(told[i].path, path) == 0 && told[i].count == 0)
            return &told[i];
    return NULL;
}

static const struct told *await(const char *path)
{
    int64_t end = clock_mono_ms() + END_MS;
    while (!find(path)) {
        if (clock_mono_ms() > end)
            fail_msg("%s was not told", path);
        host_kit_turn(100);
    }
    return find(path);
}

/* ---- the host ---- */

static const char *on_disk(const char *path)
{
    static char paths[4][400];
    static unsigned next;
    char *out = paths[next++ % 4];
    snprintf(out, sizeof(paths[0]), "%s/host%s", scratch_path(), path);
    return out;
}

static int set_up(void **state)
{
    static char etc[] = "/etc", work[] = "/w", *paths[] = {etc, work};
    (void)state;
    host_kit_begin(&source_integrity, emit,
                   (struct config){.integrity = true,
                                   .realtime = true,
                                   .scan_every_s = 6 * 3600,
                                   .rehash_every_s = 30 * 86400,
                                   .hash_max = 512 << 20,
                                   .paths = {2, paths}});
    assert_int_equal(folder_make(host_kit.root, 0755), 0);
    assert_int_equal(folder_make(on_disk("/etc"), 0755), 0);
    assert_int_equal(folder_make(on_disk("/w"), 0755), 0);
    told = calloc(TOLD_MAX, sizeof(*told));
    told_n = 0;
    scans = 0;
    return told ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(told);
    host_kit_end();
    return 0;
}

/* Another process makes, changes and removes files: our own changes are not told. */
static void in_another_process(void (*act)(const char *folder, unsigned n), const char *folder,
                               unsigned n)
{
    int status = -1, pid = fork();
    if (pid == 0) {
        act(folder, n);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void make_one(const char *folder, const char *name)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int f = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (f < 0 || write(f, "x", 1) != 1)
        _exit(1);
    close(f);
}

static void make_many(const char *folder, unsigned n)
{
    char name[32];
    for (unsigned i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "many%u", i);
        make_one(folder, name);
        if (i == n / 2)
            make_one(folder, "shadow");
    }
}

static void remove_many(const char *folder, unsigned n)
{
    char path[600];
    for (unsigned i = 0; i < n; i++) {
        snprintf(path, sizeof(path), "%s/many%u", folder, i);
        unlink(path);
    }
}

static void make_file(const char *folder, unsigned n)
{
    char name[32];
    snprintf(name, sizeof(name), "file%u", n);
    make_one(folder, name);
}

/* ---- counting ---- */

static struct watch_actor actor;

static bool take(struct integrity_storms *s, const char *path, unsigned change,
                 enum event_severity severity, int64_t now_ms)
{
    const struct integrity_fact f = {.path = path,
                                     .change = change,
                                     .severity = severity,
                                     .actor = &actor,
                                     .seen_ms = 1000000 + now_ms};
    return integrity_storms_take(s, &f, now_ms);
}

static void a_million_changes_end_in_one_event(void **state)
{
    (void)state;
    char path[64];
    uint64_t single = 0;
    host_kit_open_store();
    struct integrity_storms *s = integrity_storms_new(&host_kit.host);
    for (unsigned i = 0; i < 1000000; i++) {
        int64_t now = 1000 + i / 100;
        snprintf(actor.exe, sizeof(actor.exe), "/usr/bin/tool%u", i % 9);
        snprintf(path, sizeof(path), "/etc/d/f%u", i);
        unsigned change = i % 4 == 0   ? INTEGRITY_DELETED
                          : i % 4 == 1 ? INTEGRITY_CONTENT | INTEGRITY_TIMES
                                       : INTEGRITY_CREATED;
        single += !take(s, path, change, SEVERITY_MEDIUM, now);
        integrity_storms_run(s, now);
    }
    assert_int_equal(single, STORM_SINGLE);
    assert_int_equal(told_n, 0);
    assert_int_equal(integrity_storms_next_ms(s), 10999 + STORM_QUIET_MS);
    integrity_storms_run(s, 10999 + STORM_QUIET_MS);
    assert_int_equal(told_n, 1);
    assert_string_equal(told[0].path, "/etc/d");
    assert_int_equal(told[0].count, 1000000 - STORM_SINGLE);
    assert_int_equal(told[0].activity, FILE_ACTIVITY_CREATE);
    assert_int_equal(told[0].severity, SEVERITY_MEDIUM);
    assert_int_equal(told[0].first_ms, 1001000);
    assert_int_equal(told[0].last_ms, 1010999);
    assert_non_null(
        strstr(told[0].vigia, "\"created\":499968,\"changed\":249984,\"deleted\":249984"));
    assert_non_null(strstr(told[0].vigia, "\"more_programs\":true"));
    assert_non_null(strstr(told[0].vigia, "/usr/bin/tool"));
    assert_int_equal(integrity_storms_next_ms(s), INT64_MAX);
    /* what comes soon after it is part of it, and has a name; later all is as before */
    assert_true(take(s, "/etc/d/soon", INTEGRITY_CREATED, SEVERITY_MEDIUM, 30000));
    integrity_storms_run(s, 30000 + STORM_QUIET_MS);
    assert_int_equal(told_n, 2);
    assert_int_equal(told[1].count, 1);
    assert_non_null(strstr(told[1].vigia, "\"first_names\":[\"soon\"]"));
    integrity_storms_run(s, 30000 + STORM_CALM_MS);
    assert_false(
        take(s, "/etc/d/later", INTEGRITY_CREATED, SEVERITY_MEDIUM, 30001 + STORM_CALM_MS));
    integrity_storms_free(s);
    store_close(host_kit.store);
}

static void a_storm_without_end_is_told_each_minute(void **state)
{
    (void)state;
    host_kit_open_store();
    struct integrity_storms *s = integrity_storms_new(&host_kit.host);
    for (int64_t now = 1000; now < 1000 + 10 * STORM_LATEST_MS; now += 50) {
        take(s, "/w/log", INTEGRITY_CONTENT, SEVERITY_LOW, now);
        integrity_storms_run(s, now);
    }
    assert_in_range(told_n, 9, 10);
    integrity_storms_free(s);
    store_close(host_kit.store);
}

static void what_is_grave_is_told_by_itself(void **state)
{
    (void)state;
    unsigned single = 0;
    host_kit_open_store();
    struct integrity_storms *s = integrity_storms_new(&host_kit.host);
    for (int i = 0; i < 5000; i++)
        take(s, "/etc/other", INTEGRITY_CONTENT, SEVERITY_MEDIUM, 1000);
    assert_false(take(s, "/etc/shadow", INTEGRITY_CONTENT, SEVERITY_HIGH, 1000));
    for (int i = 0; i < 5000; i++)
        single += !take(s, "/etc/cron.d/x", INTEGRITY_CREATED, SEVERITY_HIGH, 1000);
    assert_int_equal(single, STORM_GRAVE);
    integrity_storms_run(s, 1000 + STORM_QUIET_MS);
    assert_int_equal(told_n, 2);
    for (size_t i = 0; i < 2; i++) /* and what was too much of it still is grave */
        assert_int_equal(told[i].severity,
                         strcmp(told[i].path, "/etc") ? SEVERITY_HIGH : SEVERITY_MEDIUM);
    integrity_storms_free(s);
    store_close(host_kit.store);
}

static void many_folders_are_counted_together(void **state)
{
    (void)state;
    char path[64];
    uint64_t single = 0, counted = 0;
    bool below = false;
    host_kit_open_store();
    struct integrity_storms *s = integrity_storms_new(&host_kit.host);
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(path, sizeof(path), "/usr/share/%u/%u/f", i / 100, i);
        single += !take(s, path, INTEGRITY_DELETED, SEVERITY_LOW, 1000);
    }
    integrity_storms_run(s, 1000 + STORM_QUIET_MS);
    assert_true(single <= STORM_TOTAL);
    assert_true(told_n <= STORM_FOLDERS);
    for (size_t i = 0; i < told_n; i++) {
        counted += told[i].count;
        below = below || strstr(told[i].vigia, "\"below\":true");
    }
    assert_int_equal(single + counted, 100000);
    assert_true(below);
    integrity_storms_free(s);
    store_close(host_kit.store);
}

static void counts_outlive_a_crash(void **state)
{
    (void)state;
    host_kit_open_store();
    struct integrity_storms *s = integrity_storms_new(&host_kit.host);
    snprintf(actor.exe, sizeof(actor.exe), "/bin/tool");
    for (int i = 0; i < 500; i++)
        take(s, "/etc/d/f", INTEGRITY_CREATED, SEVERITY_MEDIUM, 1000);
    integrity_storms_checkpoint(s);
    integrity_storms_free(s); /* nothing was told */
    assert_int_equal(told_n, 0);
    store_put(host_kit.store, STORE_META, SPAN("integrity.storm.0123456789abcdef"),
              SPAN("\1garbage"));
    s = integrity_storms_new(&host_kit.host);
    integrity_storms_run(s, 5);
    assert_int_equal(told_n, 1);
    assert_string_equal(told[0].path, "/etc/d");
    assert_int_equal(told[0].count, 500 - STORM_SINGLE);
    assert_int_equal(told[0].severity, SEVERITY_MEDIUM);
    assert_non_null(strstr(told[0].vigia, "\"programs\":[\"/bin/tool\"]"));
    integrity_storms_free(s);
    s = integrity_storms_new(&host_kit.host);
    integrity_storms_run(s, 5);
    assert_int_equal(told_n, 1);
    integrity_storms_free(s);
    store_close(host_kit.store);
}

/* ---- through the source ---- */

static uint64_t sum_told(const char *folder, int activity)
{
    uint64_t sum = 0;
    size_t n = strlen(folder);
    for (size_t i = 0; i < told_n; i++)
        if (strncmp(told[i].path, folder, n) == 0)
            sum += told[i].count                                     ? told[i].count
                   : told[i].path[n] && told[i].activity == activity ? 1
                                                                     : 0;
    return sum;
}

static void await_sum(const char *folder, int activity, uint64_t sum)
{
    int64_t end = clock_mono_ms() + END_MS;
    while (sum_told(folder, activity) < sum) {
        if (clock_mono_ms() > end)
            fail_msg("%llu of %llu were told", (unsigned long long)sum_told(folder, activity),
                     (unsigned long long)sum);
        host_kit_turn(100);
    }
}

/* More than the kernel's queue (16,384), ours (8,192) and the table of looks (4,096) hold. */
static void a_storm_loses_no_path(void **state)
{
    (void)state;
    const unsigned n = 30000;
    make_one(on_disk("/etc"), "shadow");
    start_and_scan();
    in_another_process(make_many, on_disk("/etc"), n);
    const struct told *t = await("/etc/shadow");
    assert_int_equal(t->severity, SEVERITY_HIGH);
    await_sum("/etc", FILE_ACTIVITY_CREATE, n);
    assert_in_range(sum_told("/etc", FILE_ACTIVITY_CREATE), n, n + 3); /* and the folder's times */
    assert_true(told_n < 4 * STORM_SINGLE);
    stop();
    start_and_scan(); /* the baseline has them all */
    assert_int_equal(detections, 0);
    told_n = 0;
    in_another_process(remove_many, on_disk("/etc"), n);
    await_sum("/etc", FILE_ACTIVITY_DELETE, n);
    assert_true(told_n < 4 * STORM_SINGLE);
    stop();
    start_and_scan();
    assert_int_equal(detections, 0);
    assert_int_equal(host_kit.dropped, 0);
    stop();
}

static void begin_private(void)
{
    if (!private)
        skip();
}

static void what_a_mount_shows_and_hides_is_told(void **state)
{
    (void)state;
    begin_private();
    assert_int_equal(folder_make(on_disk("/w/m"), 0755), 0);
    make_one(on_disk("/w/m"), "below");
    start_and_scan();
    assert_int_equal(mount("none", on_disk("/w/m"), "tmpfs", 0, "size=1m"), 0);
    assert_int_equal(await("/w/m/below")->activity, FILE_ACTIVITY_DELETE);
    in_another_process(make_file, on_disk("/w/m"), 1);
    assert_int_equal(await("/w/m/file1")->activity, FILE_ACTIVITY_CREATE);
    struct source_health h;
    source_integrity.health(host_kit.self, &h);
    assert_non_null(strstr(h.detail, "3 trees watched by fanotify"));
    told_n = 0;
    assert_int_equal(umount(on_disk("/w/m")), 0);
    assert_int_equal(await("/w/m/below")->activity, FILE_ACTIVITY_CREATE);
    assert_int_equal(await("/w/m/file1")->activity, FILE_ACTIVITY_DELETE);
    source_integrity.health(host_kit.self, &h);
    assert_non_null(strstr(h.detail, "2 trees watched by fanotify"));
    stop();
}

/* A container's layer below a watched folder, put together where containerd does it. */
static void a_write_in_a_container_names_it(void **state)
{
    (void)state;
    static const char *const folders[] = {"/w/upper", "/work",    "/lower",
                                          "/run",     "/run/" ID, "/run/" ID "/rootfs"};
    char options[1500], merged[400];
    begin_private();
    /* tmpfs may hold an upper folder whatever the scratch folder lies on */
    assert_int_equal(mount("none", on_disk(""), "tmpfs", 0, "size=4m"), 0);
    assert_int_equal(folder_make(on_disk("/etc"), 0755), 0);
    assert_int_equal(folder_make(on_disk("/w"), 0755), 0);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        assert_int_equal(folder_make(on_disk(folders[i]), 0755), 0);
    snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", on_disk("/lower"),
             on_disk("/w/upper"), on_disk("/work"));
    snprintf(merged, sizeof(merged), "%s", on_disk("/run/" ID "/rootfs"));
    if (mount("overlay", merged, "overlay", 0, options) != 0) {
        umount(on_disk(""));
        skip();
    }
    start_and_scan();
    in_another_process(make_file, merged, 7);
    const struct told *t = await("/w/upper/file7");
    assert_string_equal(t->overlay, merged);
    assert_string_equal(t->container, ID);
    in_another_process(make_file, on_disk("/w"), 8);
    assert_string_equal(await("/w/file8")->overlay, "");
    stop();
    assert_int_equal(umount(merged), 0);
    assert_int_equal(umount(on_disk("")), 0);
}

/* By somebody on the host, while the container does not run. */
static void a_write_in_a_stopped_container_names_it(void **state)
{
    (void)state;
    static const char mounts[] = "/w/docker/image/overlay2/layerdb/mounts/" ID;
    static const char layer[] = "/w/docker/overlay2/" LAYER "/diff";
    char path[600];
    if (geteuid() != 0)
        skip();
    assert_int_equal(folder_make(on_disk(mounts), 0755), 0);
    assert_int_equal(folder_make(on_disk(layer), 0755), 0);
    snprintf(path, sizeof(path), "%s/mount-id", on_disk(mounts));
    scratch_append(path, LAYER, sizeof(LAYER) - 1);
    start_and_scan();
    in_another_process(make_file, on_disk(layer), 7);
    snprintf(path, sizeof(path), "%s/file7", layer);
    const struct told *t = await(path);
    assert_string_equal(t->container, ID);
    assert_string_equal(t->overlay, "");
    stop();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_million_changes_end_in_one_event),
        TEST(a_storm_without_end_is_told_each_minute),
        TEST(what_is_grave_is_told_by_itself),
        TEST(many_folders_are_counted_together),
        TEST(counts_outlive_a_crash),
        TEST(a_storm_loses_no_path),
        TEST(what_a_mount_shows_and_hides_is_told),
        TEST(a_write_in_a_container_names_it),
        TEST(a_write_in_a_stopped_container_names_it),
    };
    private = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
