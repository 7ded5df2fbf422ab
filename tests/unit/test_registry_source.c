/*
 * The registry source through its contract, over a registry of text: what is told of keys, values
 * and services, when, how grave, and what is never told.
 */
#include "event/ocsf.h"
#include "platform/clock.h"
#include "source/all.h"
#include "source/integrity/severity.h"
#include "source/integrity/state.h"
#include "source/registry/keys.h"
#include "unit/cmocka_all.h"
#include "unit/host_kit.h"
#include "unit/registry_kit.h"

#define TOLD_MAX 2000
#define VERSION  "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\"
#define WINLOGON "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon"
#define SERVICES "HKLM\\SYSTEM\\CurrentControlSet\\Services"
#define USER     "HKU\\S-1-5-21-1\\"
#define USER_RUN "Software\\Microsoft\\Windows\\CurrentVersion\\Run"

/* ---- the test's own clock ---- */

static int64_t mono_ms, wall_ms;

int64_t clock_mono_ms(void)
{
    return mono_ms;
}

int64_t clock_wall_ms(void)
{
    return wall_ms;
}

/* ---- what was told ---- */

static struct told {
    struct json_doc *doc;
    char *line;
} told[TOLD_MAX];
static size_t told_n;

static void take(void *ctx, const struct event *e)
{
    struct buf line;
    (void)ctx;
    assert_true(told_n < TOLD_MAX);
    told[told_n].doc = host_kit_encode(e, &line);
    told[told_n++].line = line.p;
}

static void forget(void)
{
    while (told_n > 0) {
        json_free(told[--told_n].doc);
        free(told[told_n].line);
    }
}

static const struct json_value *at(size_t i, const char *path)
{
    const struct json_value *v = json_root(told[i].doc);
    struct span rest = span_of(path), part;
    char key[64];
    while (v && span_take_until(&rest, '/', &part)) {
        span_copy(part, key, sizeof(key));
        v = json_get(v, key);
    }
    return v;
}

static void expect_text(size_t i, const char *path, const char *wanted)
{
    struct span text = json_as_text(at(i, path));
    if (!span_equal_text(text, wanted))
        fail_msg("%s is not \"%s\": %s", path, wanted, told[i].line);
}

static void expect_number(size_t i, const char *path, int64_t wanted)
{
    if (json_as_int(at(i, path), -1) != wanted)
        fail_msg("%s is not %lld: %s", path, (long long)wanted, told[i].line);
}

/* Events of a class, all of them if it is 0. */
static size_t count_of(int64_t class_uid)
{
    size_t n = 0;
    for (size_t i = 0; i < told_n; i++)
        n += class_uid == 0 || json_get_int(json_root(told[i].doc), "class_uid", 0) == class_uid;
    return n;
}

static void expect_only(int64_t class_uid, int64_t activity)
{
    if (told_n != 1)
        fail_msg("%zu events: %s", told_n, told_n > 0 ? told[told_n - 1].line : "");
    expect_number(0, "class_uid", class_uid);
    expect_number(0, "activity_id", activity);
}

/* ---- life ---- */

static char *keys[] = {SERVICES "\\*",
                       SERVICES "\\*\\Parameters",
                       VERSION "Run",
                       VERSION "Policies\\**",
                       WINLOGON "\\**",
                       "HKU\\*\\" USER_RUN,
                       "HKU\\*\\Software\\Classes\\CLSID\\*\\InprocServer32",
                       "HKLM\\SOFTWARE\\Later\\Key"};
static char *excludes[] = {"**\\Policies\\*\\DynamicInfo", WINLOGON "\\Noise\\**"};
static char severity_file[] = "conf/windows/severity";

static void pass(int64_t seconds)
{
    host_kit_pass(seconds, 2000, &mono_ms, &wall_ms);
}

