/*
 * Our own host checks: every check of conf/checks has fixtures in tests/unit/checks (README.md
 * there) and says of each what its fixture is for. Run from the root of the tree, as root: owners
 * are part of what is looked at.
 */
#include "base/hex.h"
#include "base/slurp.h"
#include "platform/file.h"
#include "source/checks/probe.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <sys/stat.h>
#include <unistd.h>

#define CHECKS "conf/checks"

static struct checks checks;

static void must_be_well(void *ctx, const char *problem)
{
    (void)ctx;
    fail_msg("%s", problem);
}

static const char *const status_words[] = {
    [CHECK_UNKNOWN] = "unknown",
    [CHECK_PASS] = "pass",
    [CHECK_FAIL] = "fail",
    [CHECK_SKIPPED] = "skip",
};

/* ---- making a root ---- */

struct root {
    char folder[300];
    int number;
    char file[600]; /* whose content is being read */
    bool with_packages;
};

static void below(const struct root *r, struct span path, char *out, size_t size)
{
    snprintf(out, size, "%s%.*s", r->folder, (int)path.n, path.p);
}

static void make_parents(const char *path)
{
    char folder[600];
    snprintf(folder, sizeof(folder), "%s", path);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(folder_make(folder, 0755), 0);
}

static struct span word(struct span *rest, struct span otherwise)
{
    struct span out;
    while (span_take_until(rest, ' ', &out))
        if (out.n > 0)
            return out;
    return otherwise;
}

static uint32_t octal(struct span s)
{
    uint32_t v = 0;
    for (size_t i = 0; i < s.n; i++)
        v = v * 8 + (uint32_t)(s.p[i] - '0');
    return v;
}

static void set_rights(const char *path, struct span rest, const char *mode)
{
    uint64_t uid, gid;
    uint32_t bits = octal(word(&rest, span_of(mode)));
    assert_true(span_to_u64(word(&rest, SPAN("0")), &uid));
    assert_true(span_to_u64(word(&rest, SPAN("0")), &gid));
    assert_int_equal(chown(path, (uid_t)uid, (gid_t)gid), 0);
    assert_int_equal(chmod(path, bits), 0);
}

static void put_package(struct root *r, struct span name)
{
    char text[300], path[600];
    below(r, SPAN("/var/lib/dpkg/status"), path, sizeof(path));
    make_parents(path);
    int n =
        snprintf(text, sizeof(text), "Package: %.*s\nStatus: install ok installed\nVersion: 1\n\n",
                 (int)name.n, name.p);
    scratch_append(path, text, (size_t)n);
}

static void put_hex(const char *path, struct span digits)
{
    uint8_t bytes[64];
    assert_true(hex_decode(digits, bytes, digits.n / 2));
    scratch_append(path, bytes, digits.n / 2);
}

static void take_line(struct root *r, struct span line)
{
    struct span rest = line, what = word(&rest, SPAN("")), name;
    char path[600], target[300];
    if (what.n == 0)
        return;
    if (span_equal(what, SPAN("|"))) {
        span_take_until(&line, ' ', &name);
        scratch_append(r->file, line.p, line.n);
        scratch_append(r->file, "\n", 1);
        return;
    }
    name = word(&rest, SPAN(""));
    below(r, name, path, sizeof(path));
    if (span_equal(what, SPAN("package"))) {
        put_package(r, name);
        return;
    }
    make_parents(path);
    if (span_equal(what, SPAN("file"))) {
        snprintf(r->file, sizeof(r->file), "%s", path);
        scratch_append(path, "", 0);
        set_rights(path, rest, "0644");
    } else if (span_equal(what, SPAN("folder"))) {
        assert_int_equal(folder_make(path, 0755), 0);
        set_rights(path, rest, "0755");
    } else if (span_equal(what, SPAN("link"))) {
        span_copy(word(&rest, SPAN("")), target, sizeof(target));
        scratch_link(target, path);
    } else if (span_equal(what, SPAN("hex"))) {
        put_hex(path, word(&rest, SPAN("")));
    } else {
        fail_msg("fixture: what is \"%.*s\"?", (int)line.n, line.p);
    }
}

/* ---- looking at it ---- */

static void look(const struct root *r, const struct check *c, struct check_outcome *out)
{
    struct checks_view view;
    void *walk = NULL;
    checks_view_open(&view, r->folder);
    while (!checks_step(&view, c, &walk, out)) {
    }
    assert_null(walk);
    checks_view_close(&view);
}

static const struct check *check_of(struct span id)
{
    for (size_t i = 0; i < checks.n; i++)
        if (span_equal_text(id, checks.items[i].id))
            return &checks.items[i];
    fail_msg("fixture of %.*s: there is no such check", (int)id.n, id.p);
    return NULL;
}

struct fixture {
    struct span id, outcome, body;
};

static bool is_expected(struct span body, const struct check_outcome *o)
{
    char place[300];
    struct span line;
    snprintf(place, sizeof(place), "%s:%d", o->path, o->line);
    while (span_take_line(&body, &line)) {
        if (!span_starts(line, SPAN("expect ")))
            continue;
        struct span text = {line.p + 7, line.n - 7};
        if (span_find_span(span_of(o->found), text) == strlen(o->found) &&
            span_find_span(span_of(place), text) == strlen(place))
            return false;
    }
    return true;
}

