/* The registry of text that tests use, where it has to be as Windows' own. */
#include "unit/cmocka_all.h"
#include "unit/registry_kit.h"

static int set_up(void **state)
{
    (void)state;
    registry_kit_clear();
    registry_kit_add("# a comment\n"
                     "HKLM\\SOFTWARE\\Vendor|Name|sz|text | with a bar\n"
                     "HKLM\\SOFTWARE\\Vendor||expand_sz|%SystemRoot%\r\n"
                     "HKLM\\SOFTWARE\\Vendor|List|multi_sz|one|two\n"
                     "HKLM\\SOFTWARE\\Vendor|Number|dword|0x10\n"
                     "HKLM\\SOFTWARE\\Vendor|Big|dword_be|258\n"
                     "HKLM\\SOFTWARE\\Vendor|Bytes|binary|00ff7a\n"
                     "HKLM\\SOFTWARE\\WOW6432Node\\Vendor|Name|sz|of 32 bits\n"
                     "HKLM\\SECURITY|!denied\n");
    return 0;
}

static void expect(const char *name, const char *text, uint64_t number, uint32_t size)
{
    struct registry_key *key;
    struct registry_value v;
    assert_int_equal(registry_open("hklm\\software\\VENDOR", REGISTRY_64, &key), 0);
    assert_int_equal(registry_get(key, name, &v), 0);
    assert_string_equal(v.text, text);
    assert_int_equal(v.number, number);
    assert_int_equal(v.size, size);
    registry_close(key);
}

static void values_are_as_written(void **state)
{
    (void)state;
    expect("name", "text | with a bar", 0, 36);
    expect("", "%SystemRoot%", 0, 26);
    expect("List", "one\ntwo\n", 0, 18);
    expect("Number", "", 16, 4);
    expect("Big", "", 258, 4);
    expect("Bytes", "", 0, 3);
    registry_kit_add("HKLM\\SOFTWARE\\Vendor|name|sz|new");
    expect("Name", "new", 0, 8);
}

static void views_differ(void **state)
{
    (void)state;
    struct registry_key *key;
    struct registry_value v;
    assert_int_equal(registry_open("HKLM\\SOFTWARE\\Vendor", REGISTRY_32, &key), 0);
    assert_int_equal(registry_value(key, 0, &v), 1);
    assert_string_equal(v.text, "of 32 bits");
    assert_int_equal(registry_value(key, 1, &v), 0);
    registry_close(key);
    assert_int_equal(registry_open("HKLM\\SECURITY", REGISTRY_64, &key), -EACCES);
    assert_int_equal(registry_open("HKLM\\Nothing", REGISTRY_64, &key), -ENOENT);
    assert_int_equal(registry_kit_opened(), 0);
}

static void keys_come_and_go(void **state)
{
    (void)state;
    struct registry_key *key;
    struct registry_info before, after;
    char name[REGISTRY_NAME_MAX];
    assert_int_equal(registry_open("HKLM\\SOFTWARE", REGISTRY_64, &key), 0);
    assert_int_equal(registry_info(key, &before), 0);
    assert_int_equal(before.subkeys, 2);
    assert_int_equal(registry_subkey(key, 1, name, sizeof(name)), 1);
    assert_string_equal(name, "WOW6432Node");
    registry_kit_remove("HKLM\\SOFTWARE\\WOW6432Node");
    assert_int_equal(registry_info(key, &after), 0);
    assert_int_equal(after.subkeys, 1);
    assert_true(after.written_ms > before.written_ms);
    registry_kit_remove("HKLM\\SOFTWARE");
    assert_int_equal(registry_info(key, &after), -ENOENT);
    registry_close(key);
}

static void changes_are_seen(void **state)
{
    (void)state;
    struct registry_watch *w;
    assert_int_equal(registry_watch_open(&w), 0);
    assert_int_equal(registry_watch_add(w, "HKLM\\SECURITY", REGISTRY_64), -EACCES);
    assert_int_equal(registry_watch_add(w, "HKLM\\Software\\Later", REGISTRY_64), 0);
    registry_kit_add("HKLM\\SOFTWARE\\Vendor|Other|dword|1");
    assert_false(registry_watch_ready(w));
    registry_kit_add("HKLM\\SOFTWARE\\Later\\Deep|x|dword|1");
    struct poll_item item = {registry_watch_wait(w), false};
    assert_int_equal(poll_wait(&item, 1, 0), 1);
    assert_true(registry_watch_ready(w));
    registry_watch_reset(w);
    assert_false(registry_watch_ready(w));
    assert_int_equal(poll_wait(&item, 1, 0), 0);
    registry_watch_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(values_are_as_written, set_up),
        cmocka_unit_test_setup(views_differ, set_up),
        cmocka_unit_test_setup(keys_come_and_go, set_up),
        cmocka_unit_test_setup(changes_are_seen, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
