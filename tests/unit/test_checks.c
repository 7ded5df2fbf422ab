/*
 * Host checks: their files, what a value should be, what is read of a host that is hostile, and the
 * source through its contract: outcomes are told once, when they change, and once a day.
 * What each check of conf/checks says stands in test_checks_conf.c.
 */
#include "base/json_read.h"
#include "event/ocsf.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "source/all.h"
#include "source/checks/joined.h"
#include "source/checks/pam.h"
#include "source/checks/settings.h"
#include "source/checks/sudoers.h"
#include "source/checks/tell.h"
#include "source/checks/want.h"
#include "unit/cmocka_all.h"
#include "unit/host_kit.h"
#include "unit/scratch.h"

#include <sys/stat.h>
#include <unistd.h>

#define HEAD  "title = t\nseverity = high\nreason = r\nremedy = do it\n"
#define SHELL HEAD "probe = setting\nfiles = /etc/x\nformat = equals\nkey = k\nwant = is 1\n"

/* ---- files of checks ---- */

static char problems[4096];

static void take_problem(void *ctx, const char *problem)
{
    (void)ctx;
    size_t n = strlen(problems);
    snprintf(problems + n, sizeof(problems) - n, "%s\n", problem);
}

static void parse(const char *text, struct checks *out)
{
    problems[0] = '\0';
    *out = (struct checks){0};
    checks_parse("x.ini", span_of(text), take_problem, NULL, out);
    checks_verify(out, take_problem, NULL);
}

static void a_broken_check_is_left_out_and_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *problem;
    } rows[] = {
        {"[A]\n" SHELL "nonsense = 1\n", "x.ini:11: A: unknown key \"nonsense\""},
        {"[A]\n" HEAD "probe = nosuch\n", "x.ini:2: A: there is no probe \"nosuch\""},
        {"[A]\n" HEAD "probe = exists\nwant = absent\n", "probe exists needs the key files"},
        {"[A]\n" SHELL "key = other\n", "key stands twice"},
        {"[A]\n" SHELL "want = perhaps 1\n", "want begins with one of"},
        {"[A]\n" SHELL "when = sunday\n", "when is file, no-file"},
        {"[A]\n" SHELL "reference = CIS 1.2\n", "a reference is \"standard: requirement\""},
        {"[A]\nseverity = awful\n", "x.ini:2: A: severity is informational, low"},
        {"[A]\ntitle = t\nprobe = path\n", "it has no reason"},
        {"[A]\n" SHELL "title = again\n", "x.ini:11: A: title and probe stand once"},
        {"[B]\n" SHELL, "there is one of that id already in x.ini:2"},
        {"[A b]\n" SHELL, "an id is made of"},
        {"[A]\nkey =\n", "a key without a value"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[2048];
        struct checks checks;
        snprintf(text, sizeof(text), "[B]\n%s", SHELL);
        parse(text, &checks);
        assert_string_equal(problems, "");
        checks_parse("x.ini", span_of(rows[i].text), take_problem, NULL, &checks);
        checks_verify(&checks, take_problem, NULL);
        if (!strstr(problems, rows[i].problem) || strchr(problems, '\n')[1])
            fail_msg("row %zu: %s", i, problems);
        assert_int_equal(checks.n, 1);
        assert_string_equal(checks.items[0].id, "B");
        checks_release(&checks);
    }
}

static void what_follows_a_broken_check_stays(void **state)
{
    (void)state;
    struct checks checks;
    parse("lost = 1\n[A]\nnonsense\n" SHELL "[B]\nseverity = x\n" SHELL "[C]\n" SHELL, &checks);
    assert_true(checks.n >= 1);
    assert_string_equal(checks.items[checks.n - 1].id, "C");
    assert_non_null(strstr(problems, "a key stands before the first [id]"));
    assert_non_null(strstr(problems, "neither [id] nor key = value"));
    checks_release(&checks);
}

static void a_file_that_others_may_write_is_not_read(void **state)
{
    (void)state;
    char folder[300], path[400];
    struct checks checks;
    snprintf(folder, sizeof(folder), "%s/open", scratch_path());
    snprintf(path, sizeof(path), "%s/a.ini", folder);
    assert_int_equal(folder_make(folder, 0700), 0);
    scratch_append(path, "[A]\n" SHELL, strlen("[A]\n" SHELL));
    problems[0] = '\0';
    assert_int_equal(checks_load(folder, take_problem, NULL, &checks), 0);
    assert_int_equal(checks.n, 1);
    checks_release(&checks);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(checks_load(folder, take_problem, NULL, &checks), 1);
    assert_int_equal(checks.n, 0);
    assert_non_null(strstr(problems, "chmod o-w"));
    checks_release(&checks);
    assert_int_equal(checks_load("/nowhere", take_problem, NULL, &checks), 0);
}

