/*
 * What is Windows' own behind the headers of platform/: names, rights, changes, locks. As far as
 * wine can do it: it tells nothing of a watched folder that is removed, keeps that folder until it
 * is closed, and makes no links.
 */
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/hardlink.h"
#include "platform/host.h"
#include "platform/notify.h"
#include "platform/owner.h"
#include "platform/process.h"
#include "platform/seal.h"
#include "platform/signature.h"
#include "platform/spelling.h"
#include "platform/usn.h"
#include "platform/walk.h"
#include "platform/watch.h"
#include "platform/windows/path.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#define SOON_MS 5000

static char path[1024];

static const char *at(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", scratch_path(), name);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    scratch_open();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

/* ---- paths ---- */

static void expect_wide(const char *text, const wchar_t *wanted)
{
    wchar_t out[PATH_WIDE_MAX];
    assert_int_equal(path_wide(text, out), 0);
    if (wcscmp(out, wanted) != 0)
        fail_msg("%s became %ls", text, out);
}

static void paths_have_one_form(void **state)
{
    (void)state;
    expect_wide("C:/Windows/System32", L"\\\\?\\C:\\Windows\\System32");
    expect_wide("C:\\Windows\\", L"\\\\?\\C:\\Windows");
    expect_wide("c://x///y", L"\\\\?\\c:\\x\\y");
    expect_wide("C:", L"\\\\?\\C:\\");
    expect_wide("//server/share/x", L"\\\\?\\UNC\\server\\share\\x");
    expect_wide("C:/con./name with a dot at its end.",
                L"\\\\?\\C:\\con.\\name with a dot at its end.");
    expect_wide("/etc/vigia/vigia.ini", L"\\\\?\\C:\\ProgramData\\Vigia\\vigia.ini");
    expect_wide("/var/lib/vigia/state", L"\\\\?\\C:\\ProgramData\\Vigia\\state");
    expect_wide("/run/vigia", L"\\\\?\\C:\\ProgramData\\Vigia\\run");
    expect_wide("/etc/vigiax", L"\\\\?\\C:\\ProgramData\\Vigia\\etc\\vigiax");
}

static void paths_that_lead_elsewhere_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "C:/a/../b", "C:/./a", "/..", "C:/a\xff", "C:/\xc0\xaf"};
    wchar_t out[PATH_WIDE_MAX];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(path_wide(bad[i], out), -ENOENT);
}

static void every_name_comes_and_goes(void **state)
{
    (void)state;
    static const wchar_t *const names[] = {
        L"plain", L"\u00f1and\u00fa", L"\xd83d\xde00", L"alone \xd83d here", L"\xde00", L"\xd83d"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char text[64];
        wchar_t back[64];
        assert_true(text_of_wide(names[i], wcslen(names[i]), text, sizeof(text)) > 0);
        assert_true(wide_of_text(text, strlen(text), back, 64) > 0);
        assert_int_equal(wcscmp(back, names[i]), 0);
    }
    char small[5];
    wchar_t few[3];
    assert_int_equal(text_of_wide(L"12345", 5, small, sizeof(small)), -ENAMETOOLONG);
    assert_int_equal(wide_of_text("12345", 5, few, 3), -ENAMETOOLONG);
}

static void names_are_compared_without_case(void **state)
{
    (void)state;
    char folded[64];
    assert_false(spelling_case_counts());
    assert_string_equal(spelling_of("C:/a\u00f1\u00fa \u0434.Exe", folded, sizeof(folded)),
                        "C:/A\u00d1\u00da \u0414.EXE");
    assert_string_equal(spelling_of("\u0131\xff\U0001f600", folded, sizeof(folded)),
                        "\u0131\xff\U0001f600"); /* "I" has another length */
}

/* ---- files ---- */

