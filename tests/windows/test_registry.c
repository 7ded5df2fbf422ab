/* platform/registry.h against a registry that the test itself writes, below HKU\.Default. */
#include "platform/registry.h"
#include "unit/cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

#define PLACE  L".Default\\Software\\Vigia test"
#define TOLD   "HKU\\.Default\\Software\\Vigia test"
#define SOON_S 5

static HKEY own;

static void put(const wchar_t *name, DWORD type, const void *data, DWORD n)
{
    assert_int_equal(RegSetValueExW(own, name, 0, type, data, n), ERROR_SUCCESS);
}

static HKEY make(const wchar_t *path)
{
    HKEY key;
    assert_int_equal(
        RegCreateKeyExW(HKEY_USERS, path, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL),
        ERROR_SUCCESS);
    return key;
}

static int set_up(void **state)
{
    (void)state;
    RegDeleteTreeW(HKEY_USERS, PLACE);
    own = make(PLACE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    RegCloseKey(own);
    RegDeleteTreeW(HKEY_USERS, PLACE);
    return 0;
}

static struct registry_key *open_own(void)
{
    struct registry_key *key;
    assert_int_equal(registry_open(TOLD, REGISTRY_64, &key), 0);
    return key;
}

static void each_type_is_read(void **state)
{
    (void)state;
    static const struct {
        const wchar_t *name;
        DWORD type;
        const void *data;
        DWORD n;
        const char *told, *text;
        uint64_t number;
    } rows[] = {
        {L"\u00f1", REG_SZ, L"a\u00f1b", 8, "\xc3\xb1",
         "a\xc3\xb1"
         "b",
         0},
        {L"no end", REG_SZ, L"abc", 4, "no end", "ab", 0},
        {L"", REG_EXPAND_SZ, L"%x%", 8, "", "%x%", 0},
        {L"list", REG_MULTI_SZ, L"one\0two\0", 18, "list", "one\ntwo\n", 0},
        {L"empty list", REG_MULTI_SZ, L"", 2, "empty list", "", 0},
        {L"number", REG_DWORD, "\x10\x00\x00\x80", 4, "number", "", 0x80000010u},
        {L"big", REG_DWORD_BIG_ENDIAN, "\x00\x00\x01\x02", 4, "big", "", 258},
        {L"long", REG_QWORD, "\x01\x00\x00\x00\x00\x00\x00\x80", 8, "long", "",
         0x8000000000000001u},
        {L"short", REG_DWORD, "\x01\x02", 2, "short", "", 0},
        {L"bytes", REG_BINARY, "\x00\xff", 2, "bytes", "", 0},
        {L"nothing", REG_SZ, "", 0, "nothing", "", 0},
        {L"other", 4711, "xyz", 3, "other", "", 0},
    };
    struct registry_value v;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        put(rows[i].name, rows[i].type, rows[i].data, rows[i].n);
    struct registry_key *key = open_own();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(registry_get(key, rows[i].told, &v), 0);
        assert_int_equal(v.type, rows[i].type);
        assert_int_equal(v.size, rows[i].n);
        assert_int_equal(v.n, rows[i].n);
        assert_memory_equal(v.data, rows[i].data, rows[i].n);
        assert_string_equal(v.text, rows[i].text);
        assert_int_equal(v.number, rows[i].number);
    }
    uint32_t n = 0;
    while (registry_value(key, n, &v) == 1)
        n++;
    assert_int_equal(n, sizeof(rows) / sizeof(rows[0]));
    assert_int_equal(registry_get(key, "absent", &v), -ENOENT);
    registry_close(key);
}

static void long_values_are_cut(void **state)
{
    (void)state;
    static uint8_t data[REGISTRY_READ_MAX + 2];
    wchar_t name[300];
    struct registry_value v;
    memset(data, 'x', sizeof(data));
    for (size_t i = 0; i < 299; i++)
        name[i] = L'\u20ac';
    name[299] = L'\0';
    put(L"cut", REG_SZ, data, REGISTRY_DATA_MAX + 100);
    put(L"too long", REG_BINARY, data, sizeof(data));
    put(name, REG_DWORD, data, 4);
    struct registry_key *key = open_own();
    assert_int_equal(registry_get(key, "cut", &v), 0);
    assert_int_equal(v.size, REGISTRY_DATA_MAX + 100);
    assert_int_equal(v.n, REGISTRY_DATA_MAX);
    assert_memory_equal(v.data, data, v.n);
    assert_int_equal(registry_get(key, "too long", &v), 0);
    assert_int_equal(v.size, sizeof(data));
    assert_int_equal(v.n, 0);
    int rc = 1;
    for (uint32_t i = 0; rc == 1 && (rc = registry_value(key, i, &v)) == 1;)
        i += strlen(v.name) < 100 ? 1 : 1000;
    assert_true(strlen(v.name) < REGISTRY_NAME_MAX && strlen(v.name) > 700);
    assert_int_equal(v.number, 0x78787878);
    registry_close(key);
}