/* ---- values ---- */

static void values_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *want, *value; /* NULL: not set */
        bool holds;
    } rows[] = {
        {"is yes no", "Yes", true},
        {"is yes", "yesno", false},
        {"is yes", NULL, false},
        {"not yes", NULL, true},
        {"not yes", "YES", false},
        {"like a*b", "axb", true},
        {"like a*b", "ab ", false},
        {"at-least 14", "14", true},
        {"at-least 14", "9", false},
        {"at-least 14", "many", false},
        {"at-most 60", "1m", true},
        {"at-most 60", "2m", false},
        {"between 1 5", "0", false},
        {"between 1 5", " 5", true},
        {"between 0 15", "-1", false},
        {"has a c", "a, b c", true},
        {"has a d", "a,b,c", false},
        {"lacks *-cbc", "aes256-ctr,aes128-cbc", false},
        {"lacks *-cbc", "+aes128-cbc", false},
        {"lacks 3des*", "^3des-cbc", false},
        {"lacks *-cbc", "-aes128-cbc", true},
        {"lacks *-cbc", NULL, true},
        {"lacks x", ",,,", true},
        {"mask 027", "077", true},
        {"mask 027", "022", false},
        {"mask 027", "9", false},
        {"set", "", true},
        {"set", NULL, false},
        {"unset", NULL, true},
        {"unset", "", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[600];
        struct checks checks;
        snprintf(text, sizeof(text),
                 "[A]\n%sprobe = setting\nfiles = /x\nformat = equals\nkey = k\nwant = %s\n", HEAD,
                 rows[i].want);
        parse(text, &checks);
        assert_string_equal(problems, "");
        if (want_holds(&checks.items[0], span_of(rows[i].value)) != rows[i].holds)
            fail_msg("%s ? %s", rows[i].want, rows[i].value ? rows[i].value : "(unset)");
        checks_release(&checks);
    }
}

static bool count_grant(void *ctx, const struct sudoers_line *l)
{
    size_t *n = ctx;
    *n += l->kind == SUDOERS_GRANT && sudoers_has_tag(l->name, SPAN("NOPASSWD"));
    return true;
}

static void tags_of_sudoers_are_seen_for_what_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        size_t n;
    } rows[] = {
        {"a ALL=(ALL) NOPASSWD: ALL", 1},
        {"a ALL=(ALL)NOPASSWD:ALL", 1},
        {"a ALL=NOPASSWD : /bin/ls", 1},
        {"a ALL=(ALL) SETENV:NOPASSWD: ALL", 1},
        {"a ALL=(ALL) /bin/x NOPASSWD", 0},
        {"# a ALL=(ALL) NOPASSWD: ALL", 0},
        {"#1000 ALL=(ALL) NOPASSWD: ALL", 1},
        {"a ALL=(ALL) \\\n  NOPASSWD: ALL", 1},
        {"Defaults badpass_message=\"NOPASSWD: x\"", 0},
        {"Cmnd_Alias X = /bin/a NOPASSWD: y", 0},
        {"a ALL=(ALL) ALL # NOPASSWD: ALL", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = 0;
        sudoers_parse(span_of(rows[i].line), count_grant, &n);
        if (n != rows[i].n)
            fail_msg("%s: %zu", rows[i].line, n);
    }
}

static void joined_lines_know_where_they_began(void **state)
{
    (void)state;
    struct joined j;
    struct span line;
    joined_begin(&j, SPAN("a\tb\nc \\\n\\\nd\n\nlonger than that\ne\\"), 8, NULL);
    assert_true(joined_next(&j, &line) && span_equal(line, SPAN("a b")) && j.first == 1);
    assert_true(joined_next(&j, &line) && span_equal(line, SPAN("c   d")) && j.first == 2);
    assert_true(joined_next(&j, &line) && line.n == 0 && j.first == 5 && !j.cut);
    assert_true(joined_next(&j, &line) && j.cut && line.n <= 8);
    assert_true(joined_next(&j, &line) && span_equal(line, SPAN("e\\")) && !j.cut);
    assert_int_equal(j.first, 7);
    assert_false(joined_next(&j, &line));
    joined_end(&j);
    joined_begin(&j, SPAN(" a \\ # why\n b"), 80, settings_bare);
    assert_true(joined_next(&j, &line) && span_equal(line, SPAN("a  b")));
    joined_end(&j);
}

