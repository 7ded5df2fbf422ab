/*
 * platform/confine.h. What is given up is given up for good, so each test runs in a child of its
 * own, which tries what an intruder would.
 */
#include "platform/addresses.h"
#include "platform/clock.h"
#include "platform/confine.h"
#include "platform/file.h"
#include "platform/sockets.h"
#include "platform/thread.h"
#include "platform/watch.h"
#include "scratch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #what, errno);                   \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

#define COLLECT (CONFINE_SOCKETS | CONFINE_PROGRAMS | CONFINE_OTHERS | CONFINE_SYSTEM)
#define SHIP    (CONFINE_PROGRAMS | CONFINE_OTHERS | CONFINE_SYSTEM | CONFINE_WATCHES)

static void assert_child(void (*body)(void))
{
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        body();
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void give_up(unsigned never)
{
    struct confine c = {.never = never};
    struct confine_result r;
    confine_self(&c, &r);
    CHECK(r.missing[0] == '\0');
    CHECK(strstr(r.in_force, "seccomp: no ") == r.in_force);
}

/* ---- system calls ---- */

struct attempt {
    unsigned never;
    long number;
    long arguments[5];
};

static char some_memory[512];
#define MEMORY ((long)(intptr_t)some_memory)

/* Harmless if they should be allowed after all: wrong descriptors, empty paths, no such process. */
static const struct attempt attempts[] = {
    {CONFINE_SOCKETS, SYS_socket, {AF_INET, SOCK_STREAM, 0}},
    {CONFINE_SOCKETS, SYS_socket, {AF_UNIX, SOCK_DGRAM, 0}},
    {CONFINE_SOCKETS, SYS_socket, {AF_NETLINK, SOCK_RAW, 0}},
    {CONFINE_SOCKETS, SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, MEMORY}},
    {CONFINE_SOCKETS, SYS_connect, {-1, MEMORY, 16}},
    {CONFINE_SOCKETS, SYS_bind, {-1, MEMORY, 16}},
    {CONFINE_SOCKETS, SYS_listen, {-1, 1}},
    {CONFINE_SOCKETS, SYS_accept4, {-1, 0, 0, 0}},
    {CONFINE_SOCKETS, SYS_sendto, {-1, MEMORY, 1, 0, MEMORY}},
    {CONFINE_SOCKETS, SYS_sendmsg, {-1, MEMORY, 0}},
    {CONFINE_SOCKETS, SYS_sendmmsg, {-1, MEMORY, 1, 0}},
    {CONFINE_SOCKETS | CONFINE_SYSTEM, 425 /* io_uring_setup */, {0, MEMORY}},
    {CONFINE_PROGRAMS, SYS_execve, {MEMORY, 0, 0}},
    {CONFINE_PROGRAMS, SYS_execveat, {-1, MEMORY, 0, 0, 0}},
    {CONFINE_PROGRAMS, SYS_memfd_create, {MEMORY, ~0L}},
    {CONFINE_PROGRAMS, SYS_clone, {CLONE_SIGHAND}},
    {CONFINE_PROGRAMS, SYS_clone, {CLONE_NEWUSER | CLONE_SIGHAND}},
    {CONFINE_OTHERS, SYS_ptrace, {16 /* attach */, INT32_MAX, 0, 0}},
    {CONFINE_OTHERS, SYS_process_vm_readv, {INT32_MAX, 0, 0, 0, 0}},
    {CONFINE_OTHERS, SYS_process_vm_writev, {INT32_MAX, 0, 0, 0, 0}},
    {CONFINE_OTHERS, SYS_kill, {INT32_MAX, 0}},
    {CONFINE_OTHERS, SYS_tkill, {INT32_MAX, 0}},
    {CONFINE_OTHERS, SYS_tgkill, {INT32_MAX, INT32_MAX, 0}},
    {CONFINE_OTHERS, SYS_prlimit64, {INT32_MAX, 0, 0, 0}},
    {CONFINE_OTHERS, 434 /* pidfd_open */, {INT32_MAX, 0}},
    {CONFINE_OTHERS, 438 /* pidfd_getfd */, {-1, 0, 0}},
    {CONFINE_OTHERS, SYS_kcmp, {INT32_MAX, INT32_MAX, 0, 0, 0}},
    {CONFINE_SYSTEM, SYS_mount, {MEMORY, MEMORY, MEMORY, 0, 0}},
    {CONFINE_SYSTEM, SYS_umount2, {MEMORY, 0}},
    {CONFINE_SYSTEM, 428 /* open_tree */, {-1, MEMORY, 0}},
    {CONFINE_SYSTEM, 429 /* move_mount */, {-1, MEMORY, -1, MEMORY, 0}},
    {CONFINE_SYSTEM, 430 /* fsopen */, {MEMORY, 0}},
    {CONFINE_SYSTEM, 442 /* mount_setattr */, {-1, MEMORY, 0, 0, 0}},
    {CONFINE_SYSTEM, SYS_pivot_root, {MEMORY, MEMORY}},
    {CONFINE_SYSTEM, SYS_chroot, {MEMORY}},
    {CONFINE_SYSTEM, SYS_mknodat, {-1, MEMORY, 0, 0}},
    {CONFINE_SYSTEM, SYS_setns, {-1, 0}},
    {CONFINE_SYSTEM, SYS_unshare, {0}},
    {CONFINE_SYSTEM, SYS_bpf, {-1, 0, 0}},
    {CONFINE_SYSTEM, SYS_perf_event_open, {0, 0, -1, -1, 0}},
    {CONFINE_SYSTEM, SYS_userfaultfd, {~0L}},
    {CONFINE_SYSTEM, SYS_init_module, {0, 0, MEMORY}},
    {CONFINE_SYSTEM, SYS_finit_module, {-1, MEMORY, 0}},
    {CONFINE_SYSTEM, SYS_kexec_load, {0, 0, 0, ~0L}},
    {CONFINE_SYSTEM, SYS_reboot, {0, 0, 0, 0}},
    {CONFINE_SYSTEM, SYS_clock_settime, {-1, MEMORY}},
    {CONFINE_SYSTEM, SYS_keyctl, {~0L, 0, 0, 0, 0}},
    {CONFINE_SYSTEM, SYS_setresuid, {-1, -1, -1}},
    {CONFINE_SYSTEM, SYS_setgroups, {-1, 0}},
    {CONFINE_SYSTEM, SYS_capset, {0, 0}},
    {CONFINE_SYSTEM, SYS_personality, {0xffffffffL}},
    {CONFINE_WATCHES, SYS_open_by_handle_at, {-1, MEMORY, 0}},
    {CONFINE_WATCHES, SYS_fanotify_init, {~0L, 0}},
};

