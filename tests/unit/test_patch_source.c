/* Patch state through the contract of a source: when it looks, what it tells, when it keeps quiet,
 * and how it says that something is wrong. */
#include "base/json_read.h"
#include "event/ocsf.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "source/all.h"
#include "spool/spool.h"
#include "unit/clock_kit.h"
#include "unit/cmocka_all.h"
#include "unit/host_kit.h"
#include "unit/scratch.h"

#define HOUR 3600

/* ---- doubles ---- */

static size_t software, states;
static int severity;
static struct buf state; /* the last state, as JSON */

static void emit(void *ctx, const struct event *e)
{
    struct buf line;
    (void)ctx;
    json_free(host_kit_encode(e, &line));
    buf_release(&line);
    if (e->class_uid == EVENT_SOFTWARE) {
        software++;
        return;
    }
    states++;
    severity = e->severity;
    buf_clear(&state);
    buf_put_span(&state, e->vigia);
    buf_put_byte(&state, '\n');
    buf_put_text(&state, e->status_detail);
}

/* ---- the host ---- */

static void put_file(const char *name, const void *text, size_t n)
{
    char path[600];
    snprintf(path, sizeof(path), "%s%s", host_kit.root, name);
    *strrchr(path, '/') = '\0';
    assert_int_equal(folder_make(path, 0755), 0);
    snprintf(path, sizeof(path), "%s%s", host_kit.root, name);
    file_remove(path);
    scratch_append(path, text, n);
}

static void put_text(const char *name, const char *text)
{
    put_file(name, text, strlen(text));
}

static void remove_file(const char *name)
{
    char path[600];
    snprintf(path, sizeof(path), "%s%s", host_kit.root, name);
    assert_int_equal(file_remove(path), 0);
}

#define BASE "/var/lib/apt/lists/deb.example.mx_debian_dists_stable_"
#define LIST BASE "main_binary-amd64_Packages"

static void put_status(const char *bash)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.21\n\n"
             "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\n",
             bash);
    put_text("/var/lib/dpkg/status", text);
}

static void put_list(const char *bash)
{
    char text[1024];
    snprintf(text, sizeof(text), "Package: bash\nArchitecture: amd64\nVersion: %s\n", bash);
    put_text(LIST, text);
}

static void put_release(const char *suite, const char *valid_until, bool is_signed)
{
    char text[1024];
    snprintf(text, sizeof(text), "Suite: %s\nValid-Until: %s\nSHA256:\n%s", suite, valid_until,
             is_signed ? "-----BEGIN PGP SIGNATURE-----\n" : "");
    put_text(BASE "InRelease", text);
}

static void make_host(void)
{
    put_status("5.1");
    put_text("/etc/os-release", "ID=debian\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\n");
    put_text("/proc/sys/kernel/osrelease", "6.12.0-own\n");
    put_text("/etc/apt/sources.list", "deb http://deb.example.mx/debian stable main\n");
    put_release("stable", "Sat, 28 Nov 2099 00:00:00 UTC", true);
    put_list("5.1");
}

/* ---- running it ---- */

/* Runs the source for so many seconds of the double clock. */
static void pass(int64_t seconds)
{
    software = states = 0;
    host_kit_pass(seconds, 10000, &mono_ms, &wall_ms);
}

static struct source_health health(void)
{
    struct source_health h;
    source_patch.health(host_kit.self, &h);
    return h;
}

static bool told(const char *part)
{
    return span_find_span(buf_span(&state), span_of(part)) < state.n;
}

static int set_up(void **unused)
{
    (void)unused;
    host_kit_begin(&source_patch, emit, (struct config){.patch = true, .patch_every_s = 6 * HOUR});
    state = BUF_INIT(1 << 20);
    mono_ms = 1000;
    wall_ms = 1790000000000;
    make_host();
    host_kit_start();
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    host_kit_stop(false);
    buf_release(&state);
    host_kit_end();
    return 0;
}

/* ---- tests ---- */

static void what_stays_is_told_once_a_day(void **unused)
{
    (void)unused;
    pass(60);
    assert_int_equal(software, 1);
    assert_int_equal(states, 1);
    assert_int_equal(severity, SEVERITY_INFORMATIONAL);
    assert_true(told("\"total\":0") && told("\"state\":\"standard\""));
    assert_int_equal(health().state, SOURCE_OK);
    pass(20 * HOUR);
    assert_int_equal(software + states, 0);
    pass(6 * HOUR);
    assert_int_equal(software, 1);
    assert_int_equal(states, 1);
    host_kit_stop(true);
    host_kit_start();
    pass(60);
    assert_int_equal(software + states, 0);
}

static void an_update_is_told_since_when_it_waits(void **unused)
{
    (void)unused;
    char since[64];
    pass(60);
    put_list("5.2");
    put_release("stable-security", "Sat, 28 Nov 2099 00:00:00 UTC", true);
    pass(10);
    assert_int_equal(states, 1);
    assert_int_equal(software, 0);
    assert_int_equal(severity, SEVERITY_LOW);
    assert_true(told("\"candidate\":\"5.2\"") && told("\"suite\":\"stable-security\""));
    assert_true(told("1 updates pending, 1 of them for security"));
    snprintf(since, sizeof(since), "\"since\":%lld", (long long)(wall_ms - 8000));
    assert_true(told(since));
    pass(25 * HOUR);
    assert_true(states > 0 && told(since));
    put_status("5.2");
    pass(10);
    assert_int_equal(software, 1);
    assert_true(told("\"total\":0"));
    put_status("5.1"); /* back again: that is a new wait */
    pass(10);
    assert_true(told("\"candidate\":\"5.2\"") && !told(since));
}