static int set_up(void **state)
{
    struct config config = {.registry = true,
                            .registry_realtime = true,
                            .registry_scan_s = 6 * 3600,
                            .registry_keys = {sizeof(keys) / sizeof(keys[0]), keys},
                            .registry_excludes = {2, excludes},
                            .severity_file = severity_file};
    (void)state;
    mono_ms = 1000000;
    wall_ms = 1700000000000;
    registry_kit_clear();
    registry_kit_add("HKLM\\SOFTWARE\n" VERSION "Run|OneDrive|sz|C:\\onedrive.exe\n" VERSION
                     "Policies\\System|EnableLUA|dword|1\n" WINLOGON
                     "|Shell|sz|explorer.exe\n" WINLOGON "|DefaultPassword|sz|hunter2\n" SERVICES
                     "\\Spooler|ImagePath|expand_sz|%SystemRoot%\\spoolsv.exe\n" SERVICES
                     "\\Spooler|Start|dword|2\n" SERVICES
                     "\\Spooler\\Parameters|ServiceDll|expand_sz|C:\\good.dll\n" USER USER_RUN
                     "|Teams|sz|teams.exe\n");
    host_kit_begin(&source_registry, take, config);
    host_kit_start();
    pass(10);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    forget();
    host_kit_stop(true);
    host_kit_end();
    assert_int_equal(registry_kit_opened(), 0);
    return 0;
}

/* Stops, changes, starts: the change happens while nobody looks. */
static void restart_with(const char *lines)
{
    host_kit_stop(true);
    registry_kit_add(lines);
    host_kit_start();
    pass(10);
}

static void change(const char *lines)
{
    forget();
    registry_kit_add(lines);
    pass(5);
}

/* ---- tests ---- */

static void the_first_look_is_a_baseline(void **state)
{
    (void)state;
    expect_only(6007, 2);
    expect_text(0, "scan/name", "Registry baseline");
    expect_number(0, "num_registry_items", 7);
    expect_number(0, "num_detections", 0);
    expect_number(0, "num_skipped_items", 0);
    forget();
    pass(5 * 3600);
    assert_int_equal(told_n, 0);
    pass(2 * 3600);
    expect_only(6007, 2);
    expect_text(0, "scan/name", "Registry re-check");
}

static void values_are_told_with_both_sides(void **state)
{
    (void)state;
    change(VERSION "Run|Evil|sz|C:\\evil.exe --password=geheim\n");
    expect_only(201002, 2);
    expect_text(0, "reg_value/path", VERSION "Run");
    expect_text(0, "reg_value/name", "Evil");
    expect_text(0, "reg_value/data", "C:\\evil.exe --password=***");
    expect_text(0, "reg_value/type", "REG_SZ");
    expect_text(0, "unmapped/vigia/found_by", "watch");
    assert_null(at(0, "prev_reg_value"));
    assert_null(at(0, "unmapped/vigia/after/sha256"));
    expect_number(0, "severity_id", SEVERITY_MEDIUM);

    change(VERSION "Policies\\System|EnableLUA|dword|0\n");
    expect_only(201002, 3);
    expect_text(0, "reg_value/data", "0");
    expect_text(0, "prev_reg_value/data", "1");
    expect_number(0, "severity_id", SEVERITY_HIGH);

    forget();
    registry_kit_remove_value(VERSION "Run", "onedrive");
    pass(5);
    expect_only(201002, 4);
    expect_text(0, "reg_value/data", "C:\\onedrive.exe");
    forget();
    pass(60);
    assert_int_equal(told_n, 0);
}

static void secrets_stay_here(void **state)
{
    (void)state;
    change(WINLOGON "|DefaultPassword|sz|correct horse\n");
    expect_only(201002, 3);
    expect_text(0, "reg_value/data", "***");
    expect_text(0, "prev_reg_value/data", "***");
    assert_null(strstr(told[0].line, "horse"));
    assert_null(strstr(told[0].line, "hunter2"));
    assert_null(at(0, "unmapped/vigia/after/sha256"));
}

static bool holds_secret(void *ctx, struct span key, struct span value)
{
    bool *held = ctx;
    (void)key;
    *held = *held || span_find_span(value, SPAN("hunter2")) < value.n;
    return true;
}

static void secrets_are_not_kept(void **state)
{
    (void)state;
    bool held = false;
    store_each(host_kit.store, STORE_REGISTRY, SPAN("hklm"), holds_secret, &held);
    assert_false(held);
}

