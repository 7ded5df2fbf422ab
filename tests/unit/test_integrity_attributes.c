/*
 * Attributes of security: how they are kept, what of a difference counts as more rights, and what
 * people read. The bytes are what setcap(8), setfacl(1) and SELinux leave.
 */
#include "source/integrity/attributes.h"
#include "source/integrity/state.h"
#include "source/integrity/tell.h"
#include "unit/cmocka_all.h"
#include "unit/host_kit.h"

#define NET_RAW      "\1\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* cap_net_raw=ep */
#define NET_RAW_LAZY "\0\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* =p */
#define TWO          "\1\0\0\2\0\44\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* and net_bind_service */
#define MIXED        "\1\0\0\2\0\40\0\0\0\4\0\0\0\0\0\0\0\0\0\0" /* that one inheritable */
#define BPF          "\1\0\0\3\0\0\0\0\0\0\0\0\200\0\0\0\0\0\0\0\350\3\0\0"

static struct integrity_attributes kept[2];

static struct span one(int which, const char *name, const char *value, size_t n)
{
    integrity_attributes_begin(&kept[which]);
    integrity_attributes_add(&kept[which], name, value, n);
    return integrity_attributes_end(&kept[which]);
}

#define CAPABILITY(which, bytes) one(which, "security.capability", bytes, sizeof(bytes) - 1)
#define NOTHING                  SPAN("")

static void reads(const char *name, const char *value, size_t n, const char *text)
{
    struct integrity_attribute a;
    struct span rest = one(0, name, value, n);
    struct buf out = BUF_INIT(4096);
    assert_true(integrity_attributes_next(&rest, &a));
    assert_int_equal(rest.n, 0);
    integrity_attribute_put_text(&out, &a);
    assert_string_equal(out.p, text);
    buf_release(&out);
}

#define READS(name, bytes, text) reads(name, bytes, sizeof(bytes) - 1, text)

static void people_can_read_them(void **state)
{
    (void)state;
    READS("security.capability", NET_RAW, "cap_net_raw=ep");
    READS("security.capability", NET_RAW_LAZY, "cap_net_raw=p");
    READS("security.capability", TWO, "cap_net_bind_service,cap_net_raw=ep");
    READS("security.capability", MIXED, "cap_net_raw=ep cap_net_bind_service=ei");
    READS("security.capability", BPF, "cap_bpf=ep [rootid=1000]");
    READS("security.capability", "\1\0\0\2\0\40", "010000020020"); /* cut */
    READS("system.posix_acl_access",
          "\2\0\0\0\1\0\6\0\377\377\377\377\2\0\4\0\0\0\0\0\4\0\4\0\377\377\377\377"
          "\20\0\4\0\377\377\377\377\40\0\0\0\377\377\377\377",
          "user::rw-,user:root:r--,group::r--,mask::r--,other::---");
    READS("system.posix_acl_access", "\2\0\0\0\1\0\6\0\377\377\377\377\3\0\6\0\0\0\0\0",
          "0200000001000600ffffffff0300060000000000"); /* no such entry */
    READS("security.selinux", "system_u:object_r:bin_t:s0\0", "system_u:object_r:bin_t:s0");
    READS("security.ima", "\4\1\377", "0401ff");
    READS("security.empty", "", "");
}

static void a_long_value_is_kept_as_its_hash(void **state)
{
    (void)state;
    char value[INTEGRITY_ATTRIBUTE_MAX + 1] = "";
    struct integrity_attribute a;
    struct span rest = one(0, "security.ima", value, sizeof(value));
    assert_true(integrity_attributes_next(&rest, &a));
    assert_true(a.is_hash);
    assert_int_equal(a.value.n, SHA256_SIZE);
    assert_int_equal(rest.n, 0);
    struct span was = {kept[0].bytes, kept[0].n};
    value[1000] = 1;
    struct span is = one(1, "security.ima", value, sizeof(value));
    assert_int_equal(integrity_attributes_compare(was, is), INTEGRITY_ATTRIBUTE_OTHER);
}

