/* Events as OCSF: required attributes of every class, unknown actors, masking, odd bytes. */
#include "event/mask.h"
#include "event/ocsf.h"
#include "unit/cmocka_all.h"
#include "unit/ocsf_required.h"

static const struct identity who = {.institution = "MX-SAT",
                                    .endpoint = "pc-1",
                                    .hostname = "pc-1.gob.mx",
                                    .device_uid = "00",
                                    .os_name = "Debian GNU/Linux",
                                    .os_version = "12.11",
                                    .os_type_id = 200};

static struct buf line;

static struct json_doc *encode(const struct event *e)
{
    struct error why = {""};
    buf_release(&line);
    line = BUF_INIT(65536);
    ocsf_encode(&line, &who, e, 7);
    assert_false(line.failed);
    assert_null(memchr(line.p, '\n', line.n));
    struct json_doc *doc = json_read(buf_span(&line), &why);
    assert_string_equal(why.text, "");
    if (ocsf_required_check(json_root(doc), &why) != 0)
        fail_msg("%s in %s", why.text, line.p);
    return doc;
}

static struct event sample(enum event_class class_uid)
{
    struct event e = {.class_uid = class_uid,
                      .activity = 1,
                      .severity = SEVERITY_LOW,
                      .time_ms = 1790000000000,
                      .message = "what happened"};
    return e;
}

static void every_class_has_what_is_required(void **state)
{
    (void)state;
    static const enum event_class all[] = {EVENT_FILE,        EVENT_LOG_ACTIVITY, EVENT_DETECTION,
                                           EVENT_PATCH_STATE, EVENT_SOFTWARE,     EVENT_APPLICATION,
                                           EVENT_SCAN,        EVENT_INVENTORY,    EVENT_COMPLIANCE};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct event e = sample(all[i]);
        if (all[i] == EVENT_FILE) {
            e.u.file.path = SPAN("/etc/a");
            e.u.file.actor.uid = -1;
        } else if (all[i] == EVENT_LOG_ACTIVITY) {
            e.u.log.log_name = SPAN("/var/log/a");
        } else if (all[i] == EVENT_DETECTION) {
            e.u.detection.rule_id = e.u.detection.rule_title = SPAN("r");
        } else if (all[i] == EVENT_COMPLIANCE) {
            e.u.compliance.id = e.u.compliance.title = SPAN("c");
            e.u.compliance.remedy = SPAN("do it");
        } else if (all[i] == EVENT_SCAN) {
            e.u.scan.type_id = 2;
        }
        json_free(encode(&e));
        assert_non_null(ocsf_class_of(all[i]));
    }
    assert_null(ocsf_class_of((enum event_class)1));
}

static void the_table_of_required_attributes_can_fail(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{}",
        "{\"class_uid\":6002,\"category_uid\":6,\"activity_id\":3,\"type_uid\":600203,"
        "\"severity_id\":1,\"time\":1,\"metadata\":{\"version\":\"1.8.0\"}}",
        "{\"class_uid\":6002,\"category_uid\":5,\"activity_id\":3,\"type_uid\":600203}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct error e;
        struct json_doc *doc = json_read(span_of(bad[i]), &e);
        assert_int_equal(ocsf_required_check(json_root(doc), &e), -1);
        json_free(doc);
    }
}

static void an_unknown_actor_is_said_to_be_unknown(void **state)
{
    (void)state;
    struct event e = sample(EVENT_FILE);
    e.u.file.path = SPAN("/etc/a");
    e.u.file.actor = (struct event_actor){.pid = 12, .uid = -1};
    struct json_doc *doc = encode(&e);
    const struct json_value *actor = json_get(json_root(doc), "actor");
    const struct json_value *user = json_get(actor, "user");
    assert_true(span_equal_text(json_get_text(user, "name"), "unknown"));
    assert_int_equal(json_get_int(user, "type_id", -1), 0);
    assert_int_equal(json_get_int(json_get(actor, "process"), "pid", 0), 12);
    json_free(doc);
}

