/* Patch state of Windows through the contract of a source: what it tells and when, and that an
 * update service which never answers stops nothing. */
#include "base/json_read.h"
#include "platform/clock.h"
#include "platform/thread.h"
#include "platform/updates.h"
#include "source/all.h"
#include "source/updates/look.h"
#include "unit/clock_kit.h"
#include "unit/cmocka_all.h"
#include "unit/host_kit.h"
#include "unit/registry_kit.h"

#include <errno.h>
#include <stdatomic.h>

#define HOUR_MS 3600000ll
#define DAY_MS  (24 * HOUR_MS)
#define TURNS   40 /* of 5 ms */

#define CURRENT "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\"
#define VERSION "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion|"

/* ---- doubles ---- */

static struct {
    int rc;
    uint32_t code;
    struct update pending[3];
    size_t n;
    atomic_bool hangs; /* until it is told otherwise */
    atomic_int asked;
    char title[80]; /* of the one update in the history */
    enum update_outcome outcome;
} service;

/* Real time: the clock is a double. */
static void pause_a_little(void)
{
    poll_wait(NULL, 0, 5);
}

int updates_pending(bool (*each)(void *ctx, const struct update *u), void *ctx, uint32_t *code)
{
    *code = service.code;
    for (size_t i = 0; service.rc == 0 && i < service.n; i++)
        each(ctx, &service.pending[i]);
    return service.rc;
}

int updates_history(bool (*each)(void *ctx, const struct update_past *u), void *ctx, uint32_t *code)
{
    struct update_past past = {.outcome = service.outcome, .code = 0x80070002, .at_ms = 1};
    atomic_fetch_add(&service.asked, 1);
    while (atomic_load(&service.hangs))
        pause_a_little();
    *code = service.code;
    snprintf(past.title, sizeof(past.title), "%s", service.title);
    if (service.rc == 0 && each(ctx, &past)) {
        past.outcome = UPDATE_FAILED; /* before; what came later counts */
        each(ctx, &past);
    }
    return service.rc;
}

int updates_fixes(bool (*each)(void *ctx, const char *name), void *ctx, uint32_t *code)
{
    *code = service.code;
    if (service.rc == 0)
        each(ctx, "KB5034122");
    return service.rc;
}

int updates_times(struct updates_times *out, uint32_t *code)
{
    *out = (struct updates_times){.searched_ms = 5};
    *code = service.code;
    return service.rc;
}

static size_t software, states;
static int severity;
static struct buf state; /* the last state, as a line */
static struct json_doc *doc;

static void emit(void *ctx, const struct event *e)
{
    struct buf line;
    (void)ctx;
    struct json_doc *it = host_kit_encode(e, &line);
    if (e->class_uid == EVENT_SOFTWARE) {
        software++;
        json_free(it);
    } else {
        states++;
        severity = e->severity;
        buf_clear(&state);
        buf_put_span(&state, buf_span(&line));
        json_free(doc);
        doc = it;
    }
    buf_release(&line);
}

static const struct json_value *vigia(const char *key)
{
    const struct json_value *v = json_get(json_get(json_root(doc), "unmapped"), "vigia");
    return key ? json_get(v, key) : v;
}

static bool told(const char *part)
{
    return span_find_span(buf_span(&state), span_of(part)) < state.n;
}

static struct source_health health(void)
{
    struct source_health h;
    source_updates.health(host_kit.self, &h);
    return h;
}

/* ---- the host ---- */

static void make_host(void)
{
    registry_kit_clear();
    registry_kit_add(VERSION "ProductName|sz|Windows 10 Pro\n" VERSION
                             "EditionID|sz|Professional\n" VERSION
                             "CurrentBuildNumber|sz|26200\n" VERSION "UBR|dword|6584\n" VERSION
                             "DisplayVersion|sz|25H2\n" VERSION "InstallationType|sz|Client\n");
    registry_kit_add(CURRENT "Component Based Servicing\\Packages\\"
                             "Package_for_KB5012170~31bf~amd64~~1.1|CurrentState|dword|112\n");
    registry_kit_add(CURRENT "Uninstall\\{1}|DisplayName|sz|Seven \xc3\xb1\n" CURRENT
                             "Uninstall\\{1}|DisplayVersion|sz|24.08\n");
    service.rc = 0;
    service.code = 0;
    service.n = 0;
    service.outcome = UPDATE_DONE;
    snprintf(service.title, sizeof(service.title), "Cumulative (KB5034441)");
    atomic_store(&service.hangs, false);
    atomic_store(&service.asked, 0);
}

