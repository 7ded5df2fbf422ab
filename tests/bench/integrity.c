/*
 * Integrity: CPU time and peak memory of a first baseline and of a re-check without changes,
 * through the source itself, against the floors of the same tree in the same run: a walk with
 * statx, and that walk with every file read and hashed. VIGIA_FOLDER chooses the tree (/usr). The
 * median of three runs, each in a process of its own, from a warm cache.
 */
#include "base/sha256.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "source/all.h"
#include "unit/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS 3

static char folder[4096], state[300];

/* ---- floors ---- */

static uint64_t entries;

static void hash_file(int parent, const char *name)
{
    static char block[128 * 1024];
    struct sha256 sum;
    uint8_t digest[SHA256_SIZE];
    ssize_t n;
    int f = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    sha256_init(&sum);
    while (f >= 0 && (n = read(f, block, sizeof(block))) > 0)
        sha256_update(&sum, block, (size_t)n);
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

static struct store *store;
static uint64_t files;
static bool ended;

static void emit(void *ctx, const struct event *e)
{
    (void)ctx;
    ended = ended || e->class_uid == EVENT_SCAN;
    files = e->class_uid == EVENT_SCAN ? e->u.scan.files : files;
}

static void put(void *ctx, enum store_table t, struct span key, struct span value)
{
    (void)ctx;
    if (value.p)
        store_put(store, t, key, value);
    else
        store_remove(store, t, key);
}

static void drop(void *ctx, const char *reason, uint64_t n)
{
    (void)ctx, (void)reason, (void)n;
}

static uint64_t scan(void)
{
    char *paths[1] = {folder};
    const struct config config = {.integrity = true,
                                  .severity_file = (char[]){"conf/severity"},
                                  .paths = {1, paths},
                                  .state_dir = state,
                                  .scan_every_s = 21600,
                                  .rehash_every_s = 604800,
                                  .hash_max = 1ull << 40};
    const struct source_host host = {.config = &config, .emit = emit, .put = put, .dropped = drop};
    struct source_host with_store = host;
    struct error e = {""};
    void *self;
    bool fresh;
    if (store_open(state, &store, &fresh, &e) != 0)
        return 0;
    with_store.store = store;
    if (source_integrity.open(&with_store, &self, &e) != 0)
        return 0;
    while (!ended) {
        wait_t wait;
        int64_t now = clock_mono_ms(), next = source_integrity.run(self, now);
        struct poll_item item = {WAIT_NONE, false};
        if (source_integrity.waits(self, &wait, 1) == 1)
            item.what = wait;
        poll_wait(&item, 1, ended || next <= now ? 0 : 1000);
    }
    source_integrity.close(self);
    store_commit(store);
    store_close(store);
    return files;
}

static void forget_baseline(void)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/state.mdb", state);
    unlink(path);
}

/* ---- measuring ---- */

struct cost {
    double cpu_s, rss_mb;
    uint64_t count;
};

static struct cost run(uint64_t (*what)(void))
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
    if (read(pipes[0], &c.count, sizeof(c.count)) != sizeof(c.count))
        c.count = 0;
    close(pipes[0]);
    close(pipes[1]);
    wait4(pid, NULL, 0, &used);
    c.cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
              (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    c.rss_mb = (double)used.ru_maxrss / 1024;
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
        c[i] = run(what);
    }
    qsort(c, RUNS, sizeof(c[0]), by_cpu);
    return c[RUNS / 2];
}

static void print(const char *what, struct cost c, double floor, const char *aim)
{
    printf("integrity %-16s %8.3f CPU s %6.1f MB peak", what, c.cpu_s, c.rss_mb);
    if (aim)
        printf("  ratio %.2f (%s)", floor > 0 ? c.cpu_s / floor : 0, aim);
    printf("  %llu entries\n", (unsigned long long)c.count);
}

int main(void)
{
    const char *chosen = getenv("VIGIA_FOLDER");
    snprintf(folder, sizeof(folder), "%s", chosen ? chosen : "/usr");
    scratch_open();
    snprintf(state, sizeof(state), "%s", scratch_path());
    run(floor_hash); /* fills the cache */
    struct cost walked = median(floor_walk, false), hashed = median(floor_hash, false);
    struct cost baseline = median(scan, true), again = median(scan, false);
    scratch_close();
    print("floor: walk", walked, 0, NULL);
    print("floor: hash", hashed, 0, NULL);
    print("baseline", baseline, hashed.cpu_s, "aim 1.25, 8 MB");
    print("re-check", again, walked.cpu_s, "aim 2.0, 8 MB");
    return baseline.count > 0 && again.count == baseline.count ? 0 : 1;
}
