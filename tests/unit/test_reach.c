/* File systems that never answer are asked nothing: a FUSE mount without a server, in a name space
 * of its own. Whoever asks it anyhow hangs, and the alarm ends the test. */
#include "platform/file.h"
#include "platform/notify.h"
#include "platform/walk.h"
#include "unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_MOUNTS 254
#define SECONDS   20

/* /mnt: a small local file system; /mnt/local/hung and /mnt/local/file are served by nobody. */
static bool mount_hung(const char *path, const char *rootmode)
{
    char data[128];
    int server = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    snprintf(data, sizeof(data), "fd=%d,rootmode=%s,user_id=0,group_id=0,allow_other", server,
             rootmode);
    return server >= 0 && mount("hung", path, "fuse", 0, data) == 0;
}

static bool lay_mounts(void)
{
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", "/mnt", "tmpfs", 0, "mode=0755,size=1m") != 0)
        return false;
    bool fine = mkdir("/mnt/local", 0755) == 0 && mkdir("/mnt/local/hung", 0755) == 0 &&
                mkdir("/mnt/open", 0777) == 0 && chmod("/mnt/open", 0777) == 0 &&
                symlink("hung", "/mnt/local/link") == 0;
    for (int i = 0; fine && i < 2; i++) {
        int file = open(i == 0 ? "/mnt/local/file" : "/mnt/local/plain", O_CREAT | O_WRONLY, 0600);
        fine = file >= 0 && close(file) == 0;
    }
    fine = fine && link("/mnt/local/plain", "/mnt/open/hard") == 0 &&
           link("/mnt/local/plain", "/mnt/local/hard") == 0;
    return fine && mount_hung("/mnt/local/hung", "40000") &&
           mount_hung("/mnt/local/file", "100000");
}

static int open_and_close(int (*opener)(const char *, file_t *, struct file_info *),
                          const char *path)
{
    file_t f;
    int rc = opener(path, &f, NULL);
    if (rc == 0)
        file_close(f);
    return rc;
}

/* The line of the first answer that is wrong, or 0. */
static int ask_by_path(void)
{
    struct file_info info;
    struct folder *folder;
    struct walk_folder *walk;
    struct notify *notify;
    char real[256];
    if (open_and_close(file_open_untrusted, "/mnt/local/hung/x") != -EREMOTE ||
        open_and_close(file_open_trusted_path, "/mnt/local/link/x") != -EREMOTE ||
        open_and_close(file_open_untrusted, "/mnt/local/file") != -EREMOTE)
        return __LINE__;
    if (file_info_at("/mnt/local/hung", &info) != -EREMOTE ||
        file_info_at("/mnt/local/file", &info) != -EREMOTE ||
        folder_open("/mnt/local/hung", &folder) != -EREMOTE ||
        walk_open("/mnt/local/hung/deeper", &walk) != -EREMOTE ||
        walk_real_path("/mnt/local/link/x", real, sizeof(real)) != -EREMOTE)
        return __LINE__;
    if (notify_open(&notify) != 0 || notify_add(notify, "/mnt/local/hung") != -EREMOTE ||
        notify_add(notify, "/mnt/local") < 0)
        return __LINE__;
    notify_close(notify);
    if (open_and_close(file_open_untrusted, "/mnt/local/plain") != 0 ||
        file_info_at("/mnt/local/plain", &info) != 0 || info.type != FILE_REGULAR ||
        walk_real_path("/mnt/./local/../local/plain", real, sizeof(real)) != 16)
        return __LINE__;
    return 0;
}

static int ask_by_walk(void)
{
    struct file_info info;
    struct walk_folder *mnt, *local, *sub;
    file_t f;
    if (walk_open("/mnt", &mnt) != 0 || walk_enter(mnt, "local", &local) != 0)
        return __LINE__;
    if (walk_info(local, "hung", &info) != -EREMOTE ||
        walk_info(local, "file", &info) != -EREMOTE ||
        walk_enter(local, "hung", &sub) != -EREMOTE ||
        walk_file(local, "file", &f, &info) != -EREMOTE)
        return __LINE__;
    if (walk_info(local, "plain", &info) != 0 || walk_file(local, "plain", &f, &info) != 0)
        return __LINE__;
    file_close(f);
    walk_close(local);
    walk_close(mnt);
    return 0;
}

static int ask_about_hard_links(void)
{
    if (open_and_close(file_open_trusted_path, "/mnt/open/hard") != -EMLINK)
        return __LINE__;
    return open_and_close(file_open_trusted_path, "/mnt/local/hard") == 0 ? 0 : __LINE__;
}

static void ask(int (*questions)(void))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        alarm(SECONDS);
        _exit(lay_mounts() ? questions() : NO_MOUNTS);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status)); /* else the alarm ended it */
    if (WEXITSTATUS(status) == NO_MOUNTS)
        skip(); /* needs root, a mount name space and FUSE */
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void what_never_answers_is_not_asked_by_path(void **state)
{
    (void)state;
    ask(ask_by_path);
}

static void what_never_answers_is_not_asked_by_walk(void **state)
{
    (void)state;
    ask(ask_by_walk);
}

static void hard_links_of_others_are_refused(void **state)
{
    (void)state;
    ask(ask_about_hard_links);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_never_answers_is_not_asked_by_path),
        cmocka_unit_test(what_never_answers_is_not_asked_by_walk),
        cmocka_unit_test(hard_links_of_others_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
