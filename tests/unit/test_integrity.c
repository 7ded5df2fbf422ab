/*
 * The integrity source through its contract: what a first scan, a re-check and the watch tell of a
 * small host in a scratch folder. The host of the source writes straight into a real store.
 */
#include "base/hex.h"
#include "event/event.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "source/all.h"
#include "source/integrity/look.h"
#include "unit/cmocka_all.h"
#include "unit/host_kit.h"
#include "unit/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define END_MS   60000
#define TOLD_MAX 1024

/* ---- doubles: a system without fanotify, and the pipeline ---- */

static bool refuse_fanotify;

int fanotify_init(unsigned int flags, unsigned int event_f_flags)
{
    if (refuse_fanotify) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_fanotify_init, flags, event_f_flags);
}

struct told {
    int activity, pid;
    int64_t user;
    bool while_off, by_scan, known_actor, has_hash;
    int severity;
    char xattributes[200]; /* after */
    bool immutable, append_only;
    char path[400], new_path[400], changed[100], uid[2 * EVENT_UID_SIZE + 1], exe[100], target[100];
};

static struct told *told; /* file activity */
static size_t told_n;
static unsigned scans; /* finished: class 6007 */
static struct event_scan last_scan;
static char scan_name[32];
static uint64_t adopted;

static void copy(struct span from, char *to, size_t size)
{
    assert_true(span_copy(from, to, size));
}

/* What stands between the first two of them that follow a word. */
static void copy_between(const char *text, const char *word, const char *end, char *to, size_t size)
{
    const char *at = strstr(text, word);
    to[0] = '\0';
    if (at)
        copy((struct span){at + strlen(word), strcspn(at + strlen(word), end)}, to, size);
}

static void take_file(const struct event *e, const char *vigia)
{
    const struct event_file *f = &e->u.file;
    assert_true(told_n < TOLD_MAX);
    struct told *t = &told[told_n++];
    *t = (struct told){.activity = e->activity,
                       .severity = e->severity,
                       .immutable = f->after.immutable,
                       .append_only = f->after.append_only,
                       .pid = f->actor.pid,
                       .user = f->actor.uid,
                       .known_actor = f->actor.known,
                       .has_hash = f->after.has_sha256,
                       .while_off = strstr(vigia, "\"while_off\":true") != NULL,
                       .by_scan = strstr(vigia, "\"found_by\":\"scan\"") != NULL};
    copy(f->after.xattributes, t->xattributes, sizeof(t->xattributes));
    copy(f->path, t->path, sizeof(t->path));
    copy(f->new_path, t->new_path, sizeof(t->new_path));
    copy(f->actor.exe, t->exe, sizeof(t->exe));
    copy(f->after.link_target, t->target, sizeof(t->target));
    copy_between(vigia, "\"changed\":[", "]", t->changed, sizeof(t->changed));
    hex_encode(e->uid, EVENT_UID_SIZE, t->uid);
}

static void emit(void *ctx, const struct event *e)
{
    char vigia[2048], number[24];
    (void)ctx;
    copy(e->vigia, vigia, sizeof(vigia));
    if (e->class_uid == EVENT_FILE) {
        take_file(e, vigia);
        return;
    }
    assert_int_equal(e->class_uid, EVENT_SCAN);
    scans++;
    last_scan = e->u.scan;
    copy(last_scan.name, scan_name, sizeof(scan_name));
    copy_between(vigia, "\"adopted\":", ",}", number, sizeof(number));
    adopted = strtoull(number, NULL, 10);
}

static void finish_scan(void)
{
    unsigned before = scans;
    int64_t end = clock_mono_ms() + END_MS;
    while (scans == before) {
        if (clock_mono_ms() > end)
            fail_msg("no scan came to an end");
        host_kit_turn(100);
    }
}

/* A start finds what changed since the stop before. */
static void start_and_scan(void)
{
    told_n = 0;
    host_kit_start();
    finish_scan();
}

static void scan(void)
{
    told_n = 0;
    assert_true(source_integrity.request(host_kit.self, "scan"));
    finish_scan();
}

static const struct told *find(const char *path)
{
    for (size_t i = 0; i < told_n; i++)
        if (strcmp(told[i].path, path) == 0)
            return &told[i];
    return NULL;
}

static const struct told *await(const char *path)
{
    int64_t end = clock_mono_ms() + END_MS;
    while (!find(path)) {
        if (clock_mono_ms() > end)
            fail_msg("%s was not told", path);
        host_kit_turn(100);
    }
    return find(path);
}

static void run_for(int64_t ms)
{
    int64_t end = clock_mono_ms() + ms;
    while (clock_mono_ms() < end)
        host_kit_turn(100);
}

/* ---- the host ---- */

static const char *on_disk(const char *path)
{
    static char paths[4][5000];
    static unsigned next;
    char *out = paths[next++ % 4];
    snprintf(out, sizeof(paths[0]), "%s/host%s", scratch_path(), path);
    return out;
}

static void write_file(const char *path, const char *text)
{
    unlink(on_disk(path));
    scratch_append(on_disk(path), text, strlen(text));
}

static void append(const char *path, const char *text)
{
    scratch_append(on_disk(path), text, strlen(text));
}

static void make(const char *path)
{
    assert_int_equal(folder_make(on_disk(path), 0755), 0);
}

