/*
 * This host's packages and pending updates: CPU time of reading dpkg's status and apt's lists,
 * against the floor of reading and unpacking the same files, and beside apt, which works out
 * the same. Aims: inventory 5 ms, pending updates 0.1 s.
 */
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/unpack.h"
#include "source/patch/lists.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 9

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Reads a file and, if it is compressed, unpacks it: bytes of text. */
static uint64_t read_file(const char *path)
{
    static char packed[65536], block[262144];
    const void *from = packed;
    size_t n = 0;
    uint64_t at = 0, text = 0;
    struct unpack *u;
    int64_t got;
    file_t f;
    if (file_open_read(path, &f) != 0)
        return 0;
    if (unpack_open(unpack_kind_of(path), &u) != 0) {
        file_close(f);
        return 0;
    }
    while ((got = file_read_at(f, at, packed, sizeof(packed))) > 0) {
        at += (uint64_t)got;
        from = packed;
        n = (size_t)got;
        do {
            got = unpack_step(u, &from, &n, block, sizeof(block));
            text += got > 0 ? (uint64_t)got : 0;
        } while (got > 0 || n > 0);
    }
    unpack_close(u);
    file_close(f);
    return text;
}

static uint64_t read_lists(void)
{
    static const char folder[] = "/var/lib/apt/lists";
    struct folder *d;
    const char *name;
    enum file_type type;
    uint64_t bytes = 0;
    if (folder_open(folder, &d) != 0)
        return 0;
    while (folder_next(d, &name, &type) == 1) {
        char path[1024];
        snprintf(path, sizeof(path), "%s/%s", folder, name);
        if (strstr(name, "_Packages"))
            bytes += read_file(path);
    }
    folder_close(d);
    return bytes;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *times)
{
    qsort(times, ROUNDS, sizeof(*times), compare);
    return times[ROUNDS / 2];
}

struct result {
    double inventory[ROUNDS], pending[ROUNDS], floor[ROUNDS];
    size_t packages, updates, lists;
    uint64_t text;
};

static bool measure(struct result *r, size_t round)
{
    struct packages p;
    struct patch_lists *l;
    struct error e;
    double t0 = cpu_s();
    if (packages_read("", &p, &e) != 0) {
        printf("patch: %s\n", e.text);
        packages_release(&p);
        return false;
    }
    double t1 = cpu_s();
    patch_lists_open("", clock_wall_ms(), &p, &l);
    while (patch_lists_step(l, SIZE_MAX))
        ;
    double t2 = cpu_s();
    r->text = read_lists();
    double t3 = cpu_s();
    r->inventory[round] = t1 - t0;
    r->pending[round] = t2 - t1;
    r->floor[round] = t3 - t2;
    r->packages = p.n;
    r->lists = l->lists;
    r->updates = 0;
    for (size_t i = 0; i < p.n; i++)
        r->updates += p.items[i].candidate != NULL;
    patch_lists_close(l);
    packages_release(&p);
    return true;
}

/* apt itself, once warm: CPU seconds, 0 if there is none. */
static double measure_apt(void)
{
    const char *const words[] = {"/usr/bin/apt", "list", "--upgradable", NULL};
    struct rusage before, after;
    double best = 0;
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        getrusage(RUSAGE_CHILDREN, &before);
        if (pid == 0) {
            int null = open("/dev/null", O_RDWR);
            dup2(null, 1);
            dup2(null, 2);
            execv(words[0], (char *const *)(uintptr_t)words);
            _exit(127);
        }
        int status = 0;
        waitpid(pid, &status, 0);
        getrusage(RUSAGE_CHILDREN, &after);
        if (status != 0)
            return 0;
        best = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
               (double)(after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
               (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6 +
               (double)(after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1e6;
    }
    return best;
}

int main(void)
{
    static struct result r;
    for (size_t round = 0; round < ROUNDS; round++)
        if (!measure(&r, round))
            return 1;
    double inventory = median(r.inventory), pending = median(r.pending), floor = median(r.floor);
    double apt = measure_apt();
    printf(
        "patch: CPU, median of %d: %zu packages in %.1f ms (aim 5); %zu pending from %zu lists, "
        "%.1f MB of text, in %.3f s (aim 0.1), floor of reading and unpacking them %.3f s, ratio "
        "%.1f; `apt list --upgradable` %.2f s\n",
        ROUNDS, r.packages, inventory * 1000, r.updates, r.lists, (double)r.text / 1e6, pending,
        floor, floor > 0 ? pending / floor : 0, apt);
    return 0;
}