static void a_path_may_be_long(void **state)
{
    (void)state;
    char folder[1024], name[101];
    memset(name, 'n', 100);
    name[100] = '\0';
    snprintf(folder, sizeof(folder), "%s/%s/%s/%s", scratch_path(), name, name, name);
    assert_int_equal(folder_make(folder, 0750), 0);
    assert_int_equal(file_replace(folder, "x", "1", 1, 0600), 0);
    assert_int_equal(file_replace(folder, "x", "22", 2, 0600), 0);
    char whole[1100];
    snprintf(whole, sizeof(whole), "%s/x", folder);
    struct file_info info;
    assert_int_equal(file_info_at(whole, &info), 0);
    assert_int_equal(info.size, 2);
    assert_int_equal(info.type, FILE_REGULAR);
    struct folder *list;
    assert_int_equal(folder_open(folder, &list), 0);
    const char *entry;
    enum file_type type;
    assert_int_equal(folder_next(list, &entry, &type), 1);
    assert_string_equal(entry, "x"); /* and no temporary file is left */
    assert_int_equal(folder_next(list, &entry, &type), 0);
    folder_close(list);
}

static void what_is_private_is_read_by_nobody_else(void **state)
{
    (void)state;
    struct file_info info;
    file_t f;
    assert_int_equal(file_create(at("private"), 0600, &f), 0);
    assert_int_equal(file_info_of(f, &info), 0);
    assert_int_equal(info.mode & 077, 0);
    file_close(f);
    assert_int_equal(file_info_at(at("private"), &info), 0);
    assert_int_equal(info.mode & 077, 0);
    /* everybody may read it: the same file by a right of its own */
    wchar_t wide[PATH_WIDE_MAX];
    assert_int_equal(path_wide(at("private"), wide), 0);
    SECURITY_DESCRIPTOR all;
    assert_true(InitializeSecurityDescriptor(&all, SECURITY_DESCRIPTOR_REVISION));
    assert_true(SetSecurityDescriptorDacl(&all, TRUE, NULL, FALSE));
    assert_true(SetFileSecurityW(wide, DACL_SECURITY_INFORMATION, &all));
    assert_int_equal(file_info_at(at("private"), &info), 0);
    assert_int_not_equal(info.mode & 04, 0);
}

static char owner[200], list[1000];

static void note_attribute(void *ctx, const char *name, const void *value, size_t n)
{
    (void)ctx;
    if (strcmp(name, "security.owner") == 0)
        snprintf(owner, sizeof(owner), "%.*s", (int)n, (const char *)value);
    if (strcmp(name, "security.dacl") == 0)
        snprintf(list, sizeof(list), "%.*s", (int)n, (const char *)value);
}

static void owner_list_and_attributes_are_known(void **state)
{
    (void)state;
    struct walk_folder *walk;
    struct file_info info;
    wchar_t wide[PATH_WIDE_MAX];
    file_t f;
    assert_int_equal(file_create(at("private"), 0600, &f), 0);
    file_close(f);
    assert_int_equal(path_wide(at("private"), wide), 0);
    assert_true(SetFileAttributesW(wide, FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM));
    bool kept = GetFileAttributesW(wide) & FILE_ATTRIBUTE_HIDDEN; /* not by every file system */
    assert_int_equal(walk_open(scratch_path(), &walk), 0);
    assert_int_equal(walk_info(walk, "private", &info), 0);
    assert_int_equal(info.flags, kept ? FILE_HIDDEN | FILE_SYSTEM : 0);
    assert_int_equal(walk_attributes(walk, "private", FILE_NONE, note_attribute, NULL), 0);
    walk_close(walk);
    assert_memory_equal(owner, "S-1-5-", 6);
    assert_memory_equal(list, "D:", 2); /* wine keeps some of it */
    assert_non_null(strstr(list, "(A;"));
}

static void a_volume_without_a_journal_says_so(void **state)
{
    (void)state;
    char volume[USN_VOLUME_MAX];
    struct usn *journal;
    assert_int_equal(usn_volume("c:/windows/x", volume, sizeof(volume)), 0);
    assert_string_equal(volume, "C:");
    assert_int_equal(usn_volume("//server/share/x", volume, sizeof(volume)), -ENOSYS);
    assert_true(usn_open("C:", &journal) < 0); /* wine has none */
    assert_null(journal);
}