static int shell(const char *script)
{
    int status = -1, pid = fork();
    if (pid == 0) {
        if (chdir(on_disk("/w")) == 0)
            execl("/bin/sh", "sh", "-c", script, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    return pid;
}

static char *list_of(struct config_list *list, char **items, const char *first)
{
    *list = (struct config_list){first != NULL, items};
    items[0] = (char *)(uintptr_t)first;
    return items[0];
}

static int set_up(void **state)
{
    static char *paths[4], *excludes[4];
    (void)state;
    host_kit_begin(&source_integrity, emit,
                   (struct config){.integrity = true,
                                   .scan_every_s = 6 * 3600,
                                   .rehash_every_s = 30 * 86400,
                                   .hash_max = 512 << 20});
    list_of(&host_kit.config.paths, paths, "/w");
    list_of(&host_kit.config.excludes, excludes, NULL);
    make("/w");
    told = calloc(TOLD_MAX, sizeof(*told));
    told_n = 0;
    scans = 0;
    adopted = 0;
    refuse_fanotify = false;
    return told ? 0 : -1;
}

static int set_up_inotify(void **state)
{
    int rc = set_up(state);
    refuse_fanotify = true;
    return rc;
}

static int tear_down(void **state)
{
    (void)state;
    free(told);
    host_kit_end();
    return 0;
}

static void check(const char *path, int activity, const char *changed)
{
    const struct told *t = find(path);
    if (!t)
        fail_msg("%s was not told", path);
    assert_int_equal(t->activity, activity);
    assert_string_equal(t->changed, changed);
}

/* ---- who opens files: counted by inotify ---- */

struct opens {
    int fd;
    unsigned n;
    char last[256];
};

static void opens_begin(struct opens *o, const char *folder)
{
    *o = (struct opens){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    assert_true(inotify_add_watch(o->fd, folder, IN_OPEN) >= 0);
}

static unsigned opens_count(struct opens *o)
{
    char bytes[4096];
    ssize_t n;
    o->n = 0;
    while ((n = read(o->fd, bytes, sizeof(bytes))) > 0) {
        struct inotify_event e;
        for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof(e) + e.len)) {
            memcpy(&e, bytes + at, sizeof(e));
            if (e.mask & IN_ISDIR || e.len == 0)
                continue;
            o->n++;
            snprintf(o->last, sizeof(o->last), "%s", bytes + at + sizeof(e));
        }
    }
    return o->n;
}

/* ---- scans ---- */

static void a_first_scan_tells_only_itself(void **state)
{
    (void)state;
    char path[64];
    make("/w/a/b");
    scratch_link("a", on_disk("/w/link"));
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof(path), "/w/a/b/f%d", i);
        write_file(path, path);
    }
    start_and_scan();
    assert_int_equal(told_n, 0);
    assert_string_equal(scan_name, "baseline");
    assert_int_equal(last_scan.files, 304); /* with the folders, and /w itself */
    assert_int_equal(last_scan.detections, 0);
    assert_int_equal(adopted, 304);
    scan();
    assert_int_equal(told_n, 0);
    assert_string_equal(scan_name, "re-check");
    assert_int_equal(last_scan.type_id, 1);
    assert_int_equal(last_scan.files, 304);
    assert_int_equal(adopted, 0);
    host_kit_stop(true);
    start_and_scan();
    assert_int_equal(told_n, 0);
    assert_int_equal(scans, 3);
    assert_int_equal(last_scan.type_id, 2);
    host_kit_stop(true);
}

static void make_many_kinds(void)
{
    make("/w/folder/below");
    make("/w/was-folder/below");
    write_file("/w/folder/below/x", "x");
    write_file("/w/was-folder/y", "y");
    write_file("/w/content", "before");
    write_file("/w/same-size", "before");
    write_file("/w/mode", "m");
    write_file("/w/setuid", "s");
    write_file("/w/owner", "o");
    write_file("/w/times", "t");
    write_file("/w/gone", "g");
    write_file("/w/was-file", "f");
    write_file("/w/quiet", "q");
    scratch_link("before", on_disk("/w/link"));
}

static void change_many_kinds(void)
{
    static const struct timespec now[2] = {{1000000000, 5}, {1000000000, 5}};
    append("/w/content", " and after");
    write_file("/w/same-size", "AFTER!");
    assert_int_equal(chmod(on_disk("/w/mode"), 0644), 0);
    assert_int_equal(chmod(on_disk("/w/setuid"), 04600), 0);
    assert_int_equal(chown(on_disk("/w/owner"), 12, 34), 0);
    assert_int_equal(utimensat(AT_FDCWD, on_disk("/w/times"), now, 0), 0);
    unlink(on_disk("/w/gone"));
    unlink(on_disk("/w/link"));
    scratch_link("after", on_disk("/w/link"));
    write_file("/w/new", "n");
    make("/w/new-folder");
    write_file("/w/new-folder/z", "z");
    unlink(on_disk("/w/was-file"));
    make("/w/was-file");
    shell("rm -r folder was-folder; echo x > was-folder");
}