static bool is_refused(const struct attempt *a)
{
    const long *with = a->arguments;
    errno = 0;
    return syscall(a->number, with[0], with[1], with[2], with[3], with[4]) == -1 && errno == EPERM;
}

static void check_attempts(unsigned never)
{
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
        if (attempts[i].never & never && !is_refused(&attempts[i])) {
            fprintf(stderr, "system call %ld, row %zu: errno %d\n", attempts[i].number, i, errno);
            _exit(1);
        }
}

static void try_as_collect(void)
{
    give_up(COLLECT);
    check_attempts(COLLECT);
}

static void try_as_ship(void)
{
    give_up(SHIP);
    check_attempts(SHIP);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(s >= 0);
}

/* Else the rest would prove nothing. (Others than root are refused some of it anyway.) */
static void try_before(void)
{
    for (size_t i = 0; geteuid() == 0 && i < sizeof(attempts) / sizeof(attempts[0]); i++)
        if (is_refused(&attempts[i])) {
            fprintf(stderr, "system call %ld, row %zu\n", attempts[i].number, i);
            _exit(1);
        }
}

static void what_is_forbidden_is_refused(void **state)
{
    (void)state;
    assert_child(try_before);
    assert_child(try_as_collect);
    assert_child(try_as_ship);
}

static void try_only_programs(void)
{
    give_up(CONFINE_PROGRAMS);
    check_attempts(CONFINE_PROGRAMS);
    CHECK(socket(AF_UNIX, SOCK_DGRAM, 0) >= 0);
    CHECK(kill(getpid(), 0) == 0);
}

static void what_was_not_given_up_stays(void **state)
{
    (void)state;
    assert_child(try_only_programs);
}

#ifdef __x86_64__
static sigjmp_buf no_gate;

static void jump_back(int number)
{
    (void)number;
    siglongjmp(no_gate, 1);
}

