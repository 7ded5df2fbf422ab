/*
 * A shared object for LD_PRELOAD that kills its process at, in or after the steps by which the
 * program makes its state durable, and lets some of them fail as on a full disk. The program is the
 * real one and knows nothing of it. From the environment:
 *
 *   VIGIA_CRASH_UNDER          only calls on files below this path count; without it none does
 *   VIGIA_CRASH_EVERY          mean number of counted calls from one crash to the next (1: always)
 *   VIGIA_CRASH_SEED           same seed and same run, same crashes (as far as threads allow)
 *   VIGIA_CRASH_STATE          a file that counts the runs, so that each one differs
 *   VIGIA_CRASH_LOG            gets a line for each crash: "<pid> <call> <moment> <path>", the
 * moment being before, middle (of a write, a part of it is done) or after; for each failure below
 * the same with "enospc" VIGIA_FAIL_ENOSPC_EVERY    mean number of counted writes, ftruncates and
 * fallocates from one that fails with ENOSPC to the next
 *
 * Calls go to the kernel directly, so it does not matter in which order libraries start. A program
 * with AddressSanitizer wants its runtime first: ASAN_OPTIONS=verify_asan_link_order=0 allows this
 * one before it. What stdio and other parts of libc write by themselves is not seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
    uint64_t crash_every; /* 0: never */
    uint64_t fail_every;
    const char *under;             /* as it was given */
    char under_resolved[PATH_MAX]; /* and as the kernel tells it for a descriptor */
    int log;                       /* opened at the start: the program may give up other files */
    atomic_uint_fast64_t random;
} setup;

/* ---- random numbers: splitmix64, which any thread may step ---- */

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t random_below(uint64_t n)
{
    const uint64_t step = 0x9e3779b97f4a7c15u;
    return mix(atomic_fetch_add(&setup.random, step) + step) % n;
}

static uint64_t number_in(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : 0;
}

/* How often this was called with the same file before. */
static uint64_t count_run(const char *path)
{
    char digits[32] = "";
    int fd =
        path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return 0;
    flock(fd, LOCK_EX);
    ssize_t got = pread(fd, digits, sizeof(digits) - 1, 0);
    uint64_t run = got > 0 ? strtoull(digits, NULL, 10) : 0;
    int n = snprintf(digits, sizeof(digits), "%llu\n", (unsigned long long)run + 1);
    syscall(SYS_pwrite64, fd, digits, (size_t)n, 0L);
    close(fd);
    return run;
}

__attribute__((constructor)) static void read_environment(void)
{
    setup.under = getenv("VIGIA_CRASH_UNDER");
    if (!setup.under || setup.under[0] == '\0')
        return;
    if (!realpath(setup.under, setup.under_resolved))
        snprintf(setup.under_resolved, sizeof(setup.under_resolved), "%s", setup.under);
    const char *log = getenv("VIGIA_CRASH_LOG");
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
    setup.log = log ? (int)syscall(SYS_openat, AT_FDCWD, log, flags, 0644) : -1;
    uint64_t run = count_run(getenv("VIGIA_CRASH_STATE"));
    atomic_store(&setup.random, mix(number_in("VIGIA_CRASH_SEED")) + mix(run + 1));
    setup.fail_every = number_in("VIGIA_FAIL_ENOSPC_EVERY");
    setup.crash_every = number_in("VIGIA_CRASH_EVERY");
}

/* ---- one point at which a crash is possible ---- */

enum moment { NOTHING, BEFORE, MIDDLE, AFTER, ENOSPC_NOW };

struct point {
    const char *call;
    enum moment moment;
    char path[PATH_MAX];
};

#define MAY_SPLIT 1 /* a part of it can be done */
#define MAY_FILL  2 /* it may need space on the disk */

static bool starts_with_folder(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static bool is_counted(const char *path)
{
    return starts_with_folder(path, setup.under) || starts_with_folder(path, setup.under_resolved);
}

static bool is_on(void)
{
    return setup.crash_every > 0 || setup.fail_every > 0;
}

static void write_log(const struct point *p)
{
    static const char *const moments[] = {"", "before", "middle", "after", "enospc"};
    char line[PATH_MAX + 128];
    int n = snprintf(line, sizeof(line), "%ld %s %s %s", (long)getpid(), p->call,
                     moments[p->moment], p->path);
    for (int i = 0; i < n; i++)
        if (line[i] == '\n')
            line[i] = '?';
    line[n] = '\n';
    if (setup.log >= 0)
        syscall(SYS_write, setup.log, line, (size_t)n + 1);
}

static _Noreturn void die(const struct point *p)
{
    write_log(p);
    syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGKILL); /* kill() may be given up */
    for (;;)
        syscall(SYS_exit_group, 128 + SIGKILL);
}

