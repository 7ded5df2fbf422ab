/*
 * This host's inventory: CPU time of reading each part, and of a look at all of them when nothing
 * has changed, which is what collect pays every [inventory] look_every. The programs of the
 * listening ports stand beside their floor: reading the same links of /proc. Medians of several
 * rounds. Aim: a look 10 ms, which is half of what the agent may use in a minute.
 */
#include "base/mem.h"
#include "platform/walk.h"
#include "source/inventory/owners.h"

#include <time.h>

#define ROUNDS 11

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof(*values), compare);
    return values[ROUNDS / 2];
}

struct cost {
    size_t entries, bytes;
    double read, look;
};

static void read_once(const struct inventory_part *part, struct inventory_reader *r, struct cost *c)
{
    struct inventory_list list;
    uint8_t digest[32];
    inventory_list_init(&list);
    part->read(r, &list);
    inventory_list_finish(&list);
    inventory_list_digest(&list, digest);
    c->entries = list.n;
    c->bytes = list.text.n;
    inventory_list_release(&list);
}

/* What inventory.c does when it is time. */
static void look_once(const struct inventory_part *part, struct inventory_reader *r, struct cost *c)
{
    struct sha256 s;
    if (part->rarely)
        return;
    if (!part->stamp) {
        read_once(part, r, c);
        return;
    }
    sha256_init(&s);
    part->stamp(r, &s);
}

static struct cost cost_of(const struct inventory_part *part, struct inventory_reader *r)
{
    struct cost c = {0};
    double reads[ROUNDS], looks[ROUNDS];
    read_once(part, r, &c); /* caches, and the ports' first sight of what passes */
    for (size_t i = 0; i < ROUNDS; i++) {
        double t0 = cpu_ms();
        read_once(part, r, &c);
        double t1 = cpu_ms();
        look_once(part, r, &c);
        reads[i] = t1 - t0;
        looks[i] = cpu_ms() - t1;
    }
    c.read = median(reads);
    c.look = median(looks);
    return c;
}

/* ---- the programs behind sockets, and the floor ---- */

static uint64_t links;

static void read_links(void *ctx, const char *name)
{
    char path[64], target[64];
    struct walk_folder *fds;
    enum file_type type;
    (void)ctx;
    if (name[0] < '0' || name[0] > '9' || strlen(name) > 10)
        return;
    snprintf(path, sizeof(path), "/proc/%.10s/fd", name);
    if (walk_open(path, &fds) != 0)
        return;
    while (walk_next(fds, &name, &type) == 1)
        links += walk_link(fds, name, target, sizeof(target)) > 0;
    walk_close(fds);
}

static void measure_owners(const struct inventory_reader *r)
{
    struct inventory_owner none = {.inode = UINT64_MAX};
    double walks[ROUNDS], floors[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        double t0 = cpu_ms();
        inventory_owners_find(r, &none, 1);
        double t1 = cpu_ms();
        links = 0;
        inventory_folder(r, "/proc", 100000, read_links, NULL);
        walks[i] = t1 - t0;
        floors[i] = cpu_ms() - t1;
    }
    double walk = median(walks), floor = median(floors);
    printf("inventory: programs of ports, when those changed: %.2f ms for %llu open files, floor "
           "%.2f ms, ratio %.2f\n",
           walk, (unsigned long long)links, floor, floor > 0 ? walk / floor : 0);
}

int main(void)
{
    struct inventory_reader r = {.root = ""};
    double read = 0, look = 0;
    size_t entries = 0;
    for (size_t i = 0; inventory_parts[i]; i++) {
        struct cost c = cost_of(inventory_parts[i], &r);
        printf("inventory: %-10s %5zu entries %7zu bytes, read in %6.2f ms, look %5.2f ms\n",
               inventory_parts[i]->name, c.entries, c.bytes, c.read, c.look);
        read += c.read;
        look += c.look;
        entries += c.entries;
    }
    printf("inventory: %zu entries; all read in %.1f ms, a look without changes %.2f ms (aim 10)\n",
           entries, read, look);
    measure_owners(&r);
    for (size_t i = 0; inventory_parts[i]; i++)
        if (inventory_parts[i]->close)
            inventory_parts[i]->close(&r);
    return 0;
}