static void make_and_look(const struct fixture *f, struct span base, int number)
{
    struct root r = {.number = number};
    struct check_outcome o;
    struct span parts[] = {base, f->body}, line;
    snprintf(r.folder, sizeof(r.folder), "%s/%d", scratch_path(), number);
    assert_int_equal(folder_make(r.folder, 0755), 0);
    for (size_t i = 0; i < 2; i++)
        while (span_take_line(&parts[i], &line))
            if (!span_starts(line, SPAN("expect ")))
                take_line(&r, line);
    look(&r, check_of(f->id), &o);
    if (!span_equal_text(f->outcome, status_words[o.status]) || !is_expected(f->body, &o))
        fail_msg("%.*s %.*s: it says %s, \"%s\" (%s:%d)", (int)f->id.n, f->id.p, (int)f->outcome.n,
                 f->outcome.p, status_words[o.status], o.found, o.path, o.line);
    assert_true(o.found[0] != '\0');
    assert_null(strstr(o.found, "$y$")); /* no hash of a password in evidence */
    assert_null(strstr(o.found, "$6$"));
    assert_null(strstr(o.found, "$1$"));
    assert_null(strstr(o.found, "grub.pbkdf2"));
    scratch_remove(r.folder);
}

/* "== ID OUTCOME" and the lines up to the next. */
static bool take_fixture(struct span *rest, struct fixture *f)
{
    struct span line;
    do
        if (!span_take_line(rest, &line))
            return false;
    while (!span_starts(line, SPAN("== ")));
    word(&line, SPAN(""));
    f->id = word(&line, SPAN(""));
    f->outcome = word(&line, SPAN(""));
    size_t n = span_find_span(*rest, SPAN("\n== "));
    span_take(rest, n < rest->n ? n + 1 : n, &f->body);
    if (span_starts(f->body, SPAN("== "))) { /* an empty one */
        *rest = (struct span){f->body.p, f->body.n + rest->n};
        f->body.n = 0;
    }
    return true;
}

static void each_check_says_of_each_fixture_what_it_is_for(void **state)
{
    (void)state;
    size_t *seen = calloc(checks.n, sizeof(*seen)); /* a bit an outcome */
    int number = 0;
    if (geteuid() != 0) {
        free(seen);
        skip();
    }
    for (size_t i = 0; i < checks.n; i++) {
        char path[300];
        struct buf text = BUF_INIT(1 << 20);
        struct fixture f;
        struct span base = {"", 0};
        if (i > 0 && strcmp(checks.items[i].topic, checks.items[i - 1].topic) == 0)
            continue;
        snprintf(path, sizeof(path), "tests/unit/checks/%s.txt", checks.items[i].topic);
        assert_int_equal(slurp(path, &text), 0);
        struct span rest = buf_span(&text);
        while (take_fixture(&rest, &f)) {
            if (span_equal(f.id, SPAN("base"))) {
                base = f.body;
                continue;
            }
            make_and_look(&f, base, number++);
            size_t at = (size_t)(check_of(f.id) - checks.items);
            for (size_t k = 0; k < 4; k++)
                if (span_equal_text(f.outcome, status_words[k]))
                    seen[at] |= (size_t)1 << k;
        }
        buf_release(&text);
    }
    for (size_t i = 0; i < checks.n; i++)
        if (!(seen[i] >> CHECK_PASS & 1) || !(seen[i] >> CHECK_FAIL & 1))
            fail_msg("%s needs a fixture in which it passes and one in which it fails",
                     checks.items[i].id);
    print_message("%zu checks, %d fixtures\n", checks.n, number);
    free(seen);
}

/* Written one way, so that the SOC can count by standard and look a section up. */
static bool is_reference(struct span line)
{
    static const struct {
        const char *standard, *first, *rest; /* of its sections' names */
    } rows[] = {
        {"CIS Debian Linux 12 Benchmark v1.1.0: ", "1234567", "0123456789."},
        {"NIST SP 800-53 r5: ", "ACIMPS", "ACEIMPSU0123456789-()"},
        {"ISO/IEC 27001:2022: A.", "58", "0123456789."},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = strlen(rows[i].standard);
        if (!span_starts(line, span_of(rows[i].standard)) || line.n < n + 3)
            continue;
        bool fine = strchr(rows[i].first, line.p[n]) != NULL;
        while (++n < line.n)
            fine = fine && strchr(rows[i].rest, line.p[n]);
        return fine;
    }
    return false;
}

static void there_are_enough_and_each_names_a_standard(void **state)
{
    (void)state;
    assert_true(checks.n >= 40);
    for (size_t i = 0; i < checks.n; i++) {
        if (checks.items[i].references[0] == '\0')
            fail_msg("%s names no standard", checks.items[i].id);
        assert_true(strncmp(checks.items[i].id, "VIG-", 4) == 0);
        struct span rest = span_of(checks.items[i].references), line;
        while (span_take_until(&rest, '\n', &line))
            if (!is_reference(line))
                fail_msg("%s: %.*s", checks.items[i].id, (int)line.n, line.p);
    }
}

/* This very host: nothing is too long, hangs, or is left without an answer in words. */
static void this_host_gets_an_answer_to_each(void **state)
{
    (void)state;
    struct root here = {.folder = ""};
    for (size_t i = 0; i < checks.n; i++) {
        struct check_outcome o;
        look(&here, &checks.items[i], &o);
        if (o.found[0] == '\0')
            fail_msg("%s says nothing", checks.items[i].id);
    }
}

static int setup(void **state)
{
    (void)state;
    scratch_open();
    if (chmod(scratch_path(), 0755) != 0)
        return -1;
    assert_int_equal(checks_load(CHECKS, must_be_well, NULL, &checks), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    checks_release(&checks);
    scratch_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_check_says_of_each_fixture_what_it_is_for),
        cmocka_unit_test(there_are_enough_and_each_names_a_standard),
        cmocka_unit_test(this_host_gets_an_answer_to_each),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