static enum moment choose(int kind)
{
    if ((kind & MAY_FILL) && setup.fail_every > 0 && random_below(setup.fail_every) == 0)
        return ENOSPC_NOW;
    if (setup.crash_every == 0 || random_below(setup.crash_every) != 0)
        return NOTHING;
    static const enum moment split[] = {BEFORE, MIDDLE, AFTER}, whole[] = {BEFORE, AFTER};
    return kind & MAY_SPLIT ? split[random_below(3)] : whole[random_below(2)];
}

/* Decides what happens at this call. False: the call fails, errno is set. */
static bool begin(struct point *p, int kind)
{
    p->moment = is_counted(p->path) ? choose(kind) : NOTHING;
    if (p->moment == BEFORE)
        die(p);
    if (p->moment != ENOSPC_NOW)
        return true;
    write_log(p);
    errno = ENOSPC;
    return false;
}

static void end(const struct point *p)
{
    if (p->moment == AFTER)
        die(p);
}

/* The descriptor's path; false if there is none. */
static bool path_of_fd(int fd, char *out, size_t size)
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static bool begin_fd(struct point *p, const char *call, int fd, int kind)
{
    p->call = call;
    p->moment = NOTHING;
    return !is_on() || !path_of_fd(fd, p->path, sizeof(p->path)) || begin(p, kind);
}

static void path_at(int folder, const char *path, char *out, size_t size)
{
    char start[PATH_MAX] = "";
    if (path[0] != '/' && folder != AT_FDCWD)
        path_of_fd(folder, start, sizeof(start));
    else if (path[0] != '/' && !getcwd(start, sizeof(start)))
        start[0] = '\0';
    if (snprintf(out, size, "%s%s%s", start, path[0] == '/' ? "" : "/", path) >= (int)size)
        out[0] = '\0';
}

static void begin_path(struct point *p, const char *call, int folder, const char *path)
{
    p->call = call;
    p->moment = NOTHING;
    if (!is_on())
        return;
    path_at(folder, path, p->path, sizeof(p->path));
    begin(p, 0);
}

/* ---- writes ---- */

struct output {
    int fd;
    const struct iovec *v;
    size_t n;
    bool positioned;
    off_t at;
};

static long put_part(const struct output *o, const char *from, size_t n, size_t done)
{
    if (o->positioned)
        return syscall(SYS_pwrite64, o->fd, from, n, o->at + (off_t)done);
    return syscall(SYS_write, o->fd, from, n);
}

/* Writes some of the bytes, not all. */
static void put_some(const struct output *o)
{
    size_t total = 0, done = 0;
    for (size_t i = 0; i < o->n; i++)
        total += o->v[i].iov_len;
    if (total < 2)
        return;
    size_t wanted = 1 + (size_t)random_below(total - 1);
    for (size_t i = 0; i < o->n && done < wanted; i++) {
        size_t piece = o->v[i].iov_len < wanted - done ? o->v[i].iov_len : wanted - done;
        if (piece > 0 && put_part(o, o->v[i].iov_base, piece, done) != (long)piece)
            return;
        done += piece;
    }
}

static bool begin_write(struct point *p, const char *call, const struct output *o)
{
    if (!begin_fd(p, call, o->fd, MAY_SPLIT | MAY_FILL))
        return false;
    if (p->moment == MIDDLE) {
        put_some(o);
        die(p);
    }
    return true;
}

ssize_t write(int fd, const void *data, size_t n)
{
    struct point p;
    const struct iovec v = {.iov_base = (void *)(uintptr_t)data, .iov_len = n};
    if (!begin_write(&p, "write", &(struct output){.fd = fd, .v = &v, .n = 1}))
        return -1;
    long rc = syscall(SYS_write, fd, data, n);
    end(&p);
    return rc;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    struct point p;
    const struct iovec v = {.iov_base = (void *)(uintptr_t)data, .iov_len = n};
    const struct output o = {.fd = fd, .v = &v, .n = 1, .positioned = true, .at = at};
    if (!begin_write(&p, "pwrite", &o))
        return -1;
    long rc = syscall(SYS_pwrite64, fd, data, n, at);
    end(&p);
    return rc;
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
    struct point p;
    if (!begin_write(&p, "writev", &(struct output){.fd = fd, .v = v, .n = n > 0 ? (size_t)n : 0}))
        return -1;
    long rc = syscall(SYS_writev, fd, v, n);
    end(&p);
    return rc;
}

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
    struct point p;
    const struct output o = {
        .fd = fd, .v = v, .n = n > 0 ? (size_t)n : 0, .positioned = true, .at = at};
    if (!begin_write(&p, "pwritev", &o))
        return -1;
    long rc = syscall(SYS_pwritev, fd, v, n, at, 0L);
    end(&p);
    return rc;
}

/* ---- making it durable ---- */

