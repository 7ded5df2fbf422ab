/* Patch state: version order, control files, which update is pending, and what is told of it. */
#include "base/json_read.h"
#include "base/text.h"
#include "event/ocsf.h"
#include "platform/file.h"
#include "source/apt/pattern.h"
#include "source/apt/phase.h"
#include "source/apt/sources.h"
#include "source/deb/version.h"
#include "source/patch/tell.h"
#include "unit/cmocka_all.h"
#include "unit/ocsf_required.h"
#include "unit/scratch.h"

static void versions_are_ordered_by_policy(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {
        {"1.0", "1.0", 0},
        {"1.0", "1.1", -1},
        {"1.10", "1.9", 1},
        {"1:0.1", "2.0", 1},
        {"1.0~rc1", "1.0", -1},
        {"1.0~~", "1.0~", -1},
        {"1.0-1", "1.0-2", -1},
        {"1.0", "1.0-0", 0},
        {"1.0-1+b1", "1.0-1", 1},
        {"1.0a", "1.0+", -1},
        {"1.001", "1.1", 0},
        {"0:1", "1", 0},
        {"1.0-1~deb12u1", "1.0-1", -1},
        {"2.36-9+deb12u10", "2.36-9+deb12u9", 1},
        {"1-2-3", "1-2-4", -1},
        {"", "0", 0},
        {"a", "", 1},
        {"99999999999999999999", "100000000000000000000", -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int one = deb_version_compare(span_of(rows[i].a), span_of(rows[i].b));
        int two = deb_version_compare(span_of(rows[i].b), span_of(rows[i].a));
        int sign_one = (one > 0) - (one < 0), sign_two = (two > 0) - (two < 0);
        if (sign_one != rows[i].order || sign_two != -rows[i].order)
            fail_msg("%s ? %s: %d %d", rows[i].a, rows[i].b, one, two);
    }
}

static const char status_text[] = "Package: bash\n"
                                  "Status: install ok installed\n"
                                  "Architecture: amd64\n"
                                  "Version: 5.2.15-2+b8\n"
                                  "Description: shell\n"
                                  " Package: not this\n"
                                  "\n"
                                  "Package: gone\n"
                                  "Status: deinstall ok config-files\n"
                                  "Architecture: amd64\n"
                                  "Version: 1\n"
                                  "\n"
                                  "Package: tzdata\n"
                                  "Status: hold ok installed\n"
                                  "Architecture: all\n"
                                  "Version: 2024a-0\n"
                                  "\n"
                                  "Package: libhalf1\n"
                                  "Status: install ok half-configured\n"
                                  "Architecture: amd64\n"
                                  "Source: half (1.0)\n"
                                  "Version: 1.0+b1\n"
                                  "\n"
                                  "Package: dpkg\n"
                                  "Status: install ok installed\n"
                                  "Architecture: amd64\n"
                                  "Version: 1.21.22\n";

static void what_is_on_the_disk_counts(void **state)
{
    (void)state;
    struct packages p;
    packages_parse_status(&p, SPAN(""));
    packages_release(&p);
    packages_parse_status(&p, span_of(status_text));
    assert_int_equal(p.n, 4);
    assert_string_equal(p.native, "amd64");
    assert_false(p.items[0].held);
    assert_true(p.items[1].held);
    assert_string_equal(p.items[2].source, "half");
    assert_string_equal(p.items[2].source_version, "1.0");
    assert_null(p.items[0].source);
    assert_ptr_equal(packages_find(&p, SPAN("bash"), SPAN("amd64")), &p.items[0]);
    assert_null(packages_find(&p, SPAN("bash"), SPAN("i386")));
    assert_ptr_equal(packages_find(&p, SPAN("tzdata"), SPAN("amd64")), &p.items[1]);
    packages_release(&p);
}

/* Against C++'s own, as apt is built with: seed_seq, minstd_rand, uniform_int_distribution. */
static void phases_are_drawn_as_apt_draws_them(void **state)
{
    (void)state;
    static const struct {
        const char *source, *version, *machine;
        unsigned draw;
    } rows[] = {
        {"base-files", "12ubuntu4.1", "0123456789abcdef0123456789abcdef", 40},
        {"a", "1", "x", 53},
        {"glibc", "2.36-9+deb12u10", "ffffffffffffffffffffffffffffffff", 49},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(apt_phase_draw(span_of(rows[i].source), span_of(rows[i].version),
                                        span_of(rows[i].machine)),
                         rows[i].draw);
}

static void patterns_are_those_of_apt_preferences(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool match;
    } rows[] = {
        {"bash", "BASH", true},         {"bash", "bash2", false},
        {"lib*", "libc/6", true},       {"lib[a-c]*", "libb1", true},
        {"lib[!a-c]", "liba", false},   {"l?b", "lab", true},
        {"*-dev", "x-dev-dev", true},   {"[", "[", true},
        {"/^py-(a|b)$/", "PY-A", true}, {"/py/", "happy", true},
        {"/a{9}/", "aaaaaaaaa", false}, {"", "", true},
        {"a*b*c", "a-b-b-c", true},     {"a*b*c", "a-b-b-d", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct apt_pattern p;
        apt_pattern_set(&p, span_of(rows[i].pattern));
        if (apt_pattern_matches(&p, rows[i].text) != rows[i].match)
            fail_msg("%s ? %s", rows[i].pattern, rows[i].text);
        apt_pattern_release(&p);
    }
}

static void a_release_says_until_when_it_holds(void **state)
{
    (void)state;
    struct apt_release r;
    apt_release_parse(SPAN("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin: Debian\n"
                           "Label: Debian-Security\nsuite: x\nSHA256:\n Suite: y\n"
                           "Date: Sat, 21 Nov 2026 00:53:02 UTC\n"
                           "Valid-Until: Sat, 28 Nov 2026 00:53:02 UTC\nNotAutomatic: yes\n"
                           "-----BEGIN PGP SIGNATURE-----\nSuite: z\n"),
                      &r);
    assert_string_equal(r.suite, "x");
    assert_true(r.security && r.not_automatic && !r.but_automatic_upgrades);
    assert_int_equal(r.date_ms, 1795222382000);
    assert_int_equal(r.valid_until - r.date_ms, 7LL * 86400000);
    static const char *const bad[] = {"", "Sat, 21 Nov 2026", "Sat, 32 Nov 2026 00:00:00 UTC",
                                      "Sat, 21 Nov 2026 00:00 UTC",
                                      "Sat, 21 Nov 2026 00:00:00 CST"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(apt_release_time(span_of(bad[i])), 0);
}

/* ---- the host around the packages ---- */

static void put_file(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s%s", scratch_path(), name);
    *strrchr(path, '/') = '\0';
    assert_int_equal(folder_make(path, 0755), 0);
    snprintf(path, sizeof(path), "%s%s", scratch_path(), name);
    file_remove(path);
    scratch_append(path, text, strlen(text));
}

static struct packages kernel_packages(const char *names) /* "name version" a line */
{
    struct packages p;
    struct buf text = BUF_INIT(1 << 16);
    struct span rest = span_of(names), line, name;
    while (span_take_until(&rest, '\n', &line)) {
        span_take_until(&line, ' ', &name);
        buf_printf(&text,
                   "Package: %.*s\nStatus: install ok installed\nArchitecture: amd64\n"
                   "Version: %.*s\n\n",
                   (int)name.n, name.p, (int)line.n, line.p);
    }
    packages_parse_status(&p, buf_span(&text));
    buf_release(&text);
    return p;
}

static void the_running_kernel_is_compared_with_the_installed_ones(void **state)
{
    (void)state;
    static const char debian[] = "linux-image-6.1.0-9-amd64 6.1.27-1\n"
                                 "linux-image-6.1.0-37-amd64 6.1.140-1\n"
                                 "linux-image-6.1.0-40-cloud-amd64 6.1.153-1\n"
                                 "linux-image-amd64 6.1.140-1";
    static const struct {
        const char *running, *build, *packages;
        enum kernel_state state;
        const char *newest;
    } rows[] = {
        {"6.1.0-37-amd64", "6.1.140-1", debian, KERNEL_CURRENT, "6.1.0-37-amd64"},
        {"6.1.0-37-amd64", "6.1.137-1", debian, KERNEL_OLD_BUILD, "6.1.0-37-amd64"},
        {"6.1.0-9-amd64", "6.1.27-1", debian, KERNEL_OLD_RELEASE, "6.1.0-37-amd64"},
        {"6.1.0-8-amd64", "", debian, KERNEL_OLD_RELEASE, "6.1.0-37-amd64"},
        {"6.1.0-40-cloud-amd64", "", debian, KERNEL_CURRENT, "6.1.0-40-cloud-amd64"},
        {"6.8.0-own", "", debian, KERNEL_UNKNOWN, ""},
        {"6.99.0-amd64", "", debian, KERNEL_UNKNOWN, "6.1.0-37-amd64"},
        {"", "", debian, KERNEL_UNKNOWN, ""},
        {"5.15.0-100-generic", "", "linux-image-5.15.0-101-generic 5.15.0-101.111\nbash 5",
         KERNEL_OLD_RELEASE, "5.15.0-101-generic"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct packages p = kernel_packages(rows[i].packages);
        struct patch_kernel k = {.state = KERNEL_UNKNOWN};
        span_copy(span_of(rows[i].running), k.running, sizeof(k.running));
        span_copy(span_of(rows[i].build), k.running_version, sizeof(k.running_version));
        patch_kernel_judge(&k, &p);
        if (k.state != rows[i].state || strcmp(k.newest, rows[i].newest) != 0)
            fail_msg("%s: %s, %s", rows[i].running, kernel_state_names[k.state], k.newest);
        packages_release(&p);
    }
}

static void a_restart_that_is_asked_for_is_told_with_who_asked(void **state)
{
    (void)state;
    struct packages p = kernel_packages("linux-image-6.1.0-37-amd64 6.1.140-1");
    struct patch_kernel k;
    scratch_open();
    patch_kernel_read(scratch_path(), "6.1.0-37-amd64", &p, &k);
    assert_false(k.reboot_required);
    assert_string_equal(k.running_version, "");
    put_file("/proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.137-1 (2025-05-22)\n");
    put_file("/run/reboot-required", "*** System restart required ***\n");
    put_file("/run/reboot-required.pkgs", "linux-image-6.1.0-37-amd64\nlibc6\n");
    patch_kernel_read(scratch_path(), "6.1.0-37-amd64", &p, &k);
    assert_true(k.reboot_required);
    assert_string_equal(k.reason, "linux-image-6.1.0-37-amd64 libc6");
    assert_string_equal(k.running_version, "6.1.137-1");
    assert_int_equal(k.state, KERNEL_OLD_BUILD);
    put_file("/proc/version_signature", "Ubuntu 5.15.0-100.110-generic 5.15.143\n");
    patch_kernel_read(scratch_path(), "5.15.0-100-generic", &p, &k);
    assert_string_equal(k.running_version, "5.15.0-100.110");
    scratch_close();
    packages_release(&p);
}

static void unattended_upgrades_are_on_or_off(void **state)
{
    (void)state;
    struct packages with = kernel_packages("unattended-upgrades 2.9\ndpkg 1"),
                    without = kernel_packages("dpkg 1");
    struct patch_unattended u;
    struct apt_conf conf;
    char path[512];
    scratch_open();
    apt_conf_read(scratch_path(), &conf);
    patch_unattended_read(scratch_path(), &conf, &with, &u);
    assert_true(u.installed && !u.on && !u.lists_on && u.last_success_ms == 0);
    put_file("/etc/apt/apt.conf.d/20auto-upgrades", "APT::Periodic::Update-Package-Lists \"1\";\n"
                                                    "APT::Periodic::Unattended-Upgrade \"1\";\n");
    put_file("/var/lib/apt/periodic/unattended-upgrades-stamp", "");
    apt_conf_read(scratch_path(), &conf);
    patch_unattended_read(scratch_path(), &conf, &with, &u);
    assert_true(u.on && u.lists_on && u.last_success_ms > 0);
    patch_unattended_read(scratch_path(), &conf, &without, &u);
    assert_true(!u.installed && !u.on);
    put_file("/etc/systemd/system/other", "");
    snprintf(path, sizeof(path), "%s/etc/systemd/system/apt-daily-upgrade.timer", scratch_path());
    scratch_link("/dev/null", path);
    patch_unattended_read(scratch_path(), &conf, &with, &u);
    assert_true(!u.on && u.lists_on);
    put_file("/etc/apt/apt.conf", "APT::Periodic::Enable \"0\";");
    apt_conf_read(scratch_path(), &conf);
    patch_unattended_read(scratch_path(), &conf, &with, &u);
    assert_false(u.on || u.lists_on);
    scratch_close();
    packages_release(&with);
    packages_release(&without);
}

static void the_log_says_how_the_last_run_went(void **state)
{
    (void)state;
#define AT "2026-11-24 06:30:05,123 "
    static const struct {
        const char *text;
        enum unattended_outcome last;
        const char *error;
    } rows[] = {
        {"", UNATTENDED_UNKNOWN, ""},
        {"noise\n" AT "INFO Starting unattended upgrades script\n" AT
         "INFO All upgrades installed\n",
         UNATTENDED_SUCCESS, ""},
        {AT "INFO Starting unattended upgrades script\n" AT
            "INFO No packages found that can be upgraded unattended and no pending auto-removals\n",
         UNATTENDED_SUCCESS, ""},
        {AT "INFO All upgrades installed\n" AT "INFO Starting unattended upgrades script\n" AT
            "ERROR Installing the upgrades failed!\n" AT "ERROR more\n" AT
            "INFO All upgrades installed\n",
         UNATTENDED_FAILED, "Installing the upgrades failed!"},
        {AT "ERROR old\n" AT "INFO Starting unattended upgrades script\n", UNATTENDED_UNKNOWN, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct patch_unattended u = {.last = UNATTENDED_UNKNOWN};
        patch_unattended_log(span_of(rows[i].text), &u);
        assert_int_equal(u.last, rows[i].last);
        assert_string_equal(u.error, rows[i].error);
    }
}

static int64_t day(int year, int month, int day_)
{
    return text_utc_ms(year, month, day_, 23, 59, 0, 0);
}

static void refuse(void *ctx, const char *problem)
{
    (void)ctx;
    fail_msg("%s", problem);
}

static void the_end_of_a_release_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *id, *codename;
        int year, month, day;
        enum support_state state;
    } rows[] = {
        {"debian", "bookworm", 2026, 7, 11, SUPPORT_STANDARD},
        {"debian", "bookworm", 2026, 7, 12, SUPPORT_LTS},
        {"debian", "bookworm", 2029, 1, 1, SUPPORT_PAID},
        {"debian", "bookworm", 2034, 1, 1, SUPPORT_ENDED},
        {"debian", "sid", 2026, 1, 1, SUPPORT_UNKNOWN},
        {"ubuntu", "focal", 2026, 1, 1, SUPPORT_PAID},
        {"../x", "focal", 2026, 1, 1, SUPPORT_UNKNOWN},
        {"debian", "", 2026, 1, 1, SUPPORT_UNKNOWN},
    };
    struct patch_support s;
    struct support_table table;
    scratch_open();
    support_table_load("conf/support.ini", refuse, NULL, &table);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        patch_support_read(scratch_path(), &table, rows[i].id, rows[i].codename,
                           day(rows[i].year, rows[i].month, rows[i].day), &s);
        if (s.state != rows[i].state)
            fail_msg("%s %d: %s", rows[i].codename, rows[i].year, support_state_names[s.state]);
    }
    put_file("/usr/share/distro-info/debian.csv",
             "version,codename,series,created,release,eol,eol-lts,eol-elts\n"
             "12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-06-10,2028-06-30,2033-06-30\n"
             "77,Next,next,2030-01-01\n");
    patch_support_read(scratch_path(), &table, "debian", "bookworm", day(2026, 7, 1), &s);
    assert_int_equal(s.state, SUPPORT_LTS);
    assert_string_equal(s.lts, "2028-06-30");
    support_table_release(&table);
    scratch_close();
}

static char problems[4096];

static void note_problem(void *ctx, const char *problem)
{
    (void)ctx;
    size_t n = strlen(problems);
    snprintf(problems + n, sizeof(problems) - n, "%.60s\n", problem);
}

static void wrong_releases_are_left_out_and_named(void **state)
{
    (void)state;
    struct support_table table;
    support_table_parse("s",
                        SPAN("; head\n"
                             "early = standard 2026-01-01\n"
                             "[debian]\n"
                             "one = standard 2026-07-11 lts 2028-06-30\n"
                             "two = lts 2028-06-30\n"
                             "three = standard 2028-13-30\n"
                             "four = standard\n"
                             "five = standard 2026-01-01 standard 2026-01-02\n"
                             "six = forever 2026-01-01\n"
                             "one = standard 2030-01-01\n"
                             "a-name-of-thirty-two-bytes-00000 = standard 2026-01-01\n"
                             "nonsense\n"
                             "last = paid 2027-01-01 standard 2026-01-01\n"),
                        note_problem, NULL, &table);
    assert_int_equal(table.n, 2);
    const struct support_release *one = support_table_find(&table, "debian", "one");
    assert_non_null(one);
    assert_string_equal(one->standard, "2026-07-11");
    assert_string_equal(one->paid, "");
    assert_non_null(support_table_find(&table, "debian", "last"));
    assert_null(support_table_find(&table, "ubuntu", "one"));
    for (int line = 2; line <= 12; line++) {
        char place[16];
        snprintf(place, sizeof(place), "s:%d: ", line);
        bool wrong = line != 3 && line != 4;
        assert_int_equal(strstr(problems, place) != NULL, wrong);
    }
    assert_null(strstr(problems, "s:13:"));
    support_table_release(&table);
    problems[0] = '\0';
    support_table_load("conf/not-there", note_problem, NULL, &table);
    assert_int_equal(table.n, 0);
    assert_memory_equal(problems, "conf/not-there: ", 16);
    support_table_release(&table);
}

static struct packages many_packages(size_t n)
{
    struct packages p;
    struct buf text = BUF_INIT(1 << 22);
    for (size_t i = 0; i < n; i++)
        buf_printf(&text,
                   "Package: lib-a-rather-long-name%zu\nStatus: install ok installed\n"
                   "Architecture: amd64\nVersion: 1:%zu.0+dfsg-1~deb12u1\n\n",
                   i, i);
    packages_parse_status(&p, buf_span(&text));
    buf_release(&text);
    return p;
}

static struct patch_kernel kernel;
static struct patch_unattended unattended;
static struct patch_support support;
static size_t told, told_packages, longest;
static char first_purl[300];

static void take(void *ctx, const struct event *e)
{
    const struct identity *who = ctx;
    struct error why = {""};
    struct buf line = BUF_INIT(64 * 1024);
    ocsf_encode(&line, who, e, ++told);
    assert_false(line.failed);
    struct json_doc *doc = json_read(buf_span(&line), &why);
    if (!doc || ocsf_required_check(json_root(doc), &why) != 0)
        fail_msg("%s", why.text);
    if (e->class_uid == EVENT_SOFTWARE) {
        told_packages += e->u.software.n;
        span_copy(e->u.software.components[0].purl, first_purl, sizeof(first_purl));
    }
    longest = line.n > longest ? line.n : longest;
    json_free(doc);
    buf_release(&line);
}

static void a_large_inventory_comes_in_parts(void **state)
{
    (void)state;
    struct identity who = {.os_version = "12.11", .hostname = "pc"};
    struct packages p = many_packages(1118);
    int64_t *since = calloc(p.n, sizeof(*since));
    struct patch_lists *lists = calloc(1, sizeof(*lists));
    struct patch_facts f = {&p,    lists,   "debian",    "12.11", 1790000000000,
                            since, &kernel, &unattended, &support};
    told = told_packages = longest = 0;
    patch_tell_software(&f, take, &who);
    assert_int_equal(told, 6);
    assert_int_equal(told_packages, 1118);
    free(lists);
    free(since);
    packages_release(&p);
}

static void a_package_names_its_source(void **state)
{
    (void)state;
    struct identity who = {.os_version = "12.11", .hostname = "pc"};
    static const struct {
        const char *fields, *purl;
    } rows[] = {
        {"Version: 1:2.0\n", "pkg:deb/debian/libc6@1%3A2.0?arch=amd64&distro=debian-12.11"},
        {"Version: 2.0+b1\nSource: glibc (2.0)\n",
         "pkg:deb/debian/libc6@2.0%2Bb1?arch=amd64&distro=debian-12.11&upstream=glibc%402.0"},
        {"Version: 2.0\nSource: glibc\n",
         "pkg:deb/debian/libc6@2.0?arch=amd64&distro=debian-12.11&upstream=glibc"},
        {"Version: 2.0\nSource: libc6 (2.0)\n",
         "pkg:deb/debian/libc6@2.0?arch=amd64&distro=debian-12.11"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[300];
        struct packages p;
        snprintf(text, sizeof(text),
                 "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\n%s",
                 rows[i].fields);
        packages_parse_status(&p, span_of(text));
        struct patch_facts f = {.packages = &p, .os_id = "debian", .os_version = "12.11"};
        patch_tell_software(&f, take, &who);
        assert_string_equal(first_purl, rows[i].purl);
        packages_release(&p);
    }
}

static void a_thousand_pending_updates_fit_one_line(void **state)
{
    (void)state;
    struct identity who = {.os_version = "12.11", .hostname = "pc"};
    struct packages p = many_packages(1000);
    int64_t *since = calloc(p.n, sizeof(*since));
    for (size_t i = 0; i < p.n; i++) {
        p.items[i].candidate = strdup("2:1234567890.1234567890-1~deb12u1+security");
        p.items[i].suite = strdup("oldoldstable-backports-sloppy");
        p.items[i].source = strdup("a-source-of-rather-a-long-name");
        p.items[i].held = p.items[i].phased = true;
        p.items[i].security = i >= 990;
        since[i] = 1780000000000 + (int64_t)i;
    }
    struct patch_lists *lists = calloc(1, sizeof(*lists));
    lists->lists = 1;
    struct patch_facts f = {&p,    lists,   "debian",    "12.11", 1790000000000,
                            since, &kernel, &unattended, &support};
    struct patch_sums sums;
    patch_sum(&f, &sums);
    assert_int_equal(sums.total, 1000);
    assert_int_equal(sums.security, 10);
    assert_int_equal(sums.oldest_ms, 1780000000000);
    told = 0;
    patch_tell_state(&f, take, &who);
    assert_int_equal(told, 1);
    free(lists);
    free(since);
    packages_release(&p);
}

static void an_archive_is_known_by_its_host(void **state)
{
    (void)state;
    static const char *const archs[] = {"amd64"};
    static const struct {
        const char *uri, *site;
    } rows[] = {{"http://deb.example:80/debian", "deb.example"},
                {"http://ana:secret@deb.example/debian", "deb.example"},
                {"http://[2001:db8::1]:80/debian", "2001:db8::1"},
                {"http://[2001:db8::1/debian", "2001:db8::1"},
                {"http://[]/debian", ""},
                {"http://[", ""},
                {"file:/srv/debian", ""}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[160];
        struct apt_sources s;
        apt_sources_init(&s);
        snprintf(text, sizeof(text), "Types: deb\nURIs: %s\nSuites: stable\nComponents: main\n",
                 rows[i].uri);
        apt_sources_parse(&s, "x.sources", span_of(text), archs, 1);
        assert_int_equal(s.archives, 1);
        assert_string_equal(s.archive[0].site, rows[i].site);
        apt_sources_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_archive_is_known_by_its_host),
        cmocka_unit_test(versions_are_ordered_by_policy),
        cmocka_unit_test(what_is_on_the_disk_counts),
        cmocka_unit_test(phases_are_drawn_as_apt_draws_them),
        cmocka_unit_test(patterns_are_those_of_apt_preferences),
        cmocka_unit_test(a_release_says_until_when_it_holds),
        cmocka_unit_test(the_running_kernel_is_compared_with_the_installed_ones),
        cmocka_unit_test(a_restart_that_is_asked_for_is_told_with_who_asked),
        cmocka_unit_test(unattended_upgrades_are_on_or_off),
        cmocka_unit_test(the_log_says_how_the_last_run_went),
        cmocka_unit_test(the_end_of_a_release_is_known),
        cmocka_unit_test(wrong_releases_are_left_out_and_named),
        cmocka_unit_test(a_large_inventory_comes_in_parts),
        cmocka_unit_test(a_package_names_its_source),
        cmocka_unit_test(a_thousand_pending_updates_fit_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
