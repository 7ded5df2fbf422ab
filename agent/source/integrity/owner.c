#include "source/integrity/owner.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "source/deb/dpkg_info.h"

#define PATH_SIZE 4096

struct owner_pass {
    char *info; /* folder of dpkg's lists */
    struct helds *helds;
    struct folder *folder; /* NULL: no pass is under way */
    int64_t since_ms;      /* wall clock */
    int64_t began_ms;
    /* the package at hand */
    char package[160];
    int64_t list_ms, md5sums_ms;
};

struct owner_pass *owner_pass_new(const char *host_root)
{
    struct owner_pass *p = mem_new(1, sizeof(*p));
    p->info = mem_join(host_root, "/var/lib/dpkg/info");
    p->began_ms = INT64_MIN;
    return p;
}

void owner_pass_free(struct owner_pass *p)
{
    if (!p)
        return;
    folder_close(p->folder);
    free(p->info);
    free(p);
}

int64_t owner_pass_began(const struct owner_pass *p)
{
    return p->began_ms;
}

bool owner_pass_under_way(const struct owner_pass *p)
{
    return p->folder != NULL;
}

/* ---- one path of dpkg's against those that are held ---- */

/* How a merged system spells a path of a list, in out; an empty span: no other way. */
static struct span merged(struct span path, char *out)
{
    static const char *const tops[] = {"/bin/",   "/sbin/",  "/lib/",
                                       "/lib32/", "/lib64/", "/libx32/"};
    for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
        if (!span_starts(path, span_of(tops[i])) || path.n + 4 >= PATH_SIZE)
            continue;
        memcpy(out, "/usr", 4);
        memcpy(out + 4, path.p, path.n);
        return (struct span){out, path.n + 4};
    }
    return (struct span){NULL, 0};
}

static void take_owner(const struct owner_pass *p, struct held *h, const uint8_t *md5)
{
    struct held_owner *o = &h->owner;
    if (md5) {
        if (o->has_md5 && o->md5sums_ms > p->md5sums_ms)
            return; /* two packages: the later one has it */
        o->has_md5 = true;
        o->md5sums_ms = p->md5sums_ms;
        memcpy(o->md5, md5, MD5_SIZE);
    } else if (o->listed && o->list_ms > p->list_ms) {
        return;
    } else {
        o->listed = true;
    }
    o->list_ms = p->list_ms;
    memcpy(o->package, p->package, sizeof(o->package));
}

static void look_up(const struct owner_pass *p, struct span path, const uint8_t *md5)
{
    char other[PATH_SIZE];
    struct held *h = helds_find(p->helds, path);
    struct span merged_path = merged(path, other);
    if (!h && merged_path.n > 0)
        h = helds_find(p->helds, merged_path);
    if (h && h->step == HELD_WAITS)
        take_owner(p, h, md5);
}

static bool take_listed(void *ctx, struct span path, const uint8_t *md5)
{
    (void)md5;
    look_up(ctx, path, NULL);
    return true;
}

static bool take_md5(void *ctx, struct span path, const uint8_t *md5)
{
    char full[PATH_SIZE];
    if (path.n + 1 >= sizeof(full))
        return true;
    full[0] = '/';
    memcpy(full + 1, path.p, path.n);
    look_up(ctx, (struct span){full, path.n + 1}, md5);
    return true;
}

/* ---- the pass ---- */

void owner_pass_begin(struct owner_pass *p, struct helds *helds, int64_t since_ms, int64_t now_ms)
{
    folder_close(p->folder);
    p->folder = NULL;
    p->helds = helds;
    p->since_ms = since_ms;
    p->began_ms = now_ms;
    for (struct held *h = helds->first; h; h = h->next)
        if (h->step == HELD_WAITS)
            h->owner = (struct held_owner){.listed = false};
    if (folder_open(p->info, &p->folder) != 0)
        p->folder = NULL;
}

static int64_t written_ms(const char *path)
{
    struct file_info info;
    return file_info_at(path, &info) == 0 ? info.ctime_ns / 1000000 : INT64_MIN;
}

/* A file of the folder, if it is a list. */
static void ask(struct owner_pass *p, const char *name)
{
    char path[PATH_SIZE];
    struct span package = span_of(name);
    if (!span_ends(package, SPAN(".list")))
        return;
    package.n -= 5;
    snprintf(path, sizeof(path), "%s/%s", p->info, name);
    p->list_ms = written_ms(path);
    if (p->list_ms < p->since_ms || !span_copy(package, p->package, sizeof(p->package)))
        return;
    dpkg_read_list(path, take_listed, p);
    snprintf(path, sizeof(path), "%s/%s.md5sums", p->info, p->package);
    p->md5sums_ms = written_ms(path);
    dpkg_read_md5sums(path, take_md5, p);
}

bool owner_pass_run(struct owner_pass *p, int64_t budget_ms)
{
    int64_t end = clock_mono_ms() + budget_ms;
    const char *name;
    enum file_type type;
    while (p->folder) {
        if (folder_next(p->folder, &name, &type) != 1) {
            folder_close(p->folder);
            p->folder = NULL;
        } else {
            ask(p, name);
        }
        if (p->folder && clock_mono_ms() >= end)
            return false;
    }
    return true;
}

/* ---- one path at once ---- */

enum owner_answer owner_of(const char *host_root, const char *path, int64_t budget_ms,
                           struct held_owner *out)
{
    struct helds *helds = helds_new(1);
    struct owner_pass *p = owner_pass_new(host_root);
    struct held *h = helds_add(helds, path, 0);
    owner_pass_begin(p, helds, INT64_MIN, 0);
    bool complete = owner_pass_run(p, budget_ms);
    *out = h->owner;
    owner_pass_free(p);
    helds_free(helds);
    return out->listed ? OWNER_FOUND : complete ? OWNER_NONE : OWNER_TOOK_LONG;
}

struct conffile_search {
    struct span path;
    struct held_owner *out;
};

static bool take_conffile(void *ctx, struct span package, struct span path, const uint8_t *md5)
{
    struct conffile_search *s = ctx;
    if (!span_equal(path, s->path))
        return true;
    s->out->has_md5 = true;
    memcpy(s->out->md5, md5, MD5_SIZE);
    span_copy(package, s->out->package, sizeof(s->out->package));
    return false;
}

bool owner_of_conffile(const char *host_root, const char *path, struct held_owner *out)
{
    struct conffile_search s = {span_of(path), out};
    char *status = mem_join(host_root, "/var/lib/dpkg/status");
    *out = (struct held_owner){.listed = false};
    dpkg_read_conffiles(status, take_conffile, &s);
    free(status);
    return out->has_md5;
}