static void more_rights_are_seen_as_such(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
        bool gained;
    } rows[] = {
        {NULL, NET_RAW, true}, {NET_RAW, TWO, true},           {NET_RAW_LAZY, NET_RAW, true},
        {TWO, NET_RAW, false}, {NET_RAW, NET_RAW_LAZY, false}, {NET_RAW, NULL, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *name = "security.capability";
        struct span was = rows[i].before ? one(0, name, rows[i].before, 20) : NOTHING;
        struct span is = rows[i].after ? one(1, name, rows[i].after, 20) : NOTHING;
        assert_int_equal(integrity_attributes_compare(was, is),
                         INTEGRITY_ATTRIBUTE_CAPABILITIES |
                             (rows[i].gained ? INTEGRITY_ATTRIBUTE_GAINED : 0));
    }
    struct span below = CAPABILITY(0, BPF); /* of one user namespace, then of all */
    char everywhere[24] = BPF;
    memset(everywhere + 20, 0, 4);
    struct span all = one(1, "security.capability", everywhere, sizeof(everywhere));
    assert_true(integrity_attributes_compare(below, all) & INTEGRITY_ATTRIBUTE_GAINED);
    struct span odd = one(1, "security.capability", "x", 1);
    assert_true(integrity_attributes_compare(NOTHING, odd) & INTEGRITY_ATTRIBUTE_GAINED);
}

static void the_order_of_the_system_does_not_matter(void **state)
{
    (void)state;
    static const char *const names[] = {"security.ima", "security.a", "system.posix_acl_access",
                                        "security.ab", "security.capability"};
    for (size_t turn = 0; turn < 5; turn++) {
        integrity_attributes_begin(&kept[turn > 0]);
        for (size_t i = 0; i < 5; i++) {
            const char *name = names[(i + turn) % 5];
            integrity_attributes_add(&kept[turn > 0], name, name, strlen(name));
        }
        struct span all = integrity_attributes_end(&kept[turn > 0]);
        assert_true(span_equal(all, (struct span){kept[0].bytes, kept[0].n}));
    }
    struct span rest = {kept[0].bytes, kept[0].n};
    struct integrity_attribute a;
    for (size_t i = 0; i < 5; i++)
        assert_true(integrity_attributes_next(&rest, &a) && span_equal(a.name, a.value));
    assert_int_equal(rest.n, 0);
}

static struct span many(int which, int n, char last)
{
    char name[32], value[900];
    integrity_attributes_begin(&kept[which]);
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "security.%d", i);
        memset(value, i < n - 1 ? 'v' : last, sizeof(value));
        integrity_attributes_add(&kept[which], name, value, sizeof(value));
    }
    return integrity_attributes_end(&kept[which]);
}

static void too_many_are_kept_as_one_hash(void **state)
{
    (void)state;
    struct integrity_state s = {.info.type = FILE_REGULAR, .has_attributes = true}, again;
    struct buf record = BUF_INIT(INTEGRITY_RECORD_MAX);
    s.attributes = many(0, 100, 'x');
    assert_true(s.attributes.n <= INTEGRITY_ATTRIBUTES_MAX);
    integrity_state_encode(&record, &s);
    assert_true(integrity_state_decode(buf_span(&record), &again));
    assert_int_equal(integrity_compare(&s, &again), 0);
    again.attributes = many(1, 100, 'y'); /* the last of them differs */
    assert_int_equal(integrity_compare(&s, &again), INTEGRITY_XATTR);
    buf_release(&record);
}

/* A baseline that an earlier version made says nothing of attributes: no change, but noted. */
static void what_was_not_known_is_no_change(void **state)
{
    (void)state;
    struct integrity_state before = {.info.type = FILE_REGULAR}, after = before;
    after.has_attributes = true;
    after.attributes = CAPABILITY(0, NET_RAW);
    assert_int_equal(integrity_compare(&before, &after), INTEGRITY_UNTOLD);
    before.has_attributes = true;
    assert_int_equal(integrity_compare(&before, &after), INTEGRITY_CAPABILITIES | INTEGRITY_GAINED);
    assert_int_equal(integrity_compare(NULL, &after), INTEGRITY_CREATED | INTEGRITY_GAINED);
    after = before;
    after.info.flags = FILE_IMMUTABLE;
    assert_int_equal(integrity_compare(&before, &after), INTEGRITY_FLAGS);
}

/* ---- what files of Windows have ---- */

static void add_text(int which, const char *name, const char *value)
{
    integrity_attributes_add(&kept[which], name, value, strlen(value));
}

static void add_stream(int which, const char *name, const char *value)
{
    char bytes[256] = {(char)strlen(value)};
    memcpy(bytes + 8, value, strlen(value));
    integrity_attributes_add(&kept[which], name, bytes, 8 + strlen(value));
}

static void begin_windows(int which, const char *owner, const char *list)
{
    integrity_attributes_begin(&kept[which]);
    add_text(which, "security.owner", owner);
    add_text(which, "security.group", "S-1-5-18");
    add_text(which, "security.dacl", list);
}