static void changes_made_while_off_are_told(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    make_many_kinds();
    start_and_scan();
    host_kit_stop(true);
    clock_sleep_ms(20);
    change_many_kinds();
    clock_sleep_ms(20);
    start_and_scan();
    check("/w/content", FILE_ACTIVITY_UPDATE, "\"content\",\"times\"");
    check("/w/same-size", FILE_ACTIVITY_UPDATE, "\"content\",\"times\"");
    check("/w/mode", FILE_ACTIVITY_SET_SECURITY, "\"mode\"");
    check("/w/setuid", FILE_ACTIVITY_SET_SECURITY, "\"mode\",\"setuid\"");
    check("/w/owner", FILE_ACTIVITY_SET_SECURITY, "\"owner\"");
    check("/w/times", FILE_ACTIVITY_SET_ATTRIBUTES, "\"times\"");
    check("/w/gone", FILE_ACTIVITY_DELETE, "\"deleted\"");
    check("/w/link", FILE_ACTIVITY_UPDATE, "\"content\",\"times\"");
    assert_string_equal(find("/w/link")->target, "after");
    check("/w/new", FILE_ACTIVITY_CREATE, "\"created\"");
    check("/w/new-folder", FILE_ACTIVITY_CREATE, "\"created\"");
    check("/w/new-folder/z", FILE_ACTIVITY_CREATE, "\"created\"");
    check("/w/folder", FILE_ACTIVITY_DELETE, "\"deleted\"");
    check("/w/folder/below", FILE_ACTIVITY_DELETE, "\"deleted\"");
    check("/w/folder/below/x", FILE_ACTIVITY_DELETE, "\"deleted\"");
    assert_int_equal(find("/w/was-folder")->activity, FILE_ACTIVITY_UPDATE);
    check("/w/was-folder/y", FILE_ACTIVITY_DELETE, "\"deleted\"");
    check("/w/was-folder/below", FILE_ACTIVITY_DELETE, "\"deleted\"");
    assert_int_equal(find("/w/was-file")->activity, FILE_ACTIVITY_UPDATE);
    assert_int_equal(told_n, 18);
    assert_int_equal(last_scan.detections, 18);
    for (size_t i = 0; i < told_n; i++)
        assert_true(told[i].while_off && told[i].by_scan && !told[i].known_actor);
    scan();
    assert_int_equal(told_n, 0);
    append("/w/quiet", "!");
    scan();
    assert_int_equal(told_n, 1);
    assert_false(told[0].while_off);
    host_kit_stop(true);
}

/* ---- attributes of security ---- */

#define NET_RAW "\1\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
/* user::rw-,user:0:rw-,group::r--,mask::rw-,other::--- */
#define ACL                                                                                        \
    "\2\0\0\0\1\0\6\0\377\377\377\377\2\0\6\0\0\0\0\0\4\0\4\0\377\377\377\377"                     \
    "\20\0\6\0\377\377\377\377\40\0\0\0\377\377\377\377"

static void set_attribute(const char *path, const char *name, const char *value, size_t n)
{
    if (setxattr(on_disk(path), name, value, n, 0) != 0) {
        assert_int_equal(errno, ENOTSUP);
        skip();
    }
}

/* As chattr(1): the others stay. */
static int set_flags(const char *path, int wanted)
{
    const int ours = FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL;
    int f = open(on_disk(path), O_RDONLY | O_CLOEXEC), flags;
    int rc = ioctl(f, FS_IOC_GETFLAGS, &flags);
    flags = (flags & ~ours) | wanted;
    if (rc == 0)
        rc = ioctl(f, FS_IOC_SETFLAGS, &flags);
    close(f);
    return rc;
}

static void attributes_of_security_are_told(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    write_file("/w/capable", "1");
    write_file("/w/acl", "1");
    write_file("/w/flags", "1");
    write_file("/w/quiet", "1");
    make("/w/folder");
    assert_int_equal(chmod(on_disk("/w/acl"), 0660), 0); /* as the mask will have it */
    start_and_scan();
    set_attribute("/w/capable", "security.capability", NET_RAW, sizeof(NET_RAW) - 1);
    set_attribute("/w/acl", "system.posix_acl_access", ACL, sizeof(ACL) - 1);
    set_attribute("/w/folder", "system.posix_acl_default", ACL, sizeof(ACL) - 1);
    set_attribute("/w/quiet", "user.remark", "x", 1);
    bool flagged = set_flags("/w/flags", FS_IMMUTABLE_FL) == 0;
    scan();
    assert_int_equal(set_flags("/w/flags", 0), flagged ? 0 : -1);
    check("/w/capable", FILE_ACTIVITY_SET_SECURITY, "\"capabilities\",\"gained_capabilities\"");
    assert_int_equal(find("/w/capable")->severity, SEVERITY_HIGH);
    assert_string_equal(find("/w/capable")->xattributes,
                        "{\"security.capability\":\"cap_net_raw=ep\"}");
    check("/w/acl", FILE_ACTIVITY_SET_SECURITY, "\"acl\"");
    assert_string_equal(find("/w/acl")->xattributes,
                        "{\"system.posix_acl_access\":"
                        "\"user::rw-,user:root:rw-,group::r--,mask::rw-,other::---\"}");
    check("/w/folder", FILE_ACTIVITY_SET_SECURITY, "\"acl\"");
    if (flagged) {
        check("/w/flags", FILE_ACTIVITY_SET_SECURITY, "\"flags\"");
        assert_true(find("/w/flags")->immutable);
    }
    assert_int_equal(told_n, flagged ? 4 : 3);
    scan();
    assert_int_equal(told_n, flagged ? 1 : 0);
    assert_int_equal(removexattr(on_disk("/w/capable"), "security.capability"), 0);
    scan();
    check("/w/capable", FILE_ACTIVITY_SET_SECURITY, "\"capabilities\"");
    assert_int_equal(told_n, 1);
    host_kit_stop(true);
}

