/* Walking trees, and what is mounted where (mountinfo comes from a double of fopen). */
#include "platform/file.h"
#include "platform/mounts.h"
#include "platform/walk.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the double ---- */

static const char *mountinfo; /* NULL: the real one */

FILE *fopen(const char *path, const char *mode)
{
    if (mountinfo && strcmp(path, "/proc/self/mountinfo") == 0)
        return fmemopen((void *)(uintptr_t)mountinfo, strlen(mountinfo), "r");
    int f = open(path, O_RDONLY | O_CLOEXEC);
    return f < 0 ? NULL : fdopen(f, mode[0] == 'r' ? "r" : "");
}

/* ---- walk ---- */

static int set_up(void **state)
{
    (void)state;
    scratch_open();
    mountinfo = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

static const char *at(const char *name)
{
    static char paths[4][400];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", scratch_path(), name);
    return path;
}

static void every_entry_comes_once_with_its_type(void **state)
{
    (void)state;
    static bool seen[3000];
    struct walk_folder *f;
    const char *name;
    enum file_type type;
    size_t n = 0, others = 0;
    for (unsigned i = 0; i < 3000; i++) { /* more than one read of the folder */
        char entry[32];
        snprintf(entry, sizeof(entry), "n%u", i);
        scratch_append(at(entry), "", 0);
    }
    assert_int_equal(folder_make(at("folder"), 0755), 0);
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    scratch_link("nowhere", at("link"));
    assert_int_equal(walk_open(scratch_path(), &f), 0);
    while (walk_next(f, &name, &type) == 1) {
        if (name[0] != 'n') {
            others++;
            assert_int_equal(type, !strcmp(name, "folder") ? FILE_FOLDER
                                   : !strcmp(name, "fifo") ? FILE_FIFO
                                                           : FILE_SYMLINK);
            continue;
        }
        long i = strtol(name + 1, NULL, 10);
        assert_false(seen[i]);
        assert_int_equal(type, FILE_REGULAR);
        seen[i] = true;
        n++;
    }
    walk_close(f);
    assert_int_equal(n, 3000);
    assert_int_equal(others, 3);
}

static void links_and_files_are_no_folders(void **state)
{
    (void)state;
    struct walk_folder *f, *sub;
    char too_long[400];
    assert_int_equal(folder_make(at("a/b"), 0755), 0);
    scratch_append(at("file"), "x", 1);
    scratch_link("a", at("link"));
    assert_int_equal(walk_open(at("link"), &f), -ENOTDIR);
    assert_int_equal(walk_open(at("link/b"), &f), -ELOOP);
    assert_int_equal(walk_open(at("file"), &f), -ENOTDIR);
    assert_int_equal(walk_open(at("nothing"), &f), -ENOENT);
    assert_null(f);
    assert_int_equal(walk_open(scratch_path(), &f), 0);
    assert_int_equal(walk_enter(f, "link", &sub), -ENOTDIR);
    assert_int_equal(walk_enter(f, "file", &sub), -ENOTDIR);
    memset(too_long, 'x', sizeof(too_long));
    too_long[sizeof(too_long) - 1] = '\0';
    assert_int_equal(walk_enter(f, too_long, &sub), -ENAMETOOLONG);
    assert_int_equal(walk_enter(f, "a", &sub), 0);
    walk_close(sub);
    walk_close(f);
    walk_close(NULL);
}

static void entries_are_looked_at_without_following(void **state)
{
    (void)state;
    struct walk_folder *f;
    struct file_info info;
    file_t file;
    char text[8], target[16], small[4];
    scratch_append(at("file"), "abc", 3);
    assert_int_equal(chmod(at("file"), 04751), 0);
    scratch_link("file", at("link"));
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    assert_int_equal(walk_open(scratch_path(), &f), 0);
    assert_int_equal(walk_info(f, "file", &info), 0);
    assert_int_equal(info.type, FILE_REGULAR);
    assert_int_equal(info.mode, 04751);
    assert_int_equal(info.size, 3);
    assert_int_equal(info.nlink, 1);
    assert_int_equal(walk_info(f, "link", &info), 0);
    assert_int_equal(info.type, FILE_SYMLINK);
    assert_int_equal(walk_info(f, "nothing", &info), -ENOENT);
    assert_int_equal(walk_link(f, "link", target, sizeof(target)), 4);
    assert_string_equal(target, "file");
    assert_int_equal(walk_link(f, "link", small, sizeof(small)), -ENAMETOOLONG);
    assert_int_equal(walk_link(f, "file", target, sizeof(target)), -EINVAL);
    assert_int_equal(walk_file(f, "file", &file, &info), 0);
    assert_int_equal(file_read_at(file, 0, text, sizeof(text)), 3);
    file_close(file);
    assert_int_equal(walk_file(f, "link", &file, &info), -ELOOP);
    assert_int_equal(walk_file(f, "fifo", &file, &info), -EINVAL); /* and does not wait */
    assert_int_equal(walk_file(f, "nothing", &file, &info), -ENOENT);
    walk_close(f);
}

static void a_real_path_has_no_links(void **state)
{
    (void)state;
    char real[400], small[8];
    assert_int_equal(folder_make(at("a/b"), 0755), 0);
    scratch_link("a", at("link"));
    assert_int_equal(walk_real_path(at("link/b"), real, sizeof(real)), strlen(at("a/b")));
    assert_string_equal(real, at("a/b"));
    assert_int_equal(walk_real_path(at("link/b"), small, sizeof(small)), -ENAMETOOLONG);
    assert_int_equal(walk_real_path(at("none"), real, sizeof(real)), -ENOENT);
}

/* ---- mounts ---- */

static void take_no_attribute(void *ctx, const char *name, const void *value, size_t n)
{
    (void)ctx;
    (void)name;
    (void)value;
    (void)n;
}

/* As before Linux 5.6, and under filters that do not know the call. */
static bool lose_openat2(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog all = {sizeof(code) / sizeof(code[0]), code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) == 0;
}

static int look_without_openat2(void)
{
    static const char *const names[] = {"link", "file", "a"};
    struct walk_folder *f;
    struct file_info info;
    char target[16];
    if (!lose_openat2() || walk_open(scratch_path(), &f) != 0)
        return 10;
    for (int i = 0; i < 3; i++)
        if (walk_info(f, names[i], &info) != 0 ||
            walk_attributes(f, names[i], FILE_NONE, take_no_attribute, NULL) != 0)
            return 20 + i;
    return walk_link(f, "link", target, sizeof(target)) == 4 ? 0 : 30;
}

static void entries_are_looked_at_without_openat2(void **state)
{
    int status = -1;
    (void)state;
    scratch_append(at("file"), "abc", 3);
    assert_int_equal(mkdir(at("a"), 0700), 0);
    scratch_link("file", at("link"));
    pid_t child = fork();
    if (child == 0)
        _exit(look_without_openat2());
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static bool count_point(void *ctx, const char *point, enum mount_kind kind)
{
    char *out = ctx;
    size_t n = strlen(out);
    snprintf(out + n, 200 - n, "%s=%d ", point, (int)kind);
    return strcmp(point, "/data/z") != 0; /* the walk ends here */
}

static void mount_points_are_read(void **state)
{
    (void)state;
    struct mounts *m;
    char points[200] = "";
    mountinfo = "21 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
                "22 21 0:5 / /proc rw - proc proc rw\n"
                "23 21 0:6 / /data\\040with\\011all\\012of\\134it rw shared:1 - tmpfs none rw\n"
                "24 21 0:7 / /data rw shared:2 master:1 propagate_from:3 - xfs /dev/vdb rw\n"
                "25 24 0:8 / /data/nfs rw - nfs4 host:/x rw\n"
                "26 24 0:9 / /data/sshfs rw - fuse.sshfs u@h: rw\n"
                "27 24 0:10 / /data/over rw - ext4 /dev/vdc rw\n"
                "28 27 0:11 / /data/over rw - cgroup2 none rw\n"
                "\n"
                "short line\n"
                "29 21 0:12 / /no-type rw -\n"
                "30 21 0:12 / /no-dash rw ext4\n"
                "31 24 0:13 / /data/bad\\08x\\9 rw - newfs none rw\n"
                "32 24 0:14 / /data/z rw - overlay none rw\n"
                "34 24 0:16 / /c\\040d rw - overlay overlay rw,lowerdir=/l,upperdir=/up\\040x/1"
                ",workdir=/w\n"
                "35 24 0:17 / /r rw - overlay overlay rw,upperdir=relative,workdir=/w\n"
                "33 24 0:15 / /data/zz rw - tmpfs none rw";
    assert_int_equal(mounts_read(&m), 0);
    assert_int_equal(mounts_at(m, "/"), MOUNT_LOCAL);
    assert_int_equal(mounts_at(m, "/proc"), MOUNT_PSEUDO);
    assert_int_equal(mounts_at(m, "/data with\tall\nof\\it"), MOUNT_LOCAL);
    assert_int_equal(mounts_at(m, "/data/nfs"), MOUNT_REMOTE);
    assert_int_equal(mounts_at(m, "/data/sshfs"), MOUNT_REMOTE);
    assert_int_equal(mounts_at(m, "/data/over"), MOUNT_PSEUDO); /* what lies on top */
    assert_int_equal(mounts_at(m, "/data/bad\\08x\\9"), MOUNT_LOCAL);
    assert_int_equal(mounts_at(m, "/data/zz"), MOUNT_LOCAL);
    assert_int_equal(mounts_at(m, "/no-type"), MOUNT_NONE);
    assert_int_equal(mounts_at(m, "/no-dash"), MOUNT_NONE);
    assert_int_equal(mounts_at(m, "/dat"), MOUNT_NONE);
    assert_int_equal(mounts_of(m, "/data/nfs/x/y"), MOUNT_REMOTE);
    assert_int_equal(mounts_of(m, "/data/nfsx"), MOUNT_LOCAL);
    assert_int_equal(mounts_of(m, "/proc/1"), MOUNT_PSEUDO);
    assert_int_equal(mounts_of(m, "/etc"), MOUNT_LOCAL);
    assert_int_equal(mounts_of(NULL, "/etc"), MOUNT_NONE);
    assert_int_equal(mounts_id_of(m, "/data/over/x"), 28);
    assert_int_equal(mounts_id_of(m, "/data/x"), 24);
    assert_int_equal(mounts_id_of(NULL, "/data"), 0);
    assert_string_equal(mounts_overlay_of(m, "/up x/1/etc/passwd"), "/c d");
    assert_null(mounts_overlay_of(m, "/up x/1"));
    assert_null(mounts_overlay_of(m, "/up x/12/etc"));
    assert_null(mounts_overlay_of(NULL, "/up x/1/a"));
    assert_int_equal(mounts_at(NULL, "/"), MOUNT_NONE);
    mounts_below(m, "/data", count_point, points);
    assert_string_equal(points, "/data/bad\\08x\\9=1 /data/nfs=2 /data/over=1 /data/over=3 "
                                "/data/sshfs=2 /data/z=1 ");
    mounts_free(m);
}

static void the_real_mounts_are_read(void **state)
{
    (void)state;
    struct mounts *m;
    assert_int_equal(mounts_read(&m), 0);
    assert_int_equal(mounts_at(m, "/proc"), MOUNT_PSEUDO);
    assert_int_equal(mounts_at(m, scratch_path()), MOUNT_NONE);
    assert_int_not_equal(mounts_of(m, scratch_path()), MOUNT_NONE);
    mounts_free(m);
    mounts_free(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_entry_comes_once_with_its_type),
        TEST(links_and_files_are_no_folders),
        TEST(entries_are_looked_at_without_following),
        TEST(entries_are_looked_at_without_openat2),
        TEST(a_real_path_has_no_links),
        TEST(mount_points_are_read),
        TEST(the_real_mounts_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
