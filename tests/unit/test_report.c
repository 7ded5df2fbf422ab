/* Reports by hand: what a request may hold, what becomes of it, and how requests/ is emptied. */
#include "base/text.h"
#include "cli/args.h"
#include "collect/requests.h"
#include "event/ocsf.h"
#include "platform/file.h"
#include "spool/spool.h"
#include "unit/cmocka_all.h"
#include "unit/ocsf_required.h"
#include "unit/scratch.h"

static const struct identity who = {.institution = "MX-SAT",
                                    .endpoint = "pc-1",
                                    .hostname = "pc-1",
                                    .device_uid = "00",
                                    .os_name = "Debian",
                                    .os_version = "12",
                                    .os_type_id = 200};

static struct buf line;
static bool was_urgent;

static void encode(void *ctx, const struct event *e)
{
    (void)ctx;
    buf_release(&line);
    line = BUF_INIT(SPOOL_LINE_MAX);
    ocsf_encode(&line, &who, e, 1);
    was_urgent = e->urgent;
}

static struct report sample(void)
{
    struct report r = {.id = {0xab, 0xcd},
                       .time_ms = 1790000000000,
                       .category = report_category_named(SPAN("phishing")),
                       .severity = SEVERITY_LOW,
                       .words = SPAN("mail from \"bank\"\npassword=hunter2"),
                       .reporter = SPAN("ana"),
                       .contact = SPAN("ext. 12"),
                       .files_n = 1,
                       .files = {{SPAN("mail.eml"), 7, {1, 2, 3}}}};
    return r;
}

/* Through the request's text, as from `vigia report` to collect. */
static struct json_doc *pass_on(const struct report *r, struct report *out)
{
    struct buf text = BUF_INIT(REPORT_REQUEST_MAX);
    struct error e = {""};
    report_write(r, &text);
    struct json_doc *doc = json_read(buf_span(&text), &e);
    if (!doc || report_parse(json_root(doc), out, &e) != 0)
        fail_msg("%s in %s", e.text, text.p);
    buf_release(&text);
    return doc;
}

static struct json_doc *told_line(void)
{
    struct error e = {""};
    assert_false(line.failed);
    struct json_doc *doc = json_read(buf_span(&line), &e);
    if (ocsf_required_check(json_root(doc), &e) != 0)
        fail_msg("%s in %s", e.text, line.p);
    return doc;
}

static void a_report_becomes_an_urgent_finding(void **state)
{
    (void)state;
    struct report r = sample(), passed;
    struct json_doc *request = pass_on(&r, &passed);
    report_tell(&passed, encode, NULL);
    assert_true(was_urgent); /* although its severity is low */
    struct json_doc *doc = told_line();
    const struct json_value *root = json_root(doc), *info = json_get(root, "finding_info");
    const struct json_value *vigia = json_get(json_get(root, "unmapped"), "vigia");
    assert_int_equal(json_get_int(root, "class_uid", 0), 2004);
    assert_int_equal(json_get_int(root, "severity_id", 0), SEVERITY_LOW);
    assert_int_equal(json_get_int(root, "time", 0), 1790000000000);
    assert_true(span_equal_text(json_get_text(info, "uid"), "abcd0000000000000000000000000000"));
    assert_true(span_equal_text(json_get_text(json_get(root, "metadata"), "uid"),
                                "abcd0000000000000000000000000000"));
    assert_true(span_equal_text(json_get_text(info, "desc"), "mail from \"bank\"\npassword=***"));
    assert_true(span_equal_text(json_get_text(json_get(vigia, "report"), "contact"), "ext. 12"));
    assert_true(span_equal_text(json_get_text(json_get(vigia, "report"), "taxonomy"), "Fraud"));
    const struct json_value *file = json_get(json_at(json_get(root, "evidences"), 1), "file");
    assert_true(span_equal_text(json_get_text(file, "name"), "mail.eml"));
    assert_int_equal(json_get_int(file, "size", 0), 7);
    assert_true(
        span_starts(json_get_text(json_at(json_get(file, "hashes"), 0), "value"), SPAN("010203")));
    json_free(doc);
    json_free(request);
}

static void the_largest_report_fits_its_line(void **state)
{
    (void)state;
    static char bytes[2 * REPORT_WORDS_MAX];
    struct report r = sample(), passed;
    memset(bytes, 0xff, sizeof(bytes)); /* each becomes \xFF, the backslash doubled in JSON */
    r.words = (struct span){bytes, sizeof(bytes)};
    r.reporter = r.contact = (struct span){bytes, 4096};
    r.files_n = EVENT_ATTACHMENTS_MAX;
    for (size_t i = 0; i < r.files_n; i++)
        r.files[i].name = (struct span){bytes, 4096};
    struct json_doc *request = pass_on(&r, &passed);
    report_tell(&passed, encode, NULL);
    json_free(told_line());
    json_free(request);
}

static void text_is_made_safe_for_terminals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *clean;
    } rows[] = {
        {"ana\tdijo:\nñandú 漢 😀", "ana\tdijo:\nñandú 漢 😀"},
        {"\x1b[2Jx\x07\x7f", "\\x1B[2Jx\\x07\\x7F"},
        {"a\xff\xc3", "a\\xFF\\xC3"},
        {"\xc2\x9b"
         "31m",
         "\\xC2\\x9B31m"},                                 /* CSI as one character */
        {"\xe2\x80\xaegpj.exe", "\\xE2\\x80\\xAEgpj.exe"}, /* right to left from here */
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out = BUF_INIT(1000);
        report_clean(&out, span_of(rows[i].text), 500);
        assert_string_equal(out.p ? out.p : "", rows[i].clean);
        buf_release(&out);
    }
    struct buf out = BUF_INIT(1000);
    report_clean(&out, SPAN("añb"), 2); /* not through the middle of a character */
    assert_string_equal(out.p, "a");
    buf_release(&out);
}

