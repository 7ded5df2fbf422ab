#include "source/inventory/owners.h"

#include "base/mem.h"
#include "platform/file.h"
#include "platform/walk.h"

#include <errno.h>

#define PIDS_MAX 65536
#define FDS_MAX  400000 /* of all processes: about half a second at worst */

struct search {
    const struct inventory_reader *reader;
    struct inventory_owner *owners;
    size_t n;
    uint64_t looked;
    int rc;
};

static struct inventory_owner *owner_of(const struct search *s, uint64_t inode)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (s->owners[middle].inode < inode)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->n && s->owners[low].inode == inode ? &s->owners[low] : NULL;
}

/* "socket:[123]" */
static bool take_inode(const char *target, uint64_t *inode)
{
    struct span text = span_of(target), prefix = SPAN("socket:[");
    if (!span_starts(text, prefix) || !span_ends(text, SPAN("]")))
        return false;
    return span_to_u64((struct span){text.p + prefix.n, text.n - prefix.n - 1}, inode);
}

static bool is_better(const struct inventory_owner *o, int pid)
{
    return o->pid == 0 || o->pid == 1 || (pid != 1 && pid < o->pid);
}

static void name_program(const struct search *s, struct inventory_owner *o)
{
    char path[4400], target[4096];
    snprintf(path, sizeof(path), "%s/proc/%d/exe", s->reader->root, o->pid);
    if (file_link_target(path, target, sizeof(target)) < 0) /* the kernel's own threads */
        snprintf(target, sizeof(target), "%s", "");
    span_copy(span_of(target), o->program, sizeof(o->program));
}

static void look_into(struct search *s, int pid)
{
    char path[4400], target[64];
    struct walk_folder *fds;
    const char *name;
    enum file_type type;
    uint64_t inode;
    snprintf(path, sizeof(path), "%s/proc/%d/fd", s->reader->root, pid);
    int rc = walk_open(path, &fds);
    if (rc != 0) {
        if (rc != -ENOENT && rc != -ESRCH)
            s->rc = rc;
        return;
    }
    while (s->looked < FDS_MAX && walk_next(fds, &name, &type) == 1) {
        s->looked++;
        if (walk_link(fds, name, target, sizeof(target)) < 0 || !take_inode(target, &inode))
            continue;
        struct inventory_owner *o = owner_of(s, inode);
        if (o && is_better(o, pid))
            o->pid = pid;
    }
    walk_close(fds);
}

static void visit(void *ctx, const char *name)
{
    struct search *s = ctx;
    uint64_t pid;
    if (span_to_u64(span_of(name), &pid) && pid > 0 && pid < 1 << 30)
        look_into(s, (int)pid);
}

int inventory_owners_find(const struct inventory_reader *r, struct inventory_owner *owners,
                          size_t n)
{
    struct search s = {.reader = r, .owners = owners, .n = n};
    for (size_t i = 0; i < n; i++)
        owners[i].pid = 0;
    int rc = inventory_folder(r, "/proc", PIDS_MAX, visit, &s);
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (owners[i].pid == 0)
            continue; /* the kernel's own (NFS, WireGuard), or out of reach */
        name_program(&s, &owners[i]);
        found++;
    }
    if (found == n)
        return 0;
    if (s.looked == FDS_MAX)
        return -E2BIG;
    return rc < 0 ? rc : s.rc;
}