static void offer(const char *kb, const char *severity_name, unsigned kinds, int64_t published_ms)
{
    struct update *u = &service.pending[service.n++];
    *u = (struct update){.kinds = kinds, .published_ms = published_ms};
    snprintf(u->kbs, sizeof(u->kbs), "%s", kb);
    snprintf(u->id, sizeof(u->id), "2d7a2c4d-0000-4000-8000-000000000000");
    snprintf(u->title, sizeof(u->title), "An update \"%s\"", kb);
    snprintf(u->severity, sizeof(u->severity), "%s", severity_name);
}

/* Runs for a while in real time: a look's thread knows no other. */
static void look(void)
{
    software = states = 0;
    for (int i = 0; i < TURNS; i++) {
        source_updates.run(host_kit.self, mono_ms);
        pause_a_little();
    }
    assert_int_equal(store_commit(host_kit.store), 0);
}

static void later(int64_t ms)
{
    mono_ms += ms;
    wall_ms += ms;
    look();
}

static int set_up(void **unused)
{
    (void)unused;
    host_kit_begin(&source_updates, emit,
                   (struct config){.patch = true, .patch_every_s = 6 * 3600});
    state = BUF_INIT(1 << 20);
    mono_ms = 1000;
    wall_ms = 1767225600000; /* 2026-01-01 */
    make_host();
    host_kit_start();
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    host_kit_stop(true);
    host_kit_end();
    buf_release(&state);
    json_free(doc);
    doc = NULL;
    return 0;
}

/* ---- tests ---- */

static void a_good_host_is_told_and_is_well(void **unused)
{
    (void)unused;
    look();
    assert_int_equal(software, 1);
    assert_int_equal(states, 1);
    assert_int_equal(severity, SEVERITY_INFORMATIONAL);
    assert_int_equal(health().state, SOURCE_OK);
    assert_true(
        told("0 updates pending, 0 of them for security; Defender: absent; no restart required"));
    assert_true(json_get_bool(vigia(NULL), "lists_known", false));
    assert_false(json_get_bool(vigia(NULL), "reboot_required", true));
    assert_true(told("\"running\":\"26200.6584\""));
    assert_true(told("\"support\":{\"state\":\"standard\""));
    assert_int_equal(json_get_int(vigia("installed"), "total", -1), 3);
    assert_true(told("{\"uid\":\"KB5034441\",\"install_state_id\":1}"));
    assert_true(told("{\"uid\":\"KB5034122\",\"install_state_id\":1}"));
}

static void it_is_told_again_once_a_day_and_when_it_changes(void **unused)
{
    (void)unused;
    look();
    later(6 * HOUR_MS + 1000);
    assert_int_equal(software + states, 0);
    registry_kit_add(CURRENT "Uninstall\\{2}|DisplayName|sz|New");
    later(6 * HOUR_MS + 1000);
    assert_int_equal(software, 1);
    assert_int_equal(states, 1); /* it says how many packages there are */
    later(DAY_MS + 1000);
    assert_int_equal(software, 1);
    assert_int_equal(states, 1);
}

static void a_change_is_looked_at_soon(void **unused)
{
    (void)unused;
    offer("5034441", "Critical", UPDATE_SECURITY, wall_ms);
    look();
    registry_kit_add(CURRENT "Uninstall\\{2}|DisplayName|sz|New");
    later(1000);
    assert_int_equal(software, 0);
    later(60000);
    assert_int_equal(software, 1);
    registry_kit_add(CURRENT "WindowsUpdate\\Auto Update\\RebootRequired");
    later(1000);
    later(60000);
    assert_int_equal(states, 1);
    assert_true(
        told("1 updates pending, 1 of them for security; Defender: absent; restart required "
             "(Windows Update RebootRequired)"));
    assert_int_equal(atomic_load(&service.asked), 1); /* what it said last still holds */
    later(60000);
    assert_int_equal(software + states, 0);
}

#define USER    "S-1-5-21-1-2-3-1001"
#define PROFILE "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\" USER

static void what_a_user_has_stays_when_the_user_goes(void **unused)
{
    (void)unused;
    registry_kit_add("HKU\\" USER "\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Chat|"
                     "DisplayName|sz|Chat\n" PROFILE "|Sid|binary|00");
    look();
    assert_int_equal(software, 1);
    assert_int_equal(json_get_int(vigia(NULL), "packages", -1), 2);
    registry_kit_remove("HKU\\" USER); /* logged off */
    later(6 * HOUR_MS + 1000);
    assert_int_equal(software + states, 0);
    registry_kit_remove(PROFILE);
    later(6 * HOUR_MS + 1000);
    assert_int_equal(software, 1);
    assert_int_equal(json_get_int(vigia(NULL), "packages", -1), 1);
}

