/*
 * Storms: four processes make 300,000 files in 20 watched folders as fast as they can, and then
 * change the mode of each, on a file system in memory where this host lets us mount one. How many
 * changes a second that is with nobody watching and with the source at work, how many events it
 * becomes, whether they and their counts add up to every file, how much memory that takes above the
 * first scan's, and whether a re-scan still finds something untold. Run from the root of the tree.
 */
#include "platform/clock.h"
#include "platform/file.h"
#include "source/all.h"
#include "unit/host_kit.h"
#include "unit/scratch.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDERS 20
#define MAKERS  4
#define FILES   75000 /* of each */
#define ALONE   20000 /* with nobody watching */
#define END_MS  300000

static char in[300], alone[300];            /* watched, and not */
static uint64_t scans, scanned, detections; /* of those that were asked for */
static uint64_t events, files;

static void emit(void *ctx, const struct event *e)
{
    (void)ctx;
    if (e->class_uid == EVENT_SCAN) {
        scans += e->u.scan.type_id == 1;
        scanned = e->u.scan.files;
        detections = e->u.scan.detections;
        return;
    }
    events++;
    files += e->u.file.count > 0 ? e->u.file.count : e->u.file.after.type_id == 1;
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

static void turn(void)
{
    host_kit_turn(100);
    double mb = own_mb();
    peak_mb = mb > peak_mb ? mb : peak_mb;
    if (store_pending_bytes(host_kit.store) > 1 << 20)
        store_commit(host_kit.store);
}

/* ---- who makes them ---- */

struct maker {
    int pid, from;
};

static bool make_file(const char *path)
{
    int f = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return f >= 0 && close(f) == 0;
}

static bool change_mode(const char *path)
{
    return chmod(path, 0640) == 0;
}

static const struct kind {
    const char *what;
    bool (*act)(const char *path);
    int changes; /* that the kernel tells of each */
} kinds[] = {{"files made", make_file, 2}, {"modes changed", change_mode, 1}};

static void act_on_all(const struct kind *k, const char *root, unsigned which, unsigned n)
{
    char path[400];
    for (unsigned i = 0; i < n; i++) {
        snprintf(path, sizeof(path), "%s/%u/%u-%u", root, i % FOLDERS, which, i);
        if (!k->act(path))
            _exit(1);
    }
}

static bool start_makers(const struct kind *k, const char *root, unsigned n, struct maker *out)
{
    for (unsigned i = 0; i < MAKERS; i++) {
        int pipes[2];
        if (pipe(pipes) != 0)
            return false;
        out[i] = (struct maker){.pid = fork(), .from = pipes[0]};
        if (out[i].pid == 0) {
            int64_t times[2] = {clock_mono_ms(), 0};
            act_on_all(k, root, i, n);
            times[1] = clock_mono_ms();
            _exit(write(pipes[1], times, sizeof(times)) != sizeof(times));
        }
        close(pipes[1]);
    }
    return true;
}

/* Changes a second, from the first one's beginning to the last one's end; 0: one failed. */
static double end_makers(const struct kind *k, unsigned n, struct maker *makers)
{
    int64_t first = INT64_MAX, last = 0, times[2];
    bool fine = true;
    for (unsigned i = 0; i < MAKERS; i++) {
        int status = -1;
        fine = read(makers[i].from, times, sizeof(times)) == sizeof(times) && fine;
        fine = waitpid(makers[i].pid, &status, 0) > 0 && status == 0 && fine;
        close(makers[i].from);
        first = fine && times[0] < first ? times[0] : first;
        last = fine && times[1] > last ? times[1] : last;
    }
    return fine ? 1000.0 * k->changes * MAKERS * n / (double)(last > first ? last - first : 1) : 0;
}

static double make_unwatched(const struct kind *k)
{
    struct maker makers[MAKERS];
    return start_makers(k, alone, ALONE, makers) ? end_makers(k, ALONE, makers) : 0;
}

/* ---- the storm ---- */

static bool until(const uint64_t *what, uint64_t least)
{
    int64_t end = clock_mono_ms() + END_MS;
    while (*what < least && clock_mono_ms() < end)
        turn();
    return *what >= least;
}

static bool scan(void)
{
    uint64_t before = scans;
    source_integrity.request(host_kit.self, "scan");
    return until(&scans, before + 1);
}

static bool storm(const struct kind *k, double unwatched)
{
    struct maker makers[MAKERS];
    double before = peak_mb;
    int64_t began = clock_mono_ms();
    events = files = 0;
    if (!start_makers(k, in, FILES, makers))
        return false;
    bool all = until(&files, MAKERS * FILES);
    int64_t told_ms = clock_mono_ms() - began;
    double rate = end_makers(k, FILES, makers);
    bool again = scan();
    printf("storm %d %s at %.0f changes/s (%.0f with nobody watching): %llu events for %llu after "
           "%.1f s, %llu dropped, memory %+.1f MB above what it was; a re-scan of %llu files finds "
           "%llu more\n",
           MAKERS * FILES, k->what, rate, unwatched, (unsigned long long)events,
           (unsigned long long)files, (double)told_ms / 1000, (unsigned long long)host_kit.dropped,
           peak_mb - before, (unsigned long long)scanned, (unsigned long long)detections);
    return all && again && rate > 0 && detections == 0 && host_kit.dropped == 0 &&
           files == MAKERS * FILES;
}

static bool storms(const double *unwatched)
{
    bool fine = scan();
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && fine; i++)
        fine = storm(&kinds[i], unwatched[i]);
    return fine;
}

/* A folder with its 20, in memory if possible. */
static void make_place(char out[300], const char *name)
{
    char path[400];
    snprintf(out, 300, "%s/%s", scratch_path(), name);
    folder_make(out, 0755);
    mount("none", out, "tmpfs", 0, "mode=755");
    for (unsigned i = 0; i < FOLDERS; i++) {
        snprintf(path, sizeof(path), "%s/%u", out, i);
        folder_make(path, 0755);
    }
}

int main(void)
{
    char *paths[] = {in};
    if (unshare(CLONE_NEWNS) == 0) /* what is mounted here goes with us */
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    host_kit_begin(&source_integrity, emit,
                   (struct config){.integrity = true,
                                   .realtime = true,
                                   .host_root = (char[]){""},
                                   .paths = {1, paths},
                                   .scan_every_s = 21600,
                                   .rehash_every_s = 604800,
                                   .hash_max = 1ull << 30});
    make_place(in, "in");
    make_place(alone, "alone");
    double unwatched[] = {make_unwatched(&kinds[0]), make_unwatched(&kinds[1])};
    umount(alone);
    host_kit_start();
    bool fine = storms(unwatched);
    host_kit_stop(false);
    umount(in);
    host_kit_end();
    return fine ? 0 : 1;
}
