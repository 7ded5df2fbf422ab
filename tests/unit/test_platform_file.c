/* platform/file.h: what an attacker may lay in the way, and what a crash or a full disk may leave.
 */
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char base[64];

/* A path below the test's folder; good until four more were made. */
static const char *at(const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
    return path;
}

static void put_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void assert_text(const char *path, const char *text)
{
    char got[256];
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, got, sizeof(got) - 1);
    close(fd);
    assert_true(n >= 0);
    got[n] = '\0';
    assert_string_equal(got, text);
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *where)
{
    (void)st, (void)flag, (void)where;
    return remove(path);
}

static int make_base(void **state)
{
    (void)state;
    snprintf(base, sizeof(base), "/tmp/vigia-test-XXXXXX");
    return mkdtemp(base) ? 0 : -1;
}

static int remove_base(void **state)
{
    (void)state;
    return nftw(base, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static size_t count_entries(const char *folder)
{
    struct folder *d;
    const char *name;
    enum file_type type;
    size_t n = 0;
    assert_int_equal(folder_open(folder, &d), 0);
    while (folder_next(d, &name, &type) == 1)
        n++;
    folder_close(d);
    return n;
}

/* ---- the one opener ---- */

static int try_open(int (*opener)(const char *, file_t *, struct file_info *), const char *path)
{
    file_t f;
    struct file_info info = {0};
    int rc = opener(path, &f, &info);
    if (rc != 0)
        return f == FILE_NONE ? rc : 1;
    bool good = info.type == FILE_REGULAR && (fcntl((int)f, F_GETFD) & FD_CLOEXEC) != 0;
    file_close(f);
    return good ? 0 : 2;
}

static const struct {
    const char *path;
    int rc;
} hostile[] = {
    {"plain", 0},           {"folder/inner", 0},        {"./folder/../folder/./inner", 0},
    {"missing", -ENOENT},   {"missing/inner", -ENOENT}, {"plain/inner", -ENOTDIR},
    {"link", -ELOOP},       {"dangling", -ELOOP},       {"folder_link/inner", -ELOOP},
    {"loop/inner", -ELOOP}, {"fifo", -EINVAL},          {"socket", -EINVAL},
    {"folder", -EINVAL},    {"folder/", -EINVAL},
};

static void lay_hostile(void)
{
    put_text(at("plain"), "plain");
    assert_int_equal(mkdir(at("folder"), 0755), 0);
    put_text(at("folder/inner"), "inner");
    assert_int_equal(symlink(at("plain"), at("link")), 0);
    assert_int_equal(symlink("nowhere", at("dangling")), 0);
    assert_int_equal(symlink("folder", at("folder_link")), 0);
    assert_int_equal(symlink("loop", at("loop")), 0);
    assert_int_equal(mkfifo(at("fifo"), 0666), 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof(a.sun_path), "%s/socket", base);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
    close(fd);
}

/* The number of the first entry that is not answered as it should be, or -1. */
static int first_wrong(int (*opener)(const char *, file_t *, struct file_info *))
{
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        if (try_open(opener, at(hostile[i].path)) != hostile[i].rc)
            return (int)i;
    return -1;
}

static void test_untrusted_refuses(void **state)
{
    (void)state;
    lay_hostile();
    int64_t before = clock_mono_ms();
    assert_int_equal(first_wrong(file_open_untrusted), -1);
    /* the test's folder lies in /tmp, where others write: no link is trusted there either */
    assert_int_equal(first_wrong(file_open_trusted_path), -1);
    assert_true(clock_mono_ms() - before < 2000);
    assert_int_equal(try_open(file_open_untrusted, "/dev/null"), -EINVAL);
    assert_int_equal(try_open(file_open_untrusted, "/dev/tty"), -EINVAL);
    assert_int_equal(try_open(file_open_untrusted, "/proc/self/exe"), -ELOOP);
    assert_int_equal(try_open(file_open_untrusted, "/proc/self/root/etc/passwd"), -ELOOP);
    assert_int_equal(try_open(file_open_untrusted, ""), -ENOENT);
    char longest[PATH_MAX + 2];
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(try_open(file_open_untrusted, longest), -ENAMETOOLONG);
}

static void wait_until_asleep(pid_t process)
{
    char path[64], stat[512];
    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)process);
    for (int i = 0; i < 1000; i++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = read(fd, stat, sizeof(stat) - 1);
        close(fd);
        stat[n > 0 ? n : 0] = '\0';
        if (strstr(stat, ") S "))
            return;
        clock_sleep_ms(2);
    }
}