static void a_change_shows_both_sides(void **state)
{
    (void)state;
    struct event e = sample(EVENT_FILE);
    e.activity = FILE_ACTIVITY_UPDATE;
    e.vigia = SPAN("{\"while_off\":true}");
    e.u.file.path = SPAN("/etc/a\xff\\b");
    e.u.file.before = (struct event_file_state){.present = true, .type_id = 1, .mode = 0644};
    e.u.file.after =
        (struct event_file_state){.present = true,
                                  .type_id = 1,
                                  .mode = 04755,
                                  .has_sha256 = true,
                                  .xattributes = SPAN("{\"security.capability\":\"cap_bpf=ep\"}"),
                                  .immutable = true};
    e.u.file.actor = (struct event_actor){.known = true,
                                          .pid = 5,
                                          .uid = 0,
                                          .user = SPAN("root"),
                                          .exe = SPAN("/bin/sh"),
                                          .command = SPAN("sh --password hunter2"),
                                          .login_user = SPAN("ana"),
                                          .tty = SPAN("pts/3"),
                                          .container = SPAN("0123abcd"),
                                          .runtime = SPAN("docker"),
                                          .parents_n = 1,
                                          .parent = {{1, SPAN("/sbin/init")}}};
    struct json_doc *doc = encode(&e);
    const struct json_value *root = json_root(doc);
    const struct json_value *vigia = json_get(json_get(root, "unmapped"), "vigia");
    assert_true(span_equal_text(json_get_text(json_get(root, "file"), "path"), "/etc/a\\xFF\\\\b"));
    assert_true(span_equal_text(json_get_text(json_get(vigia, "before"), "mode"), "0644"));
    assert_true(span_equal_text(json_get_text(json_get(vigia, "after"), "mode"), "4755"));
    assert_true(json_get_bool(vigia, "while_off", false));
    const struct json_value *after = json_get(root, "file_result");
    assert_int_equal(json_count(json_get(after, "hashes")), 1);
    assert_true(span_equal_text(
        json_get_text(json_get(after, "xattributes"), "security.capability"), "cap_bpf=ep"));
    assert_int_equal(json_get_int(after, "attributes", 0), 0x10);
    assert_null(json_get(json_get(root, "file"), "xattributes"));
    assert_true(json_get_bool(json_get(vigia, "after"), "immutable", false));
    const struct json_value *container = json_get(vigia, "container");
    const struct json_value *session = json_get(json_get(root, "actor"), "session");
    assert_true(span_equal_text(json_get_text(container, "uid"), "0123abcd"));
    assert_true(span_equal_text(json_get_text(container, "runtime"), "docker"));
    assert_true(span_equal_text(json_get_text(session, "terminal"), "pts/3"));
    assert_true(span_equal_text(json_get_text(session, "issuer"), "ana"));
    assert_null(strstr(line.p, "hunter2"));
    json_free(doc);
}

static void a_storm_is_a_folder_with_a_count(void **state)
{
    (void)state;
    struct event e = sample(EVENT_FILE);
    e.activity = FILE_ACTIVITY_CREATE;
    e.u.file = (struct event_file){.path = SPAN("/etc/d"),
                                   .after = {.type_id = 2},
                                   .actor = {.uid = -1},
                                   .overlay = SPAN("/run/x/rootfs"),
                                   .count = 999936,
                                   .first_ms = 1000,
                                   .last_ms = 2000};
    struct json_doc *doc = encode(&e);
    const struct json_value *root = json_root(doc), *file = json_get(root, "file");
    const struct json_value *vigia = json_get(json_get(root, "unmapped"), "vigia");
    assert_int_equal(json_get_int(root, "count", 0), 999936);
    assert_int_equal(json_get_int(root, "start_time", 0), 1000);
    assert_int_equal(json_get_int(root, "end_time", 0), 2000);
    assert_int_equal(json_get_int(file, "type_id", 0), 2);
    assert_null(json_get(root, "file_result"));
    assert_true(
        span_equal_text(json_get_text(json_get(vigia, "container"), "overlay"), "/run/x/rootfs"));
    json_free(doc);
}