static void what_is_not_signed_is_known_as_such(void **state)
{
    (void)state;
    struct signature s;
    scratch_append(at("x.exe"), "MZ", 2);
    assert_true(signature_is_known());
    assert_int_equal(signature_of(at("x.exe"), &s), 0);
    assert_true(s.state == SIGNATURE_NONE || s.state == SIGNATURE_UNKNOWN);
    assert_string_equal(s.subject, "");
    assert_int_equal(signature_of(at("none.exe"), &s), -ENOENT);
}

static bool count_name(void *ctx, const char *name)
{
    assert_non_null(strstr(name, "/x.exe"));
    ++*(int *)ctx;
    return true;
}

static void names_of_one_file_are_asked_for(void **state)
{
    (void)state;
    int names = 0, rc;
    scratch_append(at("x.exe"), "MZ", 2);
    assert_int_equal(hardlink_each(at("none.exe"), count_name, &names), -ENOENT);
    rc = hardlink_each(at("x.exe"), count_name, &names);
    assert_true(rc == 0 ? names == 1 : rc < 0 && names == 0); /* wine has no list */
}

static void a_lock_is_held_once(void **state)
{
    (void)state;
    file_t one, two;
    assert_int_equal(file_lock(at("lock"), &one), 0);
    assert_int_equal(file_lock(at("lock"), &two), -EWOULDBLOCK);
    file_close(one);
    assert_int_equal(file_lock(at("lock"), &two), 0);
    file_close(two);
}

static void an_open_file_can_be_removed(void **state)
{
    (void)state;
    file_t f, again;
    scratch_append(at("open"), "x", 1);
    assert_int_equal(file_open_untrusted(at("open"), &f, NULL), 0);
    assert_int_equal(file_remove(at("open")), 0);
    file_close(f);
    assert_int_equal(file_open_read(at("open"), &again), -ENOENT);
    assert_int_equal(file_remove(at("open")), -ENOENT);
}

static void only_files_are_opened(void **state)
{
    (void)state;
    file_t f;
    assert_int_equal(folder_make(at("folder"), 0700), 0);
    assert_int_equal(file_open_untrusted(at("folder"), &f, NULL), -EINVAL);
    scratch_append(at("file"), "x", 1);
    struct walk_folder *walk, *below;
    struct file_info info;
    assert_int_equal(walk_open(scratch_path(), &walk), 0);
    assert_int_equal(walk_enter(walk, "file", &below), -ENOTDIR);
    assert_int_equal(walk_file(walk, "folder", &f, &info), -EINVAL);
    assert_int_equal(walk_info(walk, "../x", &info), -EINVAL);
    assert_int_equal(walk_info(walk, "none", &info), -ENOENT);
    assert_int_equal(walk_enter(walk, "folder", &below), 0);
    walk_close(below);
    walk_close(walk);
}

/* ---- changes ---- */

static bool wait_for(wait_t what)
{
    struct poll_item item = {what, false};
    return poll_wait(&item, 1, SOON_MS) == 1 && item.ready;
}

static void a_folder_and_a_file_tell_their_changes(void **state)
{
    (void)state;
    struct notify *n;
    assert_int_equal(folder_make(at("a"), 0700), 0);
    scratch_append(at("log"), "x", 1);
    assert_int_equal(notify_open(&n), 0);
    int folder = notify_add(n, at("a")), log = notify_add(n, at("log"));
    assert_true(folder >= 0 && log >= 0 && folder != log);
    assert_int_equal(notify_add(n, at("a")), folder);
    assert_int_equal(notify_add(n, at("none")), -ENOENT);
    while (notify_next(n) != -1)
        ;
    scratch_append(at("other"), "x", 1); /* beside the log: nobody's */
    scratch_append(at("a/b"), "x", 1);
    assert_true(wait_for(notify_wait(n)));
    int told;
    for (int i = 0; (told = notify_next(n)) != folder && i < 100; i++)
        clock_sleep_ms(20);
    assert_int_equal(told, folder);
    for (int i = 0; i < 25; i++, clock_sleep_ms(20))
        assert_int_not_equal(notify_next(n), log);
    scratch_append(at("log"), "y", 1);
    for (int i = 0; (told = notify_next(n)) != log && i < 100; i++)
        clock_sleep_ms(20);
    assert_int_equal(told, log);
    notify_close(n);
}

