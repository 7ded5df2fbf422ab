/*
 * The watch: from the close of a written file to the event in hand, beside a bare fanotify group in
 * the same run; how many of 2,000 short-lived writers are named rightly; and what it costs others:
 * a make of a part of this tree on a watched file system, with and without the watch in turns. Run
 * as root from the root of the tree, with DEPS in the environment.
 */
#include "platform/watch.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "unit/scratch.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WRITES   1000
#define WRITERS  2000
#define STRANGER 12345
#define ROUNDS   5

static struct watch *watch;
static struct watch_event event;
static char in[300];

static bool wanted(void *ctx, const char *path, bool folder)
{
    (void)ctx, (void)folder;
    size_t n = strlen(in);
    return strncmp(path, in, n) == 0 && (path[n] == '/' || !path[n]);
}

static bool holds(void *ctx, const char *folder)
{
    (void)ctx;
    size_t n = strlen(folder);
    return wanted(NULL, folder, true) || (strncmp(in, folder, n) == 0 && in[n] == '/');
}

static bool open_watch(void)
{
    const struct watch_filter filter = {NULL, wanted, holds};
    return watch_open(&filter, &watch) == 0 && watch_add(watch, in) == 0;
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* ---- from the close to the event ---- */

static int writer;

static int start_writer(const int go[2], const int done[2])
{
    char path[400], byte;
    int pid = fork();
    if (pid != 0)
        return pid;
    close(go[1]);
    snprintf(path, sizeof(path), "%s/timed", in);
    while (read(go[0], &byte, 1) == 1) {
        clock_sleep_ms(1);
        int f = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        int64_t closed = write(f, "x", 1) == 1 ? now_ns() : 0;
        close(f);
        if (write(done[1], &closed, sizeof(closed)) != sizeof(closed))
            break;
    }
    _exit(0);
}

static bool watch_has_it(void)
{
    bool it = false;
    struct poll_item item = {watch_wait(watch), false};
    poll_wait(&item, 1, 1000);
    while (watch_next(watch, &event))
        it = it || event.kinds & WATCH_CHANGED;
    return it;
}

static int group;

static bool group_has_it(void)
{
    static _Alignas(8) char bytes[65536];
    struct pollfd one = {.fd = group, .events = POLLIN};
    bool it = false;
    poll(&one, 1, 1000);
    ssize_t n = read(group, bytes, sizeof(bytes));
    const struct fanotify_event_metadata *e = (const void *)bytes;
    for (; FAN_EVENT_OK(e, n); e = FAN_EVENT_NEXT(e, n))
        it = it || e->pid == writer; /* and not of somebody else on this file system */
    return it;
}

static void measure(const char *what, bool (*has_it)(void), int64_t middle[1])
{
    static int64_t took[WRITES];
    int go[2], done[2];
    size_t n = 0;
    if (pipe2(go, O_CLOEXEC) != 0 || pipe2(done, O_CLOEXEC) != 0)
        return;
    writer = start_writer(go, done);
    close(go[0]);
    for (size_t i = 0; i < WRITES; i++) {
        int64_t closed, end = now_ns() + 1000000000;
        if (write(go[1], "x", 1) != 1)
            break;
        while (!has_it() && now_ns() < end)
            ;
        int64_t told = now_ns();
        if (read(done[0], &closed, sizeof(closed)) == sizeof(closed))
            took[n++] = told - closed;
    }
    close(go[1]);
    waitpid(writer, NULL, 0);
    close(done[0]);
    close(done[1]);
    qsort(took, n, sizeof(took[0]), compare);
    *middle = n > 0 ? took[n / 2] : 0;
    printf("watch %-22s p50 %6.1f us  p99 %7.1f us", what, (double)*middle / 1000,
           n > 0 ? (double)took[n * 99 / 100] / 1000 : 0);
}

static void latency(void)
{
    int64_t floor, ours;
    char path[400];
    snprintf(path, sizeof(path), "%s/timed", in);
    scratch_append(path, "", 0);
    group = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_CLOEXEC | FAN_NONBLOCK,
                          O_RDONLY);
    fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_CLOSE_WRITE, AT_FDCWD, in);
    measure("floor: bare fanotify", group_has_it, &floor);
    printf("\n");
    close(group);
    if (!open_watch())
        return;
    measure("write to event", watch_has_it, &ours);
    printf("  ratio %.2f (aim p50 50 us)\n", floor > 0 ? (double)ours / (double)floor : 0);
    watch_close(watch);
}

/* ---- who it was ---- */

static int pids[WRITERS];