/* A FIFO's writer waits until somebody opens for reading: the opener must not be that one. */
static void test_untrusted_does_not_wake_a_fifo(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(at("fifo"), 0666), 0);
    pid_t child = fork();
    if (child == 0) {
        alarm(5);
        _exit(open(at("fifo"), O_WRONLY | O_CLOEXEC) >= 0 ? 0 : 1);
    }
    wait_until_asleep(child);
    assert_int_equal(try_open(file_open_untrusted, at("fifo")), -EINVAL);
    clock_sleep_ms(20); /* what it would take to end */
    int status;
    assert_int_equal(waitpid(child, &status, WNOHANG), 0);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
}

static void test_untrusted_does_not_wait_for_a_lease(void **state)
{
    (void)state;
    put_text(at("leased"), "x");
    signal(SIGIO, SIG_IGN);
    int holder = open(at("leased"), O_RDWR | O_CLOEXEC);
    if (fcntl(holder, F_SETLEASE, F_WRLCK) != 0) {
        close(holder);
        skip(); /* this file system knows no leases */
    }
    int64_t before = clock_mono_ms();
    assert_int_equal(try_open(file_open_untrusted, at("leased")), -EAGAIN);
    assert_int_equal(try_open(file_open_trusted_path, at("leased")), -EAGAIN);
    assert_true(clock_mono_ms() - before < 1000);
    close(holder);
    assert_int_equal(try_open(file_open_untrusted, at("leased")), 0);
}

static atomic_bool racing;
static atomic_int rounds;

/* A folder and a link to another one change places all the time. */
static void race(void *arg)
{
    char folder[PATH_MAX], link[PATH_MAX];
    snprintf(folder, sizeof(folder), "%s/race", base);
    snprintf(link, sizeof(link), "%s/race_link", base);
    (void)arg;
    while (atomic_load(&racing))
        if (renameat2(AT_FDCWD, folder, AT_FDCWD, link, RENAME_EXCHANGE) == 0)
            atomic_fetch_add(&rounds, 1);
}

static int64_t size_through(int (*opener)(const char *, file_t *, struct file_info *),
                            const char *path)
{
    file_t f;
    struct file_info info;
    if (opener(path, &f, &info) != 0)
        return -1;
    file_close(f);
    return (int64_t)info.size;
}

static void test_untrusted_wins_every_race(void **state)
{
    (void)state;
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/race/inner", base);
    assert_int_equal(mkdir(at("race"), 0755), 0);
    assert_int_equal(mkdir(at("folder"), 0755), 0);
    put_text(at("race/inner"), "plain");
    put_text(at("folder/inner"), "a secret");
    assert_int_equal(symlink("folder", at("race_link")), 0);
    struct thread *t;
    int plain = 0, secret = 0;
    int64_t end = clock_mono_ms() + 5000;
    atomic_store(&racing, true);
    atomic_store(&rounds, 0);
    assert_int_equal(thread_start(race, NULL, false, &t), 0);
    while ((atomic_load(&rounds) < 10000 || plain < 1000) && clock_mono_ms() < end) {
        int64_t sizes[] = {size_through(file_open_untrusted, path),
                           size_through(file_open_trusted_path, path)};
        for (int i = 0; i < 2; i++) {
            plain += sizes[i] == 5;
            secret += sizes[i] == 8;
        }
    }
    atomic_store(&racing, false);
    thread_join(t);
    assert_int_equal(secret, 0);
    assert_true(plain > 0);
}