static void pending_updates_are_told_with_severity_and_age(void **unused)
{
    (void)unused;
    offer("890830", "", 0, wall_ms - DAY_MS);
    offer("5034441", "Critical", UPDATE_SECURITY, wall_ms - 9 * DAY_MS);
    offer("", "", UPDATE_DRIVER, 0);
    look();
    assert_int_equal(severity, SEVERITY_LOW);
    const struct json_value *pending = vigia("pending");
    assert_int_equal(json_get_int(pending, "total", -1), 3);
    assert_int_equal(json_get_int(pending, "security", -1), 1);
    assert_int_equal(json_get_int(pending, "oldest_ms", -1), wall_ms - 9 * DAY_MS);
    assert_true(told("\"kb_article_list\":[{\"uid\":\"KB5034441\",\"install_state_id\":2,"
                     "\"title\":\"An update \\\"5034441\\\"\",\"severity\":\"Critical\","
                     "\"classification\":\"Security Updates\",\"created_time\":"));
    assert_true(told("{\"uid\":\"2d7a2c4d-0000-4000-8000-000000000000\",\"install_state_id\":2"));
}

static void a_restart_names_its_places(void **unused)
{
    (void)unused;
    registry_kit_add(CURRENT "Component Based Servicing\\RebootPending\n" CURRENT
                             "WindowsUpdate\\Auto Update\\RebootRequired");
    look();
    assert_int_equal(severity, SEVERITY_LOW);
    assert_true(json_get_bool(vigia(NULL), "reboot_required", false));
    assert_true(told("restart required (CBS RebootPending, Windows Update RebootRequired)"));
    assert_true(told("{\"place\":\"CBS RebootPending\",\"of_updates\":true}"));
}

static void a_release_without_updates_is_medium(void **unused)
{
    (void)unused;
    registry_kit_add(VERSION "CurrentBuildNumber|sz|19041");
    look();
    assert_int_equal(severity, SEVERITY_MEDIUM);
    assert_true(told("the release gets no updates any more"));
}

static void a_failed_installation_is_told(void **unused)
{
    (void)unused;
    service.outcome = UPDATE_FAILED;
    look();
    assert_int_equal(severity, SEVERITY_LOW);
    assert_true(told("1 installations failed"));
    assert_true(told("{\"kb\":5034441,\"code\":\"0x80070002\""));
    assert_false(told("\"uid\":\"KB5034441\""));
}

static void a_service_that_refuses_is_named(void **unused)
{
    (void)unused;
    service.rc = -EIO;
    service.code = 0x80070422;
    look();
    assert_int_equal(states, 1);
    assert_int_equal(health().state, SOURCE_DEGRADED);
    assert_string_equal(
        health().detail,
        "pending updates are unknown: the service Windows Update (wuauserv) is disabled");
    assert_false(json_get_bool(vigia(NULL), "lists_known", true));
    assert_true(told("\"unknown_because\":\"the service Windows Update (wuauserv) is disabled\""));
    assert_true(told("\"uid\":\"KB5012170\"")); /* what the registry knows is told all the same */
    service.rc = 0;
    later(6 * HOUR_MS + 1000);
    assert_int_equal(states, 1);
    assert_int_equal(health().state, SOURCE_OK);
}

static void a_service_that_hangs_stops_nothing(void **unused)
{
    (void)unused;
    atomic_store(&service.hangs, true);
    look();
    assert_int_equal(states, 0);
    later(LOOK_ASKING_MS + 1000);
    assert_int_equal(states, 1);
    assert_int_equal(software, 1);
    assert_int_equal(health().state, SOURCE_DEGRADED);
    assert_true(told("Windows Update does not answer"));
    registry_kit_add(CURRENT "Component Based Servicing\\RebootPending");
    later(6 * HOUR_MS + 1000);
    assert_int_equal(atomic_load(&service.asked), 1); /* not asked again */
    assert_int_equal(states, 1);
    assert_true(told("CBS RebootPending"));
    atomic_store(&service.hangs, false);
    for (int i = 0; i < 100; i++)
        pause_a_little();
    later(6 * HOUR_MS + 1000);
    assert_int_equal(atomic_load(&service.asked), 2);
    assert_int_equal(health().state, SOURCE_OK);
}

static void it_ends_while_the_service_hangs(void **unused)
{
    (void)unused;
    atomic_store(&service.hangs, true);
    look();
    host_kit_stop(true); /* comes back */
    atomic_store(&service.hangs, false);
    for (int i = 0; i < 100; i++)
        pause_a_little();
    host_kit_start();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_good_host_is_told_and_is_well),
        TEST(it_is_told_again_once_a_day_and_when_it_changes),
        TEST(a_change_is_looked_at_soon),
        TEST(what_a_user_has_stays_when_the_user_goes),
        TEST(pending_updates_are_told_with_severity_and_age),
        TEST(a_restart_names_its_places),
        TEST(a_release_without_updates_is_medium),
        TEST(a_failed_installation_is_told),
        TEST(a_service_that_refuses_is_named),
        TEST(a_service_that_hangs_stops_nothing),
        TEST(it_ends_while_the_service_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
