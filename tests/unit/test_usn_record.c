/* Records of the change journal, from bytes put together by the documented format. */
#include "platform/common/usn_record.h"
#include "unit/cmocka_all.h"
#include "unit/usn_kit.h"

#include <errno.h>

static struct usn_kit kit;
static struct usn_record record;

static void both_versions_are_read(void **state)
{
    (void)state;
    size_t at = USN_RECORD_HEAD;
    int64_t next;
    usn_kit_begin(&kit, 4242);
    usn_kit_add(&kit, 2, 0x5000000000007, USN_CREATED, 0x20, 1700000000123, "cmd.exe");
    usn_kit_add(&kit, 3, 0x9, USN_NEW_NAME, 0x10, 1700000000456,
                "\xf1"
                "and\xfa");
    assert_int_equal(usn_record_next_number(kit.data, kit.n, &next), 0);
    assert_int_equal(next, 4242);
    assert_int_equal(usn_record_take(kit.data, kit.n, &at, &record), 1);
    assert_string_equal(record.change.path, "cmd.exe");
    assert_int_equal(record.change.reason, USN_CREATED);
    assert_int_equal(record.change.time_ms, 1700000000123);
    assert_false(record.change.folder || record.wide);
    assert_memory_equal(record.folder, "\x07\0\0\0\0\0\x05\0\0\0\0\0\0\0\0\0", 16);
    assert_int_equal(usn_record_take(kit.data, kit.n, &at, &record), 1);
    assert_string_equal(record.change.path, "\xc3\xb1"
                                            "and\xc3\xba");
    assert_int_equal(record.change.time_ms, 1700000000456);
    assert_true(record.change.folder && record.wide);
    assert_int_equal(record.folder[0], 9);
    assert_int_equal(usn_record_take(kit.data, kit.n, &at, &record), 0);
}

static void unknown_versions_are_passed_over(void **state)
{
    (void)state;
    size_t at = USN_RECORD_HEAD;
    usn_kit_begin(&kit, 1);
    usn_kit_add(&kit, 2, 1, 0, 0, 1, "ranges");
    kit.data[USN_RECORD_HEAD + 4] = 4;
    usn_kit_add(&kit, 2, 1, 0, 0, 1, "behind");
    assert_int_equal(usn_record_take(kit.data, kit.n, &at, &record), 1);
    assert_string_equal(record.change.path, "behind");
}

static void expect_damage(size_t n)
{
    size_t at = USN_RECORD_HEAD;
    assert_int_equal(usn_record_take(kit.data, n, &at, &record), -EIO);
}

static void what_is_damaged_is_refused(void **state)
{
    (void)state;
    int64_t next;
    for (unsigned version = 2; version <= 3; version++) {
        usn_kit_begin(&kit, 1);
        usn_kit_add(&kit, version, 1, 0, 0, 1, "name");
        for (size_t n = USN_RECORD_HEAD + 1; n < kit.n; n++) /* cut anywhere */
            expect_damage(n);
        static const struct {
            size_t at; /* in version 2 */
            unsigned char value;
        } rows[] = {{0, 0},  {0, 7},    {0, 12},  {0, 0xf8}, {3, 1},     {56, 0},
                    {56, 7}, {56, 200}, {58, 59}, {58, 64},  {59, 0xff}, {60, 0}};
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            size_t at = USN_RECORD_HEAD + rows[i].at;
            usn_kit_begin(&kit, 1);
            usn_kit_add(&kit, version, 1, 0, 0, 1, "name");
            at += rows[i].at >= 56 && version == 3 ? 16 : 0;
            kit.data[at] = rows[i].value;
            if (version == 2 || rows[i].at != 58 || rows[i].value < 60)
                expect_damage(kit.n);
        }
    }
    assert_int_equal(usn_record_next_number(kit.data, 7, &next), -EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_versions_are_read),
        cmocka_unit_test(unknown_versions_are_passed_over),
        cmocka_unit_test(what_is_damaged_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