/* -ENOSYS: this kernel knows no 32-bit programs, and says so by SIGSEGV. */
static long call_as_32_bit(long number)
{
    struct sigaction back = {.sa_handler = jump_back};
    CHECK(sigaction(SIGSEGV, &back, NULL) == 0);
    if (sigsetjmp(no_gate, 1))
        return -ENOSYS;
    __asm__ volatile("int $0x80" : "+a"(number) : : "memory", "r8", "r9", "r10", "r11");
    return number;
}
#endif

/* Numbers that mean something else, or nothing: a filter that only knows the usual ones is no use.
 */
static void try_other_numbers(void)
{
    give_up(COLLECT);
    errno = 0;
    CHECK(syscall(435 /* clone3 */, some_memory, 64) == -1 && errno == ENOSYS);
    CHECK(syscall(467 /* younger than the filter */, 0, 0, 0) == -1 && errno == ENOSYS);
    CHECK(syscall(100000, 0, 0, 0) == -1 && errno == ENOSYS);
#ifdef __x86_64__
    CHECK(syscall(0x40000000 + SYS_getpid) == -1 && errno == EPERM); /* x32 */
    CHECK(syscall(0x40000000 + SYS_socket, AF_INET, SOCK_STREAM, 0) == -1 && errno == EPERM);
    long answer = call_as_32_bit(20 /* getpid */);
    CHECK(answer == -EPERM || answer == -ENOSYS);
#endif
}

static void other_numbers_are_no_way_around(void **state)
{
    (void)state;
    assert_child(try_other_numbers);
}

static atomic_int asked, answered;

static void try_in_thread(void *arg)
{
    (void)arg;
    while (!atomic_load(&asked))
        clock_sleep_ms(1);
    atomic_store(&answered, socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : -1);
}

static void try_with_threads(void)
{
    struct thread *before, *after;
    CHECK(thread_start(try_in_thread, NULL, false, &before) == 0);
    give_up(COLLECT);
    atomic_store(&asked, 1);
    thread_join(before);
    CHECK(atomic_load(&answered) == EPERM);
    atomic_store(&answered, 0);
    CHECK(thread_start(try_in_thread, NULL, true, &after) == 0);
    thread_join(after);
    CHECK(atomic_load(&answered) == EPERM);
}

static void all_threads_are_bound_and_new_ones_can_start(void **state)
{
    (void)state;
    assert_child(try_with_threads);
}

/* ---- what has to go on ---- */

static void path_of(char *out, size_t size, const char *name)
{
    snprintf(out, size, "%s/%s", scratch_path(), name);
}

static bool wants_all(void *ctx, const char *path, bool folder)
{
    (void)ctx;
    (void)path;
    (void)folder;
    return true;
}

/* Changes of this process itself may not be told. */
static void start_a_writer(void)
{
    char path[256];
    path_of(path, sizeof(path), "made");
    pid_t parent = getpid(), child = fork();
    CHECK(child >= 0);
    if (child > 0)
        return;
    while (getppid() == parent) {
        scratch_append(path, "x", 1);
        clock_sleep_ms(5);
    }
    _exit(0);
}

static void check_a_watch(void)
{
    struct watch_filter filter = {.wanted = wants_all};
    struct watch_event event;
    struct watch *w;
    int got = 0;
    CHECK(watch_open(&filter, &w) == 0);
    CHECK(watch_add(w, scratch_path()) == 0);
    for (int tries = 0; tries < 5000 && got == 0; tries++) {
        got = watch_next(w, &event);
        clock_sleep_ms(1);
    }
    CHECK(got == 1);
    watch_close(w);
}

static void ask_and_watch(void)
{
    struct address before[ADDRESSES_MAX], after[ADDRESSES_MAX];
    struct open_socket ports[256];
    int n = addresses_read(before, ADDRESSES_MAX);
    CHECK(n > 0);
    start_a_writer();
    give_up(COLLECT);
    for (int times = 0; times < 3; times++) { /* a reload opens all of it again */
        memset(after, 0, sizeof(after));
        CHECK(addresses_read(after, ADDRESSES_MAX) == n);
        CHECK(strcmp(before[0].interface_name, after[0].interface_name) == 0);
        CHECK(strcmp(before[0].text, after[0].text) == 0);
        CHECK(sockets_open_to_others(ports, 256) >= 0);
        check_a_watch();
    }
}

static void the_kernel_can_still_be_asked(void **state)
{
    (void)state;
    assert_child(ask_and_watch);
}

/* ---- files and ports ---- */

static int open_named(const char *name, int flags)
{
    char path[256];
    path_of(path, sizeof(path), name);
    int fd = open(path, flags, 0600);
    return fd < 0 ? -errno : fd;
}

