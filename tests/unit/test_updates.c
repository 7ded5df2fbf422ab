/* What is read from Windows' registry of updates, over one made of text. */
#include "source/updates/tell.h"
#include "unit/cmocka_all.h"
#include "unit/registry_kit.h"

#define CURRENT  "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\"
#define CBS      CURRENT "Component Based Servicing\\Packages\\"
#define CONTROL  "HKLM\\SYSTEM\\CurrentControlSet\\Control\\"
#define SERVICES "HKLM\\SYSTEM\\CurrentControlSet\\Services\\"

static int set_up(void **state)
{
    (void)state;
    registry_kit_clear();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(registry_kit_opened(), 0);
    return 0;
}

/* ---- names ---- */

static void packages_are_told_apart_by_their_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool known;
        struct installed_package is;
    } rows[] = {
        {"Package_for_KB5012170~31bf3856ad364e35~amd64~~20348.880.1.1", true, {5012170, 0, 0}},
        {"Package_1_for_KB976902~31bf3856ad364e35~amd64~~6.1.1.17514", true, {976902, 0, 0}},
        {"Package_for_KB4480979_RTM~31bf3856ad364e35~amd64~~17134.523.1.3", true, {4480979, 0, 0}},
        {"Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2227.1.14", true, {0, 20348, 2227}},
        {"Package_for_RollupFix~31bf3856ad364e35~amd64~~20348", false, {0, 0, 0}},
        {"Package_for_RollupFix~~~~99999999999.1", false, {0, 0, 0}},
        {"Package_for_RollupFix", false, {0, 0, 0}},
        {"Package_for_ServicingStack_2200~31bf3856ad364e35~amd64~~20348.2200.1.1",
         false,
         {0, 0, 0}},
        {"Package_for_KB50121764~31bf3856ad364e35~amd64~~1.0", false, {0, 0, 0}},
        {"Package_for_KB12~31bf3856ad364e35~amd64~~1.0", false, {0, 0, 0}},
        {"Package_for_KB123456789012~31bf3856ad364e35~amd64~~1.0", false, {0, 0, 0}},
        {"Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~10.0.20348.1",
         false,
         {0, 0, 0}},
        {"Package_", false, {0, 0, 0}},
        {"", false, {0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct installed_package p;
        bool known = installed_package_parse(span_of(rows[i].name), &p);
        if (known != rows[i].known || p.kb != rows[i].is.kb ||
            (known && p.build != rows[i].is.build) || (known && p.revision != rows[i].is.revision))
            fail_msg("%s: %d KB%u %u.%u", rows[i].name, known, p.kb, p.build, p.revision);
    }
}

static void articles_are_found_in_titles(void **state)
{
    (void)state;
    struct span title =
        SPAN("2024-01 kb5034122 (KB5034441), not SKB1234567 nor KB12345 or KB12345678, "
             "but KB890830");
    uint32_t kb[4] = {0};
    size_t n = 0;
    while (n < 4 && installed_kb_next(&title, &kb[n]))
        n++;
    assert_int_equal(n, 3);
    assert_int_equal(kb[0], 5034122);
    assert_int_equal(kb[1], 5034441);
    assert_int_equal(kb[2], 890830);
}

/* ---- which Windows ---- */

static void kinds_follow_the_edition(void **state)
{
    (void)state;
    static const struct {
        const char *edition, *installation, *kind;
    } rows[] = {
        {"Professional", "Client", "windows"},
        {"Core", "Client", "windows"},
        {"Education", "Client", "windows-enterprise"},
        {"Enterprise", "Client", "windows-enterprise"},
        {"EnterpriseN", "Client", "windows-enterprise"},
        {"EnterpriseS", "Client", "windows-ltsc"},
        {"EnterpriseSN", "Client", "windows-ltsc"},
        {"IoTEnterpriseS", "Client", "windows-iot-ltsc"},
        {"ServerStandard", "Server", "windows-server"},
        {"ServerDatacenter", "Server Core", "windows-server"},
        {"ServerRdsh", "Client", "windows-enterprise"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct updates_system s = {.build = 1};
        snprintf(s.edition, sizeof(s.edition), "%s", rows[i].edition);
        snprintf(s.installation, sizeof(s.installation), "%s", rows[i].installation);
        assert_string_equal(updates_system_kind(&s), rows[i].kind);
    }
}

static void the_build_is_read(void **state)
{
    (void)state;
    struct updates_system s;
    updates_system_read(&s);
    assert_int_equal(s.build, 0);
    registry_kit_add(
        "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion|CurrentBuildNumber|sz|19045\n"
        "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion|UBR|dword|3803\n"
        "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion|ReleaseId|sz|2009\n"
        "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion|EditionID|dword|7\n"
        "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion|InstallDate|dword|1700000000\n");
    updates_system_read(&s);
    assert_int_equal(s.build, 19045);
    assert_int_equal(s.revision, 3803);
    assert_string_equal(s.release, "2009");
    assert_string_equal(s.edition, ""); /* a number is no name */
    assert_int_equal(s.installed_ms, 1700000000000);
    registry_kit_add(
        "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion|DisplayVersion|sz|22H2\n");
    updates_system_read(&s);
    assert_string_equal(s.release, "22H2");
}

/* ---- restart ---- */

static void each_mark_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *name, *detail;
    } rows[] = {
        {CURRENT "Component Based Servicing\\RebootPending", "CBS RebootPending", ""},
        {CURRENT "Component Based Servicing\\RebootInProgress", "CBS RebootInProgress", ""},
        {CURRENT "Component Based Servicing\\PackagesPending", "CBS PackagesPending", ""},
        {CURRENT "WindowsUpdate\\Auto Update\\RebootRequired", "Windows Update RebootRequired", ""},
        {CURRENT "WindowsUpdate\\Auto Update\\PostRebootReporting",
         "Windows Update PostRebootReporting", ""},
        {CURRENT "WindowsUpdate\\Services\\Pending\\7971f918", "Windows Update Services\\Pending",
         ""},
        {"HKLM\\SOFTWARE\\Microsoft\\Updates|UpdateExeVolatile|dword|3", "UpdateExeVolatile", ""},
        {CONTROL "Session Manager|PendingFileRenameOperations|multi_sz|\\??\\C:\\a.tmp|",
         "PendingFileRenameOperations", "C:\\a.tmp"},
        {CONTROL "Session Manager|PendingFileRenameOperations2|multi_sz|\\??\\C:\\b|!\\??\\C:\\c",
         "PendingFileRenameOperations2", "C:\\b"},
        {CURRENT "RunOnce|DVDRebootSignal|sz|1", "RunOnce DVDRebootSignal", "1"},
        {"HKLM\\SOFTWARE\\Microsoft\\ServerManager\\CurrentRebootAttempts",
         "ServerManager CurrentRebootAttempts", ""},
        {SERVICES "Netlogon|JoinDomain|sz|gob.example", "Netlogon JoinDomain", "gob.example"},
        {SERVICES "Netlogon|AvoidSpnSet|dword|1", "Netlogon AvoidSpnSet", ""},
        {CONTROL "ComputerName\\ActiveComputerName|ComputerName|sz|OLD\n" CONTROL
                 "ComputerName\\ComputerName|ComputerName|sz|NEW",
         "ComputerName", "NEW"},
        {SERVICES "Tcpip\\Parameters|Hostname|sz|old\n" SERVICES
                  "Tcpip\\Parameters|NV Hostname|sz|new",
         "NV Hostname", "new"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct updates_reboot r;
        registry_kit_clear();
        registry_kit_add(rows[i].lines);
        updates_reboot_read(&r);
        if (r.n != 1 || strcmp(r.mark[0].name, rows[i].name) != 0 ||
            strcmp(r.mark[0].detail, rows[i].detail) != 0)
            fail_msg("%s: %zu marks, %s %s", rows[i].name, r.n, r.n ? r.mark[0].name : "",
                     r.n ? r.mark[0].detail : "");
    }
}

static void what_only_looks_like_a_mark_is_none(void **state)
{
    (void)state;
    struct updates_reboot r;
    registry_kit_add(CONTROL
                     "Session Manager|PendingFileRenameOperations|multi_sz|\n"
                     "HKLM\\SOFTWARE\\Microsoft\\Updates|UpdateExeVolatile|dword|0\n" CURRENT
                     "WindowsUpdate\\Services\\Pending\n" CONTROL
                     "ComputerName\\ActiveComputerName|ComputerName|sz|PC-7\n" CONTROL
                     "ComputerName\\ComputerName|ComputerName|sz|pc-7\n" SERVICES
                     "Tcpip\\Parameters|Hostname|sz|pc-7\n");
    updates_reboot_read(&r);
    assert_int_equal(r.n, 0);
}

/* ---- what is installed ---- */

static const struct installed_kb *find(const struct installed *i, uint32_t kb)
{
    for (size_t at = 0; at < i->n; at++)
        if (i->items[at].number == kb)
            return &i->items[at];
    return NULL;
}

static void three_places_are_reconciled(void **state)
{
    (void)state;
    static const struct {
        uint32_t kb;
        enum installed_state is;
        bool doubtful;
    } rows[] = {
        {5000001, INSTALLED_YES, false},        /* CBS alone */
        {5000002, INSTALLED_SUPERSEDED, false}, /* CBS, and WMI still lists it */
        {5000003, INSTALLED_RESTART, false},    /* one of two packages waits */
        {5000004, INSTALLED_NO, true},          /* removed by hand: history remembers it */
        {5000005, INSTALLED_YES, false},        /* cumulative: CBS has no number for it */
        {5000006, INSTALLED_YES, false},        /* history alone: of another product */
        {5000007, INSTALLED_NO, false},         /* removed by Windows Update */
        {5000008, INSTALLED_YES, true},         /* removed by it, and there again */
        {5000009, INSTALLED_NO, false},         /* staged: never installed */
    };
    struct installed i;
    registry_kit_add(CBS
                     "Package_for_KB5000001~31bf~amd64~~1.1|CurrentState|dword|112\n" CBS
                     "Package_for_KB5000002~31bf~amd64~~1.1|CurrentState|dword|80\n" CBS
                     "Package_1_for_KB5000003~31bf~amd64~~1.1|CurrentState|dword|112\n" CBS
                     "Package_for_KB5000003~31bf~amd64~~1.1|CurrentState|dword|96\n" CBS
                     "Package_for_KB5000004~31bf~amd64~~1.1|CurrentState|dword|0\n" CBS
                     "Package_for_KB5000008~31bf~amd64~~1.1|CurrentState|dword|112\n" CBS
                     "Package_for_KB5000009~31bf~amd64~~1.1|CurrentState|dword|64\n" CBS
                     "Package_for_KB5000010~31bf~amd64~~1.1|CurrentState|sz|112\n" CBS
                     "Package_for_RollupFix~31bf~amd64~~20348.230.1.9|CurrentState|dword|80\n" CBS
                     "Package_for_RollupFix~31bf~amd64~~20348.2227.1.9|CurrentState|dword|96\n" CBS
                     "Package_for_RollupFix~31bf~amd64~~20348.1970.1.9|CurrentState|dword|112\n" CBS
                     "Package_for_RollupFix~31bf~amd64~~20348.2400.1.9|CurrentState|dword|64\n");
    installed_read_cbs(&i);
    assert_int_equal(i.rc, 0);
    /* the newest first */
    installed_add_history(&i, 5000004, false);
    installed_add_history(&i, 5000006, false);
    installed_add_history(&i, 5000007, true);
    installed_add_history(&i, 5000007, false);
    installed_add_history(&i, 5000008, true);
    installed_add_fix(&i, 5000002);
    installed_add_fix(&i, 5000005);
    installed_finish(&i);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct installed_kb *kb = find(&i, rows[row].kb);
        if (!kb || installed_judge(kb) != rows[row].is ||
            installed_is_doubtful(kb) != rows[row].doubtful)
            fail_msg("KB%u: %d %d", rows[row].kb, kb ? (int)installed_judge(kb) : -1,
                     kb ? installed_is_doubtful(kb) : -1);
    }
    assert_null(find(&i, 5000010));
    assert_int_equal(i.rollup.build, 20348);
    assert_int_equal(i.rollup.revision, 2227);
    assert_int_equal(i.rollup.state, INSTALLED_RESTART);
    installed_release(&i);
}

