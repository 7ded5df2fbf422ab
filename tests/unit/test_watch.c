/* Changes as they happen, by fanotify and by inotify (fanotify_init is refused by a double). */
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/watch.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_MS   20000
#define SEEN_MAX 4096
#define WRITERS  200
#define STRANGER 12345 /* a user id */

/* ---- the double ---- */

static bool refuse_fanotify;

int fanotify_init(unsigned int flags, unsigned int event_f_flags)
{
    if (refuse_fanotify) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_fanotify_init, flags, event_f_flags);
}

/* ---- a watched folder, "in", beside one that is not, "out" ---- */

struct seen {
    uint32_t kinds;
    bool folder;
    struct watch_actor actor;
    char path[300], path2[300]; /* below the scratch folder */
};

static struct watch *watch;
static struct seen *seen;
static size_t seen_n;
static unsigned acts, overflows;
static char shell[PATH_MAX]; /* the program behind /bin/sh */

static bool wanted(void *ctx, const char *path, bool folder)
{
    (void)ctx, (void)folder;
    size_t n = strlen(scratch_path());
    return strncmp(path, scratch_path(), n) == 0 && strncmp(path + n, "/in", 3) == 0 &&
           !strstr(path, "unwanted");
}

static const char *at(const char *name)
{
    static char paths[2][400];
    static unsigned next;
    char *path = paths[next++ % 2];
    snprintf(path, sizeof(paths[0]), "%s/%s", scratch_path(), name);
    return path;
}

static int set_up(bool refuse)
{
    const struct watch_filter filter = {NULL, wanted, NULL};
    scratch_open();
    assert_int_equal(chmod(scratch_path(), 0755), 0);
    assert_int_equal(folder_make(at("in"), 0777), 0);
    assert_int_equal(folder_make(at("out"), 0777), 0);
    assert_true(realpath("/bin/sh", shell) != NULL);
    seen = calloc(SEEN_MAX, sizeof(*seen));
    seen_n = 0;
    acts = overflows = 0;
    refuse_fanotify = refuse;
    return watch_open(&filter, &watch);
}

static int set_up_fanotify(void **state)
{
    (void)state;
    return set_up(false);
}

static int set_up_inotify(void **state)
{
    (void)state;
    return set_up(true);
}

static int tear_down(void **state)
{
    (void)state;
    watch_close(watch);
    free(seen);
    scratch_close();
    return 0;
}

static const char *short_path(const char *path)
{
    size_t n = strlen(scratch_path());
    return path[0] ? path + n + 1 : path;
}

static void keep(const struct watch_event *e)
{
    if (strncmp(short_path(e->path), "in/end", 6) == 0)
        return; /* the mark of an act before was closed */
    assert_true(seen_n < SEEN_MAX);
    struct seen *s = &seen[seen_n++];
    *s = (struct seen){.kinds = e->kinds, .folder = e->folder, .actor = e->actor};
    snprintf(s->path, sizeof(s->path), "%.299s", short_path(e->path));
    snprintf(s->path2, sizeof(s->path2), "%.299s", short_path(e->path2));
}

/* Takes events until one of that path comes, which is then the last of what happened. */
static void take_until(const char *path)
{
    static struct watch_event e;
    int64_t end = clock_mono_ms() + END_MS;
    while (clock_mono_ms() < end) {
        struct poll_item item = {watch_wait(watch), false};
        poll_wait(&item, 1, 100);
        while (watch_next(watch, &e)) {
            if (e.kinds & WATCH_OVERFLOW) {
                overflows++;
                continue;
            }
            if (strcmp(short_path(e.path), path) == 0)
                return;
            keep(&e);
        }
    }
    fail_msg("%s was not told", path);
}

static int start_shell(const char *script, unsigned uid)
{
    int pid = fork();
    if (pid != 0)
        return pid;
    if (chdir(scratch_path()) == 0 && (uid == 0 || setuid(uid) == 0))
        execl("/bin/sh", "sh", "-c", script, (char *)NULL);
    _exit(127);
}

