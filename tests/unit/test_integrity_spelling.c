/* Files of a system that does not look at case: this one's double folds the letters of ASCII. */
#include "base/mem.h"
#include "base/text.h"
#include "platform/spelling.h"
#include "source/integrity/paths.h"
#include "source/integrity/severity.h"
#include "source/integrity/state.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

bool spelling_case_counts(void)
{
    return false;
}

void spelling_fold(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] >= 'a' && text[i] <= 'z')
            text[i] = (char)(text[i] - 'a' + 'A');
}

/* ---- what is watched ---- */

static char *watched[] = {"/None/System32/*.exe", "/NONE/Tasks", "**/Startup/**"};
static char *left_out[] = {"/none/Tasks/Private/**", "/None/SYSTEM32/skip.EXE"};

static void any_spelling_is_wanted(void **state)
{
    (void)state;
    struct config c = {.paths = {3, watched}, .excludes = {2, left_out}};
    struct integrity_paths *p = integrity_paths_new(&c);
    static const struct {
        const char *path;
        bool wanted;
    } rows[] = {{"/None/System32/cmd.exe", true},
                {"/none/SYSTEM32/CMD.EXE", true},
                {"/none/system32/cmd.dll", false},
                {"/none/system32/Skip.exe", false},
                {"/none/tasks", true},
                {"/None/TASKS/x", true},
                {"/none/tasks/PRIVATE/x", false},
                {"/c/start menu/startup/X.lnk", true},
                {"/c/start menu/STARTUP/X.lnk", true},
                {"/c/start/x", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (integrity_paths_wanted(p, rows[i].path) != rows[i].wanted)
            fail_msg("%s", rows[i].path);
    assert_true(integrity_paths_may_hold(p, "/NONE/system32"));
    assert_true(integrity_paths_enter(p, "/none/taskS/deep"));
    assert_false(integrity_paths_wanted_below(p, "/none/TASKS/private/x"));
    assert_string_equal(integrity_paths_item(p, 1), "/NONE/Tasks"); /* as it was written */
    integrity_paths_free(p);
}

static void count_root(void *ctx, const char *root, size_t item)
{
    (void)root, (void)item;
    ++*(size_t *)ctx;
}

/* System32 of a real machine; patterns give each file by itself. */
static void a_folder_full_of_programs_is_watched_whole(void **state)
{
    (void)state;
    enum { PROGRAMS = 5000 };
    char pattern[600], path[600];
    char *paths[] = {pattern};
    size_t n = 0;
    scratch_open();
    for (int i = 0; i < PROGRAMS; i++) {
        snprintf(path, sizeof(path), "%s/%d.dll", scratch_path(), i);
        scratch_append(path, "x", 1);
    }
    snprintf(pattern, sizeof(pattern), "%s/*.DLL", scratch_path());
    struct config c = {.host_root = "", .paths = {1, paths}};
    struct integrity_paths *p = integrity_paths_new(&c);
    integrity_paths_roots(p, count_root, &n);
    assert_int_equal(n, PROGRAMS);
    integrity_paths_free(p);
    scratch_close();
}

static void the_table_of_severities_looks_at_no_case(void **state)
{
    (void)state;
    struct integrity_severity *t = integrity_severity_parse(
        "t", SPAN("high any C:/Windows/System32/Drivers/*\nlow any **\n"), NULL, NULL);
    assert_int_equal(integrity_severity_rows(t), 2);
    assert_int_equal(
        integrity_severity_of(t, "C:/WINDOWS/system32/drivers/x.SYS", INTEGRITY_CONTENT, false),
        SEVERITY_HIGH);
    assert_int_equal(integrity_severity_of(t, "C:/WINDOWS/x", INTEGRITY_CONTENT, false),
                     SEVERITY_LOW);
    integrity_severity_free(t);
}

/* ---- the baseline ---- */

static void two_spellings_are_one_entry(void **state)
{
    (void)state;
    struct integrity_key one, two, other;
    assert_true(integrity_key_of_path(&one, SPAN("C:/Windows/System32/Cmd.exe")));
    assert_true(integrity_key_of_path(&two, SPAN("c:/WINDOWS/system32/cMD.EXE")));
    assert_true(integrity_key_of_path(&other, SPAN("c:/WINDOWS/system32/cMD.EX")));
    assert_true(span_equal(integrity_key_span(&one), integrity_key_span(&two)));
    assert_false(span_equal(integrity_key_span(&one), integrity_key_span(&other)));
}

static void the_name_is_kept_as_it_is_spelled(void **state)
{
    (void)state;
    struct integrity_key key;
    struct integrity_state s = {.info.type = FILE_REGULAR}, again;
    struct buf out = BUF_INIT(INTEGRITY_RECORD_MAX);
    struct span path = SPAN("C:/Windows/Cmd.exe"), capitals = SPAN("C:/Windows/CMD.EXE");
    assert_true(integrity_key_of_path(&key, path));
    integrity_state_name(&s, &key, capitals);
    integrity_state_encode(&out, &s);
    size_t plain = out.n; /* nothing more where the key says it */
    assert_true(integrity_state_decode(buf_span(&out), &again));
    assert_int_equal(again.name.n, 0);
    buf_clear(&out);
    integrity_state_name(&s, &key, path);
    integrity_state_encode(&out, &s);
    assert_int_equal(out.n, plain + 3 + 7);
    assert_true(integrity_state_decode(buf_span(&out), &again));
    assert_true(span_equal_text(again.name, "Cmd.exe"));
    buf_release(&out);
}

/* Windows' longest: 255 units of UTF-16, of which each is three bytes. */
static void the_longest_names_are_known_apart(void **state)
{
    (void)state;
    enum { LONGEST = 255 * 3 };
    char path[3 + LONGEST + 1], other[sizeof(path)];
    struct integrity_key one, two;
    struct integrity_state s = {.info.type = FILE_REGULAR}, again;
    struct buf out = BUF_INIT(INTEGRITY_RECORD_MAX);
    struct span name = {path + 3, LONGEST};
    snprintf(path, sizeof(path), "C:/");
    for (size_t i = 3; i < 3 + LONGEST; i += 3)
        snprintf(path + i, sizeof(path) - i, "\xe3\x81\x82"); /* HIRAGANA LETTER A */
    memcpy(other, path, sizeof(path));
    other[2 + LONGEST]++;
    assert_true(integrity_key_of_path(&one, span_of(path)));
    assert_true(integrity_key_of_path(&two, span_of(other)));
    assert_false(span_equal(integrity_key_span(&one), integrity_key_span(&two)));
    integrity_state_name(&s, &one, span_of(path));
    integrity_state_encode(&out, &s);
    assert_true(integrity_state_decode(buf_span(&out), &again));
    assert_true(span_equal(again.name, name));
    buf_release(&out);
    memcpy(path + 3, "a", 1), memcpy(other, path, sizeof(path)), other[3] = 'A';
    assert_true(integrity_key_of_path(&one, span_of(path)));
    assert_true(integrity_key_of_path(&two, span_of(other)));
    assert_true(span_equal(integrity_key_span(&one), integrity_key_span(&two)));
}

static void a_name_has_its_place_whole_as_long_as_it_fits(void **state)
{
    (void)state;
    char path[3 + 256 + 1] = "C:/";
    struct integrity_key key;
    memset(path + 3, 'L', 255);
    assert_true(integrity_key_of_path(&key, span_of(path)));
    assert_true(span_equal_text(integrity_key_name(&key), path + 3));
    path[3 + 255] = 'L';
    assert_true(integrity_key_of_path(&key, span_of(path)));
    assert_int_equal(integrity_key_name(&key).n, 255);
    assert_non_null(memchr(integrity_key_name(&key).p, '/', 255)); /* which no name has */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_spelling_is_wanted),
        cmocka_unit_test(a_folder_full_of_programs_is_watched_whole),
        cmocka_unit_test(the_table_of_severities_looks_at_no_case),
        cmocka_unit_test(two_spellings_are_one_entry),
        cmocka_unit_test(the_name_is_kept_as_it_is_spelled),
        cmocka_unit_test(the_longest_names_are_known_apart),
        cmocka_unit_test(a_name_has_its_place_whole_as_long_as_it_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