static void services_are_told_as_such(void **state)
{
    (void)state;
    change(SERVICES "\\Evil|ImagePath|expand_sz|C:\\evil.exe\n" SERVICES
                    "\\Evil|Start|dword|2\n" SERVICES "\\Evil|Type|dword|16\n" SERVICES
                    "\\Evil|ObjectName|sz|LocalSystem\n");
    expect_only(201004, 1);
    expect_text(0, "win_service/name", "Evil");
    expect_text(0, "win_service/cmd_line", "C:\\evil.exe");
    expect_text(0, "win_service/service_start_name", "LocalSystem");
    expect_number(0, "win_service/service_start_type_id", 3);
    expect_number(0, "win_service/service_type_id", 3);
    expect_number(0, "severity_id", SEVERITY_MEDIUM);

    change(SERVICES "\\Spooler|ImagePath|expand_sz|C:\\evil.exe\n" SERVICES
                    "\\Spooler|Start|dword|4\n");
    expect_only(201004, 2);
    assert_non_null(strstr(told[0].line, "{\"name\":\"Start\",\"before\":\"2\",\"after\":\"4\"}"));

    change(SERVICES "\\Spooler\\Parameters|ServiceDll|expand_sz|C:\\evil.dll\n");
    expect_only(201002, 3);
    expect_number(0, "severity_id", SEVERITY_HIGH);

    forget();
    registry_kit_remove(SERVICES "\\Spooler");
    pass(5);
    expect_only(201004, 7); /* and not a word of what lay below it */
    forget();
    pass(24 * 3600);
    assert_int_equal(count_of(6007), told_n);
}

static void keys_come_and_go(void **state)
{
    (void)state;
    change(WINLOGON "\\Notify\\evil|DLLName|sz|evil.dll\n");
    assert_int_equal(count_of(201001), 2);
    assert_int_equal(count_of(201002), 1);
    forget();
    registry_kit_remove(WINLOGON "\\Notify");
    pass(5);
    expect_only(201001, 4);
    expect_text(0, "reg_key/path", WINLOGON "\\Notify");
    change("HKLM\\SOFTWARE\\Later\\Key|x|dword|1\n"); /* which was not there to be watched */
    assert_int_equal(count_of(201001), 1);
    assert_int_equal(count_of(201002), 1);
    change(WINLOGON "|!security|O:BAG:SYD:(A;;GA;;;WD)\n");
    expect_only(201001, 6);
}

static void what_cannot_be_read_is_counted(void **state)
{
    (void)state;
    forget();
    registry_kit_add(WINLOGON "\\Locked|!denied\n");
    assert_true(source_registry.request(host_kit.self, "scan"));
    pass(10);
    expect_number(told_n - 1, "num_skipped_items", 1);
    assert_int_equal(host_kit.dropped, 1);
}

static void what_is_excluded_is_not_told(void **state)
{
    (void)state;
    change(VERSION "Policies\\System|DynamicInfo|binary|00\n" WINLOGON "\\Noise\\deep|x|dword|1\n"
                   "HKLM\\SOFTWARE\\Other|x|dword|1\n");
    assert_int_equal(told_n, 0);
}

static void what_changed_while_off_is_said_so(void **state)
{
    (void)state;
    forget();
    restart_with(WINLOGON "|Shell|sz|evil.exe\n");
    assert_int_equal(count_of(0), 2); /* and the re-check */
    expect_text(0, "prev_reg_value/data", "explorer.exe");
    expect_text(0, "unmapped/vigia/found_by", "scan");
    assert_non_null(strstr(told[0].line, "\"while_off\":true"));
    expect_number(0, "severity_id", SEVERITY_HIGH);
    change(WINLOGON "|Shell|sz|explorer.exe\n");
    expect_only(201002, 3);
    assert_null(strstr(told[0].line, "while_off"));
}

/* What was told but is in no durable frame is told again, as the same. */
static void a_crash_tells_the_same_again(void **state)
{
    (void)state;
    char uid[64];
    registry_kit_add(WINLOGON "|Shell|sz|evil.exe\n");
    forget();
    while (told_n == 0) {
        mono_ms += 100;
        wall_ms += 100;
        source_registry.run(host_kit.self, mono_ms);
    }
    span_copy(json_as_text(at(0, "metadata/uid")), uid, sizeof(uid));
    host_kit_stop(false);
    forget();
    host_kit_start();
    pass(10);
    assert_int_equal(count_of(201002), 1);
    expect_text(0, "metadata/uid", uid);
}

static void a_user_who_logs_off_changes_nothing(void **state)
{
    (void)state;
    forget();
    registry_kit_remove("HKU\\S-1-5-21-1");
    pass(3600);
    assert_int_equal(told_n, 0);
    change(USER USER_RUN "|Teams|sz|teams.exe\n");
    pass(3600);
    assert_int_equal(told_n, 0);
    registry_kit_remove("HKU\\S-1-5-21-1");
    change(USER USER_RUN "|Teams|sz|evil.exe\n"); /* meanwhile, in the user's file */
    pass(3600);
    expect_only(201002, 3);
}

