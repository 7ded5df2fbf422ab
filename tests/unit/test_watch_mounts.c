/* Mounts that come and go while they are watched: real ones, in a mount namespace of this test. */
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/watch.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_MS     20000
#define STATUS_MAX 300

static struct watch *watch;
static struct watch_event event;
static struct watch_root_status status[STATUS_MAX];
static bool refuse_fanotify, private;

int fanotify_init(unsigned int flags, unsigned int event_f_flags)
{
    if (refuse_fanotify) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_fanotify_init, flags, event_f_flags);
}

static const char *at(const char *name)
{
    static char paths[4][400];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", scratch_path(), name);
    return path;
}

static bool wanted(void *ctx, const char *path, bool folder)
{
    (void)ctx, (void)folder;
    size_t n = strlen(scratch_path()); /* in the reader thread */
    return strncmp(path, scratch_path(), n) == 0 && strncmp(path + n, "/in", 3) == 0 &&
           (path[n + 3] == '/' || !path[n + 3]) && !strstr(path, "unwanted");
}

static int set_up(bool refuse)
{
    const struct watch_filter filter = {NULL, wanted, NULL};
    scratch_open();
    watch = NULL;
    refuse_fanotify = refuse;
    if (!private)
        return 0;
    assert_int_equal(folder_make(at("in"), 0755), 0);
    assert_int_equal(folder_make(at("in/m"), 0755), 0);
    assert_int_equal(watch_open(&filter, &watch), 0);
    assert_int_equal(watch_add(watch, at("in")), 0);
    return 0;
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
    scratch_close();
    return 0;
}

static void begin(void)
{
    if (!private)
        skip();
}

static void mount_memory(const char *name)
{
    assert_int_equal(mount("none", at(name), "tmpfs", 0, "size=1m"), 0);
}

static void await(const char *name, uint32_t kinds)
{
    int64_t end = clock_mono_ms() + END_MS;
    while (clock_mono_ms() < end) {
        struct poll_item item = {watch_wait(watch), false};
        poll_wait(&item, 1, 100);
        while (watch_next(watch, &event))
            if (strcmp(event.path, at(name)) == 0 && event.kinds & kinds)
                return;
    }
    fail_msg("%s was not told", name);
}

/* By another process: our own changes are not told. */
static void write_file(const char *name)
{
    int code = -1, pid = fork();
    if (pid == 0) {
        int f = open(at(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        _exit(f < 0);
    }
    assert_int_equal(waitpid(pid, &code, 0), pid);
    assert_int_equal(code, 0);
}

static const char *mechanism_of(const char *name)
{
    size_t n = watch_status(watch, status, STATUS_MAX);
    for (size_t i = 0; i < n; i++)
        if (strcmp(status[i].path, at(name)) == 0)
            return status[i].mechanism;
    return "";
}

static void a_mount_that_comes_is_watched_until_it_goes(void **state)
{
    (void)state;
    begin();
    const char *mechanism = refuse_fanotify ? "inotify" : "fanotify";
    for (int i = 0; i < 3; i++) {
        mount_memory("in/m");
        await("in/m", WATCH_MOUNTED);
        assert_string_equal(mechanism_of("in/m"), mechanism);
        write_file("in/m/on-top");
        await("in/m/on-top", WATCH_CREATED);
        assert_int_equal(umount(at("in/m")), 0);
        await("in/m", WATCH_MOUNTED);
        assert_string_equal(mechanism_of("in/m"), "");
        assert_string_equal(mechanism_of("in"), mechanism);
        assert_int_equal(watch_status(watch, status, STATUS_MAX), 1);
        char name[32];
        snprintf(name, sizeof(name), "in/m/below%d", i);
        write_file(name);
        await(name, WATCH_CREATED);
    }
}

/* What is seen of the tree is another file system then, and after it the one of before. */
static void a_mount_over_the_tree_is_watched(void **state)
{
    (void)state;
    begin();
    mount_memory("in");
    await("in", WATCH_MOUNTED);
    write_file("in/on-top");
    await("in/on-top", WATCH_CREATED);
    assert_int_equal(umount(at("in")), 0);
    await("in", WATCH_MOUNTED);
    write_file("in/m/below");
    await("in/m/below", WATCH_CREATED);
}

static void a_mount_in_a_mount_is_watched(void **state)
{
    (void)state;
    begin();
    mount_memory("in/m");
    assert_int_equal(folder_make(at("in/m/n"), 0755), 0);
    mount_memory("in/m/n");
    await("in/m/n", WATCH_MOUNTED);
    write_file("in/m/n/deep");
    await("in/m/n/deep", WATCH_CREATED);
    assert_int_equal(umount2(at("in/m"), MNT_DETACH), 0);
    await("in/m", WATCH_MOUNTED);
    assert_int_equal(watch_status(watch, status, STATUS_MAX), 1);
}

/* A folder that was just made is looked at once, by which time the mount may lie on it: for that
 * moment it is busy. */
static bool unmount(const char *name)
{
    int64_t end = clock_mono_ms() + END_MS;
    int rc = umount(at(name));
    while (rc != 0 && errno == EBUSY && clock_mono_ms() < end) {
        clock_sleep_ms(10);
        rc = umount(at(name));
    }
    return rc == 0;
}

static void a_mount_nobody_wants_is_left_alone(void **state)
{
    (void)state;
    begin();
    assert_int_equal(folder_make(at("in/unwanted"), 0755), 0);
    assert_int_equal(folder_make(at("out"), 0755), 0);
    mount_memory("in/unwanted");
    mount_memory("out");
    mount_memory("in/m");
    await("in/m", WATCH_MOUNTED);
    assert_int_equal(watch_status(watch, status, STATUS_MAX), 2);
    assert_true(unmount("in/m"));
    assert_true(unmount("out"));
    assert_true(unmount("in/unwanted"));
}

/* More file systems than there is room for: said, and the rest goes on. */
static void too_many_mounts_are_said_to_be(void **state)
{
    (void)state;
    begin();
    char name[32];
    for (int i = 0; i < 270; i++) {
        snprintf(name, sizeof(name), "in/m%d", i);
        assert_int_equal(folder_make(at(name), 0755), 0);
        mount_memory(name);
    }
    int64_t end = clock_mono_ms() + END_MS;
    size_t n;
    do {
        n = watch_status(watch, status, STATUS_MAX);
        clock_sleep_ms(10);
    } while (strcmp(status[n - 1].why, "15 mounted file systems more than can be watched") != 0 &&
             clock_mono_ms() < end);
    assert_string_equal(status[n - 1].why, "15 mounted file systems more than can be watched");
    for (int i = 0; i < 270; i++) {
        snprintf(name, sizeof(name), "in/m%d", i);
        assert_int_equal(umount2(at(name), MNT_DETACH), 0);
    }
    while (watch_status(watch, status, STATUS_MAX) != 1 && clock_mono_ms() < end)
        clock_sleep_ms(10);
    assert_int_equal(watch_status(watch, status, STATUS_MAX), 1);
    write_file("in/m/after");
    await("in/m/after", WATCH_CREATED);
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
        BOTH(a_mount_that_comes_is_watched_until_it_goes),
        BOTH(a_mount_over_the_tree_is_watched),
        BOTH(a_mount_in_a_mount_is_watched),
        BOTH(a_mount_nobody_wants_is_left_alone),
        FANOTIFY(too_many_mounts_are_said_to_be),
    };
    private = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
