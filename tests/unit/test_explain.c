/*
 * What dpkg explains and what it does not, found by scans of a small host with dpkg's files made by
 * hand. (How it is with dpkg itself at work: tests/system/packages.)
 */
#include "base/hex.h"
#include "base/md5.h"
#include "event/event.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "source/all.h"
#include "source/integrity/verify.h"
#include "unit/cmocka_all.h"
#include "unit/host_kit.h"
#include "unit/scratch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define END_MS   60000
#define TOLD_MAX 64
#define FOLDERS  8
#define LARGE    (32 << 20)

struct told {
    char path[200], package[100], vigia[1500], message[300];
    enum event_severity severity;
};

static struct told told[TOLD_MAX];
static size_t told_n;
static unsigned scans;

static void emit(void *ctx, const struct event *e)
{
    (void)ctx;
    if (e->class_uid != EVENT_FILE) {
        scans++;
        return;
    }
    assert_true(told_n < TOLD_MAX);
    struct told *t = &told[told_n++];
    assert_true(span_copy(e->u.file.path, t->path, sizeof(t->path)));
    assert_true(span_copy(e->u.file.package, t->package, sizeof(t->package)));
    assert_true(span_copy(e->vigia, t->vigia, sizeof(t->vigia)));
    assert_true(span_copy(span_of(e->message), t->message, sizeof(t->message)));
    t->severity = e->severity;
}

static bool waits_for_dpkg(void)
{
    struct source_health h;
    source_integrity.health(host_kit.self, &h);
    return strstr(h.detail, "wait for dpkg") != NULL;
}

/* A scan and all that was held because of it. */
static void start_and_scan(void)
{
    unsigned before = scans;
    int64_t end_ms = clock_mono_ms() + END_MS;
    told_n = 0;
    host_kit_start();
    while (scans == before || waits_for_dpkg()) {
        assert_true(clock_mono_ms() < end_ms);
        host_kit_turn(10);
    }
    host_kit_turn(10); /* the summary */
}

static const struct told *find(const char *path)
{
    for (size_t i = 0; i < told_n; i++)
        if (strcmp(told[i].path, path) == 0)
            return &told[i];
    return NULL;
}

static const struct told *summary(void)
{
    return find("/var/lib/dpkg/status");
}

/* ---- the host ---- */

static const char *at(const char *path)
{
    static char out[600];
    snprintf(out, sizeof(out), "%s%s", host_kit.root, path);
    return out;
}

static void write_file(const char *path, const char *text)
{
    char folder[600];
    snprintf(folder, sizeof(folder), "%s", at(path));
    *strrchr(folder, '/') = '\0';
    assert_int_equal(folder_make(folder, 0755), 0);
    unlink(at(path));
    scratch_append(at(path), text, strlen(text));
    chmod(at(path), 0755);
}

static const char *sum_of(const char *text)
{
    static char hex[2 * MD5_SIZE + 1];
    struct md5 m;
    uint8_t sum[MD5_SIZE];
    md5_init(&m);
    md5_update(&m, text, strlen(text));
    md5_final(&m, sum);
    hex_encode(sum, sizeof(sum), hex);
    return hex;
}

static void log_now(const char *line)
{
    char text[200], now[40];
    time_t t = time(NULL);
    struct tm local;
    strftime(now, sizeof(now), "%Y-%m-%d %H:%M:%S", localtime_r(&t, &local));
    snprintf(text, sizeof(text), "%s %s\n", now, line);
    write_file("/var/log/dpkg.log", text);
}

/* dpkg's files of a package "p" after an upgrade; conf: what it says of /etc/p.conf. Written in the
 * future, so that nobody takes dpkg for running. */