static void a_new_user_is_no_alarm(void **state)
{
    (void)state;
    change("HKU\\S-1-5-21-2\\" USER_RUN "|Teams|sz|teams.exe\n");
    pass(400);
    assert_int_equal(count_of(201002), 1);
    for (size_t i = 0; i < told_n; i++)
        expect_number(i, "severity_id", SEVERITY_LOW);
    assert_non_null(strstr(told[0].line, "\"first_seen\":true"));
    change("HKU\\S-1-5-21-2\\" USER_RUN "|Evil|sz|evil.exe\n");
    expect_only(201002, 2);
    expect_number(0, "severity_id", SEVERITY_MEDIUM);
}

static void changes_within_a_second_are_one_look(void **state)
{
    (void)state;
    forget();
    unsigned reads = registry_kit_reads();
    for (int i = 0; i < 20; i++) {
        char line[128];
        snprintf(line, sizeof(line), SERVICES "\\Spooler|Start|dword|%d\n", i % 4);
        registry_kit_add(line);
        mono_ms += 20;
        wall_ms += 20;
        source_registry.run(host_kit.self, mono_ms);
    }
    assert_int_equal(registry_kit_reads(), reads);
    pass(5);
    expect_only(201004, 2);
    assert_true(registry_kit_reads() - reads < 10); /* of the keys that were written */
}

/* A place that is written all the time, but never where it is watched, is not looked at each
 * second. */
static void noise_is_looked_at_less_often(void **state)
{
    (void)state;
    unsigned looks = 0;
    forget();
    for (int i = 0; i < 600; i++) {
        registry_kit_add(SERVICES "\\bam\\State\\User|x|dword|1\n");
        mono_ms += 100;
        wall_ms += 100;
        unsigned opened = registry_kit_opens();
        while (source_registry.run(host_kit.self, mono_ms) <= mono_ms)
            ;
        looks += registry_kit_opens() > opened;
    }
    assert_true(looks >= 7 && looks <= 12); /* of 60 seconds */
    assert_int_equal(count_of(201004), 1);  /* the key of bam itself */
    expect_number(0, "win_service/service_start_type_id", 0);
    change(SERVICES "\\Spooler|Start|dword|3\n");
    pass(10);
    expect_only(201004, 2);
}

static void a_write_time_set_back_hides_until_the_next_scan_only(void **state)
{
    (void)state;
    struct registry_key *key;
    struct registry_info info;
    char line[256];
    assert_int_equal(registry_open(WINLOGON, REGISTRY_64, &key), 0);
    assert_int_equal(registry_info(key, &info), 0);
    registry_close(key);
    snprintf(line, sizeof(line), WINLOGON "|Shell|sz|evil.exe\n" WINLOGON "|!written|%lld\n",
             (long long)info.written_ms);
    change(line);
    assert_int_equal(told_n, 0);
    assert_true(source_registry.request(host_kit.self, "scan"));
    pass(10);
    assert_int_equal(count_of(201002), 1);
    expect_number(1, "scan/type_id", 1);
}

static void storms_are_told_as_one(void **state)
{
    (void)state;
    static char lines[200000];
    size_t n = 0;
    for (int i = 0; i < 900; i++)
        n += (size_t)snprintf(lines + n, sizeof(lines) - n, VERSION "Run|v%d|dword|%d\n", i, i);
    change(lines);
    size_t single = told_n;
    assert_true(single > 10 && single < 100);
    host_kit_stop(true); /* what is counted is not lost */
    host_kit_start();
    pass(120);
    uint64_t sum = 0;
    for (size_t i = single; i < told_n; i++)
        sum += (uint64_t)json_get_int(json_root(told[i].doc), "count", 0);
    assert_int_equal(sum + single, 900);
}

static void new_items_are_adopted(void **state)
{
    (void)state;
    host_kit_stop(true);
    forget();
    registry_kit_add("HKLM\\SOFTWARE\\Vendor|x|dword|1\n" WINLOGON "|Shell|sz|evil.exe\n");
    char *more[9];
    memcpy(more, keys, sizeof(keys));
    more[8] = (char[]){"HKLM\\SOFTWARE\\Vendor"};
    host_kit.config.registry_keys = (struct config_list){9, more};
    host_kit_start();
    pass(10);
    assert_int_equal(count_of(201002), 1);
    assert_int_equal(count_of(201001), 0);
    change("HKLM\\SOFTWARE\\Vendor|x|dword|2\n");
    expect_only(201002, 3);
    host_kit.config.registry_keys = (struct config_list){8, keys};
}

