/*
 * Signals arrive through a signalfd, which is read only in the thread that opened the service: if
 * another thread took the signal out, the poll loop would sleep on. The service manager is spoken
 * to as in sd_notify(3): one datagram a message. Its socket is opened and connected once, at the
 * start, since a role may give up making sockets and naming whom it sends to.
 */
#include "platform/service.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct {
    bool open;
    int signals;
    pthread_t owner;
    int notify; /* -1: nobody wants to be told */
    int64_t watchdog_ms;
    atomic_bool stop;
    atomic_bool reload;
} service = {.signals = -1, .notify = -1, .watchdog_ms = -1};

static void tell(const char *message)
{
    if (service.notify < 0)
        return;
    ssize_t sent;
    do
        sent = send(service.notify, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
}

/* text: "/path", or "@name" in the abstract namespace. */
static int connect_to(const char *text)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = strlen(text);
    if ((text[0] != '/' && text[0] != '@') || n < 2 || n >= sizeof(to.sun_path))
        return -1;
    memcpy(to.sun_path, text, n);
    bool abstract = text[0] == '@';
    if (abstract)
        to.sun_path[0] = '\0';
    size_t size = offsetof(struct sockaddr_un, sun_path) + n + (abstract ? 0 : 1);
    int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s >= 0 && connect(s, (const struct sockaddr *)&to, (socklen_t)size) != 0) {
        close(s);
        s = -1;
    }
    return s;
}

/* Half of what the manager waits, so that one late wake-up does no harm. */
static int64_t watchdog_from_environment(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (!usec || (pid && strtoll(pid, NULL, 10) != (long long)getpid()))
        return -1;
    long long value = strtoll(usec, NULL, 10);
    return value > 0 ? (value + 1999) / 2000 : -1;
}

static void open_manager(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    if (path)
        service.notify = connect_to(path);
    if (service.notify >= 0)
        service.watchdog_ms = watchdog_from_environment();
    /* What we start is not the service that the manager waits for. */
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

int service_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    int rc = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (rc != 0)
        return -rc;
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return -errno;
    service.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (service.signals < 0)
        return -errno;
    service.owner = pthread_self();
    service.open = true;
    open_manager();
    return 0;
}

wait_t service_wait(void)
{
    return service.signals;
}

static void take_signals(void)
{
    struct signalfd_siginfo s;
    if (!service.open || !pthread_equal(service.owner, pthread_self()))
        return;
    while (read(service.signals, &s, sizeof(s)) == (ssize_t)sizeof(s)) {
        if (s.ssi_signo == SIGHUP)
            atomic_store(&service.reload, true);
        else if (!atomic_exchange(&service.stop, true))
            tell("STOPPING=1\n");
    }
}

bool service_stop_asked(void)
{
    take_signals();
    return atomic_load(&service.stop);
}

bool service_reload_asked(void)
{
    take_signals();
    return atomic_exchange(&service.reload, false);
}

void service_ready(void)
{
    tell("READY=1\n");
}

void service_alive(void)
{
    if (service.watchdog_ms >= 0)
        tell("WATCHDOG=1\n");
}

int64_t service_watchdog_ms(void)
{
    return service.watchdog_ms;
}

void service_status(const char *text)
{
    char message[512];
    if (service.notify < 0)
        return;
    snprintf(message, sizeof(message), "STATUS=%.*s\n", (int)strcspn(text, "\n"), text);
    tell(message);
}