/* Makes openat2 fail as an old kernel or a container's filter does. */
static bool forbid_openat2(uint32_t error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int wrong_without_openat2(uint32_t error)
{
    pid_t child = fork();
    if (child == 0) {
        if (!forbid_openat2(error))
            _exit(200);
        if (chdir(base) != 0 || try_open(file_open_untrusted, "folder/inner") != 0)
            _exit(201);
        if (try_open(file_open_untrusted, "/proc/self/root/etc/passwd") != -ELOOP)
            _exit(202);
        _exit(first_wrong(file_open_untrusted) + 1);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_untrusted_without_openat2(void **state)
{
    (void)state;
    lay_hostile();
    int wrong = wrong_without_openat2(ENOSYS);
    if (wrong == 200)
        skip(); /* no seccomp here */
    assert_int_equal(wrong, 0);
    assert_int_equal(wrong_without_openat2(EPERM), 0);
}

/* A tree of root's own, since every place for temporary files is writable by all. */
static bool enter_private_root(void)
{
    return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", "/mnt", "tmpfs", 0, "mode=0755,size=4m") == 0;
}

static void make_link_chain(int n)
{
    char from[64], to[64];
    for (int i = 1; i <= n; i++) {
        snprintf(from, sizeof(from), "/mnt/chain%d", i);
        snprintf(to, sizeof(to), "chain%d", i - 1);
        if (symlink(to, from) != 0)
            _exit(101);
    }
}

static void lay_trusted(void)
{
    static const struct {
        const char *to, *from;
    } links[] = {
        {"real", "/mnt/relative"},
        {"/mnt/real/", "/mnt/absolute"},
        {"../real", "/mnt/real/up"},
        {"real/file", "/mnt/last"},
        {"/mnt/real", "/mnt/open/link"},
        {"/mnt/real", "/mnt/group/link"},
        {"/mnt/real", "/mnt/theirs/link"},
        {"/mnt/real", "/mnt/theirs/rooted/link"},
        {"/mnt/real", "/mnt/their_link"},
        {"/mnt/theirs", "/mnt/to_theirs"},
        {"self", "/mnt/self"},
    };
    static const char *const folders[] = {"/mnt/real",  "/mnt/chain0", "/mnt/open",
                                          "/mnt/group", "/mnt/theirs", "/mnt/theirs/rooted"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (mkdir(folders[i], 0755) != 0)
            _exit(102);
    put_text("/mnt/real/file", "x");
    put_text("/mnt/theirs/file", "x");
    put_text("/mnt/chain0/file", "x");
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        if (symlink(links[i].to, links[i].from) != 0)
            _exit(103);
    make_link_chain(9);
    if (chmod("/mnt/open", 01777) != 0 || chmod("/mnt/group", 0775) != 0 ||
        chown("/mnt/theirs", 1000, 1000) != 0 || lchown("/mnt/their_link", 1000, 1000) != 0)
        _exit(104);
}

static const struct {
    const char *path;
    int rc;
} trusted[] = {
    {"/mnt/real/file", 0},
    {"/mnt/relative/file", 0},
    {"/mnt/absolute/file", 0},
    {"/mnt/real/up/file", 0},
    {"/mnt/absolute/up/../relative/file", 0},
    {"/mnt/theirs/file", 0},
    {"/mnt/to_theirs/file", 0},
    {"/mnt/last", -ELOOP},
    {"/mnt/open/link/file", -ELOOP},
    {"/mnt/group/link/file", -ELOOP},
    {"/mnt/theirs/link/file", -ELOOP},
    {"/mnt/theirs/rooted/link/file", -ELOOP},
    {"/mnt/to_theirs/rooted/link/file", -ELOOP},
    {"/mnt/their_link/file", -ELOOP},
    {"/mnt/self/file", -ELOOP},
    {"/mnt/chain8/file", 0},
    {"/mnt/chain9/file", -ELOOP},
    {"/mnt/relative/missing", -ENOENT},
    {"/mnt/relative", -ELOOP},
    {"/mnt/relative/", -EINVAL},
};

static void test_trusted_path(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        if (!enter_private_root())
            _exit(100);
        lay_trusted();
        for (size_t i = 0; i < sizeof(trusted) / sizeof(trusted[0]); i++) {
            int rc = try_open(file_open_trusted_path, trusted[i].path);
            if (rc != trusted[i].rc) {
                fprintf(stderr, "%s: %d, wanted %d\n", trusted[i].path, rc, trusted[i].rc);
                _exit((int)i + 1);
            }
        }
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 100)
        skip(); /* needs root and a mount namespace */
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- our own files ---- */

static void test_read_and_write(void **state)
{
    (void)state;
    file_t f;
    char got[16];
    assert_int_equal(file_open_rw(at("data"), 0600, &f), 0);
    assert_int_equal(file_write_at(f, 4, "efgh", 4), 0);
    assert_int_equal(file_write_at(f, 0, "abcd", 4), 0);
    assert_int_equal(file_read_at(f, 0, got, sizeof(got)), 8);
    assert_memory_equal(got, "abcdefgh", 8);
    assert_int_equal(file_read_at(f, 6, got, sizeof(got)), 2);
    assert_int_equal(file_read_at(f, 100, got, sizeof(got)), 0);
    assert_int_equal(file_read_at(f, UINT64_MAX, got, 2), -EINVAL);
    assert_int_equal(file_write_at(f, (uint64_t)INT64_MAX, got, 2), -EINVAL);
    assert_int_equal(file_truncate(f, 3), 0);
    assert_int_equal(file_truncate(f, UINT64_MAX), -EINVAL);
    assert_int_equal(file_sync(f), 0);
    file_close(f);
    assert_int_equal(file_open_rw(at("data"), 0600, &f), 0); /* what was there stays */
    assert_int_equal(file_read_at(f, 0, got, sizeof(got)), 3);
    assert_int_equal(file_reserve(f, 100000), 0);
    struct file_info info;
    assert_int_equal(file_info_of(f, &info), 0);
    assert_int_equal(info.size, 100000);
    file_close(f);
    assert_int_equal(file_open_read(at("data"), &f), 0);
    assert_int_equal(file_write_at(f, 0, "x", 1), -EBADF);
    file_close(f);
    file_close(FILE_NONE);
    assert_int_equal(file_open_read(at("missing"), &f), -ENOENT);
    assert_int_equal(f, FILE_NONE);
}

static void test_create(void **state)
{
    (void)state;
    file_t f;
    struct file_info info;
    mode_t old = umask(077);
    assert_int_equal(file_create(at("new"), 0640, &f), 0);
    umask(old);
    assert_int_equal(file_info_of(f, &info), 0);
    assert_int_equal(info.mode, 0640);
    file_close(f);
    assert_int_equal(file_create(at("new"), 0640, &f), -EEXIST);
    assert_int_equal(symlink("elsewhere", at("dangling")), 0);
    assert_int_equal(file_create(at("dangling"), 0640, &f), -EEXIST);
    assert_int_equal(file_info_at(at("elsewhere"), &info), -ENOENT);
}

static void test_info_rename_remove(void **state)
{
    (void)state;
    struct file_info info;
    char target[16];
    put_text(at("one"), "12345");
    assert_int_equal(chmod(at("one"), 04755), 0);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1, .tv_nsec = 5}};
    assert_int_equal(utimensat(AT_FDCWD, at("one"), times, 0), 0);
    assert_int_equal(file_info_at(at("one"), &info), 0);
    assert_int_equal(info.type, FILE_REGULAR);
    assert_int_equal(info.mode, 04755);
    assert_int_equal(info.size, 5);
    assert_int_equal(info.nlink, 1);
    assert_int_equal(info.mtime_ns, 1000000005);
    assert_int_equal(symlink("one", at("link")), 0);
    assert_int_equal(file_info_at(at("link"), &info), 0);
    assert_int_equal(info.type, FILE_SYMLINK);
    assert_int_equal(file_link_target(at("link"), target, sizeof(target)), 3);
    assert_string_equal(target, "one");
    assert_int_equal(file_link_target(at("link"), target, 3), -ENAMETOOLONG);
    assert_int_equal(file_link_target(at("one"), target, sizeof(target)), -EINVAL);
    put_text(at("two"), "old");
    assert_int_equal(file_rename(at("one"), at("two")), 0);
    assert_text(at("two"), "12345");
    assert_int_equal(file_remove(at("two")), 0);
    assert_int_equal(file_remove(at("two")), -ENOENT);
}

static void test_lock_excludes(void **state)
{
    (void)state;
    file_t first, second;
    assert_int_equal(file_lock(at("lock"), &first), 0);
    assert_int_equal(file_lock(at("lock"), &second), -EWOULDBLOCK);
    assert_int_equal(second, FILE_NONE);
    file_close(first);
    assert_int_equal(file_lock(at("lock"), &second), 0);
    file_close(second);
    assert_int_equal(symlink("lock", at("link")), 0);
    assert_int_equal(file_lock(at("link"), &first), -ELOOP);
}

static void test_space(void **state)
{
    (void)state;
    uint64_t free_bytes = 0, total = 0;
    assert_int_equal(file_space(base, &free_bytes, &total), 0);
    assert_true(free_bytes > 0 && free_bytes <= total);
    assert_int_equal(file_space(at("missing"), &free_bytes, &total), -ENOENT);
}

/* ---- replacing ---- */

static void test_replace(void **state)
{
    (void)state;
    struct file_info info;
    mode_t old = umask(077);
    assert_int_equal(file_replace(base, "name", "first", 5, 0644), 0);
    assert_int_equal(file_replace(base, "name", "2nd", 3, 0640), 0);
    assert_int_equal(file_replace_lazy(base, "lazy", "", 0, 0600), 0);
    umask(old);
    assert_text(at("name"), "2nd");
    assert_text(at("lazy"), "");
    assert_int_equal(file_info_at(at("name"), &info), 0);
    assert_int_equal(info.mode, 0640);
    assert_int_equal(count_entries(base), 2);
    assert_int_equal(file_replace(base, "", "x", 1, 0600), -EINVAL);
    assert_int_equal(file_replace(base, "../name", "x", 1, 0600), -EINVAL);
    assert_int_equal(file_replace(at("missing"), "name", "x", 1, 0600), -ENOENT);
    assert_int_equal(file_replace(at("name"), "name", "x", 1, 0600), -ENOTDIR);
    char longest[NAME_MAX + 2];
    memset(longest, 'n', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(file_replace(base, longest, "x", 1, 0600), -ENAMETOOLONG);
}

static void test_replace_writes_through_no_link(void **state)
{
    (void)state;
    put_text(at("victim"), "victim");
    assert_int_equal(symlink("victim", at("name")), 0);
    assert_int_equal(symlink("victim", at(".name.new0")), 0);
    assert_int_equal(link(at("victim"), at(".name.new1")), 0);
    assert_int_equal(file_replace(base, "name", "mine", 4, 0600), 0);
    assert_text(at("name"), "mine");
    assert_text(at("victim"), "victim");
}

static void test_replace_clears_leftovers(void **state)
{
    (void)state;
    put_text(at(".name.new0"), "half of what a killed writer had");
    assert_int_equal(file_replace(base, "name", "whole", 5, 0600), 0);
    assert_text(at("name"), "whole");
    assert_int_equal(count_entries(base), 1);
    /* a writer that lives has a lock: its file is left alone */
    put_text(at(".name.new0"), "busy");
    int fd = open(at(".name.new0"), O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(file_replace(base, "name", "again", 5, 0600), 0);
    assert_text(at("name"), "again");
    assert_text(at(".name.new0"), "busy");
    close(fd);
}

static void test_replace_that_fails_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(file_replace(base, "name", "old", 3, 0600), 0);
    char *big = calloc(1, 100000);
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 50000; /* the first write stops here, the next one fails */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = file_replace(base, "name", big, 100000, 0600);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    free(big);
    assert_int_equal(rc, -EFBIG);
    assert_text(at("name"), "old");
    assert_int_equal(count_entries(base), 1);
}

static void replace_often(void *arg)
{
    char data[3000];
    memset(data, *(const char *)arg, sizeof(data));
    for (int i = 0; i < 200; i++)
        if (file_replace_lazy(base, "shared", data, sizeof(data), 0600) != 0)
            atomic_store(&racing, false);
}

/* Another role's folder: what root writes there for it, it can read and replace. */
static void test_replace_in_the_folder_of_another(void **state)
{
    (void)state;
    char path[600];
    struct file_info info;
    bool root = geteuid() == 0;
    snprintf(path, sizeof(path), "%s/theirs", base);
    assert_int_equal(folder_make(path, 0700), 0);
    assert_int_equal(root ? chown(path, 12345, 12345) : 0, 0);
    assert_int_equal(file_replace_owned(path, "name", "x", 1, 0600), 0);
    assert_int_equal(file_replace(path, "plain", "x", 1, 0600), 0);
    snprintf(path, sizeof(path), "%s/theirs/name", base);
    assert_int_equal(file_info_at(path, &info), 0);
    assert_int_equal(info.uid, root ? 12345 : geteuid());
    assert_int_equal(info.mode, 0600);
    snprintf(path, sizeof(path), "%s/theirs/plain", base);
    assert_int_equal(file_info_at(path, &info), 0);
    assert_int_equal(info.uid, geteuid());
}

static void test_replace_by_two_writers(void **state)
{
    (void)state;
    char a = 'a', b = 'b', got[3001];
    struct thread *t[2];
    atomic_store(&racing, true);
    assert_int_equal(file_replace_lazy(base, "shared", "", 0, 0600), 0);
    assert_int_equal(thread_start(replace_often, &a, false, &t[0]), 0);
    assert_int_equal(thread_start(replace_often, &b, false, &t[1]), 0);
    int mixed = 0;
    for (int i = 0; i < 200; i++) {
        file_t f;
        assert_int_equal(file_open_untrusted(at("shared"), &f, NULL), 0);
        int64_t n = file_read_at(f, 0, got, sizeof(got));
        file_close(f);
        mixed += n != 0 && (n != 3000 || memcmp(got, got + 1, 2999) != 0);
    }
    thread_join(t[0]);
    thread_join(t[1]);
    assert_int_equal(mixed, 0);
    assert_true(atomic_load(&racing));
    assert_int_equal(count_entries(base), 1);
}

/* ---- folders ---- */

static void test_folder_lists(void **state)
{
    (void)state;
    static const enum file_type wanted[] = {FILE_REGULAR, FILE_FOLDER, FILE_SYMLINK, FILE_FIFO};
    lay_hostile();
    struct folder *d;
    const char *name;
    enum file_type type;
    unsigned seen = 0, n = 0;
    assert_int_equal(folder_open(base, &d), 0);
    while (folder_next(d, &name, &type) == 1) {
        assert_string_not_equal(name, ".");
        assert_string_not_equal(name, "..");
        for (unsigned i = 0; i < 4; i++)
            seen |= type == wanted[i] ? 1u << i : 0;
        n++;
    }
    assert_int_equal(folder_next(d, &name, &type), 0);
    folder_close(d);
    folder_close(NULL);
    assert_int_equal(n, 8);
    assert_int_equal(seen, 15);
    assert_int_equal(folder_open(at("folder/"), &d), 0);
    folder_close(d);
    assert_int_not_equal(folder_open(at("folder_link"), &d), 0);
    assert_int_not_equal(folder_open(at("folder_link/"), &d), 0);
    assert_null(d);
    assert_int_equal(folder_open(at("fifo"), &d), -ENOTDIR);
    assert_int_equal(folder_open(at("missing"), &d), -ENOENT);
}

static void test_folder_make(void **state)
{
    (void)state;
    struct file_info info;
    mode_t old = umask(077);
    assert_int_equal(folder_make(at("a//b/c/"), 0750), 0);
    umask(old);
    assert_int_equal(folder_make(at("a/b/c"), 0700), 0);
    assert_int_equal(file_info_at(at("a/b/c"), &info), 0);
    assert_int_equal(info.type, FILE_FOLDER);
    assert_int_equal(info.mode, 0750);
    assert_int_equal(file_info_at(at("a"), &info), 0);
    assert_int_equal(info.mode, 0755);
    put_text(at("file"), "x");
    assert_int_equal(folder_make(at("file"), 0700), -ENOTDIR);
    assert_int_equal(folder_make(at("file/below"), 0700), -ENOTDIR);
    assert_int_equal(folder_make("", 0700), -ENOENT);
    assert_int_equal(folder_sync(at("a")), 0);
    assert_int_equal(folder_sync(at("file")), -ENOTDIR);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_base, remove_base)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_untrusted_refuses),
        TEST(test_untrusted_does_not_wake_a_fifo),
        TEST(test_untrusted_does_not_wait_for_a_lease),
        TEST(test_untrusted_wins_every_race),
        TEST(test_untrusted_without_openat2),
        TEST(test_trusted_path),
        TEST(test_read_and_write),
        TEST(test_create),
        TEST(test_info_rename_remove),
        TEST(test_lock_excludes),
        TEST(test_space),
        TEST(test_replace),
        TEST(test_replace_writes_through_no_link),
        TEST(test_replace_clears_leftovers),
        TEST(test_replace_that_fails_changes_nothing),
        TEST(test_replace_in_the_folder_of_another),
        TEST(test_replace_by_two_writers),
        TEST(test_folder_lists),
        TEST(test_folder_make),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
