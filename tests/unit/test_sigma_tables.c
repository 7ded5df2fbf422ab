/* Logsources and fields by tables, what a rule matched by, and what of it the event says. */
#include "detect/correlate.h"
#include "unit/cmocka_all.h"
#include "unit/sigma_kit.h"

#include "cli/events.h"
#include "detect/finding.h"
#include "event/ocsf.h"

#define RULE(logsource, detection)                                                                 \
    "title: t\nid: one\nlogsource: {" logsource "}\ndetection:\n" detection

static const char tables[] = "[process_creation, Security]\n"
                             "product = windows\n"
                             "category = process_creation\n"
                             "when = source: Security\n"
                             "when = EventID: 4688, 4689\n"
                             "field = Image: NewProcessName\n"
                             "field = User: SubjectUserName, user\n"
                             "[process_creation, Sysmon]\n"
                             "product = windows\n"
                             "category = process_creation\n"
                             "when = source: *Sysmon/*\n"
                             "when = EventID: 1\n"
                             "[messages]\n"
                             "service = cron\n"
                             "when = program: crond, anacron\n";

static struct record windows(const char *channel, const char *id)
{
    struct record r = {.source = channel, .product = "windows"};
    kit_field(&r, "EventID", id);
    return r;
}

static void test_sources(void **state)
{
    (void)state;
    static const struct {
        const char *logsource, *channel, *id;
        size_t hits;
    } rows[] = {
        {"product: windows, category: process_creation", "Security", "4688", 1},
        {"product: windows, category: process_creation", "security", "4689", 1},
        {"product: windows, category: process_creation", "Security", "4690", 0},
        {"product: windows, category: process_creation", "System", "4688", 0},
        {"product: windows, category: process_creation", "Microsoft-Windows-Sysmon/Operational",
         "1", 1},
        {"product: windows, category: process_creation", "Microsoft-Windows-Sysmon/Operational",
         "11", 0},
        {"category: process_creation", "Security", "4688", 1}, /* of any product */
        {"product: linux, category: process_creation", "Security", "4688", 0},
        {"product: windows, category: file_event", "Security", "4688", 0}, /* in no table */
        {"product: windows", "Anything", "5", 1},
        {"product: windows, category: process_creation, service: x", "Security", "4688", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char yaml[512];
        struct kit k;
        struct record r = windows(rows[i].channel, rows[i].id);
        snprintf(yaml, sizeof(yaml), "title: t\nlogsource: {%s}\ndetection:\n%s", rows[i].logsource,
                 "    s: {EventID|exists: true}\n    condition: s\n");
        kit_open_with(&k, yaml, tables);
        if (k.problems || kit_hits_record(&k, &r) != rows[i].hits)
            fail_msg("row %zu: %s", i, k.problem);
        kit_close(&k);
    }
}

/* What the record says of itself counts beside the tables. */
static void test_own_word(void **state)
{
    (void)state;
    struct kit k;
    kit_open_with(&k, RULE("service: cron", "    k: [word]\n    condition: k\n"), tables);
    struct record r = kit_record("crond", "a word", 0);
    assert_int_equal(kit_hits_record(&k, &r), 1);
    r.program = SPAN("CRON");
    assert_int_equal(kit_hits_record(&k, &r), 1);
    r.program = SPAN("sshd");
    assert_int_equal(kit_hits_record(&k, &r), 0);
    r.service = "cron";
    assert_int_equal(kit_hits_record(&k, &r), 1);
    r.service = r.product = NULL; /* says nothing: of any logsource */
    assert_int_equal(kit_hits_record(&k, &r), 1);
    kit_close(&k);
}

static void test_fields(void **state)
{
    (void)state;
    static const struct {
        const char *item, *name, *value;
        size_t hits;
    } rows[] = {
        {"Image|endswith: '\\a.exe'", "NewProcessName", "C:\\a.exe", 1},
        {"Image|endswith: '\\a.exe'", "Image", "C:\\a.exe", 0}, /* the table names another */
        {"Image: null", "Image", "C:\\a.exe", 1},
        {"User: bob", "user", "bob", 1},
        {"User: bob", "SubjectUserName", "bob", 1},
        {"User|exists: true", "subjectusername", "bob", 0},
        {"CommandLine|contains: x", "CommandLine", "axb", 1}, /* its own name */
        {"CommandLine|fieldref: Image", "CommandLine", "x", 0},
        {"Image|fieldref: User", "NewProcessName", "bob", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char yaml[512];
        struct kit k;
        struct record r = windows("Security", "4688");
        kit_field(&r, rows[i].name, rows[i].value);
        snprintf(yaml, sizeof(yaml),
                 RULE("product: windows, category: process_creation", "    s: {%s}\n"
                                                                      "    condition: s\n"),
                 rows[i].item);
        kit_open_with(&k, yaml, tables);
        if (k.problems || kit_hits_record(&k, &r) != rows[i].hits)
            fail_msg("'%s' on %s %s", rows[i].item, rows[i].name, k.problem);
        kit_close(&k);
    }
}

/* A section with a fault is told with its line and left out; the others stay. */
static void test_broken_tables(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place, *words;
    } rows[] = {
        {"[a]\nproduct = x\ncolour = red\n", "tables.ini:3: ", "product, category"},
        {"[a]\nproduct = x\nwhen = Channel\n", "tables.ini:3: ", "NAME: VALUE"},
        {"[a]\nproduct = x\nwhen = : b\n", "tables.ini:3: ", "NAME: VALUE"},
        {"[a]\nproduct = x\nproduct = y\n", "tables.ini:3: ", "stand once"},
        {"[a]\nwhen = b: c\n", "tables.ini:2: ", "names no logsource"},
        {"[a]\nservice = b\n", "tables.ini:2: ", "every record"},
        {"a = b\n", "tables.ini:1: ", "first [section]"},
        {"[a]\nnonsense\n", "tables.ini:2: ", "neither"},
        {"[placeholders]\nA =\n", "tables.ini:2: ", "without a value"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[512];
        struct kit k;
        struct record r = kit_record("crond", "a word", 0);
        snprintf(text, sizeof(text), "%s[good]\nservice = fine\nwhen = program: crond\n",
                 rows[i].text);
        kit_open_with(&k, RULE("service: fine", "    k: [word]\n    condition: k\n"), text);
        if (k.problems != 1 || strncmp(k.problem, rows[i].place, strlen(rows[i].place)) != 0 ||
            !strstr(k.problem, rows[i].words) || kit_hits_record(&k, &r) != 1)
            fail_msg("row %zu: %zu problems: '%s'", i, k.problems, k.problem);
        kit_close(&k);
    }
}

/* ---- what matched ---- */

static struct hit hit;
static struct kit kit;

static void take_hit(void *ctx, size_t entry)
{
    (void)ctx;
    hit_make(&hit, kit.set->entries[entry].rule, &kit.view);
}

static void test_matched(void **state)
{
    (void)state;
    kit_open_with(
        &kit,
        RULE("product: windows, category: process_creation",
             "    image: {Image|endswith: [\\b.exe, \\a.exe], User: null}\n"
             "    other: {CommandLine: nothing}\n"
             "    words: {CommandLine|contains|all: [one, two]}\n"
             "    not_it: {EventID: 1}\n"
             "    condition: image and (other or words) and not not_it\n") "level: high\ntags: "
                                                                           "[attack.t1059.001, "
                                                                           "attack.defense-evasion,"
                                                                           " cve.2021-44228, "
                                                                           "attack.g0007]"
                                                                           "\nreferences: "
                                                                           "['https://example.org/"
                                                                           "a', {b: c}]\n",
        tables);
    struct record r = windows("Security", "4688");
    kit_field(&r, "NewProcessName", "C:\\a.exe");
    kit_field(&r, "CommandLine", "--password=hunter22 one two");
    rule_set_match(kit.set, &kit.view, &r, take_hit, NULL);
    assert_int_equal(kit.problems, 0);
    assert_int_equal(hit.matched_n, 2);
    assert_true(span_equal_text(hit.matched[0].name, "Image"));
    assert_true(span_equal_text(hit.matched[0].value, "C:\\a.exe"));
    assert_true(span_equal_text(hit.matched[1].name, "CommandLine"));

    static const struct identity who = {.institution = "X", .endpoint = "pc"};
    struct finding_work work = {BUF_INIT(4096), BUF_INIT(8192)};
    struct buf line = BUF_INIT(65536);
    struct event e;
    finding_make(&e, kit.set->entries[0].rule, &hit, NULL, NULL, &work);
    ocsf_encode(&line, &who, &e, 1);
    static const char *const parts[] = {
        "\"severity_id\":4",
        "{\"tactic\":{\"name\":\"defense-evasion\"}},{\"sub_technique\":{\"uid\":\"T1059.001\"}}",
        "{\"name\":\"sigma\",\"values\":[\"cve.2021-44228\",\"attack.g0007\"]}",
        "{\"name\":\"references\",\"values\":[\"https://example.org/a\"]}",
        "\"fields\":[{\"name\":\"Image\",\"value\":\"C:\\\\\\\\a.exe\"},{\"name\":\"CommandLine\"",
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!strstr(line.p, parts[i]))
            fail_msg("no %s in %s", parts[i], line.p);
    assert_null(strstr(line.p, "hunter22"));
    buf_release(&line);
    buf_release(&work.message);
    buf_release(&work.vigia);
    kit_close(&kit);
}

/* ---- what is counted ---- */

static struct correlate *correlate;
static struct {
    size_t n;
    char message[256];
} counted_told;

static void count_hit(void *ctx, size_t entry)
{
    take_hit(ctx, entry);
    correlate_hit(correlate, &kit.set->entries[entry], &hit);
}

static void tell_counted(void *ctx, const struct rule *rule, const struct hit *h,
                         const struct counted *counted, const uint8_t *group)
{
    struct finding_work work = {BUF_INIT(4096), BUF_INIT(8192)};
    struct event e;
    (void)ctx;
    finding_make(&e, rule, h, counted, group, &work);
    counted_told.n++;
    snprintf(counted_told.message, sizeof(counted_told.message), "%s", e.message);
    buf_release(&work.message);
    buf_release(&work.vigia);
}

static void put_nothing(void *ctx, struct span key, struct span value)
{
    (void)ctx, (void)key, (void)value;
}

static void feed_process(const char *program, const char *user, int64_t time_ms)
{
    struct record r = windows("Security", "4688");
    r.time_ms = time_ms;
    kit_field(&r, "NewProcessName", program);
    kit_field(&r, "SubjectUserName", user);
    rule_set_match(kit.set, &kit.view, &r, count_hit, NULL);
}

/* Correlations speak the names of Sigma, too: in group-by, in aliases, in conditions. */
static void test_groups(void **state)
{
    (void)state;
    static const char base[] = "title: base\nname: base\n"
                               "logsource: {product: windows, category: process_creation}\n"
                               "detection: {s: {EventID: 4688}, condition: s}\n---\n"
                               "title: many\ncorrelation:\n    rules: [base]\n"
                               "    timespan: 1m\n";
    static const struct {
        const char *rest, *message;
    } rows[] = {
        {"    type: event_count\n    group-by: [Image]\n    condition: {gte: 3}\n",
         "many: 3 in 60 s (Image C:\\a.exe)"},
        {"    type: value_count\n    group-by: [Image]\n    condition: {field: User, gte: 2}\n",
         "many: 2 in 60 s (Image C:\\a.exe)"},
        {"    type: event_count\n    group-by: [who]\n    aliases: {who: {base: User}}\n"
         "    condition: {gte: 3}\n",
         "many: 3 in 60 s (who bob)"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char yaml[1024];
        snprintf(yaml, sizeof(yaml), "%s%s", base, rows[i].rest);
        kit_open_with(&kit, yaml, tables);
        assert_int_equal(kit.problems, 0);
        counted_told.n = 0;
        correlate = correlate_new(kit.set, (struct counter_store){NULL, put_nothing},
                                  (struct correlate_calls){NULL, tell_counted});
        feed_process("C:\\b.exe", "bob", 1000);
        feed_process("C:\\a.exe", "bob", 2000);
        feed_process("C:\\a.exe", "bob", 3000);
        feed_process("C:\\a.exe", "eve", 4000);
        assert_int_equal(counted_told.n, 1);
        assert_string_equal(counted_told.message, rows[i].message);
        correlate_free(correlate);
        kit_close(&kit);
    }
}

/* ---- events out of files ---- */

static char got[2048]; /* "line:source/product name=value ...;" of each event */

static void take_event(void *ctx, const struct record *r, size_t line)
{
    (void)ctx;
    size_t n = strlen(got);
    n += (size_t)snprintf(got + n, sizeof(got) - n, "%zu:%s/%s", line, r->source,
                          r->product ? r->product : "");
    for (size_t i = 0; i < r->fields_n; i++)
        n += (size_t)snprintf(got + n, sizeof(got) - n, " %.*s=%.*s", (int)r->fields[i].name.n,
                              r->fields[i].name.p, (int)r->fields[i].value.n, r->fields[i].value.p);
    snprintf(got + n, sizeof(got) - n, ";");
}

static void test_events(void **state)
{
    (void)state;
    static const struct {
        const char *text, *events;
        size_t unread;
    } rows[] = {
        {"{\"a\":1,\"b\":{\"c\":\"x\"},\"d\":[true,\"y\"],\"e\":null}", "1:/ a=1 b.c=x d=true d=y;",
         0},
        {"{\"a\":1}\n\n{\"a\":2}\n", "1:/ a=1;3:/ a=2;", 0},
        {"[{\"a\":1},\n {\"a\":\n2}]", "1:/ a=1;2:/ a=2;", 0},
        {"{\n\"a\":1}{\"a\":2}", "1:/ a=1;2:/ a=2;", 0},
        {"{\"a\":1}\n{\"a\":\n", "1:/ a=1;", 1},
        {"{\"a\":\"}{\\\"\"}", "1:/ a=}{\";", 0},
        {"{\"Event\":{\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"P\"}},\"EventID\":"
         "{\"#attributes\":{\"Qualifiers\":5},\"#text\":104},\"Channel\":\"System\"},"
         "\"UserData\":{\"Cleared\":{\"Channel\":\"Other\",\"User\":\"u\"}}}}",
         "1:System/windows Provider_Name=P EventID_Qualifiers=5 EventID=104 Channel=Other User=u;",
         0},
        {"{\"Event\":{\"System\":{\"Channel\":\"C\"},\"EventData\":{\"Data\":{\"#text\":"
         "[\"a\",\"b\"]}}}}",
         "1:C/windows Channel=C Data=a Data=b;", 0},
        {"{\"Channel\":\"Linux-Sysmon/Operational\",\"SourceName\":\"S\"}",
         "1:Linux-Sysmon/Operational/linux Channel=Linux-Sysmon/Operational SourceName=S "
         "Provider_Name=S;",
         0},
        {"Nov 24 02:20:27 host sshd[123]: text\n", "1:/linux;", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct events_counts counts;
        got[0] = '\0';
        events_parse(span_of(rows[i].text), take_event, NULL, &counts);
        assert_string_equal(got, rows[i].events);
        assert_int_equal(counts.unread, rows[i].unread);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources), cmocka_unit_test(test_own_word),
        cmocka_unit_test(test_fields),  cmocka_unit_test(test_broken_tables),
        cmocka_unit_test(test_matched), cmocka_unit_test(test_groups),
        cmocka_unit_test(test_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