static void start_writers(void)
{
    char script[400];
    for (int i = 0; i < WRITERS; i++) {
        snprintf(script, sizeof(script), "echo x > %s/f%d", in, i);
        pids[i] = fork();
        if (pids[i] == 0) {
            if (setuid(STRANGER) == 0)
                execl("/bin/sh", "sh", "-c", script, (char *)NULL);
            _exit(127);
        }
        waitpid(pids[i], NULL, 0);
    }
}

static void actors(void)
{
    char shell[PATH_MAX];
    unsigned seen = 0, pid = 0, exe = 0, user = 0, command = 0, wrong = 0;
    if (!realpath("/bin/sh", shell) || !open_watch())
        return;
    start_writers();
    clock_sleep_ms(500);
    while (watch_next(watch, &event)) {
        const struct watch_actor *a = &event.actor;
        long i = strtol(event.path + strlen(in) + 2, NULL, 10);
        seen++;
        pid += a->pid == pids[i];
        exe += strcmp(a->exe, shell) == 0;
        user += a->known && a->uid == STRANGER;
        wrong += a->known && a->uid != STRANGER;
        command += strncmp(a->command, "sh -c echo", 10) == 0;
    }
    printf("watch %d short-lived writers: told %u, process %.1f %%, program %.1f %%, user %.1f %% "
           "(aim 99 %%; wrong %u), command line %.1f %%\n",
           WRITERS, seen, pid * 100.0 / WRITERS, exe * 100.0 / WRITERS, user * 100.0 / WRITERS,
           wrong, command * 100.0 / WRITERS);
    watch_close(watch);
}

/* ---- what it costs others ---- */

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double cpu_of(int who)
{
    struct rusage used;
    getrusage(who, &used);
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

static bool shell(const char *script)
{
    int status = -1, pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", script, (char *)NULL);
        _exit(127);
    }
    return waitpid(pid, &status, 0) == pid && status == 0;
}

struct cost {
    int64_t cpu_us, wall_us;
    int64_t own_us; /* of the watch, also for what others do on this file system meanwhile */
};

static bool make(struct cost *c)
{
    char script[1000];
    snprintf(script, sizeof(script),
             "cd %s/tree && rm -rf build && make -s -j2 $(printf 'build/release/obj/%%s.o\\n' "
             "$(ls agent/base/*.c agent/event/*.c platform/posix/*.c | sed 's/\\.c$//'))",
             scratch_path());
    double cpu = cpu_of(RUSAGE_CHILDREN), own = cpu_of(RUSAGE_SELF);
    int64_t began = now_ns();
    if (!shell(script))
        return false;
    c->wall_us = (now_ns() - began) / 1000;
    c->own_us = (int64_t)((cpu_of(RUSAGE_SELF) - own) * 1e6);
    c->cpu_us = (int64_t)((cpu_of(RUSAGE_CHILDREN) - cpu) * 1e6);
    return true;
}

static int64_t middle_of(const struct cost *c, size_t field)
{
    int64_t values[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++)
        memcpy(&values[i], (const char *)&c[i] + field, sizeof(values[i]));
    qsort(values, ROUNDS, sizeof(values[0]), compare);
    return values[ROUNDS / 2];
}

static double more(const struct cost *with, const struct cost *without, size_t field)
{
    return 100.0 * (double)middle_of(with, field) / (double)middle_of(without, field) - 100;
}

static void cost_for_make(void)
{
    struct cost with[ROUNDS], without[ROUNDS];
    char script[700];
    snprintf(script, sizeof(script), "mkdir %s/tree && cp -r Makefile agent platform %s/tree",
             scratch_path(), scratch_path());
    if (!shell(script) || !make(&with[0])) /* warms up */
        return;
    for (size_t i = 0; i < ROUNDS; i++) {
        if (!make(&without[i]) || !open_watch())
            return;
        bool fine = make(&with[i]);
        watch_close(watch);
        if (!fine)
            return;
    }
    size_t cpu = offsetof(struct cost, cpu_us), wall = offsetof(struct cost, wall_us);
    double base = (double)middle_of(without, cpu);
    printf("watch make of a tree: %.2f CPU s, with the watch %+.1f %% and its own %.1f %% of that, "
           "wall %+.1f %% (aim 3 %%)\n",
           base / 1e6, more(with, without, cpu),
           100.0 * (double)middle_of(with, offsetof(struct cost, own_us)) / base,
           more(with, without, wall));
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (geteuid() != 0) {
        puts("watch: needs root");
        return 77;
    }
    scratch_open();
    snprintf(in, sizeof(in), "%s/in", scratch_path());
    if (chmod(scratch_path(), 0755) != 0 || folder_make(in, 0777) != 0 || chmod(in, 0777) != 0)
        return 1;
    latency();
    actors();
    cost_for_make();
    scratch_close();
    return 0;
}