static bool keep_last(void *ctx, const struct pam_line *l)
{
    struct pam_line *last = ctx;
    assert_true(span_equal(l->arguments, SPAN("retry=3 minlen=12")));
    last->line = l->line;
    return true;
}

static void a_line_of_pam_goes_on_behind_a_backslash(void **state)
{
    (void)state;
    struct pam_line last = {.line = 0};
    pam_parse(SPAN("# head\npassword requisite pam_pwquality.so \\ # more\n retry=3 minlen=12\n"),
              keep_last, &last);
    assert_int_equal(last.line, 2);
}

/* ---- a hostile host ---- */

static void path_of(const char *name, char *out, size_t size)
{
    snprintf(out, size, "%s/host%s", scratch_path(), name);
}

static void put_file(const char *name, const char *text)
{
    char path[400], folder[400];
    path_of(name, path, sizeof(path));
    snprintf(folder, sizeof(folder), "%s", path);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(folder_make(folder, 0755), 0);
    scratch_remove(path);
    scratch_append(path, text, strlen(text));
}

static void look(const char *check, struct check_outcome *out)
{
    char root[300];
    struct checks checks;
    struct checks_view view;
    void *walk = NULL;
    path_of("", root, sizeof(root));
    parse(check, &checks);
    assert_string_equal(problems, "");
    checks_view_open(&view, root);
    while (!checks_step(&view, &checks.items[0], &walk, out)) {
    }
    checks_view_close(&view);
    checks_release(&checks);
}

static const char big_name[] =
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    "xxxxxxxxxxxxxxxx";

static void what_cannot_be_read_is_unknown(void **state)
{
    (void)state;
    char path[400];
    struct check_outcome o;
    static char big[(1 << 20) + 2];
    memset(big, 'x', sizeof(big) - 1);
    put_file("/etc/x", big);
    look("[A]\n" SHELL, &o);
    assert_int_equal(o.status, CHECK_UNKNOWN);
    assert_string_equal(o.path, "/etc/x");
    look("[A]\n" HEAD "probe = text\nfiles = /etc/x\nlike = bad\nwant = absent\n", &o);
    assert_int_equal(o.status, CHECK_UNKNOWN); /* what was not read may hold it */

    path_of("/etc/x", path, sizeof(path));
    scratch_remove(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    look("[A]\n" SHELL, &o); /* and does not wait for a writer */
    assert_int_equal(o.status, CHECK_UNKNOWN);

    scratch_remove(path);
    scratch_link("x", path);
    look("[A]\n" SHELL, &o);
    assert_int_equal(o.status, CHECK_UNKNOWN);

    scratch_remove(path);
    scratch_link("../../../../../../../../../../etc/hostname", path);
    put_file("/etc/y", "k = 1\n");
    look("[A]\n" SHELL, &o);
    assert_int_not_equal(o.status, CHECK_PASS);
    scratch_remove(path);
    scratch_link("/etc/y", path); /* stays below the root */
    look("[A]\n" SHELL, &o);
    assert_int_equal(o.status, geteuid() == 0 ? CHECK_PASS : CHECK_UNKNOWN);
    scratch_remove(path);
}

static void many_faults_are_named_as_far_as_they_fit_and_counted(void **state)
{
    (void)state;
    struct check_outcome o;
    char name[300], path[400];
    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof(name), "/etc/many/%02d-%.*s", i, i < 2 ? 200 : 8, big_name);
        put_file(name, "");
        path_of(name, path, sizeof(path));
        assert_int_equal(chmod(path, 0666), 0);
    }
    look("[A]\n" HEAD "probe = mode\nfiles = /etc/many/*\nmode = 0644\n", &o);
    assert_int_equal(o.status, CHECK_FAIL);
    assert_true(strncmp(o.found, "/etc/many/00-", 13) == 0);
    assert_true(o.named >= 2 && o.named < 60);
    snprintf(name, sizeof(name), "; and %zu more", 60 - o.named);
    assert_true(span_ends(span_of(o.found), span_of(name)));
}

