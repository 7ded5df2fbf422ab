/* Reparse points of Windows, from bytes put together as ntifs.h describes them. */
#include "platform/common/reparse.h"
#include "unit/cmocka_all.h"

#include <errno.h>

#define JUNCTION    0xa0000003u
#define SYMLINK     0xa000000cu
#define APPEXECLINK 0x8000001bu
#define WOF         0x80000017u

static unsigned char data[1024];
static size_t n;

static void put(uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        data[n++] = (unsigned char)(value >> 8 * i);
}

static void put_wide(const char *text)
{
    for (; *text; text++)
        put((unsigned char)*text, 2);
}

/* The name to use, then the name to show, each with an end behind it, as the system writes them. */
static void make(uint32_t tag, const char *name, const char *shown)
{
    size_t length = 2 * strlen(name), more = 2 * strlen(shown);
    n = 0;
    put(tag, 4);
    put((uint32_t)((tag == SYMLINK ? 12 : 8) + length + 2 + more + 2), 2);
    put(0, 2);
    put(0, 2);
    put((uint32_t)length, 2);
    put((uint32_t)length + 2, 2);
    put((uint32_t)more, 2);
    if (tag == SYMLINK)
        put(name[0] != '\\', 4); /* relative */
    put_wide(name);
    put(0, 2);
    put_wide(shown);
    put(0, 2);
}

static void expect(const char *target)
{
    char out[512];
    assert_int_equal(reparse_target(data, n, out, sizeof(out)), strlen(target));
    assert_string_equal(out, target);
}

static void expect_error(int rc)
{
    char out[512];
    assert_int_equal(reparse_target(data, n, out, sizeof(out)), rc);
}

static void links_and_junctions_lead_somewhere(void **state)
{
    (void)state;
    make(JUNCTION, "\\??\\C:\\Users\\Public", "C:\\Users\\Public");
    expect("\\\\?\\C:\\Users\\Public");
    make(SYMLINK, "\\??\\C:\\x", "C:\\x");
    expect("\\\\?\\C:\\x");
    make(SYMLINK, "..\\over\\there", "..\\over\\there");
    expect("..\\over\\there");
    make(SYMLINK, "\\??\\UNC\\server\\share", "\\\\server\\share");
    expect("\\\\?\\UNC\\server\\share");
    make(JUNCTION, "\\??\\Volume{01234567-0000-0000-0000-000000000000}\\", "");
    expect("\\\\?\\Volume{01234567-0000-0000-0000-000000000000}\\");
}

static void other_kinds_are_no_links(void **state)
{
    (void)state;
    static const uint32_t tags[] = {APPEXECLINK, WOF, 0x9000301au /* cloud */, 0, UINT32_MAX};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        make(tags[i], "C:\\x", "C:\\x");
        expect_error(-EINVAL);
    }
}

static void what_is_damaged_is_refused(void **state)
{
    (void)state;
    make(SYMLINK, "\\??\\C:\\x", "C:\\x");
    size_t whole = n;
    for (n = 0; n < whole; n++) /* cut anywhere */
        expect_error(-EIO);
    static const struct {
        size_t at;
        unsigned char value;
    } rows[] = {{8, 0xff}, {9, 0xff}, {10, 0}, {10, 15}, {11, 0xff}, {4, 11}, {20, 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        make(SYMLINK, "\\??\\C:\\x", "C:\\x");
        data[rows[i].at] = rows[i].value;
        if (rows[i].at == 20)
            data[21] = 0; /* a name with an end inside */
        expect_error(-EIO);
    }
    char small[8];
    make(SYMLINK, "\\??\\C:\\x", "C:\\x");
    assert_int_equal(reparse_target(data, n, small, sizeof(small)), -ENAMETOOLONG);
}

static void names_need_not_be_text(void **state)
{
    (void)state;
    make(SYMLINK, "ab", "ab");
    data[20] = 0x3d, data[21] = 0xd8; /* half of a pair, alone */
    expect("\xed\xa0\xbd"
           "b");
    data[22] = 0x00, data[23] = 0xde; /* and with the other half */
    expect("\xf0\x9f\x98\x80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_and_junctions_lead_somewhere),
        cmocka_unit_test(other_kinds_are_no_links),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(names_need_not_be_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