static void the_same_change_has_the_same_uid(void **state)
{
    (void)state;
    struct told before[8];
    write_file("/w/content", "a");
    write_file("/w/gone", "a");
    start_and_scan();
    host_kit_stop(true);
    append("/w/content", "b");
    unlink(on_disk("/w/gone"));
    write_file("/w/new", "c");
    start_and_scan();
    assert_int_equal(told_n, 3);
    memcpy(before, told, sizeof(before));
    host_kit_stop(false); /* a crash before the frame was written */
    start_and_scan();
    assert_int_equal(told_n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(find(before[i].path)->uid, before[i].uid);
    assert_string_not_equal(told[0].uid, told[1].uid);
    host_kit_stop(true);
    append("/w/content", "b");
    start_and_scan();
    assert_int_equal(told_n, 1);
    for (size_t i = 0; i < 3; i++)
        assert_string_not_equal(told[0].uid, before[i].uid);
    host_kit_stop(true);
}

static void a_recheck_opens_only_what_its_stat_says_changed(void **state)
{
    (void)state;
    struct opens o;
    char path[32];
    for (int i = 0; i < 20; i++) {
        snprintf(path, sizeof(path), "/w/f%d", i);
        write_file(path, path);
    }
    opens_begin(&o, on_disk("/w"));
    start_and_scan();
    assert_int_equal(opens_count(&o), 20);
    scan();
    assert_int_equal(opens_count(&o), 0);
    append("/w/f7", "!");
    opens_count(&o);
    scan();
    assert_int_equal(told_n, 1);
    assert_int_equal(opens_count(&o), 1);
    assert_string_equal(o.last, "f7");
    host_kit_stop(true);
    host_kit.config.rehash_every_s = 0; /* everything is due, after a second */
    clock_sleep_ms(1100);
    start_and_scan();
    assert_int_equal(told_n, 0);
    assert_int_equal(opens_count(&o), 20);
    host_kit_stop(true);
    close(o.fd);
}

static void what_is_excluded_is_not_looked_at(void **state)
{
    (void)state;
    struct opens o;
    host_kit.config.excludes.n = 3;
    host_kit.config.excludes.items[0] = (char[]){"**/*.log"};
    host_kit.config.excludes.items[1] = (char[]){"/w/no"};
    host_kit.config.excludes.items[2] = (char[]){"/w/*/cache/**"};
    make("/w/no/below");
    make("/w/a/cache/x");
    write_file("/w/a.log", "1");
    write_file("/w/no/below/b", "1");
    write_file("/w/a/cache/c", "1");
    write_file("/w/a/yes", "1");
    opens_begin(&o, on_disk("/w/no/below"));
    start_and_scan();
    assert_int_equal(last_scan.files, 4); /* w, w/a, w/a/cache, w/a/yes */
    append("/w/a.log", "2");
    append("/w/no/below/b", "2");
    append("/w/a/cache/c", "2");
    append("/w/a/yes", "2");
    write_file("/w/a/new.log", "3");
    opens_count(&o);
    scan();
    assert_int_equal(told_n, 1);
    assert_string_equal(told[0].path, "/w/a/yes");
    assert_int_equal(opens_count(&o), 0);
    host_kit_stop(true);
    close(o.fd);
}

static void a_path_that_is_new_in_the_configuration_is_adopted(void **state)
{
    (void)state;
    make("/v/b");
    write_file("/v/b/f", "1");
    write_file("/v/g", "1");
    write_file("/w/h", "1");
    start_and_scan();
    host_kit_stop(true);
    append("/w/h", "2");
    host_kit.config.paths.n = 2;
    host_kit.config.paths.items[1] = (char[]){"/v"};
    start_and_scan();
    assert_int_equal(told_n, 1);
    assert_string_equal(told[0].path, "/w/h");
    assert_int_equal(adopted, 4);
    host_kit_stop(true);
    append("/v/b/f", "2");
    start_and_scan();
    assert_int_equal(told_n, 1);
    assert_string_equal(told[0].path, "/v/b/f");
    host_kit_stop(true);
    host_kit.config.paths.n = 1; /* forgotten without a word, and adopted again */
    append("/v/b/f", "3");
    start_and_scan();
    assert_int_equal(told_n, 0);
    host_kit_stop(true);
    host_kit.config.paths.n = 2;
    start_and_scan();
    assert_int_equal(told_n, 0);
    assert_int_equal(adopted, 4);
    host_kit_stop(true);
}

static void patterns_find_what_fits_them(void **state)
{
    (void)state;
    host_kit.config.paths.n = 3;
    host_kit.config.paths.items[0] = (char[]){"/home/*/.profile"};
    host_kit.config.paths.items[1] = (char[]){"/home/*/.config/units"};
    host_kit.config.paths.items[2] = (char[]){"/srv/**/*.[ch]"};
    make("/home/ana/.config/units");
    make("/home/eva");
    make("/srv/deep/er");
    write_file("/home/ana/.profile", "1");
    write_file("/home/ana/.config/units/u", "1");
    write_file("/home/eva/.profile", "1");
    write_file("/home/eva/.profiles", "no");
    write_file("/srv/deep/er/x.c", "1");
    write_file("/srv/deep/er/x.cc", "no");
    start_and_scan();
    assert_int_equal(last_scan.files, 5);
    unlink(on_disk("/home/eva/.profile"));
    make("/home/new");
    write_file("/home/new/.profile", "1");
    write_file("/srv/deep/y.h", "1");
    append("/home/eva/.profiles", "no");
    append("/srv/deep/er/x.cc", "no");
    scan();
    check("/home/eva/.profile", FILE_ACTIVITY_DELETE, "\"deleted\"");
    check("/home/new/.profile", FILE_ACTIVITY_CREATE, "\"created\"");
    check("/srv/deep/y.h", FILE_ACTIVITY_CREATE, "\"created\"");
    assert_int_equal(told_n, 3);
    shell("rm -r ../home/ana ../srv/deep");
    scan();
    check("/home/ana/.profile", FILE_ACTIVITY_DELETE, "\"deleted\"");
    check("/home/ana/.config/units", FILE_ACTIVITY_DELETE, "\"deleted\"");
    check("/home/ana/.config/units/u", FILE_ACTIVITY_DELETE, "\"deleted\"");
    check("/srv/deep/er/x.c", FILE_ACTIVITY_DELETE, "\"deleted\"");
    check("/srv/deep/y.h", FILE_ACTIVITY_DELETE, "\"deleted\"");
    assert_int_equal(told_n, 5);
    scan();
    assert_int_equal(told_n, 0);
    host_kit_stop(true);
}

static void a_watched_tree_may_vanish_and_come(void **state)
{
    (void)state;
    write_file("/w/f", "1");
    host_kit.config.paths.n = 2;
    host_kit.config.paths.items[1] = (char[]){"/later/tree"};
    start_and_scan();
    host_kit_stop(true);
    shell("rm -r ../w; mkdir -p ../later/tree; echo x > ../later/tree/g");
    start_and_scan();
    check("/w", FILE_ACTIVITY_DELETE, "\"deleted\"");
    check("/w/f", FILE_ACTIVITY_DELETE, "\"deleted\"");
    check("/later/tree", FILE_ACTIVITY_CREATE, "\"created\"");
    check("/later/tree/g", FILE_ACTIVITY_CREATE, "\"created\"");
    assert_int_equal(told_n, 4);
    host_kit_stop(true);
    start_and_scan();
    assert_int_equal(told_n, 0);
    make("/w");
    shell("rm -r ../later");
    scan();
    check("/w", FILE_ACTIVITY_CREATE, "\"created\"");
    check("/later/tree", FILE_ACTIVITY_DELETE, "\"deleted\"");
    check("/later/tree/g", FILE_ACTIVITY_DELETE, "\"deleted\"");
    assert_int_equal(told_n, 3);
    host_kit_stop(true);
}

static void odd_names_are_kept_and_told(void **state)
{
    (void)state;
    static const char *const names[] = {"/w/ ",     "/w/-rf",  "/w/a\nb\tc",  "/w/\377\376",
                                        "/w/\\x41", "/w/%s%n", "/w/\"quote'", "/w/..."};
    const size_t n = sizeof(names) / sizeof(names[0]);
    char longest[3 + 255 + 1] = "/w/";
    memset(longest + 3, 'l', 255);
    start_and_scan();
    for (size_t i = 0; i < n; i++)
        write_file(names[i], "1");
    write_file(longest, "1");
    scan();
    assert_int_equal(told_n, n + 1);
    for (size_t i = 0; i < n; i++)
        check(names[i], FILE_ACTIVITY_CREATE, "\"created\"");
    assert_non_null(find(longest));
    scan();
    assert_int_equal(told_n, 0);
    for (size_t i = 0; i < n; i++)
        unlink(on_disk(names[i]));
    scan();
    assert_int_equal(told_n, n);
    for (size_t i = 0; i < n; i++)
        check(names[i], FILE_ACTIVITY_DELETE, "\"deleted\"");
    host_kit_stop(true);
}

/* A tree deeper than what is looked at ends as a count, not as a crash; made step by step, since no
 * path is as long. */
static void a_tree_without_end_is_cut(void **state)
{
    (void)state;
    char name[201];
    memset(name, 'd', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    int at = open(on_disk("/w"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(mkdirat(at, name, 0755), 0);
        int below = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(at);
        at = below;
    }
    close(at);
    start_and_scan();
    assert_true(last_scan.files < 100);
    assert_int_equal(last_scan.skipped, 1);
    scan();
    assert_int_equal(told_n, 0);
    host_kit_stop(true);
    shell("rm -r d*");
}

/* ---- a hostile host ---- */

static void what_never_ends_does_not_hold_a_scan_up(void **state)
{
    (void)state;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct opens o;
    assert_int_equal(mkfifo(on_disk("/w/fifo"), 0600), 0);
    snprintf(name.sun_path, sizeof(name.sun_path), "%s", on_disk("/w/socket"));
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s, (struct sockaddr *)&name, sizeof(name)), 0);
    write_file("/w/huge", "");
    assert_int_equal(truncate(on_disk("/w/huge"), (off_t)1 << 42), 0);
    opens_begin(&o, on_disk("/w"));
    int64_t began = clock_mono_ms();
    start_and_scan();
    assert_int_equal(last_scan.files, 4);
    assert_int_equal(last_scan.skipped, 0);
    assert_true(clock_mono_ms() - began < 10000);
    append("/w/huge", "!");
    opens_count(&o);
    scan();
    check("/w/huge", FILE_ACTIVITY_UPDATE, "\"content\",\"times\"");
    assert_false(told[0].has_hash);
    assert_int_equal(opens_count(&o), 0);
    host_kit_stop(true);
    close(s);
    close(o.fd);
}

static void a_lease_hides_nothing(void **state)
{
    (void)state;
    int pipes[2], status;
    char byte;
    write_file("/w/leased", "1");
    start_and_scan();
    append("/w/leased", "2");
    assert_int_equal(pipe(pipes), 0);
    int pid = fork();
    if (pid == 0) { /* holds a lease until it is killed */
        int f = open(on_disk("/w/leased"), O_RDWR | O_CLOEXEC);
        bool held = fcntl(f, F_SETLEASE, F_WRLCK) == 0;
        if (write(pipes[1], held ? "y" : "n", 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    int64_t began = clock_mono_ms();
    scan();
    assert_true(clock_mono_ms() - began < 10000);
    assert_int_equal(last_scan.skipped, 1);
    assert_int_equal(host_kit.dropped, 1);
    check("/w/leased", FILE_ACTIVITY_UPDATE, "\"content\",\"times\""); /* its size says so */
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    scan();
    assert_int_equal(last_scan.skipped, 0);
    struct opens o;
    opens_begin(&o, on_disk("/w"));
    scan();
    assert_int_equal(opens_count(&o), 0); /* the hash was made up for */
    host_kit_stop(true);
    close(o.fd);
    close(pipes[0]);
    close(pipes[1]);
}

/* Swaps entries with links to a secret as fast as it can. */
static void *swap_for_ever(void *arg)
{
    static const char *const names[][2] = {{"/w/file", "/x/file"}, {"/w/sub", "/x/sub"}};
    const bool *end = arg;
    for (size_t i = 0; !__atomic_load_n(end, __ATOMIC_RELAXED); i++) {
        renameat2(AT_FDCWD, on_disk(names[i % 2][0]), AT_FDCWD, on_disk(names[i % 2][1]),
                  RENAME_EXCHANGE);
    }
    return NULL;
}

static void a_link_swapped_in_is_not_followed(void **state)
{
    (void)state;
    struct opens o;
    pthread_t swapper;
    bool end = false;
    make("/secret");
    make("/x");
    make("/w/sub");
    write_file("/secret/key", "k");
    write_file("/w/file", "f");
    write_file("/w/sub/key", "f");
    scratch_link(on_disk("/secret/key"), on_disk("/x/file"));
    scratch_link(on_disk("/secret"), on_disk("/x/sub"));
    opens_begin(&o, on_disk("/secret"));
    host_kit.config.rehash_every_s = 0;
    start_and_scan();
    assert_int_equal(pthread_create(&swapper, NULL, swap_for_ever, &end), 0);
    int64_t begun = clock_mono_ms(), spent = 0;
    size_t changes = 0;
    while (spent < 2000 || (changes == 0 && spent < 30000)) { /* until a scan met a swapped one */
        scan();
        changes += told_n;
        spent = clock_mono_ms() - begun;
    }
    __atomic_store_n(&end, true, __ATOMIC_RELAXED);
    pthread_join(swapper, NULL);
    assert_true(changes > 0);
    assert_int_equal(opens_count(&o), 0);
    host_kit_stop(true);
    close(o.fd);
}

/* ---- pace ---- */

static void make_bytes(unsigned files, size_t each)
{
    char *bytes = calloc(1, each), path[32];
    for (unsigned i = 0; i < files; i++) {
        snprintf(path, sizeof(path), "/w/bytes%u", i);
        bytes[0] = (char)i;
        scratch_append(on_disk(path), bytes, each);
    }
    free(bytes);
}

static void the_rate_is_kept(void **state)
{
    (void)state;
    make_bytes(16, 512 << 10);
    host_kit.config.scan_rate = 4 << 20;
    start_and_scan();
    assert_in_range(last_scan.duration_ms, 1600, 6000); /* 8 MiB at 4 MiB a second */
    scan();
    assert_in_range(last_scan.duration_ms, 0, 1000); /* nothing is read */
    host_kit_stop(true);
}

static void a_broken_off_baseline_goes_on(void **state)
{
    (void)state;
    struct opens o;
    make_bytes(40, 256 << 10);
    host_kit.config.scan_rate = 4 << 20;
    opens_begin(&o, on_disk("/w"));
    host_kit_start();
    int64_t end = clock_mono_ms() + END_MS;
    unsigned first = 0;
    while (first < 10 && clock_mono_ms() < end) {
        host_kit_turn(100);
        first += opens_count(&o);
    }
    int64_t began = clock_mono_ms();
    host_kit_stop(true);
    assert_true(clock_mono_ms() - began < 1000);
    first += opens_count(&o);
    assert_in_range(first, 10, 35);
    assert_int_equal(scans, 0);
    host_kit.config.scan_rate = 0;
    start_and_scan();
    assert_int_equal(told_n, 0);
    assert_string_equal(scan_name, "baseline");
    assert_int_equal(last_scan.files, 41);
    assert_in_range(opens_count(&o), 40 - first, 42 - first); /* two were half read */
    host_kit_stop(true);
    close(o.fd);
}

static bool make_old(void *ctx, struct span key, struct span value)
{
    struct integrity_state s;
    struct buf *changes = ctx, record = BUF_INIT(INTEGRITY_RECORD_MAX);
    assert_true(integrity_state_decode(value, &s));
    if (s.hashed_s > 0)
        s.hashed_s -= 2 * 86400;
    integrity_state_encode(&record, &s);
    buf_put_u32(changes, (uint32_t)key.n);
    buf_put_span(changes, key);
    buf_put_u32(changes, (uint32_t)record.n);
    buf_put_span(changes, buf_span(&record));
    buf_release(&record);
    return true;
}

/* All contents were read two days ago. */
static void age_the_baseline(void)
{
    struct buf changes = BUF_INIT(1 << 20);
    struct span rest, key, value;
    uint32_t n;
    assert_int_equal(store_each(host_kit.store, STORE_BASELINE, SPAN(""), make_old, &changes), 0);
    rest = buf_span(&changes);
    while (span_take_u32(&rest, &n) && span_take(&rest, n, &key) && span_take_u32(&rest, &n) &&
           span_take(&rest, n, &value))
        store_put(host_kit.store, STORE_BASELINE, key, value);
    buf_release(&changes);
}

/* What was read again before the stop is not read once more. */
static void a_broken_off_recheck_goes_on(void **state)
{
    (void)state;
    struct opens o;
    make_bytes(40, 256 << 10);
    host_kit.config.rehash_every_s = 86400;
    start_and_scan();
    age_the_baseline();
    host_kit_stop(true);
    append("/w/bytes3", "!"); /* found by the second half or the first, and told once */
    host_kit.config.scan_rate = 4 << 20;
    opens_begin(&o, on_disk("/w"));
    told_n = 0;
    host_kit_start();
    unsigned first = 0;
    int64_t end = clock_mono_ms() + END_MS;
    while (first < 10 && clock_mono_ms() < end) {
        host_kit_turn(100);
        first += opens_count(&o);
    }
    run_for(100);
    host_kit_stop(true);
    first += opens_count(&o);
    assert_in_range(first, 10, 35);
    host_kit.config.scan_rate = 0;
    host_kit_start();
    finish_scan();
    assert_int_equal(told_n, 1);
    assert_string_equal(told[0].path, "/w/bytes3");
    assert_true(told[0].while_off);
    assert_in_range(opens_count(&o), 40 - first, 43 - first);
    scan();
    assert_int_equal(opens_count(&o), 0);
    host_kit_stop(true);
    close(o.fd);
}

/* ---- as it happens ---- */

static void begin_realtime(void)
{
    if (geteuid() != 0)
        skip();
    host_kit.config.realtime = true;
    start_and_scan();
}

static void a_change_is_told_with_who_made_it(void **state)
{
    (void)state;
    char program[PATH_MAX];
    struct source_health health;
    assert_non_null(realpath("/bin/sh", program));
    write_file("/w/a", "1");
    begin_realtime();
    int pid = shell("echo 2 >> a");
    const struct told *t = await("/w/a");
    assert_string_equal(t->changed, "\"content\",\"times\"");
    assert_false(t->by_scan);
    assert_false(t->while_off);
    source_integrity.health(host_kit.self, &health);
    assert_int_equal(health.state, refuse_fanotify ? SOURCE_DEGRADED : SOURCE_OK);
    if (!refuse_fanotify) {
        assert_int_equal(t->pid, pid);
        assert_string_equal(t->exe, program);
    } else {
        assert_false(t->known_actor);
    }
    told_n = 0;
    shell("chmod 640 a; exit 0");
    check(await("/w/a")->path, FILE_ACTIVITY_SET_SECURITY, "\"mode\"");
    told_n = 0;
    shell("rm a");
    check(await("/w/a")->path, FILE_ACTIVITY_DELETE, "\"deleted\"");
    run_for(300);
    assert_int_equal(told_n, 1);
    scan();
    assert_int_equal(told_n, 0);
    host_kit_stop(true);
}

/* Whether this kernel tells of a flag that is set with chattr(1); Debian 12's does not. */
static bool flags_are_told(const char *path)
{
    struct pollfd p = {.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .events = POLLIN};
    assert_true(inotify_add_watch(p.fd, on_disk(path), IN_ATTRIB) >= 0);
    assert_int_equal(set_flags(path, FS_NODUMP_FL), 0);
    bool told_one = poll(&p, 1, 500) == 1;
    close(p.fd);
    return told_one;
}

static int chattr(const char *path, int flags)
{
    int status = -1, pid = fork(); /* our own changes are not told */
    if (pid == 0)
        _exit(set_flags(path, flags) != 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* What no event tells is found by the next scan, although no time of the content has changed. */
static void flags_are_told_at_the_latest_by_a_scan(void **state)
{
    (void)state;
    static const char *const paths[] = {"/w/fixed", "/w/log", "/w/folder"};
    static const int flags[] = {FS_IMMUTABLE_FL, FS_APPEND_FL, FS_IMMUTABLE_FL};
    write_file("/w/probe", "1");
    write_file("/w/fixed", "1");
    write_file("/w/log", "1");
    make("/w/folder");
    begin_realtime();
    if (set_flags("/w/probe", 0) != 0)
        skip(); /* this file system has none */
    bool at_once = flags_are_told("/w/probe");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(chattr(paths[i], flags[i]), 0);
    for (size_t i = 0; i < 3 && at_once; i++)
        assert_false(await(paths[i])->by_scan);
    if (!at_once)
        scan();
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(chattr(paths[i], 0), 0);
        check(paths[i], FILE_ACTIVITY_SET_SECURITY, "\"flags\"");
        assert_int_equal(find(paths[i])->immutable, flags[i] == FS_IMMUTABLE_FL);
        assert_int_equal(find(paths[i])->append_only, flags[i] == FS_APPEND_FL);
    }
    assert_int_equal(told_n, 3);
    host_kit_stop(true);
}

static void a_new_tree_is_told_whole(void **state)
{
    (void)state;
    begin_realtime();
    shell("mkdir -p d/e/f; for i in 1 2 3 4 5 6 7 8 9; do echo $i > d/e/f/$i; done; echo x > d/y");
    await("/w/d/e/f/9");
    await("/w/d/e/f/1");
    await("/w/d/y");
    await("/w/d/e");
    run_for(1500);
    for (size_t i = 0; i < told_n; i++)
        assert_int_equal(told[i].activity, FILE_ACTIVITY_CREATE);
    assert_int_equal(told_n, 13);
    told_n = 0;
    shell("echo more >> d/e/f/5");
    check(await("/w/d/e/f/5")->path, FILE_ACTIVITY_UPDATE, "\"content\",\"times\"");
    told_n = 0;
    shell("rm -r d");
    await("/w/d");
    await("/w/d/e/f/9");
    run_for(1500);
    assert_int_equal(told_n, 13);
    for (size_t i = 0; i < told_n; i++)
        assert_int_equal(told[i].activity, FILE_ACTIVITY_DELETE);
    scan();
    assert_int_equal(told_n, 0);
    host_kit_stop(true);
}

static void a_rename_is_told_once(void **state)
{
    (void)state;
    write_file("/w/a", "1");
    write_file("/outside", "1");
    begin_realtime();
    shell("mv a b");
    await("/w/a");
    run_for(500);
    assert_int_equal(told_n, 1);
    assert_string_equal(told[0].new_path, "/w/b");
    check("/w/a", FILE_ACTIVITY_RENAME, "\"renamed\"");
    told_n = 0;
    shell("mv b ../b; mv ../outside c");
    await("/w/b");
    await("/w/c");
    check("/w/b", FILE_ACTIVITY_DELETE, "\"deleted\"");
    check("/w/c", FILE_ACTIVITY_CREATE, "\"created\"");
    assert_int_equal(told_n, 2);
    scan();
    assert_int_equal(told_n, 0);
    host_kit_stop(true);
}

static void watch_and_scan_give_the_same_uid(void **state)
{
    (void)state;
    char uid[sizeof(told->uid)];
    write_file("/w/a", "1");
    begin_realtime();
    assert_int_equal(store_commit(host_kit.store), 0);
    shell("echo 2 >> a");
    memcpy(uid, await("/w/a")->uid, sizeof(uid));
    host_kit_stop(false);
    start_and_scan();
    run_for(500);
    assert_int_equal(told_n, 1);
    assert_string_equal(told[0].uid, uid);
    host_kit_stop(true);
}

/* Single trees go between two entries of a scan of everything, which then goes on. */
static void a_long_scan_lets_others_pass(void **state)
{
    (void)state;
    make_bytes(40, 256 << 10);
    begin_realtime();
    host_kit_stop(true);
    clock_sleep_ms(1100);
    host_kit.config.rehash_every_s = 0;
    host_kit.config.scan_rate = 2 << 20; /* five seconds */
    told_n = 0;
    host_kit_start();
    run_for(500);
    shell("mkdir d; echo x > d/f");
    await("/w/d/f");
    assert_int_equal(scans, 1);
    finish_scan();
    run_for(100);
    assert_int_equal(told_n, 2);
    assert_int_equal(last_scan.detections, 0);
    assert_true(last_scan.files >= 41);
    host_kit_stop(true);
}

/* A new tree that takes five seconds does not hold up another one that takes none. */
static void a_large_tree_lets_others_pass(void **state)
{
    (void)state;
    char path[64], bytes[1024];
    memset(bytes, 'x', sizeof(bytes));
    make("/outside");
    make("/outside/large");
    for (unsigned i = 0; i < 40; i++) {
        snprintf(path, sizeof(path), "/outside/large/%u", i);
        for (unsigned n = 0; n < 256; n++)
            scratch_append(on_disk(path), bytes, sizeof(bytes));
    }
    host_kit.config.scan_rate = 2 << 20;
    begin_realtime();
    told_n = 0;
    shell("mv ../outside/large .");
    await("/w/large");
    run_for(1000);
    shell("mkdir d; echo x > d/f");
    await("/w/d/f");
    assert_in_range(told_n, 5, 35);
    int64_t end = clock_mono_ms() + END_MS;
    while (told_n < 1 + 40 + 2 && clock_mono_ms() < end)
        host_kit_turn(100);
    run_for(300);
    assert_int_equal(told_n, 1 + 40 + 2);
    scan();
    assert_int_equal(told_n, 0);
    host_kit_stop(true);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define BOTH(f)                                                                                    \
    TEST(f),                                                                                       \
    {                                                                                              \
#f " (inotify)", f, set_up_inotify, tear_down, NULL                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_first_scan_tells_only_itself),
        TEST(changes_made_while_off_are_told),
        TEST(attributes_of_security_are_told),
        TEST(the_same_change_has_the_same_uid),
        TEST(a_recheck_opens_only_what_its_stat_says_changed),
        TEST(what_is_excluded_is_not_looked_at),
        TEST(a_path_that_is_new_in_the_configuration_is_adopted),
        TEST(patterns_find_what_fits_them),
        TEST(a_watched_tree_may_vanish_and_come),
        TEST(odd_names_are_kept_and_told),
        TEST(a_tree_without_end_is_cut),
        TEST(what_never_ends_does_not_hold_a_scan_up),
        TEST(a_lease_hides_nothing),
        TEST(a_link_swapped_in_is_not_followed),
        TEST(the_rate_is_kept),
        TEST(a_broken_off_baseline_goes_on),
        TEST(a_broken_off_recheck_goes_on),
        BOTH(a_change_is_told_with_who_made_it),
        BOTH(flags_are_told_at_the_latest_by_a_scan),
        BOTH(a_new_tree_is_told_whole),
        TEST(a_rename_is_told_once),
        TEST(watch_and_scan_give_the_same_uid),
        TEST(a_long_scan_lets_others_pass),
        TEST(a_large_tree_lets_others_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