static bool wants_all(void *ctx, const char *seen, bool folder)
{
    (void)ctx, (void)folder;
    return strstr(seen, "/ignored") == NULL;
}

static struct watch_event event;

/* Reads on until an event of that kind comes. */
static bool told(struct watch *w, uint32_t kind)
{
    int64_t until = clock_mono_ms() + SOON_MS;
    while (clock_mono_ms() < until) {
        while (watch_next(w, &event))
            if (event.kinds & kind)
                return true;
        clock_sleep_ms(20);
    }
    return false;
}

static void a_tree_tells_its_changes(void **state)
{
    (void)state;
    struct watch *w;
    const struct watch_filter filter = {NULL, wants_all, NULL};
    assert_int_equal(folder_make(at("tree"), 0700), 0);
    assert_int_equal(watch_open(&filter, &w), 0);
    assert_int_equal(watch_add(w, at("tree")), 0);
    assert_int_equal(folder_make(at("tree/below"), 0700), 0);
    assert_true(told(w, WATCH_CREATED));
    assert_true(event.folder);
    scratch_append(at("tree/ignored"), "x", 1);
    scratch_append(at("tree/below/new"), "x", 1);
    assert_true(told(w, WATCH_CREATED));
    assert_string_equal(event.path, at("tree/below/new"));
    assert_false(event.actor.known);
    char to[1024];
    snprintf(to, sizeof(to), "%s", at("tree/renamed"));
    assert_int_equal(file_rename(at("tree/below/new"), to), 0);
    assert_true(told(w, WATCH_RENAMED | WATCH_DELETED)); /* across folders Windows tells two */
    assert_string_equal(event.path, at("tree/below/new"));
    assert_int_equal(file_remove(to), 0);
    while (told(w, WATCH_DELETED) && strcmp(event.path, to) != 0)
        ;
    assert_string_equal(event.path, to);
    watch_close(w);
}

/* As patterns give them: thousands of files in one folder. */
static void many_files_of_a_folder_are_watched_at_once(void **state)
{
    (void)state;
    struct watch *w;
    struct watch_root_status status[4];
    const struct watch_filter filter = {NULL, wants_all, NULL};
    char file[1100];
    assert_int_equal(folder_make(at("many/below"), 0700), 0);
    for (int i = 0; i < 300; i++) {
        snprintf(file, sizeof(file), "%s/%d", at("many"), i);
        scratch_append(file, "x", 1);
    }
    assert_int_equal(watch_open(&filter, &w), 0);
    for (int i = 0; i < 300; i++) {
        snprintf(file, sizeof(file), "%s/%d", at("many"), i);
        assert_int_equal(watch_add(w, file), 0);
    }
    assert_int_equal(watch_status(w, status, 4), 1);
    assert_string_equal(status[0].path, at("many"));
    scratch_append(at("many/below/x"), "x", 1);
    scratch_append(file, "x", 1);
    scratch_append(at("many/new"), "x", 1);
    assert_true(told(w, WATCH_CREATED));
    assert_string_equal(event.path, at("many/new")); /* not what lies below */
    while (watch_next(w, &event))
        assert_false(event.kinds & WATCH_CREATED); /* and that once */
    watch_close(w);
}

static void a_root_that_comes_later_is_told(void **state)
{
    (void)state;
    struct watch *w;
    const struct watch_filter filter = {NULL, wants_all, NULL};
    assert_int_equal(watch_open(&filter, &w), 0);
    assert_int_equal(watch_add(w, at("later/deep")), 0);
    assert_int_equal(folder_make(at("later"), 0700), 0);
    clock_sleep_ms(100);
    while (watch_next(w, &event))
        ;
    assert_int_equal(folder_make(at("later/deep"), 0700), 0);
    assert_true(told(w, WATCH_CREATED));
    assert_string_equal(event.path, at("later/deep"));
    scratch_append(at("later/deep/x"), "x", 1);
    assert_true(told(w, WATCH_CREATED));
    assert_string_equal(event.path, at("later/deep/x"));
    watch_close(w);
}

