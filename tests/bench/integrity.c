/*
 * Integrity: CPU time and memory of a first baseline and of a re-check without changes, through the
 * source itself, against the floors of the same tree in the same run: a walk with statx, and that
 * walk with every file read and hashed, by OpenSSL where it is there. VIGIA_FOLDER chooses the tree
 * (/usr). CPU times are the median of three runs, each in a process of its own, from a warm cache;
 * memory is what only the process has (USS), looked at every few milliseconds in further runs, also
 * of a tree of 40,000 files made for it, and of a million if VIGIA_MILLION names a folder for them
 * (on a tmpfs: they take 1 GB). Beside them what others need for the same tree, if installed.
 */
#include "base/sha256.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "source/all.h"
#include "unit/host_kit.h"
#include "unit/scratch.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS 3

static char folder[4096];

/* ---- floors ---- */

static uint64_t entries;

/* libcrypto, loaded at run time: the bench needs no headers of it. */
static struct {
    void *(*new)(void);
    const void *(*sha256)(void);
    int (*init)(void *ctx, const void *kind, void *engine);
    int (*update)(void *ctx, const void *data, size_t n);
    int (*final)(void *ctx, unsigned char *out, unsigned *n);
    void *ctx;
} evp;

static void *symbol(void *library, const char *name)
{
    return library ? dlsym(library, name) : NULL;
}

static bool load_openssl(void)
{
    void *library = dlopen("libcrypto.so.3", RTLD_NOW);
    *(void **)&evp.new = symbol(library, "EVP_MD_CTX_new");
    *(void **)&evp.sha256 = symbol(library, "EVP_sha256");
    *(void **)&evp.init = symbol(library, "EVP_DigestInit_ex");
    *(void **)&evp.update = symbol(library, "EVP_DigestUpdate");
    *(void **)&evp.final = symbol(library, "EVP_DigestFinal_ex");
    if (evp.new &&evp.sha256 && evp.init &&evp.update &&evp.final)
        evp.ctx = evp.new();
    return evp.ctx != NULL;
}

static void hash_file(int parent, const char *name)
{
    static char block[128 * 1024];
    struct sha256 sum;
    uint8_t digest[SHA256_SIZE];
    ssize_t n;
    int f = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (evp.ctx)
        evp.init(evp.ctx, evp.sha256(), NULL);
    else
        sha256_init(&sum);
    while (f >= 0 && (n = read(f, block, sizeof(block))) > 0) {
        if (evp.ctx)
            evp.update(evp.ctx, block, (size_t)n);
        else
            sha256_update(&sum, block, (size_t)n);
    }
    if (evp.ctx)
        evp.final(evp.ctx, digest, NULL);
    else
        sha256_final(&sum, digest);
    if (f >= 0)
        close(f);
}

/* Takes f over. */
static void walk(int f, bool hash)
{
    char bytes[32 * 1024];
    struct statx info;
    ssize_t n;
    while ((n = getdents64(f, bytes, sizeof(bytes))) > 0) {
        const struct dirent64 *e;
        for (ssize_t at = 0; at < n; at += e->d_reclen) {
            e = (const void *)(bytes + at);
            if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
                statx(f, e->d_name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &info) != 0)
                continue;
            entries++;
            if (S_ISDIR(info.stx_mode))
                walk(openat(f, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), hash);
            else if (hash && S_ISREG(info.stx_mode))
                hash_file(f, e->d_name);
        }
    }
    if (f >= 0)
        close(f);
}

static uint64_t floor_walk(void)
{
    walk(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), false);
    return entries;
}

static uint64_t floor_hash(void)
{
    walk(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), true);
    return entries;
}

/* ---- the source, with a host that writes into a store ---- */

static uint64_t files;
static bool ended;

static void emit(void *ctx, const struct event *e)
{
    (void)ctx;
    ended = ended || e->class_uid == EVENT_SCAN;
    files = e->class_uid == EVENT_SCAN ? e->u.scan.files : files;
}

