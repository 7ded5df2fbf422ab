/*
 * This host's packages and pending updates: wall time of reading dpkg's status and apt's lists,
 * against the floor of reading the same files. Aims: inventory 5 ms, pending updates 0.1 s.
 */
#include "platform/clock.h"
#include "platform/file.h"
#include "source/patch_packages.h"

#include <time.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t read_file(const char *path)
{
    static char block[262144];
    uint64_t at = 0;
    int64_t got;
    file_t f;
    if (file_open_read(path, &f) != 0)
        return 0;
    while ((got = file_read_at(f, at, block, sizeof(block))) > 0)
        at += (uint64_t)got;
    file_close(f);
    return at;
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
        if (span_ends(span_of(name), SPAN("_Packages")))
            bytes += read_file(path);
    }
    folder_close(d);
    return bytes;
}

int main(void)
{
    struct packages p;
    struct error e;
    read_lists(); /* into the page cache, for both */
    read_file("/var/lib/dpkg/status");
    double t0 = now_s();
    if (packages_read("", &p, &e) != 0) {
        printf("patch: %s\n", e.text);
        return 1;
    }
    double t1 = now_s();
    packages_read_lists("", &p, NULL);
    double t2 = now_s();
    uint64_t bytes = read_lists();
    double t3 = now_s();
    size_t pending = 0;
    for (size_t i = 0; i < p.n; i++)
        pending += p.items[i].candidate != NULL;
    printf("patch: %zu packages in %.1f ms (aim 5); %zu pending from %zu lists, %.1f MB, in %.3f s "
           "(aim 0.1), floor of reading %.3f s, ratio %.1f\n",
           p.n, (t1 - t0) * 1000, pending, p.lists, (double)bytes / 1e6, t2 - t1, t3 - t2,
           t3 > t2 ? (t2 - t1) / (t3 - t2) : 0);
    packages_release(&p);
    return 0;
}
