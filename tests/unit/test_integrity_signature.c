/* Programs that carry signatures, on a system whose check is a double. */
#include "base/json_read.h"
#include "event/event.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/signature.h"
#include "source/all.h"
#include "source/integrity/program.h"
#include "unit/cmocka_all.h"
#include "unit/host_kit.h"
#include "unit/scratch.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_MS 60000

/* ---- the double ---- */

static int asked;

bool signature_is_known(void)
{
    return true;
}

int signature_of(const char *path, struct signature *out)
{
    *out = (struct signature){.state = SIGNATURE_NONE};
    __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
    if (strstr(path, "good"))
        *out = (struct signature){.state = SIGNATURE_VALID,
                                  .by_catalog = true,
                                  .catalog = "Package_7.cat",
                                  .subject = "Microsoft Windows",
                                  .issuer = "Microsoft Windows Production PCA 2011",
                                  .serial = "3300",
                                  .thumbprint = "0011223344556677889900112233445566778899"};
    return strstr(path, "locked") ? -EACCES : 0;
}

/* ---- what is told ---- */

static unsigned scans, told;
static char lines[8][8192];

static void emit(void *ctx, const struct event *e)
{
    struct buf line;
    (void)ctx;
    scans += e->class_uid == EVENT_SCAN;
    if (e->class_uid != EVENT_FILE)
        return;
    json_free(host_kit_encode(e, &line));
    assert_true(told < 8 && span_copy(buf_span(&line), lines[told], sizeof(lines[told])));
    told++;
    buf_release(&line);
}

static const char *line_of(const char *name)
{
    for (unsigned i = 0; i < told; i++)
        if (strstr(lines[i], name))
            return lines[i];
    return NULL;
}

static void await(const char *name)
{
    int64_t until = clock_mono_ms() + END_MS;
    while (!line_of(name)) {
        if (clock_mono_ms() > until)
            fail_msg("%s was not told", name);
        host_kit_turn(100);
    }
}

static void await_scan(void)
{
    int64_t until = clock_mono_ms() + END_MS;
    for (unsigned before = scans; scans == before; host_kit_turn(100))
        if (clock_mono_ms() > until)
            fail_msg("no scan came to an end");
}

/* By another process: what ours does is not told. */
static void put(const char *name, const char *text)
{
    char path[400];
    int status = -1, pid = fork();
    snprintf(path, sizeof(path), "%s/w/%s", host_kit.root, name);
    if (pid == 0) {
        scratch_append(path, text, strlen(text));
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int set_up(void **state)
{
    static char *paths[] = {"/w"};
    char folder[400];
    (void)state;
    host_kit_begin(&source_integrity, emit,
                   (struct config){.integrity = true,
                                   .scan_every_s = 6 * 3600,
                                   .rehash_every_s = 30 * 86400,
                                   .hash_max = 512 << 20});
    host_kit.config.paths = (struct config_list){1, paths};
    snprintf(folder, sizeof(folder), "%s/w", host_kit.root);
    assert_int_equal(folder_make(folder, 0755), 0);
    asked = 0;
    told = scans = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    host_kit_end();
    return 0;
}

static void expect_all(void)
{
    const char *good = line_of("good.exe"), *bad = line_of("bad.DLL");
    assert_non_null(strstr(
        good,
        "\"signature\":{\"algorithm_id\":4,\"state_id\":1,\"state\":\"valid\",\"certificate\":{"
        "\"subject\":\"Microsoft Windows\",\"issuer\":\"Microsoft Windows Production PCA "
        "2011\",\"serial_number\":\"3300\",\"fingerprints\":[{\"algorithm_id\":2,\"value\":"
        "\"0011223344556677889900112233445566778899\"}]}}"));
    assert_non_null(strstr(good, "\"catalog\":\"Package_7.cat\""));
    assert_non_null(
        strstr(bad, "\"signature\":{\"algorithm_id\":4,\"state_id\":99,\"state\":\"unsigned\"}"));
    assert_null(strstr(line_of("locked.sys"), "\"signature\""));
    assert_null(strstr(line_of("plain.txt"), "\"signature\""));
    assert_int_equal(asked, 3);
}

static void a_scan_tells_who_signed_what_is_new(void **state)
{
    (void)state;
    put("good.exe", "1");
    host_kit_start();
    await_scan();
    assert_int_equal(asked, 0); /* a baseline asks of none */
    put("good.exe", "2");
    put("bad.DLL", "1");
    put("locked.sys", "1");
    put("plain.txt", "1");
    assert_true(source_integrity.request(host_kit.self, "scan"));
    await_scan();
    expect_all();
    host_kit_stop(true);
}

static void the_watch_tells_it_too(void **state)
{
    (void)state;
    host_kit.config.realtime = true;
    host_kit_start();
    await_scan();
    put("good.exe", "2");
    put("bad.DLL", "1");
    put("locked.sys", "1");
    put("plain.txt", "1");
    await("good.exe");
    await("bad.DLL");
    await("locked.sys");
    await("plain.txt");
    expect_all();
    assert_non_null(strstr(line_of("good.exe"), "\"found_by\":\"watch\""));
    host_kit_stop(true);
}

/* Renamed into a name that is watched, also from one: as if it were written there. */
static void what_is_renamed_is_judged_too(void **state)
{
    char from[400], to[400];
    (void)state;
    host_kit.config.realtime = true;
    put("plain.txt", "1");
    put("old-good.exe", "1");
    host_kit_start();
    await_scan();
    for (int i = 0; i < 2; i++) {
        int status = -1, pid = fork();
        snprintf(from, sizeof(from), "%s/w/%s", host_kit.root, i ? "old-good.exe" : "plain.txt");
        snprintf(to, sizeof(to), "%s/w/%s", host_kit.root, i ? "new-good.exe" : "bad.DLL");
        if (pid == 0)
            _exit(rename(from, to) == 0 ? 0 : 1);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    await("bad.DLL");
    await("new-good.exe");
    for (int i = 0; i < 200; i++) /* longer than what is gone would wait to be told alone */
        host_kit_turn(10);
    assert_int_equal(told, 2);
    assert_non_null(strstr(line_of("bad.DLL"), "\"state\":\"unsigned\""));
    assert_non_null(strstr(line_of("bad.DLL"), "\"changed\":[\"renamed\""));
    assert_non_null(strstr(line_of("new-good.exe"), "\"state\":\"valid\""));
    assert_non_null(strstr(line_of("new-good.exe"), "old-good.exe"));
    host_kit_stop(true);
}

static void programs_are_known_by_their_names(void **state)
{
    (void)state;
    assert_true(integrity_is_signable(SPAN("C:/a.exe")));
    assert_true(integrity_is_signable(SPAN("C:/a.Sys")));
    assert_false(integrity_is_signable(SPAN(".exe")));
    assert_false(integrity_is_signable(SPAN("C:/exe")));
    assert_false(integrity_is_signable(SPAN("C:/a.exe.txt")));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_scan_tells_who_signed_what_is_new),
        TEST(the_watch_tells_it_too),
        TEST(what_is_renamed_is_judged_too),
        cmocka_unit_test(programs_are_known_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
