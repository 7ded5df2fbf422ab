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
    struct patch_lists *lists = calloc(1, sizeof(*lists));
    struct patch_facts f = {&p, lists, "debian", "12.11", 1790000000000, since, false};
    told = told_packages = longest = 0;
    patch_tell_software(&f, take, &who);
    assert_int_equal(told, 6);
    assert_int_equal(told_packages, 1118);
    free(lists);
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
        p.items[i].suite = strdup("oldoldstable-backports-sloppy");
        p.items[i].source = strdup("a-source-of-rather-a-long-name");
        p.items[i].held = p.items[i].phased = true;
        p.items[i].security = i >= 990;
        since[i] = 1780000000000 + (int64_t)i;
    }
    struct patch_lists *lists = calloc(1, sizeof(*lists));
    lists->lists = 1;
    struct patch_facts f = {&p, lists, "debian", "12.11", 1790000000000, since, true};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_ordered_by_policy),
        cmocka_unit_test(what_is_on_the_disk_counts),
        cmocka_unit_test(a_large_inventory_comes_in_parts),
        cmocka_unit_test(a_thousand_pending_updates_fit_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
