/* Who made a change: processes that are there, that are gone, and what nobody can know of them. */
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/linux/watch_parts.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_MS   20000
#define STRANGER 12345 /* user ids */
#define LOGIN    12346
#define ID       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER_ID "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define GROUP    "/sys/fs/cgroup/pids/docker"

static struct watch *watch;
static struct watch_event event;
static char shell[PATH_MAX]; /* the program behind /bin/sh */

static bool wanted(void *ctx, const char *path, bool folder)
{
    (void)ctx, (void)folder;
    size_t n = strlen(scratch_path());
    return strncmp(path, scratch_path(), n) == 0 && path[n] == '/';
}

static int set_up(void **state)
{
    const struct watch_filter filter = {NULL, wanted, NULL};
    (void)state;
    scratch_open();
    assert_int_equal(chmod(scratch_path(), 0777), 0);
    assert_true(realpath("/bin/sh", shell) != NULL);
    assert_int_equal(watch_open(&filter, &watch), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    watch_close(watch);
    scratch_close();
    return 0;
}

static void begin(void)
{
    if (geteuid() != 0)
        skip();
    assert_int_equal(watch_add(watch, scratch_path()), 0);
}

/* The kernel tells of births and users to whoever asks since 6.6. */
static bool kernel_tells(void)
{
    struct utsname name;
    char *end;
    assert_int_equal(uname(&name), 0);
    long major = strtol(name.release, &end, 10);
    return major > 6 || (major == 6 && strtol(end + 1, NULL, 10) >= 6);
}

static const struct watch_actor *await(const char *name)
{
    int64_t end = clock_mono_ms() + END_MS;
    size_t n = strlen(scratch_path());
    while (clock_mono_ms() < end) {
        struct poll_item item = {watch_wait(watch), false};
        poll_wait(&item, 1, 100);
        while (watch_next(watch, &event))
            if (event.path[0] && strcmp(event.path + n + 1, name) == 0)
                return &event.actor;
    }
    fail_msg("%s was not told", name);
    return NULL;
}

static void finish(int pid)
{
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int start_shell(const char *script, unsigned uid)
{
    int pid = fork();
    if (pid == 0) {
        if (chdir(scratch_path()) == 0 && (uid == 0 || setuid(uid) == 0))
            execl("/bin/sh", "sh", "-c", script, (char *)NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

/* ---- processes that are there ---- */

static bool write_text(const char *path, const char *text)
{
    int f = open(path, O_WRONLY | O_CLOEXEC);
    bool fine = f >= 0 && write(f, text, strlen(text)) == (ssize_t)strlen(text);
    if (f >= 0)
        close(f);
    return fine;
}

/* A shell that logged in at a terminal, in a container's control group as far as this host allows.
 */
static int start_session(const char *terminal, const char *group)
{
    char procs[200], login[16];
    int pid = fork();
    if (pid != 0)
        return pid;
    setsid();
    int tty = open(terminal, O_RDWR | O_CLOEXEC);
    snprintf(procs, sizeof(procs), "%.150s/cgroup.procs", group);
    snprintf(login, sizeof(login), "%d", LOGIN);
    if (tty < 0 || ioctl(tty, TIOCSCTTY, 0) != 0 || !write_text("/proc/self/loginuid", login) ||
        (access(procs, W_OK) == 0 && !write_text(procs, "0")) || chdir(scratch_path()) != 0 ||
        setuid(STRANGER) != 0)
        _exit(127);
    execl("/bin/sh", "sh", "-c", "echo x > session; read line < wait", (char *)NULL);
    _exit(127);
}

static void a_session_is_told(void **state)
{
    (void)state;
    char group[150], path[PATH_MAX];
    begin();
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    snprintf(path, sizeof(path), "%s/wait", scratch_path());
    assert_int_equal(mkfifo(path, 0666), 0);
    assert_int_equal(chmod(path, 0666), 0);
    snprintf(group, sizeof(group), "%s/%s", GROUP, ID);
    bool grouped = folder_make(GROUP, 0755) == 0 && folder_make(group, 0755) == 0;
    int pid = start_session(ptsname(master), group);
    const struct watch_actor *a = await("session");
    int f = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(f, "\n", 1), 1);
    close(f);
    finish(pid);
    close(master);
    assert_true(a->known);
    assert_int_equal(a->pid, pid);
    assert_int_equal(a->ppid, getpid());
    assert_int_equal(a->uid, STRANGER);
    assert_int_equal(a->login_uid, LOGIN);
    assert_string_equal(a->exe, shell);
    assert_int_equal(strncmp(a->tty, "pts/", 4), 0);
    assert_true(a->parents >= 2);
    assert_int_equal(a->parent[0].pid, getpid());
    assert_true(strstr(a->parent[0].exe, "test_watch_actor") != NULL);
    assert_int_equal(a->parent[1].pid, getppid());
    if (grouped) {
        assert_string_equal(a->container, ID);
        assert_string_equal(a->runtime, "docker");
        rmdir(group);
        rmdir(GROUP);
    }
}

/* ---- processes that are gone ---- */

/* Nobody reads until all of them have ended and were waited for. */
static void a_whole_family_that_is_gone_is_known(void **state)
{
    (void)state;
    char exe[PATH_MAX];
    begin();
    assert_true(realpath("/usr/bin/touch", exe) != NULL);
    int pid = start_shell("sh -c 'touch a; touch b; :'; :", STRANGER);
    finish(pid);
    const struct watch_actor *a = await("b");
    assert_string_equal(a->exe, exe);
    if (!kernel_tells())
        skip();
    assert_true(a->known);
    assert_int_equal(a->uid, STRANGER);
    assert_true(a->parents >= 3);
    assert_int_equal(a->parent[0].pid, a->ppid);
    assert_string_equal(a->parent[0].exe, shell);
    assert_int_equal(a->parent[1].pid, pid);
    assert_string_equal(a->parent[1].exe, shell);
    assert_int_equal(a->parent[2].pid, getpid());
}

/* Forked, changed its user, wrote, ended: no program was started that could tell of it. */
static void a_fork_without_a_program_is_known(void **state)
{
    (void)state;
    char path[PATH_MAX];
    if (!kernel_tells())
        skip();
    begin();
    snprintf(path, sizeof(path), "%s/forked", scratch_path());
    int pid = fork();
    if (pid == 0) {
        int f = setuid(STRANGER) == 0 ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
        _exit(f < 0);
    }
    finish(pid);
    const struct watch_actor *a = await("forked");
    assert_int_equal(a->pid, pid);
    assert_true(a->known);
    assert_int_equal(a->uid, STRANGER);
    assert_int_equal(a->ppid, getpid());
    assert_true(strstr(a->exe, "test_watch_actor") != NULL);
}

/* More is born than the kernel keeps for us, while nothing wakes the reader: then nothing is known
 * of a user, or the right thing, but never the parent's. */
static void what_was_lost_is_never_guessed(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 5; i++) {
        int pid = fork();
        if (pid == 0) {
            for (int k = 0; k < 1000; k++) {
                int child = fork();
                if (child == 0)
                    _exit(0);
                waitpid(child, NULL, 0);
            }
            _exit(0);
        }
        finish(pid);
    }
    finish(start_shell("echo x > lost", STRANGER));
    const struct watch_actor *a = await("lost");
    assert_true(!a->known || a->uid == STRANGER);
    finish(start_shell("echo x > after", STRANGER));
    a = await("after");
    assert_true(!a->known || a->uid == STRANGER);
}

/* ---- names of control groups ---- */

static void containers_are_read_from_control_groups(void **state)
{
    (void)state;
    static const struct {
        const char *text, *id, *runtime;
    } rows[] = {
        {"", "", ""},
        {"0::/\n", "", ""},
        {"0::/init.scope\n", "", ""},
        {"0::/system.slice/docker-" ID ".scope\n", ID, "docker"},
        {"9:name=systemd:/\n4:memory:/docker/" ID "\n0::/\n", ID, "docker"},
        {"0::/machine.slice/libpod-" ID ".scope/container\n", ID, "podman"},
        {"0::/k.slice/k-pod1.slice/cri-containerd-" ID ".scope", ID, "containerd"},
        {"0::/kubepods.slice/crio-" ID ".scope\n", ID, "cri-o"},
        {"0::/kubepods/burstable/pod12-34/" ID "\n", ID, ""},
        {"0::/docker/" OTHER_ID "/docker/" ID "\n", ID, "docker"}, /* one in the other */
        {"0::/docker/" ID "0\n", "", ""},                          /* too long */
        {"0::/docker/x" ID "\n", "", ""},
        {"0::/docker/" ID "x\n", "", ""},
        {"0::/docker/0123456789abcdef\n", "", ""},
    };
    char id[WATCH_CONTAINER_MAX], runtime[WATCH_RUNTIME_MAX];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        container_of_cgroups(rows[i].text, id, runtime);
        assert_string_equal(id, rows[i].id);
        assert_string_equal(runtime, rows[i].runtime);
    }
}

#define TEST(f)                                                                                    \
    {                                                                                              \
#f, f, set_up, tear_down, NULL                                                             \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_is_told),
        TEST(a_whole_family_that_is_gone_is_known),
        TEST(a_fork_without_a_program_is_known),
        TEST(what_was_lost_is_never_guessed),
        cmocka_unit_test(containers_are_read_from_control_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