static uint64_t scan(void)
{
    host_kit_start();
    while (!ended)
        host_kit_turn(1000);
    host_kit_stop(true);
    return files;
}

static void forget_baseline(void)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/state.mdb", host_kit.state);
    unlink(path);
}

/* ---- others ---- */

static uint64_t shell(const char *script)
{
    execl("/bin/sh", "sh", "-c", script, folder, host_kit.state, (char *)NULL);
    return 0;
}

static uint64_t run_sha256sum(void)
{
    return shell("find \"$0\" -xdev -type f -print0 | xargs -0 sha256sum >/dev/null 2>&1");
}

static uint64_t run_aide(void)
{
    return shell("printf 'database_out=file:%s/aide.db\\ngzip_dbout=no\\n"
                 "%s p+i+u+g+s+m+c+acl+xattrs+sha256\\n' \"$1\" \"$0\" > \"$1\"/aide.conf; "
                 "exec aide --init -c \"$1\"/aide.conf >/dev/null 2>&1");
}

/* Its configuration has one place, which is covered for it alone. */
static uint64_t run_samhain(void)
{
    return shell("printf '[ReadOnly]\ndir=99%s\n[Log]\nPrintSeverity=none\nLogSeverity=none\n"
                 "MailSeverity=none\nSyslogSeverity=none\n[PortCheck]\nPortCheckActive=no\n[Misc]\n"
                 "Daemon=no\nSetDatabasePath=%s/sh.db\nSetLogfilePath=%s/sh.log\n"
                 "SetLockfilePath=%s/sh.lock\nSetRecursionLevel=99\nDigestAlgo=SHA256\n[EOF]\n' "
                 "\"$0\" \"$1\" \"$1\" \"$1\" > \"$1\"/samhainrc; chmod 600 \"$1\"/samhainrc; "
                 "exec unshare -m sh -c 'mount --bind \"$1\"/samhainrc /etc/samhain/samhainrc && "
                 "exec samhain -t init >/dev/null 2>&1' \"$0\" \"$1\"");
}

/* ---- measuring ---- */

struct cost {
    double cpu_s, uss_mb;
    uint64_t count;
};

/* Private pages, those of mapped files included. */
static double uss_mb_of(int pid)
{
    char path[64], line[256];
    unsigned long sum = 0;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, "Private_Clean:", 14) == 0 || strncmp(line, "Private_Dirty:", 14) == 0)
            sum += strtoul(line + 14, NULL, 10);
    if (f)
        fclose(f);
    return (double)sum / 1024;
}

