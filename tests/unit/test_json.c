/* JSON: what is written is always valid and can be read back; what is read keeps its limits. */
#include "base/json_read.h"
#include "base/json_write.h"
#include "unit/cmocka_all.h"

static void hostile_strings_stay_valid(void **state)
{
    (void)state;
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    struct buf b = BUF_INIT(4096);
    struct json_out j;
    struct error e;
    json_start(&j, &b);
    json_object(&j, NULL);
    json_span(&j, "bytes", span_make(all, sizeof(all)));
    json_name(&j, "na\"me", span_make(all, sizeof(all)));
    json_array(&j, "list");
    json_int(&j, NULL, -1);
    json_uint(&j, NULL, UINT64_MAX);
    json_bool(&j, NULL, true);
    json_end_array(&j);
    json_text(&j, "absent", NULL);
    json_end_object(&j);
    struct json_doc *doc = json_read(buf_span(&b), &e);
    assert_non_null(doc);
    assert_int_equal(json_count(json_root(doc)), 3);
    assert_int_equal(json_count(json_get(json_root(doc), "list")), 3);
    assert_null(memchr(b.p, '\n', b.n));
    struct span text = json_get_text(json_root(doc), "bytes");
    assert_int_equal(text.p[0], 0);
    assert_int_equal(text.p[0x7f], 0x7f);
    json_free(doc);
    buf_release(&b);
}

static void depth_and_size_are_limited(void **state)
{
    (void)state;
    struct error e;
    char deep[64];
    memset(deep, '[', 32);
    memset(deep + 32, ']', 32);
    assert_null(json_read(span_make(deep, 64), &e));
    assert_non_null(strstr(e.text, "deeper"));
    struct json_doc *doc = json_read(span_make(deep + 20, 24), &e);
    assert_non_null(doc);
    json_free(doc);
    struct json_doc *brackets = json_read(SPAN("\"[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\""), &e);
    assert_non_null(brackets); /* inside a string they count for nothing */
    json_free(brackets);
    assert_null(json_read(SPAN("{\"a\":1"), &e));
    assert_non_null(strstr(e.text, "byte"));
}

static void missing_members_have_defaults(void **state)
{
    (void)state;
    struct json_doc *doc = json_read(SPAN("{\"a\":\"x\",\"n\":18446744073709551615}"), NULL);
    const struct json_value *root = json_root(doc);
    assert_int_equal(json_get_int(root, "a", 7), 7);
    assert_int_equal(json_get_int(root, "n", 7), 7); /* does not fit */
    assert_int_equal(json_get_text(root, "none").n, 0);
    assert_null(json_get(json_get(root, "none"), "deeper"));
    assert_true(json_get_bool(root, "none", true));
    json_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_strings_stay_valid),
        cmocka_unit_test(depth_and_size_are_limited),
        cmocka_unit_test(missing_members_have_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
