/* Patch state: version order, control files, which update is pending, and what is told of it. */
#include "base/json_read.h"
#include "event/ocsf.h"
#include "source/deb_version.h"
#include "source/patch_tell.h"
#include "unit/cmocka_all.h"
#include "unit/ocsf_required.h"

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
                                  "Version: 2024a-0\n";

static const char list_text[] = "Package: bash\nVersion: 5.2.15-2+b8\nArchitecture: amd64\n\n"
                                "Package: bash\nVersion: 5.2.15-2+b9\nArchitecture: amd64\n\n"
                                "Package: tzdata\nVersion: 2023a\nArchitecture: all\n\n"
                                "Package: other\nVersion: 9\nArchitecture: amd64\n";

static void only_newer_versions_of_installed_packages_count(void **state)
{
    (void)state;
    struct packages p;
    packages_parse_status(&p, SPAN(""));
    packages_release(&p);
    packages_parse_status(&p, span_of(status_text));
    assert_int_equal(p.n, 2);
    packages_parse_list(&p, span_of(list_text), false);
    assert_string_equal(p.items[0].candidate, "5.2.15-2+b9");
    assert_false(p.items[0].security);
    assert_null(p.items[1].candidate);
    packages_parse_list(&p, SPAN("Package: tzdata\nVersion: 2025a\nArchitecture: all\n"), true);
    assert_string_equal(p.items[1].candidate, "2025a");
    assert_true(p.items[1].security);
    packages_release(&p);
}

static void releases_tell_security_and_backports(void **state)
{
    (void)state;
    struct release_facts f;
    packages_parse_release(SPAN("Origin: Debian\nLabel: Debian-Security\nSuite: x\n"), &f);
    assert_true(f.security && !f.not_automatic);
    packages_parse_release(SPAN("Suite: jammy-security\nNotAutomatic: yes\n"), &f);
    assert_true(f.security && f.not_automatic);
    packages_parse_release(SPAN("Label: Debian\nSHA256:\nNotAutomatic: yes\n"), &f);
    assert_false(f.security || f.not_automatic);
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

static size_t told, told_packages, longest;

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
    if (e->class_uid == EVENT_SOFTWARE)
        told_packages += e->u.software.n;
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
    struct patch_facts f = {&p, "debian", "12.11", 1790000000000, since, false, true};
    told = told_packages = longest = 0;
    patch_tell_software(&f, take, &who);
    assert_int_equal(told, 6);
    assert_int_equal(told_packages, 1118);
    free(since);
    packages_release(&p);
}

static void a_thousand_pending_updates_fit_one_line(void **state)
{
    (void)state;
    struct identity who = {.os_version = "12.11", .hostname = "pc"};
    struct packages p = many_packages(1000);
    int64_t *since = calloc(p.n, sizeof(*since));
    for (size_t i = 0; i < p.n; i++) {
        p.items[i].candidate = strdup("2:1234567890.1234567890-1~deb12u1+security");
        p.items[i].security = i >= 990;
        since[i] = 1780000000000 + (int64_t)i;
    }
    struct patch_facts f = {&p, "debian", "12.11", 1790000000000, since, true, true};
    struct patch_sums sums;
    patch_sum(&f, &sums);
    assert_int_equal(sums.total, 1000);
    assert_int_equal(sums.security, 10);
    assert_int_equal(sums.oldest_ms, 1780000000000);
    told = 0;
    patch_tell_state(&f, take, &who);
    assert_int_equal(told, 1);
    free(since);
    packages_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_ordered_by_policy),
        cmocka_unit_test(only_newer_versions_of_installed_packages_count),
        cmocka_unit_test(releases_tell_security_and_backports),
        cmocka_unit_test(a_large_inventory_comes_in_parts),
        cmocka_unit_test(a_thousand_pending_updates_fit_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