#define GOOD                                                                                       \
    "\"request\":\"report\",\"id\":\"00112233445566778899aabbccddeeff\",\"time\":1,"               \
    "\"category\":\"dos\",\"severity\":\"high\",\"words\":\"x\""

static void bad_requests_say_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words; /* NULL: it is good */
    } rows[] = {
        {"{" GOOD "}", NULL},
        {"{" GOOD ",\"files\":[]}", NULL},
        {"[]", "id"},
        {"{\"id\":\"0011\"}", "id"},
        {"{\"id\":\"00112233445566778899aabbccddeeff\"}", "category"},
        {"{\"id\":\"00112233445566778899aabbccddeeff\",\"category\":\"dos\"}", "severity"},
        {"{\"id\":\"00112233445566778899aabbccddeeff\",\"category\":\"dos\",\"severity\":\"low\"}",
         "time"},
        {"{\"id\":\"00112233445566778899aabbccddeeff\",\"category\":\"dos\",\"severity\":\"low\","
         "\"time\":9,\"words\":\" \\n\"}",
         "words"},
        {"{" GOOD ",\"files\":[{}]}", "name"},
        {"{" GOOD ",\"files\":[{\"name\":\"a\",\"size\":-1}]}", "size"},
        {"{" GOOD ",\"files\":[{\"name\":\"a\",\"size\":1,\"sha256\":\"zz\"}]}", "sha256"},
        {"{" GOOD ",\"files\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}", "16 files"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error e = {""};
        struct report r;
        struct json_doc *doc = json_read(span_of(rows[i].text), &e);
        int rc = report_parse(json_root(doc), &r, &e);
        if (rc != (rows[i].words ? -1 : 0) || (rows[i].words && !strstr(e.text, rows[i].words)))
            fail_msg("%s: %d %s", rows[i].text, rc, e.text);
        json_free(doc);
    }
}

/* ---- requests/ ---- */

static int reports, others;
static bool can_keep;

static void take(void *ctx, const char *what)
{
    (void)ctx;
    others += strcmp(what, "scan") == 0;
}

static bool take_report(void *ctx, const struct report *r)
{
    (void)ctx;
    reports += r->category == report_category_named(SPAN("dos"));
    return can_keep;
}

static bool is_there(const char *name)
{
    char path[512];
    struct file_info info;
    snprintf(path, sizeof(path), "%s/%s", scratch_path(), name);
    return file_info_at(path, &info) == 0;
}

static void write_request(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", scratch_path(), name);
    scratch_append(path, text, strlen(text));
}

static void a_report_stays_until_it_is_durable(void **state)
{
    (void)state;
    const struct requests_taker taker = {NULL, take, take_report};
    scratch_open();
    reports = others = 0;
    can_keep = false;
    write_request("a.json", "{" GOOD "}");
    write_request("b.json", "{\"request\":\"scan\"}");
    write_request("c.json", "{\"request\":\"report\",\"words\":\"x\"}");
    write_request("d.json", "{\"request\":");
    write_request(".e.json.new0", "{\"request\":\"sc");
    requests_take(scratch_path(), &taker);
    assert_true(reports == 1 && others == 1);
    assert_true(is_there("a.json") && is_there(".e.json.new0"));
    assert_true(is_there("c.json.refused") && !is_there("c.json"));
    assert_false(is_there("b.json") || is_there("d.json"));
    can_keep = true;
    requests_take(scratch_path(), &taker);
    requests_take(scratch_path(), &taker);
    assert_int_equal(reports, 2);
    assert_false(is_there("a.json"));
    scratch_close();
}

/* ---- options that stand several times ---- */

static void words_and_lists_of_options(void **state)
{
    (void)state;
    const char *value = NULL, *words[3], *files[2];
    bool flag = false;
    const struct arg args[] = {{"--c", &value, NULL}, {"--f", NULL, &flag}, {NULL, NULL, NULL}};
    struct arg_list lists[] = {{"", words, 3, 0}, {"--a", files, 2, 0}, {NULL, NULL, 0, 0}};
    char *good[] = {"x", "--a", "1", "w1", "--c=v", "--a=2", "--f", "--", "--c", "w3"};
    assert_int_equal(args_parse_lists(10, good, args, lists, ""), 0);
    assert_true(flag && lists[0].n == 3 && lists[1].n == 2);
    assert_string_equal(value, "v");
    assert_string_equal(words[1], "--c");
    assert_string_equal(files[1], "2");
    char *full[] = {"x", "--a", "3"};
    assert_int_equal(args_parse_lists(3, full, args, lists, ""), 3);
    char *bare[] = {"x", "--a"};
    lists[1].n = 0;
    assert_int_equal(args_parse_lists(2, bare, args, lists, ""), 3);
    char *strange[] = {"x", "--zzz"};
    assert_int_equal(args_parse_lists(2, strange, args, lists, ""), 3);
    char *no_words[] = {"x", "word"};
    assert_int_equal(args_parse(2, no_words, args, ""), 3);
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
        cmocka_unit_test(a_report_becomes_an_urgent_finding),
        cmocka_unit_test(the_largest_report_fits_its_line),
        cmocka_unit_test(text_is_made_safe_for_terminals),
        cmocka_unit_test(bad_requests_say_what_is_wrong),
        cmocka_unit_test(a_report_stays_until_it_is_durable),
        cmocka_unit_test(words_and_lists_of_options),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