static void upgrade_to(const char *tool, const char *conf)
{
    char text[4000], now[40];
    time_t t = time(NULL);
    struct tm local;
    const struct timespec later[2] = {{t + 600, 0}, {t + 600, 0}};
    int n = snprintf(text, sizeof(text),
                     "/.\n/usr\n/usr/bin\n/usr/bin/tool\n/usr/bin/other\n"
                     "/usr/bin/link\n/usr/bin/sub\n/etc/p.conf\n");
    for (int i = 0; i < FOLDERS; i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, "/usr/bin/%d\n/usr/bin/%d/one\n", i, i);
    write_file("/var/lib/dpkg/info/p.list", text);
    n = snprintf(text, sizeof(text), "%s  usr/bin/tool\n", sum_of(tool));
    n += snprintf(text + n, sizeof(text) - (size_t)n, "%s  usr/bin/other\n", sum_of("other"));
    for (int i = 0; i < FOLDERS; i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, "%s  usr/bin/%d/one\n", sum_of("one"), i);
    write_file("/var/lib/dpkg/info/p.md5sums", text);
    snprintf(text, sizeof(text),
             "Package: p\nStatus: install ok installed\nConffiles:\n"
             " /etc/p.conf %s\n",
             sum_of(conf));
    write_file("/var/lib/dpkg/status", text);
    strftime(now, sizeof(now), "%Y-%m-%d %H:%M:%S", localtime_r(&t, &local));
    snprintf(text, sizeof(text),
             "%s startup archives unpack\n%s upgrade p:all 1 2\n"
             "%s status unpacked p:all 2\n%s status installed p:all 2\n",
             now, now, now, now);
    write_file("/var/log/dpkg.log", text);
    assert_int_equal(utimensat(AT_FDCWD, at("/var/log/dpkg.log"), later, 0), 0);
}

static int begin(void **state)
{
    static char usr[] = "/usr", etc[] = "/etc", *paths[2] = {usr, etc};
    (void)state;
    host_kit_begin(&source_integrity, emit,
                   (struct config){.integrity = true,
                                   .paths = {2, paths},
                                   .scan_every_s = 6 * 3600,
                                   .rehash_every_s = 30 * 86400,
                                   .hash_max = 512 << 20});
    write_file("/usr/bin/tool", "tool 1");
    write_file("/usr/bin/other", "other");
    write_file("/usr/bin/loose", "loose");
    write_file("/etc/p.conf", "conf 1");
    start_and_scan();
    host_kit_stop(true);
    return 0;
}

static int end(void **state)
{
    (void)state;
    assert_int_equal(host_kit.dropped, 0);
    host_kit_end();
    return 0;
}

/* ---- */

static void test_explained(void **state)
{
    (void)state;
    write_file("/usr/bin/tool", "tool 2");
    write_file("/etc/p.conf", "conf 2");
    scratch_link("other", at("/usr/bin/link"));
    assert_int_equal(folder_make(at("/usr/bin/sub"), 0755), 0);
    upgrade_to("tool 2", "conf 2");
    start_and_scan();
    assert_int_equal(told_n, 1);
    assert_non_null(summary());
    assert_int_equal(summary()->severity, SEVERITY_LOW);
    assert_non_null(strstr(summary()->vigia, "\"label\":\"claimed\""));
    assert_non_null(strstr(summary()->vigia, "[{\"name\":\"p:all\",\"from\":\"1\",\"to\":\"2\"}]"));
    assert_non_null(strstr(summary()->vigia, "\"files_created\":2,\"files_changed\":2"));
    host_kit_stop(true);
    start_and_scan(); /* it is in the baseline now, and told */
    assert_int_equal(told_n, 0);
    host_kit_stop(true);
}

/* Their folders are ready to be looked through before a large file has given them their turn to be
 * read, wherever among them it comes. */
static void test_files_in_new_folders(void **state)
{
    (void)state;
    char path[40], *large = malloc(LARGE + 1);
    assert_non_null(large);
    memset(large, 'x', LARGE);
    large[LARGE] = '\0';
    write_file("/usr/bin/tool", large);
    for (int i = 0; i < FOLDERS; i++) {
        snprintf(path, sizeof(path), "/usr/bin/%d/one", i);
        write_file(path, "one");
    }
    upgrade_to(large, "conf 1");
    free(large);
    start_and_scan();
    assert_int_equal(told_n, 1);
    assert_non_null(summary());
    assert_non_null(strstr(summary()->vigia, "\"files_created\":16,\"files_changed\":1"));
    host_kit_stop(true);
}

static void test_not_explained(void **state)
{
    (void)state;
    write_file("/usr/bin/tool", "tool 2 and more");
    write_file("/usr/bin/loose", "loose 2");
    write_file("/usr/bin/new", "new");
    write_file("/etc/p.conf", "conf by hand");
    upgrade_to("tool 2", "conf 2");
    start_and_scan();
    assert_int_equal(told_n, 4);
    assert_null(summary());
    const struct told *t = find("/usr/bin/tool");
    assert_int_equal(t->severity, SEVERITY_MEDIUM);
    assert_string_equal(t->package, "p");
    assert_non_null(strstr(t->message, "file of package p, not as it came"));
    assert_non_null(strstr(t->vigia, "\"while_off\":true"));
    assert_non_null(strstr(t->vigia, "\"found_by\":\"scan\""));
    assert_string_equal(find("/usr/bin/loose")->package, "");
    assert_int_equal(find("/usr/bin/new")->severity, SEVERITY_MEDIUM);
    t = find("/etc/p.conf");
    assert_non_null(strstr(t->vigia, "\"conffile\":true"));
    assert_non_null(strstr(t->message, "configuration of package p, edited since it came"));
    host_kit_stop(true);
}