static void includes_that_go_round_end(void **state)
{
    (void)state;
    struct check_outcome o;
    put_file("/etc/ssh/sshd_config", "Include /etc/ssh/*\nInclude sshd_config\nPort 22\n");
    put_file("/etc/ssh/b", "Include /etc/ssh/*\n");
    look("[A]\n" HEAD "probe = setting\nfiles = /etc/ssh/sshd_config\nformat = sshd\nkey = Port\n"
         "want = is 22\n",
         &o);
    assert_true(o.status == CHECK_PASS || o.status == CHECK_UNKNOWN);
    put_file("/etc/sudoers", "#include /etc/sudoers\n@includedir /etc/sudoers.d\n");
    put_file("/etc/sudoers.d/x", "@include /etc/sudoers\nDefaults use_pty\n");
    look("[A]\n" HEAD "probe = sudo\ndefault = use_pty\nwant = is yes\n", &o);
    assert_true(o.status == CHECK_PASS || o.status == CHECK_UNKNOWN);
    put_file("/etc/pam.d/a", "@include a\nauth include a\nauth required pam_x.so\n");
    look("[A]\n" HEAD "probe = pam\nfile = /etc/pam.d/a\ntype = auth\nmodule = pam_x.so\n"
         "stands = present\n",
         &o);
    assert_int_equal(o.status, CHECK_PASS);
}

/* ---- the source ---- */

#define TOLD_MAX 64

static bool full;
static struct told {
    char id[64], place[128];
    int activity, status, severity;
    uint8_t uid[16];
    uint64_t files, detections; /* of a 6007 */
} told[TOLD_MAX];
static size_t told_n;
static void (*while_it_looks)(void); /* called once, when the first outcome is told */

static void emit(void *ctx, const struct event *e)
{
    struct buf line;
    void (*now)(void) = while_it_looks;
    (void)ctx;
    while_it_looks = NULL;
    if (now)
        now();
    json_free(host_kit_encode(e, &line));
    buf_release(&line);
    assert_true(told_n < TOLD_MAX);
    struct told *t = &told[told_n++];
    *t = (struct told){.activity = e->activity, .severity = (int)e->severity};
    memcpy(t->uid, e->uid, sizeof(t->uid));
    if (e->class_uid == EVENT_COMPLIANCE) {
        span_copy(e->u.compliance.id, t->id, sizeof(t->id));
        span_copy(e->u.compliance.place, t->place, sizeof(t->place));
        t->status = e->u.compliance.status_id;
    } else {
        snprintf(t->id, sizeof(t->id), "totals");
        t->files = e->u.scan.files;
        t->detections = e->u.scan.detections;
    }
}

static bool is_full(void *ctx)
{
    (void)ctx;
    return full;
}

/* One whole look; what was told before is forgotten. */
static void look_again(void)
{
    int64_t due;
    told_n = 0;
    assert_true(source_checks.request(host_kit.self, "scan"));
    while ((due = source_checks.run(host_kit.self, clock_mono_ms())) < clock_mono_ms() + 1000) {
    }
    assert_true(due > clock_mono_ms());
}

static const struct told *find(const char *id)
{
    for (size_t i = 0; i < told_n; i++)
        if (strcmp(told[i].id, id) == 0)
            return &told[i];
    return NULL;
}

static void write_checks(const char *text)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/a.ini", host_kit.config.checks_dir);
    scratch_remove(path);
    scratch_append(path, text, strlen(text));
}

static int open_world(void **state)
{
    static char checks_dir[300];
    (void)state;
    host_kit_begin(&source_checks, emit, (struct config){.checks = true, .checks_every_s = 3600});
    snprintf(checks_dir, sizeof(checks_dir), "%s/checks", scratch_path());
    host_kit.config.checks_dir = checks_dir;
    host_kit.host.full = is_full;
    full = false;
    folder_make(host_kit.root, 0755);
    return folder_make(checks_dir, 0700);
}

static int close_world(void **state)
{
    (void)state;
    host_kit_end();
    return 0;
}

static const char two[] = "[A]\n" SHELL "[B]\n" HEAD "probe = exists\nfiles = /etc/bad\n"
                          "want = absent\n";