/* ---- the rest ---- */

static void the_machine_is_known(void **state)
{
    (void)state;
    struct host_info h;
    host_read("", &h);
    assert_int_equal(h.os_type_id, 100);
    assert_non_null(strstr(h.os_name, "Windows"));
    assert_true(h.hostname[0] && h.os_version[0] && h.machine_id[0] && h.boot_id[0]);
}

static void a_child_starts_and_ends_with_its_code(void **state)
{
    (void)state;
    const char *const argv[] = {"C:\\windows\\system32\\cmd.exe", "/c", "exit", "7", NULL};
    const char *const none[] = {"C:/none.exe", NULL};
    struct process *p;
    int code = 0;
    assert_int_equal(process_start(none, &p), -ENOENT);
    assert_int_equal(process_start(argv, &p), 0);
    for (int i = 0; !process_ended(p, &code) && i < 250; i++)
        clock_sleep_ms(20);
    assert_int_equal(code, 7);
    process_free(p);
}

/* ---- secrets, owners ---- */

static void a_secret_is_wrapped_and_opened(void **state)
{
    (void)state;
    static const char secret[] = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIF\n";
    unsigned char wrapped[2048], plain[sizeof(secret)];
    int n = seal_wrap(secret, sizeof(secret), wrapped, sizeof(wrapped));
    assert_true(n > (int)sizeof(secret));
    for (int i = 0; i + 8 <= n; i++)
        assert_memory_not_equal(wrapped + i, secret, 8);
    assert_int_equal(seal_unwrap(wrapped, (size_t)n, plain, sizeof(plain)), sizeof(secret));
    assert_memory_equal(plain, secret, sizeof(secret));
    assert_int_equal(seal_unwrap(wrapped, (size_t)n, plain, 8), -ENOSPC);
    wrapped[n - 1] ^= 1;
    assert_int_equal(seal_unwrap(wrapped, (size_t)n, plain, sizeof(plain)), -EBADMSG);
    assert_int_equal(seal_wrap(secret, sizeof(secret), wrapped, 8), -ENOSPC);
}

/* Links and foreign owners: tests/unit/test_owner.c, tests/windows/msi. */
static void ones_own_folder_is_not_refused(void **state)
{
    (void)state;
    char which[1024];
    assert_int_equal(owner_check(scratch_path(), which, sizeof(which)), 0);
    assert_int_equal(owner_check(at("none"), which, sizeof(which)), 0);
    scratch_append(at("file"), "x", 1);
    assert_int_equal(owner_check(at("file"), which, sizeof(which)), -ENOTDIR);
    assert_non_null(strstr(which, "file"));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(paths_have_one_form),
        TEST(paths_that_lead_elsewhere_are_refused),
        TEST(every_name_comes_and_goes),
        TEST(a_path_may_be_long),
        TEST(what_is_private_is_read_by_nobody_else),
        TEST(owner_list_and_attributes_are_known),
        TEST(a_volume_without_a_journal_says_so),
        TEST(what_is_not_signed_is_known_as_such),
        TEST(names_of_one_file_are_asked_for),
        TEST(a_lock_is_held_once),
        TEST(an_open_file_can_be_removed),
        TEST(only_files_are_opened),
        TEST(a_folder_and_a_file_tell_their_changes),
        TEST(a_tree_tells_its_changes),
        TEST(many_files_of_a_folder_are_watched_at_once),
        TEST(a_root_that_comes_later_is_told),
        TEST(the_machine_is_known),
        TEST(a_secret_is_wrapped_and_opened),
        TEST(ones_own_folder_is_not_refused),
        TEST(a_child_starts_and_ends_with_its_code),
        TEST(names_are_compared_without_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