static unsigned change_of_windows(void)
{
    struct integrity_state before = {.info.type = FILE_REGULAR, .has_attributes = true}, after;
    after = before;
    before.attributes = integrity_attributes_end(&kept[0]);
    after.attributes = integrity_attributes_end(&kept[1]);
    return integrity_compare(&before, &after);
}

static void owners_lists_and_streams_are_told_apart(void **state)
{
    (void)state;
    begin_windows(0, "S-1-5-32-544", "D:P(A;;FA;;;BA)");
    begin_windows(1, "S-1-5-32-544", "D:P(A;;FA;;;BA)(A;;FA;;;WD)");
    assert_int_equal(change_of_windows(), INTEGRITY_ACL);
    begin_windows(1, "S-1-1-0", "D:P(A;;FA;;;BA)");
    assert_int_equal(change_of_windows(), INTEGRITY_OWNER);
    begin_windows(1, "S-1-5-32-544", "D:P(A;;FA;;;BA)");
    add_stream(1, "stream:Zone.Identifier", "[ZoneTransfer]\r\nZoneId=3");
    assert_int_equal(change_of_windows(), INTEGRITY_STREAM);
    add_stream(1, "program:x.exe", "MZ\x90");
    assert_int_equal(change_of_windows(), INTEGRITY_STREAM | INTEGRITY_HIDDEN_PROGRAM);
    struct integrity_state fresh = {.info.type = FILE_REGULAR, .has_attributes = true};
    fresh.attributes = integrity_attributes_end(&kept[1]);
    assert_int_equal(integrity_compare(NULL, &fresh), INTEGRITY_CREATED | INTEGRITY_HIDDEN_PROGRAM);
    begin_windows(0, "S-1-5-32-544", "D:P(A;;FA;;;BA)");
    add_stream(0, "program:x.exe", "MZ\x90"); /* one that goes hides nothing */
    begin_windows(1, "S-1-5-32-544", "D:P(A;;FA;;;BA)");
    assert_int_equal(change_of_windows(), INTEGRITY_STREAM);
}

static struct span told_line;
static struct buf told_text;

static void take_event(void *ctx, const struct event *e)
{
    (void)ctx;
    json_free(host_kit_encode(e, &told_text));
    told_line = buf_span(&told_text);
}

static void expect_told(const char *text)
{
    char line[8192];
    assert_true(span_copy(told_line, line, sizeof(line)));
    if (!strstr(line, text))
        fail_msg("%s is not in %s", text, line);
}

static void an_event_tells_them(void **state)
{
    (void)state;
    struct integrity_state s = {.info = {.type = FILE_REGULAR, .mode = 0600},
                                .has_attributes = true};
    s.info.flags = FILE_HIDDEN | FILE_SYSTEM;
    begin_windows(0, "S-1-5-80-956008885", "D:PAI(A;;FA;;;BA)");
    add_stream(0, "stream:Zone.Identifier", "[ZoneTransfer]\r\nZoneId=3\r\n");
    add_stream(0, "program:x", "MZ\x90");
    s.attributes = integrity_attributes_end(&kept[0]);
    struct integrity_fact f = {.path = "C:/x.exe", .after = &s, .severity = SEVERITY_HIGH};
    f.change = integrity_compare(NULL, &s);
    integrity_tell(&f, take_event, NULL);
    expect_told("\"owner\":{\"name\":\"S-1-5-80-956008885\",\"uid\":\"S-1-5-80-956008885\"}");
    expect_told("\"security_descriptor\":\"O:S-1-5-80-956008885G:S-1-5-18D:PAI(A;;FA;;;BA)\"");
    expect_told("\"attributes\":6");
    expect_told("\"xattributes\":{\"program:x\":\"03000000000000004d5a90\","
                "\"stream:Zone.Identifier\":\"26 bytes: [ZoneTransfer]  ZoneId=3  \"}");
    expect_told("\"changed\":[\"created\",\"hidden_program\"]");
    buf_release(&told_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_can_read_them),
        cmocka_unit_test(a_long_value_is_kept_as_its_hash),
        cmocka_unit_test(more_rights_are_seen_as_such),
        cmocka_unit_test(the_order_of_the_system_does_not_matter),
        cmocka_unit_test(too_many_are_kept_as_one_hash),
        cmocka_unit_test(owners_lists_and_streams_are_told_apart),
        cmocka_unit_test(an_event_tells_them),
        cmocka_unit_test(what_was_not_known_is_no_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