/* As programs name what regedit is not to show. */
static void names_may_hold_nul(void **state)
{
    (void)state;
    static wchar_t hidden[] = L"\0hidden";
    struct {
        USHORT n, room;
        const wchar_t *text;
    } name = {sizeof(hidden) - 2, sizeof(hidden), hidden};
    LONG(WINAPI * set)(HANDLE, void *, ULONG, ULONG, const void *, ULONG);
    FARPROC found = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtSetValueKey");
    struct registry_value v;
    memcpy(&set, &found, sizeof(set));
    assert_int_equal(set(own, &name, 0, REG_SZ, L"evil", 10), 0);
    struct registry_key *key = open_own();
    assert_int_equal(registry_value(key, 0, &v), 1);
    assert_string_equal(v.name, "\1hidden");
    assert_string_equal(v.text, "evil");
    registry_close(key);
}

static void keys_are_named(void **state)
{
    (void)state;
    struct registry_key *key = open_own(), *below;
    struct registry_info info;
    char name[REGISTRY_NAME_MAX], sddl[1024];
    RegCloseKey(make(PLACE L"\\one"));
    RegCloseKey(make(PLACE L"\\two\\deep"));
    assert_int_equal(registry_info(key, &info), 0);
    assert_int_equal(info.subkeys, 2);
    assert_int_equal(info.values, 0);
    assert_true(info.written_ms > 1600000000000 && info.written_ms < 4000000000000);
    assert_int_equal(registry_subkey(key, 1, name, sizeof(name)), 1);
    assert_string_equal(name, "two");
    assert_int_equal(registry_subkey(key, 2, name, sizeof(name)), 0);
    assert_int_equal(registry_open_at(key, "TWO\\deep", &below), 0);
    registry_close(below);
    assert_int_equal(registry_open_at(key, "three", &below), -ENOENT);
    assert_int_equal(registry_security(key, sddl, sizeof(sddl)), 0);
    assert_non_null(strstr(sddl, "O:"));
    registry_close(key);
}

static void paths_begin_with_a_hive(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "HKCU\\Software", "HKLMX", "HKLM\\no such key",
                                      "HKLM\\a\xff"};
    struct registry_key *key;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(registry_open(bad[i], REGISTRY_64, &key), -ENOENT);
        assert_null(key);
    }
    assert_int_equal(registry_open("hklm", REGISTRY_64, &key), 0);
    registry_close(key);
    assert_int_equal(registry_open("HKLM\\Software", REGISTRY_32, &key), 0);
    registry_close(key);
}

/* ---- watching ---- */

static struct registry_watch *watch(const char *path)
{
    struct registry_watch *w;
    assert_int_equal(registry_watch_open(&w), 0);
    assert_int_equal(registry_watch_add(w, path, REGISTRY_64), 0);
    return w;
}

static bool wait_for(const struct registry_watch *w)
{
    struct poll_item item = {registry_watch_wait(w), false};
    return poll_wait(&item, 1, SOON_S * 1000) == 1 && registry_watch_ready(w);
}

static void changes_are_told_until_reset(void **state)
{
    (void)state;
    HKEY deep = make(PLACE L"\\two\\deep");
    struct registry_watch *w = watch(TOLD);
    assert_false(registry_watch_ready(w));
    assert_int_equal(RegSetValueExW(deep, L"x", 0, REG_DWORD, (const BYTE *)"1234", 4), 0);
    assert_true(wait_for(w));
    assert_true(wait_for(w));
    registry_watch_reset(w);
    assert_false(registry_watch_ready(w));
    assert_int_equal(registry_watch_add(w, TOLD, REGISTRY_64), 0);
    RegCloseKey(make(PLACE L"\\three"));
    assert_true(wait_for(w));
    registry_watch_close(w);
    RegCloseKey(deep);
}

static void what_is_not_there_is_waited_for(void **state)
{
    (void)state;
    struct registry_watch *w = watch(TOLD "\\later\\deep");
    RegCloseKey(make(PLACE L"\\later"));
    assert_true(wait_for(w));
    registry_watch_reset(w);
    assert_int_equal(registry_watch_add(w, TOLD "\\later\\deep", REGISTRY_64), 0);
    put(L"not below", REG_DWORD, "1234", 4);
    assert_false(registry_watch_ready(w));
    RegCloseKey(make(PLACE L"\\later\\deep"));
    assert_true(wait_for(w));
    registry_watch_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_type_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_values_are_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_may_hold_nul, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(paths_begin_with_a_hive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changes_are_told_until_reset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_waited_for, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