static void keep_own_files(void)
{
    char own[256], read_only[256], later[256];
    path_of(own, sizeof(own), "own");
    path_of(read_only, sizeof(read_only), "read");
    path_of(later, sizeof(later), "read/not/yet/there");
    const struct confine_path paths[] = {{own, true}, {read_only, false}, {later, false}};
    struct confine c = {.never = SHIP, .paths = paths, .paths_n = 3};
    struct confine_result r;
    confine_self(&c, &r);
    CHECK(r.missing[0] == '\0');
    CHECK(strstr(r.in_force, "Landlock: no files but its own") == r.in_force);
}

static void try_files(void)
{
    char own[256];
    keep_own_files();
    path_of(own, sizeof(own), "own");
    CHECK(open_named("other/file", O_RDONLY) == -EACCES);
    CHECK(open_named("other/new", O_WRONLY | O_CREAT) == -EACCES);
    CHECK(open_named("read/file", O_RDONLY) >= 0);
    CHECK(open_named("read/file", O_WRONLY) == -EACCES);
    CHECK(open_named("read/new", O_WRONLY | O_CREAT) == -EACCES);
    CHECK(open_named("own/new", O_WRONLY | O_CREAT) >= 0);
    CHECK(file_replace(own, "whole", "text", 4, 0640) == 0);
    CHECK(open("/root", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES);
    CHECK(open("/var/log", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES);
}

static void try_names(void)
{
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    keep_own_files();
    CHECK(getaddrinfo("localhost", "443", &wanted, &found) == 0);
    CHECK(open("/etc/hosts", O_RDONLY) >= 0);
}

static int listen_somewhere(struct sockaddr_in *at)
{
    socklen_t size = sizeof(*at);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(s >= 0 && bind(s, (struct sockaddr *)at, size) == 0 && listen(s, 4) == 0);
    CHECK(getsockname(s, (struct sockaddr *)at, &size) == 0);
    return s;
}

static int connect_to(const struct sockaddr_in *at)
{
    int s = socket(AF_INET, SOCK_STREAM, 0);
    int rc = connect(s, (const struct sockaddr *)at, sizeof(*at)) == 0 ? 0 : -errno;
    close(s);
    return rc;
}

static void try_ports(void)
{
    struct sockaddr_in center, other, new = {.sin_family = AF_INET};
    listen_somewhere(&center);
    listen_somewhere(&other);
    keep_own_files();
    CHECK(connect_to(&other) == 0);
    uint16_t port = ntohs(center.sin_port);
    struct confine_result r = {.in_force = "before"};
    confine_ports(&port, 1, &r);
    CHECK(r.missing[0] == '\0');
    CHECK(strstr(r.in_force, "before; TCP only to port ") == r.in_force);
    CHECK(connect_to(&center) == 0);
    CHECK(connect_to(&other) == -EACCES);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(s, (struct sockaddr *)&new, sizeof(new)) != 0 && errno == EACCES);
}

static int landlock_version(void)
{
    return (int)syscall(444, NULL, 0, 1);
}

static int make_folders(void **state)
{
    static const char *const folders[] = {"own", "read", "other"};
    (void)state;
    scratch_open();
    for (size_t i = 0; i < 3; i++) {
        char path[256];
        path_of(path, sizeof(path), folders[i]);
        assert_int_equal(folder_make(path, 0755), 0);
        assert_int_equal(file_replace(path, "file", "x", 1, 0644), 0);
    }
    return 0;
}

static int remove_folders(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

static void only_its_own_files_are_left(void **state)
{
    (void)state;
    if (landlock_version() < 1)
        skip();
    assert_child(try_files);
    assert_child(try_names);
}

static void only_its_own_port_is_left(void **state)
{
    (void)state;
    if (landlock_version() < 4)
        skip();
    assert_child(try_ports);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_forbidden_is_refused),
        cmocka_unit_test(what_was_not_given_up_stays),
        cmocka_unit_test(other_numbers_are_no_way_around),
        cmocka_unit_test(all_threads_are_bound_and_new_ones_can_start),
        cmocka_unit_test_setup_teardown(the_kernel_can_still_be_asked, make_folders,
                                        remove_folders),
        cmocka_unit_test_setup_teardown(only_its_own_files_are_left, make_folders, remove_folders),
        cmocka_unit_test_setup_teardown(only_its_own_port_is_left, make_folders, remove_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