static void packages_are_bounded(void **state)
{
    (void)state;
    struct installed i;
    char line[200];
    for (int n = 0; n < INSTALLED_KBS_MAX + 5; n++) {
        snprintf(line, sizeof(line), CBS "Package_for_KB%d~31bf~amd64~~1.1|CurrentState|dword|112",
                 5000000 + n);
        registry_kit_add(line);
    }
    installed_read_cbs(&i);
    assert_int_equal(i.n, INSTALLED_KBS_MAX);
    assert_int_equal(i.left_out, 5);
    installed_release(&i);
    registry_kit_clear();
    installed_read_cbs(&i);
    assert_int_equal(i.rc, -ENOENT);
    installed_release(&i);
}

/* ---- Defender ---- */

static void defender_is_judged(void **state)
{
    (void)state;
    static const char place[] = "HKLM\\SOFTWARE\\Microsoft\\Windows Defender";
    struct updates_defender d;
    char line[200];
    updates_defender_read(&d);
    assert_int_equal(d.state, DEFENDER_ABSENT);
    snprintf(line, sizeof(line),
             "%s\\Signature Updates|AVSignatureVersion|sz|1.417.412.0\n"
             "%s\\Signature Updates|SignaturesLastUpdated|binary|00803ed5deb19d01",
             place, place);
    registry_kit_add(line);
    updates_defender_read(&d);
    assert_int_equal(d.state, DEFENDER_ON);
    assert_string_equal(d.signatures, "1.417.412.0");
    assert_int_equal(d.updated_ms, 0); /* 1970 to the tick */
    snprintf(line, sizeof(line),
             "%s\\Signature Updates|SignaturesLastUpdated|binary|0040bf36ad7dda01", place);
    registry_kit_add(line);
    updates_defender_read(&d);
    assert_int_equal(d.updated_ms / 86400000, 19806); /* 2024-03-24 */
    snprintf(line, sizeof(line), "%s\\Real-Time Protection|DisableRealtimeMonitoring|dword|1",
             place);
    registry_kit_add(line);
    updates_defender_read(&d);
    assert_int_equal(d.state, DEFENDER_NO_REALTIME);
    snprintf(line, sizeof(line), "%s|PassiveMode|dword|1", place);
    registry_kit_add(line);
    updates_defender_read(&d);
    assert_int_equal(d.state, DEFENDER_PASSIVE);
    registry_kit_add(
        "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows Defender|DisableAntiSpyware|dword|1");
    updates_defender_read(&d);
    assert_int_equal(d.state, DEFENDER_OFF);
    assert_string_equal(d.why, "DisableAntiSpyware");
}

