#include "source/registry/walk.h"

#include "base/text.h"

#include <errno.h>

static void pop(struct registry_walk *w)
{
    registry_close(w->frames[--w->depth].key);
    w->path[w->depth > 0 ? w->frames[w->depth - 1].path_n : 0] = '\0';
}

/* Takes the key over; true if the item covers it. */
static bool push(struct registry_walk *w, struct registry_key *key, size_t part)
{
    w->frames[w->depth++] = (struct registry_frame){key, 0, strlen(w->path), part};
    return part == w->item->n;
}

static void note_failure(struct registry_walk *w, int rc)
{
    if (rc != 0 && rc != -ENOENT)
        w->unreadable++;
}

void registry_walk_begin(struct registry_walk *w, const struct registry_keys *keys,
                         const struct registry_item *item)
{
    memset(w, 0, sizeof(*w));
    w->keys = keys;
    w->item = item;
}

void registry_walk_end(struct registry_walk *w)
{
    while (w->depth > 0)
        pop(w);
}

static bool begin_root(struct registry_walk *w, bool *covered)
{
    struct registry_key *key;
    span_copy(span_of(w->item->root), w->path, sizeof(w->path));
    int rc = registry_open(w->path, REGISTRY_64, &key);
    note_failure(w, rc);
    if (rc != 0)
        return false;
    *covered = push(w, key, w->item->literal) && !registry_keys_excluded(w->keys, w->path, NULL);
    return true;
}

/* The name of the next subkey that may be looked at: 1, 0 when there is none. */
static int next_name(struct registry_walk *w, struct registry_frame *f, char *name, size_t size)
{
    const struct registry_item *item = w->item;
    char folded[REGISTRY_NAME_MAX];
    if (f->part == item->n && !item->deep)
        return 0;
    if (f->part < item->n && !text_has_wildcard(item->part[f->part])) {
        span_copy(span_of(item->part[f->part]), name, size);
        return f->next++ == 0;
    }
    int rc;
    while ((rc = registry_subkey(f->key, f->next, name, size)) == 1) {
        f->next++;
        if (w->tried++ >= REGISTRY_WALK_TRIED) {
            w->cut++;
            return 0;
        }
        if (f->part == item->n ||
            (registry_fold(name, folded, sizeof(folded)) && text_glob(item->part[f->part], folded)))
            return 1;
    }
    return rc < 0 ? 0 : rc;
}

/* Goes down to a subkey; true if the item covers it. */
static bool enter(struct registry_walk *w, const char *name)
{
    struct registry_frame *f = &w->frames[w->depth - 1];
    struct registry_key *key;
    size_t part = f->part < w->item->n ? f->part + 1 : f->part;
    if (w->depth == REGISTRY_WALK_DEPTH || f->path_n + strlen(name) + 2 > sizeof(w->path)) {
        w->cut++;
        return false;
    }
    snprintf(w->path + f->path_n, sizeof(w->path) - f->path_n, "\\%s", name);
    if (registry_keys_excluded(w->keys, w->path, NULL)) {
        w->path[f->path_n] = '\0';
        return false;
    }
    int rc = registry_open_at(f->key, name, &key);
    note_failure(w, rc);
    if (rc == 0)
        return push(w, key, part);
    w->path[f->path_n] = '\0';
    return false;
}

bool registry_walk_next(struct registry_walk *w, struct registry_key **key)
{
    char name[REGISTRY_NAME_MAX];
    bool covered = false;
    if (w->found == 0 && w->depth == 0 && w->tried == 0) {
        w->tried = 1; /* it has begun */
        if (!begin_root(w, &covered))
            return false;
    }
    while (!covered && w->depth > 0) {
        if (w->found >= REGISTRY_WALK_KEYS) {
            w->cut++;
            registry_walk_end(w);
        } else if (next_name(w, &w->frames[w->depth - 1], name, sizeof(name)) == 1) {
            covered = enter(w, name);
        } else {
            pop(w);
        }
    }
    if (!covered)
        return false;
    w->found++;
    *key = w->frames[w->depth - 1].key;
    return true;
}
