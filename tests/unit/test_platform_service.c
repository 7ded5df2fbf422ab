/*
 * platform/service.h. A service is opened once in a process, so each test runs in a child of its
 * own; the test plays the service manager.
 */
#include "platform/clock.h"
#include "platform/service.h"
#include "platform/thread.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "line %d: %s\n", __LINE__, #what);                                     \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static bool is_ready(void)
{
    struct poll_item item = {.what = service_wait()};
    return poll_wait(&item, 1, 0) == 1;
}

static int run_in_child(void (*body)(void))
{
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        body();
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

static void ask_from_other_thread(void *arg)
{
    *(bool *)arg = service_stop_asked();
}

static bool asked_elsewhere(void)
{
    struct thread *t;
    bool asked = false;
    CHECK(thread_start(ask_from_other_thread, &asked, false, &t) == 0);
    thread_join(t);
    return asked;
}

static void signals_body(void)
{
    unsetenv("NOTIFY_SOCKET");
    CHECK(!service_stop_asked() && !service_reload_asked() && service_wait() == WAIT_NONE);
    CHECK(service_open() == 0);
    CHECK(!is_ready() && !service_stop_asked() && !service_reload_asked());
    CHECK(service_watchdog_ms() == -1);
    service_ready(); /* nobody is there: nothing happens */
    service_alive();
    service_status("x");
    kill(getpid(), SIGHUP);
    CHECK(is_ready() && !service_stop_asked());
    CHECK(service_reload_asked() && !service_reload_asked() && !is_ready());
    kill(getpid(), SIGHUP);
    kill(getpid(), SIGTERM);
    /* another thread must not take away what the poll loop waits for */
    CHECK(!asked_elsewhere() && is_ready());
    CHECK(service_stop_asked() && service_stop_asked() && !is_ready());
    CHECK(asked_elsewhere() && service_reload_asked());
    int ends[2];
    CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
    CHECK(write(ends[1], "x", 1) == -1 && errno == EPIPE);
}

static void interrupt_body(void)
{
    CHECK(service_open() == 0);
    kill(getpid(), SIGINT);
    CHECK(service_stop_asked());
}

static void test_signals(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(signals_body), 0);
    assert_int_equal(run_in_child(interrupt_body), 0);
}

/* A socket that plays the manager's; its name goes into NOTIFY_SOCKET. */
static int manager_open(bool abstract)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    char name[64];
    snprintf(name, sizeof(name), "%s%ld", abstract ? "@vigia-test-" : "/tmp/vigia-test-",
             (long)getpid());
    size_t n = strlen(name);
    memcpy(a.sun_path, name, n);
    if (abstract)
        a.sun_path[0] = '\0';
    else
        unlink(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (abstract ? 0 : 1));
    CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)&a, size) == 0);
    struct timeval limit = {.tv_sec = 5};
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static bool hears(int manager, const char *message)
{
    char got[1024];
    ssize_t n = recv(manager, got, sizeof(got) - 1, 0);
    if (n < 0)
        return false;
    got[n] = '\0';
    if (strcmp(got, message) != 0)
        fprintf(stderr, "heard %s", got);
    return strcmp(got, message) == 0;
}

static void manager_body(bool abstract)
{
    int manager = manager_open(abstract);
    setenv("WATCHDOG_USEC", "3000000", 1);
    unsetenv("WATCHDOG_PID");
    CHECK(service_open() == 0);
    CHECK(!getenv("NOTIFY_SOCKET") && !getenv("WATCHDOG_USEC"));
    CHECK(service_watchdog_ms() == 1500);
    service_ready();
    CHECK(hears(manager, "READY=1\n"));
    service_alive();
    CHECK(hears(manager, "WATCHDOG=1\n"));
    service_status("2 batches\nSTOPPING=1");
    CHECK(hears(manager, "STATUS=2 batches\n"));
    kill(getpid(), SIGTERM);
    CHECK(service_stop_asked());
    CHECK(hears(manager, "STOPPING=1\n"));
    close(manager); /* a manager that is gone does no harm */
    service_alive();
    service_status("alone");
}

static void manager_by_path(void)
{
    manager_body(false);
    char path[64];
    snprintf(path, sizeof(path), "/tmp/vigia-test-%ld", (long)getpid());
    unlink(path);
}

static void manager_abstract(void)
{
    manager_body(true);
}

static void test_manager(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(manager_by_path), 0);
    assert_int_equal(run_in_child(manager_abstract), 0);
}

/* A manager whose queue is full must not hold the loop. */
static void full_queue_body(void)
{
    int manager = manager_open(true);
    CHECK(service_open() == 0);
    int64_t before = clock_mono_ms();
    for (int i = 0; i < 2000; i++)
        service_status("again");
    CHECK(clock_mono_ms() - before < 5000);
    close(manager);
}

static void other_pid_body(void)
{
    int manager = manager_open(true);
    setenv("WATCHDOG_USEC", "3000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    CHECK(service_open() == 0);
    CHECK(service_watchdog_ms() == -1);
    service_alive();
    service_ready();
    CHECK(hears(manager, "READY=1\n"));
    close(manager);
}

static void bad_names_body(void)
{
    char longest[300];
    memset(longest, 'n', sizeof(longest) - 1);
    longest[0] = '/';
    longest[sizeof(longest) - 1] = '\0';
    setenv("NOTIFY_SOCKET", longest, 1);
    setenv("WATCHDOG_USEC", "nonsense", 1);
    CHECK(service_open() == 0);
    service_ready();
    CHECK(service_watchdog_ms() == -1);
}

static void test_manager_odd(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(full_queue_body), 0);
    assert_int_equal(run_in_child(other_pid_body), 0);
    assert_int_equal(run_in_child(bad_names_body), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_manager),
        cmocka_unit_test(test_manager_odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
