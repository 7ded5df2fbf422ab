/* The smaller headers of platform/: clock, random, thread, poll, notify, account, host, process. */
#include "platform/account.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/host.h"
#include "platform/notify.h"
#include "platform/poll.h"
#include "platform/posix/account_table.h"
#include "platform/process.h"
#include "platform/random.h"
#include "platform/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char base[64];

static const char *at(const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
    return path;
}

static void put_bytes(const char *path, const char *bytes, size_t n)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof(folder), "%s", path);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(folder_make(folder, 0755), 0);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    close(fd);
}

static void put_text(const char *path, const char *text)
{
    put_bytes(path, text, strlen(text));
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

/* ---- clock, random ---- */

static void test_clock(void **state)
{
    (void)state;
    int64_t before = clock_mono_ms();
    clock_sleep_ms(20);
    clock_sleep_ms(0);
    clock_sleep_ms(-5);
    int64_t took = clock_mono_ms() - before;
    assert_true(took >= 20 && took < 5000);
    assert_true(clock_wall_ms() > 1700000000000);
}

static void test_local_offset(void **state)
{
    (void)state;
    const int64_t winter = 1736942400000, summer = 1752580800000; /* 2025-01-15, 2025-07-15 */
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    assert_int_equal(clock_local_offset_s(winter), 3600);
    assert_int_equal(clock_local_offset_s(summer), 7200);
    setenv("TZ", "CST6", 1); /* the change is seen */
    assert_int_equal(clock_local_offset_s(summer), -21600);
    assert_int_equal(clock_local_offset_s(-1), -21600);
    unsetenv("TZ");
}

static void test_random(void **state)
{
    (void)state;
    unsigned char a[600] = {0}, b[600] = {0};
    assert_int_equal(random_fill(a, sizeof(a)), 0);
    assert_int_equal(random_fill(b, sizeof(b)), 0);
    assert_int_equal(random_fill(NULL, 0), 0);
    for (size_t i = 0; i < sizeof(a); i += 100) /* every stretch was filled */
        assert_memory_not_equal(a + i, b + i, 100);
}

/* ---- threads ---- */

struct counter {
    struct lock *lock;
    int value;
};

static void count(void *arg)
{
    struct counter *c = arg;
    for (int i = 0; i < 20000; i++) {
        lock_take(c->lock);
        c->value++;
        lock_drop(c->lock);
    }
}

static void test_lock_guards(void **state)
{
    (void)state;
    struct counter c = {.lock = lock_new()};
    struct thread *t[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(thread_start(count, &c, i == 0, &t[i]), 0);
    for (int i = 0; i < 3; i++)
        thread_join(t[i]);
    assert_int_equal(c.value, 60000);
    lock_free(c.lock);
    lock_free(NULL);
    thread_join(NULL);
}

struct priority {
    int policy, nice;
    long io; /* class and, in the lower 13 bits, level */
};

static void look_at_self(void *arg)
{
    struct priority *p = arg;
    struct sched_param param;
    p->io = syscall(SYS_ioprio_get, 1, 0); /* of this thread */
    p->nice = getpriority(PRIO_PROCESS, 0);
    pthread_getschedparam(pthread_self(), &p->policy, &param);
}

/* Behind everything else, but on the CPU never idle: then whoever keeps the processors busy would
 * stop it. */
static void test_background(void **state)
{
    (void)state;
    struct thread *t;
    struct priority background, plain;
    assert_int_equal(thread_start(look_at_self, &background, true, &t), 0);
    thread_join(t);
    assert_int_equal(thread_start(look_at_self, &plain, false, &t), 0);
    thread_join(t);
    assert_int_equal(background.policy, SCHED_OTHER);
    assert_int_equal(background.nice, plain.nice > 10 ? plain.nice : 10);
    assert_int_equal(background.io >> 13, 3);
    assert_int_not_equal(plain.io, background.io);
}

/* ---- notify ---- */

static bool is_told(struct notify *n, int id)
{
    struct poll_item item = {.what = notify_wait(n)};
    if (poll_wait(&item, 1, 2000) != 1)
        return false;
    bool told = false;
    for (int next = notify_next(n); next != -1; next = notify_next(n))
        told |= next == id;
    return told;
}

static void test_notify(void **state)
{
    (void)state;
    struct notify *n;
    assert_int_equal(folder_make(at("a"), 0700), 0);
    assert_int_equal(folder_make(at("b"), 0700), 0);
    assert_int_equal(notify_open(&n), 0);
    int a = notify_add(n, at("a")), b = notify_add(n, at("b"));
    assert_true(a >= 0 && b >= 0 && a != b);
    assert_int_equal(notify_add(n, at("a")), a);
    assert_int_equal(notify_add(n, at("missing")), -ENOENT);
    assert_int_equal(notify_next(n), -1);
    assert_int_equal(file_replace(at("b"), "x", "1", 1, 0600), 0);
    assert_true(is_told(n, b));
    assert_int_equal(notify_next(n), -1);
    put_text(at("a/x"), "2");
    assert_true(is_told(n, a));
    assert_int_equal(file_rename(at("a/x"), at("a/y")), 0);
    assert_true(is_told(n, a));
    assert_int_equal(file_remove(at("a/y")), 0);
    assert_true(is_told(n, a));
    for (int i = 0; i < 50; i++) /* repeats are merged */
        put_text(at("a/x"), "3");
    assert_int_equal(notify_next(n), a);
    assert_int_equal(notify_next(n), -1);
    notify_close(n);
    notify_close(NULL);
}

/* A folder that was replaced is another one: adding it again follows the new one. */
static void test_notify_folder_replaced(void **state)
{
    (void)state;
    struct notify *n;
    assert_int_equal(folder_make(at("a"), 0700), 0);
    assert_int_equal(notify_open(&n), 0);
    int old = notify_add(n, at("a"));
    assert_int_equal(rmdir(at("a")), 0);
    assert_true(is_told(n, old));
    assert_int_equal(folder_make(at("a"), 0700), 0);
    int new = notify_add(n, at("a"));
    assert_true(new >= 0 && new != old);
    put_text(at("a/x"), "1");
    assert_true(is_told(n, new));
    notify_close(n);
}

static void test_notify_follows_a_file(void **state)
{
    (void)state;
    struct notify *n;
    put_text(at("log"), "");
    assert_int_equal(notify_open(&n), 0);
    int id = notify_add(n, at("log"));
    assert_true(id >= 0);
    int fd = open(at("log"), O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "line\n", 5), 5); /* and it stays open */
    assert_true(is_told(n, id));
    close(fd);
    notify_close(n);
}

/* ---- accounts ---- */

static const char *name_in(const struct account_table *t, uint32_t id)
{
    const char *name = account_table_find(t, id);
    return name ? name : "";
}

static void test_account_table(void **state)
{
    (void)state;
    static const char hostile[] = "root:x:0:0:root:/root:/bin/sh\n"
                                  "toor:x:0:0:second root:/root:/bin/sh\n"
                                  "zoe:x:4294967295:1::/:\n"
                                  "over:x:4294967296:1::/:\n"
                                  "minus:x:-1:1::/:\n"
                                  "blank:x: 5:1::/:\n"
                                  "hex:x:0x6:1::/:\n"
                                  "empty:x::1::/:\n"
                                  "few:x\n"
                                  ":x:7:1::/:\n"
                                  "+nis:x:8:1::/:\n"
                                  "#off:x:9:1::/:\n"
                                  "\n"
                                  "nul\0l:x:10:1::/:\n"
                                  "late:x:14:1:\0:\n"
                                  "na\303\261o:x:11:1::/:\r\n"
                                  "group:x:12\n"
                                  "last:x:13:1"; /* no newline */
    struct account_table t = {0};
    put_bytes(at("passwd"), hostile, sizeof(hostile) - 1);
    assert_int_equal(account_table_read(&t, at("passwd")), 0);
    assert_string_equal(name_in(&t, 0), "root");
    assert_string_equal(name_in(&t, UINT32_MAX), "zoe");
    assert_string_equal(name_in(&t, 11), "na\303\261o");
    assert_string_equal(name_in(&t, 12), "group");
    assert_string_equal(name_in(&t, 13), "last");
    assert_int_equal(t.n, 5);
    account_table_release(&t);
    assert_null(account_table_find(&t, 0));
}

static void test_account_table_long_lines(void **state)
{
    (void)state;
    struct account_table t = {0};
    static char text[20000];
    memset(text, 'a', 5000);
    int n = snprintf(text + 5000, 200, ":x:1:1::/:\nok:x:2:2::/:\n");
    size_t length = 5000 + (size_t)n;
    memset(text + length, 'b', 200); /* a long name in a line that is not too long */
    n = snprintf(text + length + 200, 100, ":x:3:3::/:\n");
    length += 200 + (size_t)n;
    memset(text + length, 'c', 9000);
    put_bytes(at("passwd"), text, length + 9000);
    assert_int_equal(account_table_read(&t, at("passwd")), 0);
    assert_int_equal(t.n, 2);
    assert_string_equal(name_in(&t, 2), "ok");
    assert_int_equal(strlen(name_in(&t, 3)), ACCOUNT_NAME_MAX);
    put_text(at("passwd"), "");
    assert_int_equal(account_table_read(&t, at("passwd")), 0);
    assert_int_equal(t.n, 0);
    assert_int_equal(account_table_read(&t, at("missing")), -ENOENT);
    assert_int_equal(account_table_read(&t, base), -EINVAL);
    account_table_release(&t);
}

static void test_account_table_is_bounded(void **state)
{
    (void)state;
    struct account_table t = {0};
    FILE *f = fopen(at("passwd"), "we");
    assert_non_null(f);
    for (int i = 0; i < 120000; i++)
        fprintf(f, "u%d:x:%d:\n", i, 120000 - i);
    fclose(f);
    assert_int_equal(account_table_read(&t, at("passwd")), 0);
    assert_int_equal(t.n, 100000);
    assert_string_equal(name_in(&t, 120000), "u0");
    assert_string_equal(name_in(&t, 20001), "u99999");
    assert_null(account_table_find(&t, 20000));
    account_table_release(&t);
}

static void test_account_names(void **state)
{
    (void)state;
    char name[64], tiny[3];
    account_user_name(0, name, sizeof(name));
    assert_string_equal(name, "root");
    account_group_name(0, name, sizeof(name));
    assert_string_equal(name, "root");
    account_user_name(4000000001u, name, sizeof(name));
    assert_string_equal(name, "4000000001");
    account_user_name(0, tiny, sizeof(tiny));
    assert_string_equal(tiny, "ro");
}

/* ---- host ---- */

static void test_host_from_root(void **state)
{
    (void)state;
    struct host_info h;
    put_text(at("etc/os-release"), "# comment\nPRETTY_NAME=\"no\"\nNAME=\"De\\\"bian\" \n"
                                   "ID='debian'\r\nVERSION_ID=\"12\"\nXID=other\n"
                                   "VERSION_CODENAME=bookworm");
    put_text(at("etc/debian_version"), "12.11\n");
    put_text(at("etc/machine-id"), "0123456789abcdef0123456789abcdef\n");
    put_text(at("etc/hostname"), "  pc-0123 \n");
    put_text(at("proc/sys/kernel/osrelease"), "6.1.0-37-amd64\n");
    host_read(base, &h);
    assert_string_equal(h.os_name, "De\"bian ");
    assert_string_equal(h.os_id, "debian");
    assert_string_equal(h.os_version, "12.11");
    assert_string_equal(h.os_codename, "bookworm");
    assert_string_equal(h.machine_id, "0123456789abcdef0123456789abcdef");
    assert_string_equal(h.hostname, "pc-0123");
    assert_string_equal(h.kernel, "6.1.0-37-amd64");
    assert_string_equal(h.boot_id, "");
    assert_int_equal(h.os_type_id, 200);
    /* one that comes from Debian is not Debian; a machine-id that is none */
    put_text(at("etc/os-release"), "ID=ubuntu\nVERSION_ID=24.04\n");
    put_text(at("etc/debian_version"), "12.0\n");
    put_text(at("etc/machine-id"), "uninitialized\n");
    host_read(base, &h);
    assert_string_equal(h.os_version, "24.04");
    assert_string_equal(h.machine_id, "");
    put_text(at("etc/os-release"), "ID=debian\nVERSION_ID=13\n");
    put_text(at("etc/debian_version"), "trixie/sid\n");
    host_read(base, &h);
    assert_string_equal(h.os_version, "13");
}

static void test_host_hostile_root(void **state)
{
    (void)state;
    struct host_info h;
    static char text[20000];
    memset(text, 'x', sizeof(text));
    memcpy(text, "ID=", 3);
    put_bytes(at("etc/os-release"), text, sizeof(text));
    put_bytes(at("etc/hostname"), text + 3, 2000);
    put_text(at("etc/machine-id"), "");
    assert_int_equal(mkfifo(at("etc/debian_version"), 0600), 0);
    host_read(base, &h);
    assert_int_equal(strlen(h.os_id), sizeof(h.os_id) - 1);
    assert_int_equal(strlen(h.hostname), sizeof(h.hostname) - 1);
    assert_int_equal(remove(at("etc/os-release")), 0);
    assert_int_equal(symlink("/usr/lib/os-release", at("etc/os-release")), 0);
    put_text(at("usr/lib/os-release"), "ID=here\nNAME=\"open quote\nVERSION_CODENAME=end\\");
    host_read(base, &h);
    assert_string_equal(h.os_id, "here");
    assert_string_equal(h.os_name, "open quote");
    assert_string_equal(h.os_codename, "end\\");
    host_read(at("missing"), &h);
    assert_string_equal(h.os_id, "");
}

static void test_host_itself(void **state)
{
    (void)state;
    struct host_info h;
    host_read("", &h);
    assert_true(h.hostname[0] && h.kernel[0] && h.arch[0] && h.os_id[0]);
    assert_int_equal(strlen(h.boot_id), 36);
}

/* ---- processes ---- */

static int wait_until_ended(struct process *p)
{
    int code = -1;
    for (int i = 0; i < 500 && !process_ended(p, &code); i++)
        clock_sleep_ms(10);
    return code;
}

static void test_process(void **state)
{
    (void)state;
    static const char *const seven[] = {"/bin/sh", "-c", "exit 7", NULL};
    static const char *const sleeper[] = {"/bin/sleep", "30", NULL};
    static const char *const none[] = {"/nonexistent/program", NULL};
    struct process *p;
    int code = -1;
    assert_int_equal(process_start(seven, &p), 0);
    assert_int_equal(wait_until_ended(p), 7);
    assert_int_equal(process_ended(p, &code), 1);
    assert_int_equal(code, 7);
    process_ask_to_stop(p); /* of one that ended: nothing */
    process_free(p);
    assert_int_equal(process_start(none, &p), -ENOENT);
    assert_null(p);
    assert_int_equal(process_start(sleeper, &p), 0);
    assert_int_equal(process_ended(p, &code), 0);
    process_ask_to_stop(p);
    assert_int_equal(wait_until_ended(p), 128 + SIGTERM);
    process_free(p);
    assert_int_equal(process_start(sleeper, &p), 0);
    process_free(p); /* kills it */
    process_free(NULL);
}

/* Signals that the parent blocks or ignores are not blocked or ignored in what it starts. */
static void test_process_starts_with_fresh_signals(void **state)
{
    (void)state;
    static const char *const argv[] = {"/bin/sh", "-c", "kill -TERM $$; exit 9", NULL};
    sigset_t set, old;
    struct process *p;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, &old), 0);
    int rc = process_start(argv, &p);
    sigprocmask(SIG_SETMASK, &old, NULL);
    assert_int_equal(rc, 0);
    assert_int_equal(wait_until_ended(p), 128 + SIGTERM);
    process_free(p);
}