/* ---- software ---- */

#define UNINSTALL "Microsoft\\Windows\\CurrentVersion\\Uninstall\\"

static void expect_item(const struct software *s, size_t i, const char *name, const char *user,
                        bool of_32_bits)
{
    assert_true(i < s->n);
    assert_string_equal(s->items[i].name, name);
    assert_string_equal(s->items[i].user, user);
    assert_int_equal(s->items[i].of_32_bits, of_32_bits);
}

static void software_of_both_views_and_of_users(void **state)
{
    (void)state;
    struct software s;
    uint8_t before[32], after[32];
    registry_kit_add("HKLM\\SOFTWARE\\" UNINSTALL "{1}|DisplayName|sz|Seven\n"
                     "HKLM\\SOFTWARE\\" UNINSTALL "{1}|DisplayVersion|sz|24.08\n"
                     "HKLM\\SOFTWARE\\" UNINSTALL "{1}|Publisher|sz|Someone\n"
                     "HKLM\\SOFTWARE\\" UNINSTALL "{2}|DisplayName|sz|An update of it\n"
                     "HKLM\\SOFTWARE\\" UNINSTALL "{2}|ParentKeyName|sz|{1}\n"
                     "HKLM\\SOFTWARE\\" UNINSTALL "{3}|DisplayVersion|sz|1\n"
                     "HKLM\\SOFTWARE\\WOW6432Node\\" UNINSTALL "Old|DisplayName|sz|Old\n"
                     "HKLM\\SOFTWARE\\WOW6432Node\\" UNINSTALL "Older|DisplayName|sz|Old\n"
                     "HKU\\S-1-5-21-1-2-3-1001\\Software\\" UNINSTALL "Chat|DisplayName|sz|Chat\n"
                     "HKU\\S-1-5-21-1-2-3-1001_Classes\\Software\\" UNINSTALL
                     "No|DisplayName|sz|No\n"
                     "HKU\\.DEFAULT\\Software\\" UNINSTALL "No|DisplayName|sz|No\n");
    software_read(&s);
    assert_int_equal(s.rc, 0);
    assert_int_equal(s.n, 3);
    expect_item(&s, 0, "Chat", "S-1-5-21-1-2-3-1001", false);
    expect_item(&s, 1, "Old", "", true);
    expect_item(&s, 2, "Seven", "", false);
    assert_string_equal(s.items[2].version, "24.08");
    assert_string_equal(s.items[2].publisher, "Someone");
    software_digest(&s, before);
    software_release(&s);
    registry_kit_add("HKLM\\SOFTWARE\\" UNINSTALL "{1}|DisplayVersion|sz|24.09\n");
    software_read(&s);
    software_digest(&s, after);
    assert_memory_not_equal(before, after, 32);
    software_release(&s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(packages_are_told_apart_by_their_names),
        TEST(articles_are_found_in_titles),
        TEST(kinds_follow_the_edition),
        TEST(the_build_is_read),
        TEST(each_mark_is_named),
        TEST(what_only_looks_like_a_mark_is_none),
        TEST(three_places_are_reconciled),
        TEST(packages_are_bounded),
        TEST(defender_is_judged),
        TEST(software_of_both_views_and_of_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