static void run_shell(const char *script)
{
    int status = -1, pid = start_shell(script, 0);
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* Runs a script in the scratch folder and takes what is told of it. */
static void act(const char *script)
{
    char text[1024], mark[32];
    snprintf(mark, sizeof(mark), "in/end%u", acts++);
    snprintf(text, sizeof(text), "set -e; %s\n: > %s", script, mark);
    seen_n = 0;
    run_shell(text);
    take_until(mark);
}

static uint32_t kinds_of(const char *path)
{
    uint32_t kinds = 0;
    for (size_t i = 0; i < seen_n; i++)
        if (strcmp(seen[i].path, path) == 0 && !(seen[i].kinds & WATCH_RENAMED))
            kinds |= seen[i].kinds;
    return kinds;
}

static bool was_renamed(const char *from, const char *to)
{
    for (size_t i = 0; i < seen_n; i++)
        if (seen[i].kinds & WATCH_RENAMED && strcmp(seen[i].path, from) == 0 &&
            strcmp(seen[i].path2, to) == 0)
            return true;
    /* inotify tells the two sides */
    return refuse_fanotify && (!strncmp(from, "out", 3) || kinds_of(from) & WATCH_DELETED) &&
           (!strncmp(to, "out", 3) || kinds_of(to) & WATCH_CREATED);
}

static void begin(void)
{
    if (!refuse_fanotify && geteuid() != 0)
        skip();
    assert_int_equal(watch_add(watch, at("in")), 0);
}

/* ---- what happens to files ---- */

static void the_mechanism_is_named(void **state)
{
    (void)state;
    struct watch_root_status s[2];
    begin();
    assert_int_equal(watch_status(watch, s, 2), 1);
    assert_string_equal(short_path(s[0].path), "in");
    assert_string_equal(s[0].mechanism, refuse_fanotify ? "inotify" : "fanotify");
    assert_string_equal(
        s[0].why, refuse_fanotify ? "fanotify is not available (Operation not permitted)" : "");
    assert_int_equal(watch_add(watch, "relative"), -EINVAL);
}

static void files_are_told(void **state)
{
    (void)state;
    begin();
    act("echo x > in/a; ln -s a in/link; echo x > in/unwanted; echo x > out/b");
    assert_int_equal(kinds_of("in/a"), WATCH_CREATED | WATCH_CHANGED);
    assert_int_equal(kinds_of("in/link"), WATCH_CREATED);
    assert_int_equal(seen_n, 2);
    act("echo y >> in/a");
    assert_int_equal(kinds_of("in/a"), WATCH_CHANGED);
    act("chmod 600 in/a");
    assert_int_equal(kinds_of("in/a"), WATCH_CHANGED);
    act("cat in/a >/dev/null; ls in >/dev/null");
    assert_int_equal(seen_n, 0);
    act("rm in/a in/link");
    assert_int_equal(kinds_of("in/a"), WATCH_DELETED);
    assert_int_equal(kinds_of("in/link"), WATCH_DELETED);
}

static void renames_are_told(void **state)
{
    (void)state;
    begin();
    act("echo x > in/a; echo x > out/o; echo x > in/unwanted");
    act("mv in/a in/b");
    assert_true(was_renamed("in/a", "in/b"));
    act("mv in/b out/b");
    assert_true(was_renamed("in/b", "out/b"));
    act("mv out/o in/o");
    assert_true(was_renamed("out/o", "in/o"));
    act("mv in/unwanted in/c");
    assert_true(refuse_fanotify ? kinds_of("in/c") & WATCH_CREATED
                                : was_renamed("in/unwanted", "in/c"));
    act("mv in/c in/o");
    assert_true(was_renamed("in/c", "in/o"));
}

/* inotify hears of what lies in a new folder only after the folder itself was told. */
static void new_folders_are_followed(void **state)
{
    (void)state;
    begin();
    act("mkdir -p in/d/e; echo x > in/d/e/at-once");
    assert_true(kinds_of("in/d") & WATCH_CREATED);
    assert_true(seen[0].folder);
    if (!refuse_fanotify)
        assert_true(kinds_of("in/d/e/at-once") & WATCH_CREATED);
    act("echo x > in/d/e/later");
    assert_int_equal(kinds_of("in/d/e/later"), WATCH_CREATED | WATCH_CHANGED);
    act("mv in/d in/n");
    assert_true(was_renamed("in/d", "in/n"));
    act("echo x > in/n/e/again");
    assert_int_equal(kinds_of("in/n/e/again"), WATCH_CREATED | WATCH_CHANGED);
    act("mv in/n out/n"); /* inotify knows only a moment later that nothing comes in its place */
    act("echo x > out/n/e/away");
    assert_int_equal(kinds_of("in/n/e/away"), 0);
    act("mv out/n in/d; echo x > in/d/e/back || true");
    act("echo y >> in/d/e/back");
    assert_true(kinds_of("in/d/e/back") & WATCH_CHANGED);
    act("rm -r in/d"); /* of what lay in it nothing may be told: its folder has no name any more */
    assert_true(kinds_of("in/d") & WATCH_DELETED);
    act("chmod 700 in");
    assert_true(kinds_of("in") & WATCH_CHANGED);
}

static void odd_names_come_whole(void **state)
{
    (void)state;
    char name[256], script[400], path[300];
    begin();
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    snprintf(script, sizeof(script), ": > in/%s", name);
    snprintf(path, sizeof(path), "in/%s", name);
    act(script);
    assert_true(kinds_of(path) & WATCH_CREATED);
    act("printf x > \"$(printf 'in/a b\\n\\377\\\\c')\"");
    assert_true(kinds_of("in/a b\n\377\\c") & WATCH_CREATED);
}

static void a_root_may_come_later(void **state)
{
    (void)state;
    begin();
    watch_close(watch);
    const struct watch_filter filter = {NULL, wanted, NULL};
    assert_int_equal(watch_open(&filter, &watch), 0);
    assert_int_equal(watch_add(watch, at("in-later/a/b")), 0);
    assert_int_equal(watch_add(watch, at("in")), 0);
    act("mkdir -p in-later/a/b; echo x > in-later/a/b/at-once");
    assert_true(kinds_of("in-later") & WATCH_CREATED);
    if (!refuse_fanotify)
        assert_true(kinds_of("in-later/a/b/at-once") & WATCH_CREATED);
    act("echo x > in-later/a/b/later");
    assert_true(kinds_of("in-later/a/b/later") & WATCH_CREATED);
}

static bool is_deep(void *ctx, const char *path, bool folder)
{
    (void)ctx, (void)folder;
    size_t n = strlen(scratch_path());
    return strncmp(path, scratch_path(), n) == 0 &&
           (strncmp(path + n, "/out/a/b", 8) == 0 || strncmp(path + n, "/in/end", 7) == 0);
}

/* Only the root itself is wanted, not the folders that lead to it. */
static void a_root_may_come_later_with_the_folders_above_it(void **state)
{
    (void)state;
    const struct watch_filter filter = {NULL, is_deep, NULL};
    begin();
    watch_close(watch);
    assert_int_equal(watch_open(&filter, &watch), 0);
    assert_int_equal(watch_add(watch, at("in")), 0);
    assert_int_equal(watch_add(watch, at("out/a/b")), 0);
    act("mkdir out/a");
    act("mkdir out/a/b; echo x > out/a/b/at-once; echo x > out/a/other");
    assert_true(kinds_of("out/a/b") & WATCH_CREATED);
    assert_int_equal(kinds_of("out/a/other"), 0);
    act("echo x > out/a/b/later");
    assert_true(kinds_of("out/a/b/later") & WATCH_CREATED);
    act("rm -r out/a/b");
    assert_true(kinds_of("out/a/b") & WATCH_DELETED);
    act("rm -r out/a");
    act("mkdir -p out/a/b");
    act("echo x > out/a/b/again");
    assert_true(kinds_of("out/a/b/again") & WATCH_CREATED);
}

/* ---- too much ---- */

static void make_many(unsigned n)
{
    int pid = fork(), status = -1;
    if (pid == 0) {
        char path[400];
        for (unsigned i = 0; i < n; i++) {
            snprintf(path, sizeof(path), "%s/in/many%u", scratch_path(), i);
            int f = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
            close(f);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void an_overflow_is_told(void **state)
{
    (void)state;
    static struct watch_event e;
    unsigned events = 0;
    begin();
    make_many(9000);
    clock_sleep_ms(500); /* nobody takes them out: the queue holds 8192 */
    while (watch_next(watch, &e)) {
        if (e.kinds & WATCH_OVERFLOW) /* it is known where */
            assert_string_equal(short_path(e.path), "in");
        overflows += (e.kinds & WATCH_OVERFLOW) != 0;
        events++;
    }
    assert_true(overflows >= 1);
    assert_true(events > 8000);
    act("echo x > in/after");
    assert_true(kinds_of("in/after") & WATCH_CREATED);
}

/* ---- who it was ---- */

static void a_living_writer_is_known(void **state)
{
    (void)state;
    static struct watch_event e;
    begin();
    assert_int_equal(mkfifo(at("out/wait"), 0666), 0);
    assert_int_equal(chmod(at("out/wait"), 0666), 0);
    int status, pid = start_shell("echo x > in/a; read line < out/wait", STRANGER);
    struct poll_item item = {watch_wait(watch), false};
    assert_int_equal(poll_wait(&item, 1, END_MS), 1);
    assert_int_equal(watch_next(watch, &e), 1);
    run_shell("echo go > out/wait");
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_string_equal(short_path(e.path), "in/a");
    assert_true(e.actor.known);
    assert_int_equal(e.actor.pid, pid);
    assert_int_equal(e.actor.ppid, getpid());
    assert_int_equal(e.actor.uid, STRANGER);
    assert_string_equal(e.actor.exe, shell);
    assert_string_equal(e.actor.command, "sh -c echo x > in/a; read line < out/wait");
    assert_true(e.actor.parents >= 1);
    assert_int_equal(e.actor.parent[0].pid, getpid());
}

/* Who is born under which user is told to whoever asks since 6.6. */
static bool kernel_tells(void)
{
    struct utsname name;
    char *end;
    assert_int_equal(uname(&name), 0);
    long major = strtol(name.release, &end, 10);
    return major > 6 || (major == 6 && strtol(end + 1, NULL, 10) >= 6);
}

/* Each is gone a millisecond after it wrote. */
static void a_writer_that_is_gone_is_known(void **state)
{
    (void)state;
    int pids[WRITERS];
    unsigned by_pid = 0, by_exe = 0, by_user = 0, by_command = 0;
    begin();
    for (int i = 0; i < WRITERS; i++) {
        char script[64];
        snprintf(script, sizeof(script), "echo x > in/f%d", i);
        pids[i] = start_shell(script, STRANGER);
        assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
    }
    act(":");
    for (size_t i = 0; i < seen_n; i++) {
        const struct watch_actor *a = &seen[i].actor;
        char script[64];
        long number = strtol(seen[i].path + 4, NULL, 10);
        snprintf(script, sizeof(script), "sh -c echo x > in/f%ld", number);
        by_pid += a->pid == pids[number];
        by_exe += strcmp(a->exe, shell) == 0;
        by_user += a->known && a->uid == STRANGER;
        by_command += strcmp(a->command, script) == 0;
    }
    print_message("%d short-lived writers, known: process %u, program %u, user %u, command %u\n",
                  WRITERS, by_pid, by_exe, by_user, by_command);
    assert_int_equal(seen_n, WRITERS);
    assert_int_equal(by_pid, WRITERS);
    assert_true(by_exe >= WRITERS * 95 / 100);
    assert_true(by_user >= (kernel_tells() ? WRITERS * 99 / 100 : WRITERS / 10));
}

static bool holds(void *ctx, const char *folder)
{
    (void)ctx;
    size_t n = strlen(scratch_path());
    return strncmp(folder, scratch_path(), n) == 0 &&
           (!folder[n] || strncmp(folder + n, "/in", 3) == 0);
}

/* The kernel is quiet about it then; what comes out of it is told all the same. */
static void a_busy_folder_nobody_wants_hides_nothing(void **state)
{
    (void)state;
    const struct watch_filter filter = {NULL, wanted, holds};
    begin();
    watch_close(watch);
    assert_int_equal(watch_open(&filter, &watch), 0);
    assert_int_equal(watch_add(watch, at("in")), 0);
    act("mkdir out/d; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do"
        " echo x > out/$i; echo x > out/d/$i; done");
    assert_int_equal(seen_n, 0);
    act("mv out/3 in/3; echo x > in/4; mv in/4 out/4");
    assert_true(was_renamed("out/3", "in/3"));
    assert_true(was_renamed("in/4", "out/4"));
    act("mkdir out/new; mv out/d in/d");
    assert_true(was_renamed("out/d", "in/d"));
    act("echo y >> in/d/1; echo z > in/d/new; rm in/d/2");
    assert_int_equal(kinds_of("in/d/1"), WATCH_CHANGED);
    assert_int_equal(kinds_of("in/d/new"), WATCH_CREATED | WATCH_CHANGED);
    assert_int_equal(kinds_of("in/d/2"), WATCH_DELETED);
}

static void our_own_changes_are_not_told(void **state)
{
    (void)state;
    begin();
    scratch_append(at("in/own"), "x", 1);
    act("echo x > in/other");
    assert_in_range(seen_n, 1, 2); /* its creation alone, where the shell takes its time to write */
    for (size_t i = 0; i < seen_n; i++)
        assert_string_equal(seen[i].path, "in/other");
}

#define FANOTIFY(f)                                                                                \
    {                                                                                              \
#f, f, set_up_fanotify, tear_down, NULL                                                    \
    }
#define BOTH(f)                                                                                    \
    FANOTIFY(f),                                                                                   \
    {                                                                                              \
#f " (inotify)", f, set_up_inotify, tear_down, NULL                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(the_mechanism_is_named),
        BOTH(files_are_told),
        BOTH(renames_are_told),
        BOTH(new_folders_are_followed),
        BOTH(odd_names_come_whole),
        BOTH(a_root_may_come_later),
        BOTH(a_root_may_come_later_with_the_folders_above_it),
        BOTH(an_overflow_is_told),
        FANOTIFY(a_living_writer_is_known),
        FANOTIFY(a_writer_that_is_gone_is_known),
        FANOTIFY(a_busy_folder_nobody_wants_hides_nothing),
        FANOTIFY(our_own_changes_are_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