static void outcomes_are_told_once_and_then_when_they_change(void **state)
{
    (void)state;
    uint8_t first[16];
    write_checks(two);
    put_file("/etc/x", "k = 2\n");
    host_kit_start();
    look_again();
    assert_int_equal(told_n, 3);
    assert_int_equal(find("A")->status, COMPLIANCE_FAIL);
    assert_int_equal(find("A")->severity, SEVERITY_HIGH);
    assert_int_equal(find("A")->activity, FINDING_CREATE);
    assert_string_equal(find("A")->place, "/etc/x:1");
    assert_int_equal(find("B")->status, COMPLIANCE_PASS);
    assert_int_equal(find("B")->severity, SEVERITY_INFORMATIONAL);
    assert_int_equal(find("totals")->files, 2);
    assert_int_equal(find("totals")->detections, 1);
    memcpy(first, find("A")->uid, sizeof(first));
    look_again();
    assert_int_equal(told_n, 0);

    put_file("/etc/x", "k = 1\n");
    put_file("/etc/bad", "");
    look_again();
    assert_int_equal(told_n, 2); /* as many fail as before: no new totals */
    assert_int_equal(find("A")->activity, FINDING_CLOSE);
    assert_int_equal(find("A")->status, COMPLIANCE_PASS);
    assert_int_equal(find("B")->activity, FINDING_UPDATE);
    assert_int_equal(find("B")->status, COMPLIANCE_FAIL);

    put_file("/etc/x", "k = 2\n"); /* the same as at first, and yet another event */
    look_again();
    assert_int_equal(find("A")->status, COMPLIANCE_FAIL);
    assert_memory_not_equal(first, find("A")->uid, sizeof(first));
    put_file("/etc/x", "\nk = 2\n"); /* only the line moved */
    look_again();
    assert_null(find("A"));
    put_file("/etc/x", "k = 3\n");
    look_again();
    assert_int_equal(find("A")->activity, FINDING_UPDATE);
    host_kit_stop(true);
}

static void a_restart_tells_nothing_again_but_what_was_not_kept(void **state)
{
    (void)state;
    uint8_t first[16];
    write_checks(two);
    put_file("/etc/x", "k = 2\n");
    host_kit_start();
    look_again();
    memcpy(first, find("A")->uid, sizeof(first));
    host_kit_stop(false); /* as after a crash */
    host_kit_start();
    look_again();
    assert_int_equal(told_n, 3);
    assert_memory_equal(first, find("A")->uid, sizeof(first));
    host_kit_stop(true);
    host_kit_start();
    look_again();
    assert_int_equal(told_n, 0);
    host_kit_stop(true);
}

static void everything_is_told_again_each_day(void **state)
{
    (void)state;
    struct check_told yesterday;
    struct buf value = BUF_INIT(256);
    write_checks(two);
    host_kit_start();
    look_again();
    assert_int_equal(find("A")->severity, SEVERITY_HIGH);
    assert_int_equal(store_get(host_kit.store, STORE_CHECKS, SPAN("A"), &value), 0);
    assert_true(check_told_load(buf_span(&value), &yesterday));
    yesterday.at_ms -= 86400000;
    store_put(host_kit.store, STORE_CHECKS, SPAN("A"), span_make(&yesterday, sizeof(yesterday)));
    look_again();
    assert_int_equal(told_n, 1);
    assert_int_equal(find("A")->status, COMPLIANCE_FAIL);
    assert_int_equal(find("A")->activity, FINDING_UPDATE);
    assert_int_equal(find("A")->severity, SEVERITY_INFORMATIONAL); /* nobody is woken again */
    buf_release(&value);
    host_kit_stop(true);
}

static void a_check_that_is_taken_out_is_closed(void **state)
{
    (void)state;
    write_checks(two);
    put_file("/etc/x", "k = 2\n");
    host_kit_start();
    look_again();
    host_kit_stop(true);
    write_checks(strstr(two, "[B]"));
    host_kit_start();
    look_again();
    assert_int_equal(told_n, 2);
    assert_int_equal(find("A")->activity, FINDING_CLOSE);
    assert_int_equal(find("A")->status, COMPLIANCE_OTHER);
    assert_int_equal(find("totals")->files, 1);
    look_again();
    assert_int_equal(told_n, 0);
    host_kit_stop(true);
}

static void health_says_what_is_wrong(void **state)
{
    (void)state;
    struct source_health h;
    host_kit_start();
    source_checks.health(host_kit.self, &h);
    assert_int_equal(h.state, SOURCE_OFF);
    assert_non_null(strstr(h.detail, "no check files"));
    assert_int_equal(source_checks.run(host_kit.self, clock_mono_ms()), INT64_MAX);
    host_kit_stop(true);
    write_checks("[A]\n" SHELL "[C]\n" HEAD "probe = nosuch\n");
    host_kit_start();
    source_checks.health(host_kit.self, &h);
    assert_int_equal(h.state, SOURCE_DEGRADED);
    assert_non_null(strstr(h.detail, "1 host checks are off"));
    assert_non_null(strstr(h.detail, "a.ini:12"));
    look_again();
    assert_non_null(find("A")); /* the other goes on */
    host_kit_stop(true);
    host_kit.config.checks = false;
    host_kit_start();
    source_checks.health(host_kit.self, &h);
    assert_int_equal(h.state, SOURCE_OFF);
    assert_int_equal(source_checks.run(host_kit.self, clock_mono_ms()), INT64_MAX);
    host_kit_stop(true);
}

