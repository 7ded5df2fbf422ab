/*
 * A storm: files are made in 20 watched folders as fast as one process can, 200,000 of them. How
 * many events that becomes, whether they and their counts add up to every file, how much memory it
 * takes above that of the first scan, and whether a re-scan still finds something untold. Run from
 * the root of the tree.
 */
#include "platform/clock.h"
#include "platform/file.h"
#include "source/all.h"
#include "unit/scratch.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDERS 20
#define FILES   10000 /* in each */
#define END_MS  300000

static struct store *store;
static char in[300];
static uint64_t scans, detections, events, files, dropped;

static void emit(void *ctx, const struct event *e)
{
    (void)ctx;
    if (e->class_uid == EVENT_SCAN) {
        scans++;
        detections = e->u.scan.detections;
        return;
    }
    events++;
    if (e->u.file.count > 0)
        files += e->u.file.count;
    else if (e->activity == FILE_ACTIVITY_CREATE && e->u.file.after.type_id == 1)
        files++;
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
    (void)ctx, (void)reason;
    dropped += n;
}

/* What is the process's own: the store's file is mapped and does not count. */
static double own_mb(void)
{
    char text[4096];
    int f = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t n = f < 0 ? 0 : read(f, text, sizeof(text) - 1);
    close(f);
    text[n > 0 ? n : 0] = '\0';
    const char *at = strstr(text, "RssAnon:");
    return at ? (double)strtol(at + 8, NULL, 10) / 1024 : 0;
}

static double peak_mb;

static void turn(void *self)
{
    wait_t waits[8];
    struct poll_item items[8];
    int64_t now = clock_mono_ms(), next = source_integrity.run(self, now);
    size_t n = source_integrity.waits(self, waits, 8);
    for (size_t i = 0; i < n; i++)
        items[i] = (struct poll_item){waits[i], false};
    int64_t ms = next - clock_mono_ms();
    poll_wait(items, n, ms < 0 ? 0 : ms > 100 ? 100 : ms);
    double mb = own_mb();
    peak_mb = mb > peak_mb ? mb : peak_mb;
    if (store_pending_bytes(store) > 1 << 20)
        store_commit(store);
}

static void make_all(int64_t *took_ms)
{
    char path[400];
    int64_t began = clock_mono_ms();
    for (unsigned i = 0; i < FOLDERS * FILES; i++) {
        snprintf(path, sizeof(path), "%s/%u/%u", in, i % FOLDERS, i);
        int f = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (f < 0 || close(f) != 0)
            _exit(1);
    }
    *took_ms = clock_mono_ms() - began;
}

static int start_maker(int out)
{
    int pid = fork();
    if (pid == 0) {
        int64_t took_ms;
        make_all(&took_ms);
        _exit(write(out, &took_ms, sizeof(took_ms)) != sizeof(took_ms));
    }
    return pid;
}

static bool until(void *self, const uint64_t *what, uint64_t least)
{
    int64_t end = clock_mono_ms() + END_MS;
    while (*what < least && clock_mono_ms() < end)
        turn(self);
    return *what >= least;
}

static bool storm(void *self)
{
    int pipes[2], status = -1;
    int64_t took_ms = 0, began = clock_mono_ms();
    if (!until(self, &scans, 1) || pipe(pipes) != 0)
        return false;
    double before = peak_mb;
    events = 0;
    int pid = start_maker(pipes[1]);
    bool all = until(self, &files, FOLDERS * FILES);
    int64_t told_ms = clock_mono_ms() - began;
    bool made = read(pipes[0], &took_ms, sizeof(took_ms)) == sizeof(took_ms);
    waitpid(pid, &status, 0);
    close(pipes[0]);
    close(pipes[1]);
    uint64_t finished = scans;
    source_integrity.request(self, "scan");
    bool again = until(self, &scans, finished + 1);
    printf("storm %d files at %.0f changes/s: %llu events for %llu files after %.1f s, %llu "
           "dropped, memory %+.1f MB above the first scan's; a re-scan finds %llu more\n",
           FOLDERS * FILES, 2000.0 * FOLDERS * FILES / (double)(took_ms > 0 ? took_ms : 1),
           (unsigned long long)events, (unsigned long long)files, (double)told_ms / 1000,
           (unsigned long long)dropped, peak_mb - before, (unsigned long long)detections);
    return all && made && again && detections == 0 && dropped == 0;
}

int main(void)
{
    char state[300], path[400], *paths[] = {in};
    struct error e = {""};
    bool fresh, fine = false;
    void *self;
    scratch_open();
    snprintf(state, sizeof(state), "%s/state", scratch_path());
    snprintf(in, sizeof(in), "%s/in", scratch_path());
    folder_make(state, 0700);
    folder_make(in, 0755);
    for (unsigned i = 0; i < FOLDERS; i++) {
        snprintf(path, sizeof(path), "%s/%u", in, i);
        folder_make(path, 0755);
    }
    const struct config config = {.integrity = true,
                                  .realtime = true,
                                  .severity_file = (char[]){"conf/severity"},
                                  .host_root = (char[]){""},
                                  .paths = {1, paths},
                                  .state_dir = state,
                                  .scan_every_s = 21600,
                                  .rehash_every_s = 604800,
                                  .hash_max = 1ull << 30};
    struct source_host host = {.config = &config, .emit = emit, .put = put, .dropped = drop};
    if (store_open(state, &store, &fresh, &e) == 0) {
        host.store = store;
        if (source_integrity.open(&host, &self, &e) == 0) {
            fine = storm(self);
            source_integrity.close(self);
        }
        store_close(store);
    }
    scratch_close();
    return fine ? 0 : 1;
}