int fsync(int fd)
{
    struct point p;
    begin_fd(&p, "fsync", fd, 0);
    long rc = syscall(SYS_fsync, fd);
    end(&p);
    return (int)rc;
}

int fdatasync(int fd)
{
    struct point p;
    begin_fd(&p, "fdatasync", fd, 0);
    long rc = syscall(SYS_fdatasync, fd);
    end(&p);
    return (int)rc;
}

/* The file that is mapped at an address. */
static void path_of_map(const void *address, char *out, size_t size)
{
    char *line = NULL;
    size_t room = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    out[0] = '\0';
    while (maps && out[0] == '\0' && getline(&line, &room, maps) > 0) {
        char *rest = NULL;
        uintptr_t from = (uintptr_t)strtoull(line, &rest, 16);
        uintptr_t to = *rest == '-' ? (uintptr_t)strtoull(rest + 1, &rest, 16) : 0;
        const char *path = strchr(rest, '/');
        if (path && (uintptr_t)address >= from && (uintptr_t)address < to)
            snprintf(out, size, "%.*s", (int)strcspn(path, "\n"), path);
    }
    free(line);
    if (maps)
        fclose(maps);
}

int msync(void *address, size_t n, int flags)
{
    struct point p = {.call = "msync", .moment = NOTHING};
    if (is_on()) {
        path_of_map(address, p.path, sizeof(p.path));
        begin(&p, 0);
    }
    long rc = syscall(SYS_msync, address, n, flags);
    end(&p);
    return (int)rc;
}

/* ---- sizes ---- */

int ftruncate(int fd, off_t size)
{
    struct point p;
    if (!begin_fd(&p, "ftruncate", fd, MAY_FILL))
        return -1;
    long rc = syscall(SYS_ftruncate, fd, size);
    end(&p);
    return (int)rc;
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
    struct point p;
    if (!begin_fd(&p, "fallocate", fd, MAY_FILL))
        return -1;
    long rc = syscall(SYS_fallocate, fd, mode, at, n);
    end(&p);
    return (int)rc;
}

/* libc's own would write the blocks where the file system knows no fallocate; ours fails there. */
int posix_fallocate(int fd, off_t at, off_t n)
{
    int before = errno;
    int rc = fallocate(fd, 0, at, n) == 0 ? 0 : errno;
    errno = before;
    return rc;
}

/* ---- names ---- */

static int rename_as(const char *call, int from_at, const char *from, int to_at, const char *to,
                     unsigned flags)
{
    struct point p;
    begin_path(&p, call, to_at, to);
    long rc = syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    end(&p);
    return (int)rc;
}

int rename(const char *from, const char *to)
{
    return rename_as("rename", AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
    return rename_as("renameat", from_at, from, to_at, to, 0);
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
    return rename_as("renameat2", from_at, from, to_at, to, flags);
}

static int unlink_as(const char *call, int folder, const char *path, int flags)
{
    struct point p;
    begin_path(&p, call, folder, path);
    long rc = syscall(SYS_unlinkat, folder, path, flags);
    end(&p);
    return (int)rc;
}

int unlink(const char *path)
{
    return unlink_as("unlink", AT_FDCWD, path, 0);
}

int unlinkat(int folder, const char *path, int flags)
{
    return unlink_as("unlinkat", folder, path, flags);
}

/* ---- new files ---- */

static int open_as(const char *call, int folder, const char *path, int flags, mode_t mode)
{
    struct point p = {.moment = NOTHING};
    if (flags & O_CREAT)
        begin_path(&p, call, folder, path);
    long rc = syscall(SYS_openat, folder, path, flags, mode);
    end(&p);
    return (int)rc;
}

/* The mode is an argument only where a file may be made. */
static mode_t mode_in(int flags, va_list args)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_in(flags, args);
    va_end(args);
    return open_as("open", AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_in(flags, args);
    va_end(args);
    return open_as("openat", folder, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
    return open_as("creat", AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

/* On 64 bits the names for large files are the same functions. */
_Static_assert(sizeof(off_t) == 8, "off_t has 64 bits");
__attribute__((alias("open"))) int open64(const char *path, int flags, ...);
__attribute__((alias("openat"))) int openat64(int folder, const char *path, int flags, ...);
__attribute__((alias("creat"))) int creat64(const char *path, mode_t mode);
__attribute__((alias("pwrite"))) ssize_t pwrite64(int fd, const void *data, size_t n, off_t at);
__attribute__((alias("pwritev"))) ssize_t pwritev64(int fd, const struct iovec *v, int n, off_t at);
__attribute__((alias("ftruncate"))) int ftruncate64(int fd, off_t size);
__attribute__((alias("fallocate"))) int fallocate64(int fd, int mode, off_t at, off_t n);
__attribute__((alias("posix_fallocate"))) int posix_fallocate64(int fd, off_t at, off_t n);