static void nothing_is_looked_at_while_nothing_can_be_told(void **state)
{
    (void)state;
    write_checks(two);
    host_kit_start();
    full = true;
    told_n = 0;
    int64_t now = clock_mono_ms(), due = source_checks.run(host_kit.self, now);
    assert_int_equal(told_n, 0);
    assert_true(due > now && due <= now + 1000);
    full = false;
    look_again();
    assert_int_equal(told_n, 3);
    host_kit_stop(true);
}

/* The trees that setuid programs are looked for in are large: the loop gets its turns. */
static void a_long_look_is_cut_into_slices(void **state)
{
    (void)state;
    char path[400];
    int turns = 0;
    for (int i = 0; i < 30; i++) {
        for (int k = 0; k < 150; k++) {
            snprintf(path, sizeof(path), "/usr/bin/%d/%d", i, k);
            put_file(path, "");
        }
    }
    path_of("/usr/bin/7/7", path, sizeof(path));
    assert_int_equal(chmod(path, 04755), 0);
    write_checks("[A]\n" HEAD "probe = setuid\nfolders = /usr/bin\n[Z]\n" HEAD
                 "probe = exists\nfiles = /etc/bad\nwant = absent\n");
    host_kit_start();
    told_n = 0;
    while (told_n < 3 && turns < 100000) {
        int64_t before = clock_mono_ms();
        source_checks.run(host_kit.self, before);
        turns++;
    }
    assert_string_equal(told[0].id, "Z"); /* nobody waits for the slow one */
    assert_int_equal(find("A")->status, COMPLIANCE_FAIL);
    assert_string_equal(find("A")->place, "/usr/bin/7/7");
    host_kit_stop(true);
    host_kit_start();
    source_checks.run(host_kit.self, clock_mono_ms());
    host_kit_stop(true); /* in the middle of it: nothing leaks (SAN=1) */
}

static void make_it_bad_and_ask(void)
{
    put_file("/etc/bad", "");
    assert_true(source_checks.request(host_kit.self, "scan"));
}

/* The look that is under way may have passed by what changed. */
static void a_look_asked_for_during_another_comes_after_it(void **state)
{
    (void)state;
    write_checks("[Z]\n" HEAD "probe = exists\nfiles = /etc/bad\nwant = absent\n");
    while_it_looks = make_it_bad_and_ask;
    told_n = 0;
    host_kit_start();
    while (source_checks.run(host_kit.self, clock_mono_ms()) < clock_mono_ms() + 1000) {
    }
    assert_int_equal(told[0].status, COMPLIANCE_PASS);
    assert_string_equal(told[2].id, "Z"); /* behind the totals of the first */
    assert_int_equal(told[2].status, COMPLIANCE_FAIL);
    host_kit_stop(true);
}

int main(void)
{
#define IN_A_WORLD(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broken_check_is_left_out_and_named),
        cmocka_unit_test(what_follows_a_broken_check_stays),
        IN_A_WORLD(a_file_that_others_may_write_is_not_read),
        cmocka_unit_test(values_are_judged),
        cmocka_unit_test(tags_of_sudoers_are_seen_for_what_they_are),
        cmocka_unit_test(joined_lines_know_where_they_began),
        cmocka_unit_test(a_line_of_pam_goes_on_behind_a_backslash),
        IN_A_WORLD(what_cannot_be_read_is_unknown),
        IN_A_WORLD(many_faults_are_named_as_far_as_they_fit_and_counted),
        IN_A_WORLD(includes_that_go_round_end),
        IN_A_WORLD(outcomes_are_told_once_and_then_when_they_change),
        IN_A_WORLD(a_restart_tells_nothing_again_but_what_was_not_kept),
        IN_A_WORLD(everything_is_told_again_each_day),
        IN_A_WORLD(a_check_that_is_taken_out_is_closed),
        IN_A_WORLD(health_says_what_is_wrong),
        IN_A_WORLD(nothing_is_looked_at_while_nothing_can_be_told),
        IN_A_WORLD(a_long_look_is_cut_into_slices),
        IN_A_WORLD(a_look_asked_for_during_another_comes_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