static void what_is_not_watched_any_more_is_forgotten(void **state)
{
    (void)state;
    host_kit_stop(true);
    host_kit.config.registry_keys.n = 2; /* services alone */
    host_kit_start();
    pass(10);
    host_kit_stop(true);
    registry_kit_add(WINLOGON "|Shell|sz|evil.exe\n");
    host_kit.config.registry_keys.n = sizeof(keys) / sizeof(keys[0]);
    forget();
    host_kit_start();
    pass(10);
    assert_int_equal(count_of(6007), told_n);
    change(WINLOGON "|Shell|sz|explorer.exe\n");
    expect_only(201002, 3);
}

/* ---- items ---- */

static void items_cover_what_they_say(void **state)
{
    (void)state;
    static const struct {
        const char *item, *path;
        bool covers;
    } rows[] = {
        {"HKLM\\A\\B", "hklm\\a\\b", true},     {"HKLM\\A\\B", "HKLM\\A", false},
        {"HKLM\\A\\B", "HKLM\\A\\B\\C", false}, {"HKLM\\A\\*", "HKLM\\A\\x/y", true},
        {"HKLM\\A\\*", "HKLM\\A\\x\\y", false}, {"HKLM\\A\\**", "HKLM\\A", true},
        {"HKLM\\A\\**", "HKLM\\A\\x\\y", true}, {"HKLM\\A\\**", "HKLM\\AB", false},
        {"HKU\\*\\Run", "HKU\\S-1\\Run", true}, {"HKU\\*\\Run", "HKU\\S-1\\x\\Run", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[64];
        char *items[] = {text};
        struct config c = {.registry_keys = {1, items}};
        snprintf(text, sizeof(text), "%s", rows[i].item);
        struct registry_keys *k = registry_keys_new(&c);
        assert_int_equal(k->n, 1);
        if (registry_item_covers(&k->items[0], rows[i].path) != rows[i].covers)
            fail_msg("%s, %s", rows[i].item, rows[i].path);
        registry_keys_free(k);
    }
}

static void wrong_items_are_named(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "HKCU\\x", "HKLM", "HKLM\\", "HKLM\\a\\\\b", "HKLM\\a**b\\c", "C:\\x"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[64];
        char *items[] = {text};
        struct config c = {.registry_keys = {1, items}};
        snprintf(text, sizeof(text), "%s", wrong[i]);
        struct registry_keys *k = registry_keys_new(&c);
        assert_int_equal(k->n, 0);
        assert_string_equal(k->wrong, wrong[i]);
        registry_keys_free(k);
    }
}

static void refuse(void *ctx, const char *problem)
{
    (void)ctx;
    fail_msg("%s", problem);
}

static void the_table_of_windows_is_good(void **state)
{
    (void)state;
    struct integrity_severity *t = integrity_severity_load("conf/windows/severity", refuse, NULL);
    assert_int_equal(
        integrity_severity_of(t, "C:/Windows/System32/drivers/x.sys", INTEGRITY_CONTENT, false),
        SEVERITY_HIGH);
    assert_int_equal(
        integrity_severity_of(t, "hklm/software/microsoft/netsh/x", INTEGRITY_CREATED, false),
        SEVERITY_HIGH);
    integrity_severity_free(t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_look_is_a_baseline),
        TEST(values_are_told_with_both_sides),
        TEST(secrets_stay_here),
        TEST(secrets_are_not_kept),
        TEST(services_are_told_as_such),
        TEST(keys_come_and_go),
        TEST(what_cannot_be_read_is_counted),
        TEST(what_is_excluded_is_not_told),
        TEST(what_changed_while_off_is_said_so),
        TEST(a_crash_tells_the_same_again),
        TEST(a_user_who_logs_off_changes_nothing),
        TEST(a_new_user_is_no_alarm),
        TEST(changes_within_a_second_are_one_look),
        TEST(noise_is_looked_at_less_often),
        TEST(a_write_time_set_back_hides_until_the_next_scan_only),
        TEST(storms_are_told_as_one),
        TEST(new_items_are_adopted),
        TEST(what_is_not_watched_any_more_is_forgotten),
        cmocka_unit_test(items_cover_what_they_say),
        cmocka_unit_test(wrong_items_are_named),
        cmocka_unit_test(the_table_of_windows_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