static void preferences_are_followed_at_once(void **unused)
{
    (void)unused;
    put_list("5.2");
    pass(60);
    assert_true(told("\"total\":1"));
    put_text("/etc/apt/preferences.d/keep",
             "Package: bash\nPin: version 5.1\nPin-Priority: 1001\n");
    pass(6 * HOUR);
    assert_true(told("\"total\":0"));
    put_text("/etc/apt/preferences.d/keep", "Package: bash\nPin: nonsense\nPin-Priority: 1\n");
    pass(6 * HOUR);
    assert_true(told("\"total\":1") && told("\"preference_faults\":1"));
    assert_int_equal(health().state, SOURCE_DEGRADED);
    assert_non_null(strstr(health().detail, "/etc/apt/preferences.d/keep:1"));
}

static void lists_that_cannot_be_trusted_are_told(void **unused)
{
    (void)unused;
    put_release("stable", "Sat, 28 Nov 2020 00:00:00 UTC", true);
    pass(60);
    assert_int_equal(severity, SEVERITY_LOW);
    assert_true(told("\"expired\":1") && told("1 archives expired or never fetched"));
    assert_true(told("\"archive\":\"http://deb.example.mx/debian/dists/stable/\""));
    put_release("stable", "Sat, 28 Nov 2099 00:00:00 UTC", false);
    pass(10);
    assert_int_equal(severity, SEVERITY_MEDIUM);
    assert_true(told("\"unsigned\":1") && told("1 archives unsigned"));
    remove_file(BASE "InRelease");
    pass(10);
    assert_int_equal(severity, SEVERITY_MEDIUM);
    assert_true(told("\"without_release\":1"));
    put_text("/etc/apt/sources.list", "deb [trusted=yes] http://deb.example.mx/debian stable main\n"
                                      "deb http://user:secret@b.example.mx/x stable main\n");
    pass(10);
    assert_int_equal(severity, SEVERITY_LOW);
    assert_true(told("\"trusted_unsigned\":1") && told("\"never_fetched\":1"));
    assert_false(told("secret"));
}

static void without_lists_nothing_is_claimed(void **unused)
{
    (void)unused;
    remove_file(LIST);
    pass(60);
    assert_true(told("\"lists_known\":false") && told("pending updates unknown"));
    assert_int_equal(health().state, SOURCE_DEGRADED);
    assert_non_null(strstr(health().detail, "apt-get update"));
}

static void a_broken_list_is_named(void **unused)
{
    static const unsigned char broken[] = {0x04, 0x22, 0x4d, 0x18, 0x60,
                                           0x40, 0x82, 0xff, 0xff, 0xff};
    (void)unused;
    remove_file(LIST);
    put_file(LIST ".lz4", broken, sizeof(broken));
    pass(60);
    assert_true(told("\"unreadable\":1") && told("\"lists_known\":false"));
    assert_int_equal(health().state, SOURCE_DEGRADED);
    assert_non_null(strstr(health().detail, "binary-amd64_Packages"));
}

static void a_host_without_dpkg_is_said(void **unused)
{
    (void)unused;
    remove_file("/var/lib/dpkg/status");
    pass(60);
    assert_int_equal(software + states, 0);
    assert_int_equal(health().state, SOURCE_FAILED);
    assert_non_null(strstr(health().detail, "/var/lib/dpkg/status"));
    put_status("5.1");
    pass(6 * HOUR);
    assert_int_equal(states, 1);
    assert_int_equal(health().state, SOURCE_OK);
}

static void a_release_that_has_ended_matters(void **unused)
{
    (void)unused;
    put_text("/etc/os-release", "ID=debian\nVERSION_ID=\"9\"\nVERSION_CODENAME=stretch\n");
    put_text("/run/reboot-required", "");
    pass(60);
    assert_int_equal(severity, SEVERITY_MEDIUM);
    assert_true(told("the release gets updates only if they are paid for"));
    assert_true(told("\"paid_end\":\"2027-06-30\"") && told("; restart required"));
}

static void what_is_switched_off_does_not_look(void **unused)
{
    (void)unused;
    host_kit_stop(true);
    host_kit.config.patch = false;
    host_kit_start();
    pass(24 * HOUR);
    assert_int_equal(software + states, 0);
    assert_int_equal(health().state, SOURCE_OFF);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_stays_is_told_once_a_day),      TEST(an_update_is_told_since_when_it_waits),
        TEST(preferences_are_followed_at_once),   TEST(lists_that_cannot_be_trusted_are_told),
        TEST(without_lists_nothing_is_claimed),   TEST(a_broken_list_is_named),
        TEST(a_host_without_dpkg_is_said),        TEST(a_release_that_has_ended_matters),
        TEST(what_is_switched_off_does_not_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
