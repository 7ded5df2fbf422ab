/* Which files a log's path with a pattern means. */
#include "platform/file.h"
#include "platform/spelling.h"
#include "source/log/glob.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <stdlib.h>

static char *found[512];
static size_t found_n, folders_n, too_many;

static void take_file(void *ctx, const char *path)
{
    (void)ctx;
    assert_in_range(found_n, 0, 511);
    found[found_n++] = strdup(path);
}

static void take_folder(void *ctx, const char *path)
{
    (void)ctx, (void)path;
    folders_n++;
}

static void take_too_many(void *ctx)
{
    (void)ctx;
    too_many++;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files that a pattern means, in order, joined by blanks. */
static const char *meant_below(const char *root, const char *pattern)
{
    static char joined[4096];
    const struct log_glob_callbacks cb = {NULL, take_file, take_folder, take_too_many};
    found_n = folders_n = too_many = 0;
    log_glob(root, pattern, &cb);
    qsort(found, found_n, sizeof(found[0]), by_name);
    joined[0] = '\0';
    for (size_t i = 0, n = 0; i < found_n; i++) {
        n += (size_t)snprintf(joined + n, sizeof(joined) - n, "%s%s", i ? " " : "", found[i]);
        n = n < sizeof(joined) ? n : sizeof(joined) - 1;
        free(found[i]);
    }
    return joined;
}

static const char *meant(const char *pattern)
{
    return meant_below(scratch_path(), pattern);
}

static void make(const char *path)
{
    char on_disk[600], folder[600];
    snprintf(on_disk, sizeof(on_disk), "%s%s", scratch_path(), path);
    snprintf(folder, sizeof(folder), "%s", on_disk);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(folder_make(folder, 0755), 0);
    scratch_append(on_disk, "x\n", 2);
}

static int set_up(void **state)
{
    (void)state;
    scratch_open();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

static void files_that_fit(void **state)
{
    (void)state;
    static const char *const there[] = {
        "/var/log/syslog",           "/var/log/syslog.1",         "/var/log/syslog.2.gz",
        "/var/log/web/a/error.log",  "/var/log/web/b/error.log",  "/var/log/web/b/error.log.1",
        "/var/log/web/c/other.txt",  "/var/log/app.log",          "/var/log/app-20261123.log",
        "/var/log/day-20261123.log", "/var/log/day-20261124.log", "/var/log/node-1.log",
        "/var/log/gone.log.1",
    };
    for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
        make(there[i]);
    static const char *const rows[][2] = {
        {"/var/log/syslog", "/var/log/syslog"},
        {"/var/log/none", "/var/log/none"}, /* not there yet: followed from when it comes */
        {"/var/log/sys*", "/var/log/syslog"},
        {"/var/log/app*.log", "/var/log/app.log"},
        {"/var/log/day*.log", "/var/log/day-20261123.log /var/log/day-20261124.log"},
        {"/var/log/n*.log", "/var/log/node-1.log"},
        {"/var/log/gone*", ""},
        {"/var/log/web/*/error.log", "/var/log/web/a/error.log /var/log/web/b/error.log "
                                     "/var/log/web/c/error.log"},
        {"/var/log/*/?/*.log*", "/var/log/web/a/error.log /var/log/web/b/error.log"},
        {"/none/*/x.log", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(meant(rows[i][0]), rows[i][1]);
    meant("/var/log/*/?/*.log*");
    assert_int_equal(folders_n, 5); /* /var/log, /var/log/web, and the three in it */
    assert_int_equal(too_many, 0);
}

static void case_matters_where_it_does_to_the_system(void **state)
{
    (void)state;
    make("/Logs/Web/U_ex1.log");
    make("/Logs/Web/app.LOG");
    make("/Logs/Web/App.log.1");
    bool same = !spelling_case_counts();
    assert_string_equal(meant("/Logs/Web/u_EX*"), same ? "/Logs/Web/U_ex1.log" : "");
    assert_string_equal(meant("/Logs/w*/u_EX*"), same ? "/Logs/Web/U_ex1.log" : "");
    assert_string_equal(meant("/Logs/Web/a*.log*"),
                        same ? "/Logs/Web/app.LOG" : ""); /* not what came before it */
}

static void a_pattern_from_the_systems_own_root(void **state)
{
    (void)state;
    char pattern[600], path[600];
    make("/srv/a.log");
    snprintf(path, sizeof(path), "%s/srv/a.log", scratch_path());
    snprintf(pattern, sizeof(pattern), "%s/s*/a.log", scratch_path());
    assert_string_equal(meant_below("", pattern), path);
    assert_string_equal(meant_below("", path), path);
}

static void folders_are_bounded_and_links_not_entered(void **state)
{
    (void)state;
    char path[600], target[600];
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof(path), "/srv/%03d/x", i);
        make(path);
    }
    meant("/srv/*/*");
    assert_int_equal(too_many, 1);
    assert_in_range(found_n, 200, 300);
    snprintf(target, sizeof(target), "%s/srv/000", scratch_path());
    snprintf(path, sizeof(path), "%s/srv/link", scratch_path());
    scratch_link(target, path);
    assert_string_equal(meant("/srv/li*/x"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_that_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(case_matters_where_it_does_to_the_system, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_pattern_from_the_systems_own_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folders_are_bounded_and_links_not_entered, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
