/* owner: a folder that somebody else has prepared is told apart. */
#include "platform/file.h"
#include "platform/owner.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <errno.h>
#include <unistd.h>

#define SOMEBODY 12345

static char path[1024], which[1024];

static int setup(void **state)
{
    (void)state;
    scratch_open();
    snprintf(path, sizeof(path), "%s/own", scratch_path());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

static void none_or_ones_own_is_well(void **state)
{
    (void)state;
    char file[1100];
    assert_int_equal(owner_check(path, which, sizeof(which)), 0);
    assert_int_equal(folder_make(path, 0755), 0);
    assert_int_equal(owner_check(path, which, sizeof(which)), 0);
    snprintf(file, sizeof(file), "%s/vigia.ini", path);
    scratch_append(file, "x", 1);
    assert_int_equal(owner_check(path, which, sizeof(which)), 0);
    assert_int_equal(owner_check(file, which, sizeof(which)), -ENOTDIR);
}

static void links_are_refused(void **state)
{
    (void)state;
    char link[1100];
    scratch_link(scratch_path(), path);
    assert_int_equal(owner_check(path, which, sizeof(which)), -ELOOP);
    assert_string_equal(which, path);
    file_remove(path);
    assert_int_equal(folder_make(path, 0755), 0);
    snprintf(link, sizeof(link), "%s/pki", path);
    scratch_link(scratch_path(), link);
    assert_int_equal(owner_check(path, which, sizeof(which)), -ELOOP);
    assert_string_equal(which, link);
}

static void a_foreign_owner_is_refused(void **state)
{
    (void)state;
    assert_int_equal(folder_make(path, 0755), 0);
    if (geteuid() != 0 || chown(path, SOMEBODY, (gid_t)-1) != 0)
        skip();
    assert_int_equal(owner_check(path, which, sizeof(which)), -EPERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(none_or_ones_own_is_well, setup, teardown),
        cmocka_unit_test_setup_teardown(links_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_foreign_owner_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