/* Content that dpkg vouches for is no excuse for rights that it does not know of. */
static void test_rights(void **state)
{
    static const struct {
        unsigned mode;
        unsigned uid;
        enum event_severity severity; /* 0: explained */
    } rows[] = {{0755, 0, 0},
                {0700, 0, 0},
                {04755, 0, SEVERITY_HIGH},
                {0757, 0, SEVERITY_MEDIUM},
                {0755, 1234, SEVERITY_MEDIUM}};
    (void)state;
    if (geteuid() != 0)
        skip();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[40];
        snprintf(text, sizeof(text), "tool of %zu", i);
        write_file("/usr/bin/tool", text);
        assert_int_equal(chown(at("/usr/bin/tool"), rows[i].uid, 0), 0);
        assert_int_equal(chmod(at("/usr/bin/tool"), rows[i].mode), 0);
        upgrade_to(text, "conf 1");
        start_and_scan();
        const struct told *t = find("/usr/bin/tool");
        if (rows[i].severity ? !t || t->severity != rows[i].severity : t || !summary())
            fail_msg("row %zu: %s", i, t ? t->message : "not told");
        host_kit_stop(true);
        write_file("/usr/bin/tool", "tool 1"); /* back, so that each row is the first change */
        start_and_scan();
        host_kit_stop(true);
    }
}

static void test_gone(void **state)
{
    (void)state;
    write_file("/var/lib/dpkg/info/p.list", "/usr/bin/other\n");
    unlink(at("/usr/bin/other")); /* p still has it */
    unlink(at("/usr/bin/loose")); /* nobody has, and dpkg ran */
    upgrade_to("tool 1", "conf 1");
    start_and_scan();
    assert_int_equal(told_n, 2);
    assert_int_equal(find("/usr/bin/other")->severity, SEVERITY_MEDIUM);
    assert_string_equal(find("/usr/bin/other")->package, "p");
    assert_int_equal(find("/usr/bin/loose")->severity, SEVERITY_LOW);
    host_kit_stop(true);
}

/* A link that came after its package was unpacked is not what the package brought. */
static void test_single_checks(void **state)
{
    (void)state;
    struct held_owner o = {.listed = true, .list_ms = 5000000, .md5sums_ms = 5000000};
    struct file_info link = {.type = FILE_SYMLINK, .ctime_ns = 5000000ll * 1000000};
    assert_true(verify_unhashed(&o, &link));
    link.ctime_ns = 5003000ll * 1000000;
    assert_false(verify_unhashed(&o, &link));
    link.ctime_ns = 4000000ll * 1000000;
    assert_false(verify_unhashed(&o, &link));
    link.type = FILE_FIFO;
    link.ctime_ns = 5000000ll * 1000000;
    assert_false(verify_unhashed(&o, &link));
    assert_true(verify_written_together(&o));
    o.md5sums_ms = 5061000; /* somebody wrote the checksums anew */
    assert_false(verify_written_together(&o));
}

/* While dpkg runs nothing is told; killed then, the next start finds all of it. */
static void test_held_survives(void **state)
{
    (void)state;
    write_file("/usr/bin/tool", "tool 2");
    upgrade_to("tool 1", "conf 1"); /* the checksums are still the old ones ... */
    log_now("upgrade p:all 1 2");   /* ... since it is being unpacked */
    host_kit_start();
    told_n = 0;
    for (unsigned before = scans; scans == before;)
        host_kit_turn(10);
    for (int i = 0; i < 100; i++)
        host_kit_turn(10);
    assert_int_equal(told_n, 0);
    assert_true(waits_for_dpkg());
    source_integrity.close(host_kit.self); /* nothing is committed */
    store_close(host_kit.store);
    upgrade_to("tool 2", "conf 1");
    start_and_scan();
    assert_int_equal(told_n, 1);
    assert_non_null(summary());
    host_kit_stop(true);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_explained),     CASE(test_files_in_new_folders),
        CASE(test_not_explained), CASE(test_rights),
        CASE(test_gone),          CASE(test_single_checks),
        CASE(test_held_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
