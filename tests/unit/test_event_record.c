/* What rules see of a change of the registry: the names and forms that Sysmon gives it. */
#include "detect/event_record.h"
#include "unit/cmocka_all.h"

static void expect(const struct event_record *r, const char *name, const char *wanted)
{
    struct span value = record_field(&r->record, span_of(name));
    if (wanted ? !span_equal_text(value, wanted) : value.p != NULL)
        fail_msg("%s is %.*s", name, (int)value.n, value.p ? value.p : "");
}

static struct event value_event(int activity, uint32_t type, const char *text)
{
    return (struct event){.class_uid = EVENT_REGISTRY_VALUE,
                          .activity = activity,
                          .u.registry = {.path = SPAN("HKLM\\System\\x"),
                                         .name = SPAN("Start"),
                                         .after = {true, type, 4, span_of(text), {0, 0}}}};
}

static void values_have_their_target_and_details(void **state)
{
    (void)state;
    static const struct {
        uint32_t type;
        const char *text, *details;
    } rows[] = {{4, "4", "DWORD (0x00000004)"},
                {1, "C:\\evil.exe", "C:\\evil.exe"},
                {3, "00ff", "Binary Data"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct event e = value_event(REGISTRY_VALUE_MODIFY, rows[i].type, rows[i].text);
        struct event_record r;
        assert_true(event_record_make(&e, &r));
        assert_string_equal(r.record.category, "registry_set");
        assert_string_equal(r.record.product, "windows");
        expect(&r, "TargetObject", "HKLM\\System\\x\\Start");
        expect(&r, "EventType", "SetValue");
        expect(&r, "Details", rows[i].details);
    }
}

static void what_goes_away_has_no_details(void **state)
{
    (void)state;
    struct event e = value_event(REGISTRY_VALUE_DELETE, 4, "4");
    struct event_record r;
    assert_true(event_record_make(&e, &r));
    assert_string_equal(r.record.category, "registry_delete");
    expect(&r, "EventType", "DeleteValue");
    expect(&r, "Details", NULL);
}

static void keys_are_added_and_deleted(void **state)
{
    (void)state;
    struct event e = {.class_uid = EVENT_REGISTRY_KEY,
                      .activity = REGISTRY_KEY_CREATE,
                      .u.registry.path = SPAN("HKU\\S-1\\x")};
    struct event_record r;
    assert_true(event_record_make(&e, &r));
    assert_string_equal(r.record.category, "registry_add");
    expect(&r, "EventType", "CreateKey");
    expect(&r, "TargetObject", "HKU\\S-1\\x");
    e.activity = REGISTRY_KEY_DELETE;
    assert_true(event_record_make(&e, &r));
    assert_string_equal(r.record.category, "registry_delete");
    e.activity = REGISTRY_KEY_SET_SECURITY;
    assert_false(event_record_make(&e, &r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_their_target_and_details),
        cmocka_unit_test(what_goes_away_has_no_details),
        cmocka_unit_test(keys_are_added_and_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