static struct cost run(uint64_t (*what)(void), bool memory)
{
    struct rusage used;
    struct cost c = {0};
    int pipes[2];
    if (pipe(pipes) != 0)
        return c;
    int pid = fork();
    if (pid == 0) {
        uint64_t count = what();
        _exit(write(pipes[1], &count, sizeof(count)) == sizeof(count) ? 0 : 1);
    }
    close(pipes[1]);
    struct pollfd end = {pipes[0], POLLIN, 0};
    while (memory && poll(&end, 1, 3) == 0) {
        double now = uss_mb_of(pid);
        c.uss_mb = now > c.uss_mb ? now : c.uss_mb;
    }
    if (read(pipes[0], &c.count, sizeof(c.count)) != sizeof(c.count))
        c.count = 0;
    close(pipes[0]);
    wait4(pid, NULL, 0, &used);
    c.cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
              (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    return c;
}

static int by_cpu(const void *a, const void *b)
{
    const struct cost *x = a, *y = b;
    return (x->cpu_s > y->cpu_s) - (x->cpu_s < y->cpu_s);
}

static struct cost median(uint64_t (*what)(void), bool afresh)
{
    struct cost c[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        if (afresh)
            forget_baseline();
        c[i] = run(what, false);
    }
    qsort(c, RUNS, sizeof(c[0]), by_cpu);
    return c[RUNS / 2];
}

static void print(const char *what, struct cost c, double floor, const char *aim)
{
    printf("integrity %-16s %8.3f CPU s", what, c.cpu_s);
    if (aim)
        printf("  ratio %.2f (%s)", floor > 0 ? c.cpu_s / floor : 0, aim);
    if (c.count)
        printf("  %llu entries", (unsigned long long)c.count);
    putchar('\n');
}

static void print_memory(const char *tree, const char *aim)
{
    forget_baseline();
    struct cost first = run(scan, true), again = run(scan, true);
    printf("integrity memory, %-8s %5.1f MB USS at most in a baseline, %.1f in a re-check (%s)  "
           "%llu entries\n",
           tree, first.uss_mb, again.uss_mb, aim, (unsigned long long)again.count);
}

static void print_other(const char *what, const char *program, uint64_t (*other)(void),
                        double baseline)
{
    if (access(program, X_OK) != 0)
        return;
    struct cost c = run(other, false);
    printf("integrity %-16s %8.3f CPU s, %.2f times our baseline\n", what, c.cpu_s,
           baseline > 0 ? c.cpu_s / baseline : 0);
}

/* n small files, 200 in a folder. */
static void make_tree(const char *in, unsigned n)
{
    char path[4200];
    snprintf(folder, sizeof(folder), "%.3900s/tree-%u", in, n);
    mkdir(folder, 0755);
    for (unsigned i = 0; i < n; i++) {
        int at = snprintf(path, sizeof(path), "%s/%u", folder, i / 200);
        if (i % 200 == 0)
            mkdir(path, 0755);
        snprintf(path + at, sizeof(path) - (size_t)at, "/file-number-%u", i);
        int f = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (f < 0 || write(f, &i, sizeof(i)) != sizeof(i))
            perror(path);
        close(f);
    }
}

static void remove_tree(void)
{
    int status, pid = fork();
    if (pid == 0)
        execl("/bin/rm", "rm", "-rf", folder, (char *)NULL);
    waitpid(pid, &status, 0);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    char *paths[1] = {folder};
    const char *chosen = getenv("VIGIA_FOLDER"), *million = getenv("VIGIA_MILLION");
    snprintf(folder, sizeof(folder), "%s", chosen ? chosen : "/usr");
    host_kit_begin(&source_integrity, emit,
                   (struct config){.integrity = true,
                                   .host_root = (char[]){""},
                                   .paths = {1, paths},
                                   .scan_every_s = 21600,
                                   .rehash_every_s = 604800,
                                   .hash_max = 1ull << 40});
    printf("integrity floor hashes with %s\n", load_openssl() ? "OpenSSL" : "our own kernels");
    run(floor_hash, false); /* fills the cache */
    struct cost walked = median(floor_walk, false), hashed = median(floor_hash, false);
    struct cost baseline = median(scan, true), again = median(scan, false);
    print("floor: walk", walked, 0, NULL);
    print("floor: hash", hashed, 0, NULL);
    print("baseline", baseline, hashed.cpu_s, "at most 1.25, aim below 1");
    print("re-check", again, walked.cpu_s, "at most 2.0, aim 1.2");
    print_other("xargs sha256sum", "/usr/bin/sha256sum", run_sha256sum, baseline.cpu_s);
    print_other("aide --init", "/usr/bin/aide", run_aide, baseline.cpu_s);
    print_other("samhain init", "/usr/sbin/samhain", run_samhain, baseline.cpu_s);
    print_memory("tree", "no aim");
    make_tree(scratch_path(), 40000);
    print_memory("40,000", "at most 8");
    remove_tree();
    if (million) {
        make_tree(million, 1000000);
        print_memory("million", "at most 12");
        remove_tree();
    }
    host_kit_end();
    return baseline.count > 0 && again.count == baseline.count ? 0 : 1;
}
