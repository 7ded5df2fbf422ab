#include "source/integrity/pending.h"

#include "base/map.h"
#include "base/mem.h"

struct pendings {
    struct map *by_path;
    size_t limit; /* of what is no tree */
    struct pending *first, *last;
};

struct integrity_actor *integrity_actor_new(const struct watch_actor *a)
{
    struct integrity_actor *out = mem_new(1, sizeof(*out));
    out->shares = 1;
    out->is = *a;
    return out;
}

struct integrity_actor *integrity_actor_share(struct integrity_actor *a)
{
    if (a)
        a->shares++;
    return a;
}

void integrity_actor_drop(struct integrity_actor *a)
{
    if (a && --a->shares == 0)
        free(a);
}

static void pending_free(void *p)
{
    struct pending *one = p;
    integrity_actor_drop(one->actor);
    free(one->path);
    free(one->from);
    free(one->to);
    free(one);
}

struct pendings *pendings_new(size_t limit)
{
    struct pendings *t = mem_new(1, sizeof(*t));
    t->limit = limit;
    t->by_path = map_new(limit + PENDING_TREES_MAX);
    return t;
}

void pendings_free(struct pendings *t)
{
    if (!t)
        return;
    map_free(t->by_path, pending_free);
    free(t);
}

size_t pendings_count(const struct pendings *t)
{
    return map_count(t->by_path);
}

struct pending *pendings_find(const struct pendings *t, const char *path)
{
    return map_get(t->by_path, span_of(path));
}

static void unlink_one(struct pendings *t, struct pending *p)
{
    *(p->prev ? &p->prev->next : &t->first) = p->next;
    *(p->next ? &p->next->prev : &t->last) = p->prev;
}

static void forget_old(struct pendings *t, int64_t now_ms)
{
    struct pending *next;
    for (struct pending *p = t->first; p; p = next) {
        next = p->next;
        if (p->waiting || now_ms - p->looked_ms < PENDING_LATEST_MS)
            continue;
        unlink_one(t, p);
        map_remove(t->by_path, span_of(p->path));
        pending_free(p);
    }
}

static struct pending *make(struct pendings *t, const char *path, bool tree)
{
    bool full;
    if (!tree && map_count(t->by_path) >= t->limit)
        return NULL;
    struct pending *p = mem_new(1, sizeof(*p));
    p->path = mem_text(path);
    map_set(t->by_path, span_of(path), p, &full);
    if (full) {
        pending_free(p);
        return NULL;
    }
    p->prev = t->last;
    *(t->last ? &t->last->next : &t->first) = p;
    t->last = p;
    p->looked_ms = -PENDING_LATEST_MS;
    return p;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static struct pending *find_or_make(struct pendings *t, const char *path, bool tree, int64_t now_ms)
{
    struct pending *p = pendings_find(t, path);
    if (!p)
        p = make(t, path, tree);
    if (p)
        return p;
    forget_old(t, now_ms);
    return make(t, path, tree);
}

static struct pending *add(struct pendings *t, const char *path, struct integrity_actor *actor,
                           bool tree, int64_t now_ms, int64_t delay_ms)
{
    struct pending *p = find_or_make(t, path, tree, now_ms);
    if (!p)
        return NULL;
    if (!p->waiting)
        p->first_ms = now_ms;
    p->waiting = true;
    p->tree = p->tree || tree;
    p->due_ms = least(now_ms + delay_ms, p->first_ms + PENDING_LATEST_MS);
    if (p->due_ms < p->looked_ms + PENDING_LATEST_MS)
        p->due_ms = p->looked_ms + PENDING_LATEST_MS;
    integrity_actor_share(actor);
    integrity_actor_drop(p->actor);
    p->actor = actor;
    return p;
}

struct pending *pendings_add(struct pendings *t, const char *path, struct integrity_actor *actor,
                             int64_t now_ms, int64_t delay_ms)
{
    return add(t, path, actor, false, now_ms, delay_ms);
}

struct pending *pendings_add_tree(struct pendings *t, const char *path, int64_t now_ms)
{
    return add(t, path, NULL, true, now_ms, PENDING_LATEST_MS);
}
struct pending *pendings_due(struct pendings *t, int64_t now_ms)
{
    for (struct pending *p = t->first; p; p = p->next)
        if (p->waiting && p->due_ms <= now_ms)
            return p;
    forget_old(t, now_ms);
    return NULL;
}

int64_t pendings_next_ms(const struct pendings *t)
{
    int64_t due = INT64_MAX;
    for (const struct pending *p = t->first; p; p = p->next)
        due = p->waiting ? least(due, p->due_ms) : due;
    return due;
}

void pending_done(struct pending *p, int64_t now_ms)
{
    p->waiting = p->tree = p->while_off = false;
    p->looked_ms = now_ms;
    free(p->from);
    free(p->to);
    p->from = p->to = NULL;
    integrity_actor_drop(p->actor);
    p->actor = NULL;
}