static void test_process_dies_with_parent(void **state)
{
    (void)state;
    int out[2];
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t parent = fork();
    if (parent == 0) {
        static const char *const sleeper[] = {"/bin/sh", "-c", "echo $$; exec sleep 30", NULL};
        struct process *p;
        if (dup2(out[1], 1) == 1 && process_start(sleeper, &p) == 0)
            clock_sleep_ms(30000);
        _exit(1);
    }
    char digits[16] = "";
    assert_true(read(out[0], digits, sizeof(digits) - 1) > 1);
    int child = (int)strtol(digits, NULL, 10);
    assert_true(process_is_alive(child));
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    for (int i = 0; i < 500 && process_is_alive(child); i++)
        clock_sleep_ms(10);
    assert_false(process_is_alive(child));
    close(out[0]);
    close(out[1]);
}

static void test_process_is_alive(void **state)
{
    (void)state;
    assert_true(process_is_alive(process_self_id()));
    assert_false(process_is_alive(0));
    assert_false(process_is_alive(-1));
    pid_t zombie = fork();
    if (zombie == 0)
        _exit(0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT), 0);
    assert_false(process_is_alive((int)zombie));
    waitpid(zombie, NULL, 0);
}

static void test_process_self(void **state)
{
    (void)state;
    char path[PATH_MAX];
    int n = process_self_path(path, sizeof(path));
    assert_true(n > 0 && (size_t)n == strlen(path));
    assert_non_null(strstr(path, "test_platform_misc"));
    assert_int_equal(process_self_path(path, 4), -ENAMETOOLONG);
    struct process_cost before, after;
    process_cost_of_self(&before);
    assert_true(before.rss_kib > 100 && before.peak_kib >= before.rss_kib / 2);
    volatile char *big = malloc(32 << 20);
    for (size_t i = 0; i < 32 << 20; i += 1024)
        big[i] = 1;
    for (volatile int i = 0; i < 50000000; i++)
        ;
    process_cost_of_self(&after);
    free((char *)big);
    assert_true(after.rss_kib >= before.rss_kib + (30 << 10));
    assert_true(after.peak_kib >= after.rss_kib - 2048);
    assert_true(after.cpu_ms > before.cpu_ms);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_base, remove_base)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_local_offset),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_lock_guards),
        cmocka_unit_test(test_background),
        TEST(test_notify),
        TEST(test_notify_folder_replaced),
        TEST(test_notify_follows_a_file),
        TEST(test_account_table),
        TEST(test_account_table_long_lines),
        TEST(test_account_table_is_bounded),
        cmocka_unit_test(test_account_names),
        TEST(test_host_from_root),
        TEST(test_host_hostile_root),
        cmocka_unit_test(test_host_itself),
        cmocka_unit_test(test_process),
        cmocka_unit_test(test_process_starts_with_fresh_signals),
        cmocka_unit_test(test_process_dies_with_parent),
        cmocka_unit_test(test_process_is_alive),
        cmocka_unit_test(test_process_self),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