static void secrets_are_masked_and_prose_is_not(void **state)
{
    (void)state;
    static const struct {
        const char *text, *masked;
    } rows[] = {
        {"Failed password for root from 1.2.3.4", "Failed password for root from 1.2.3.4"},
        {"mysql --password=abc -u x", "mysql --password=*** -u x"},
        {"password = hunter2 y", "password = *** y"},
        {"curl -H 'Authorization: Bearer abc.def' x", "curl -H 'Authorization: Bearer ***' x"},
        {"PGPASSWORD=abc psql", "PGPASSWORD=*** psql"},
        {"password=secret3 token=Bearer1", "password=*** token=***"},
        {"Authorization: Basic dXNlcjpwYXNz,", "Authorization: Basic ***,"},
        {"PWD=/root ; OLDPWD=/x ; MYSQL_PWD=abc", "PWD=/root ; OLDPWD=/x ; MYSQL_PWD=***"},
        {"get https://ana:ab@c@host/x: http://host:80/a@b",
         "get https://ana:***@host/x: http://host:80/a@b"},
        {"key -----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY----- x",
         "key -----BEGIN EC PRIVATE KEY-----***-----END EC PRIVATE KEY----- x"},
        {"-----BEGIN PRIVATE KEY-----\nMHcC", "-----BEGIN PRIVATE KEY-----***"},
        {"-----BEGIN CERTIFICATE-----\nMHcC", "-----BEGIN CERTIFICATE-----\nMHcC"},
        {"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.",
         "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl."},
        {"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "jwt ***"},
        {"/usr/bin/sshpass -p abc ssh -p 22 x", "/usr/bin/sshpass -p *** ssh -p *** x"},
        {"ssh -p 22 x", "ssh -p 22 x"},
        {"mysql -uroot -pabc -p db", "mysql -uroot -p*** -p db"},
        {"curl -u ana:abc --user=bob:x y -u z", "curl -u ana:*** --user=bob:*** y -u z"},
        {"\"C:\\Windows\\net.exe\" user bob S3cr3t! /add",
         "\"C:\\Windows\\net.exe\" user bob *** /add"},
        {"net user bob /delete", "net user bob /delete"},
        {"schtasks /create /ru x /rp abc", "schtasks /create /ru x /rp ***"},
        {"DB_PASSWORD=abc run", "DB_PASSWORD=*** run"},
        {"tool --token abc next", "tool --token *** next"},
        {"la contraseña: hola, la Contrasena=x y --clave uno",
         "la contraseña: ***, la Contrasena=*** y --clave ***"},
        {"{\"password\": \"a b\", \"x\":1}", "{\"password\": ***, \"x\":1}"},
        {"password=", "password=***"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out = BUF_INIT(1000);
        mask_put(&out, span_of(rows[i].text));
        assert_string_equal(out.p ? out.p : "", rows[i].masked);
        buf_release(&out);
    }
    struct buf out = BUF_INIT(1000);
    mask_put(&out, SPAN("token=abc\0def x")); /* a NUL byte does not end a secret */
    assert_string_equal(out.p, "token=*** x");
    buf_release(&out);
}

static void uids_depend_on_every_part(void **state)
{
    (void)state;
    uint8_t a[EVENT_UID_SIZE], b[EVENT_UID_SIZE];
    struct span one[] = {SPAN("ab"), SPAN("c")}, two[] = {SPAN("a"), SPAN("bc")};
    event_uid_make(a, one, 2);
    event_uid_make(b, two, 2);
    assert_memory_not_equal(a, b, sizeof(a));
    event_uid_make(b, one, 2);
    assert_memory_equal(a, b, sizeof(a));
}

static int release(void **state)
{
    (void)state;
    buf_release(&line);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_class_has_what_is_required),
        cmocka_unit_test(the_table_of_required_attributes_can_fail),
        cmocka_unit_test(an_unknown_actor_is_said_to_be_unknown),
        cmocka_unit_test(a_change_shows_both_sides),
        cmocka_unit_test(a_storm_is_a_folder_with_a_count),
        cmocka_unit_test(secrets_are_masked_and_prose_is_not),
        cmocka_unit_test(uids_depend_on_every_part),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
