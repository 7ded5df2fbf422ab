#include "platform/clock.h"
#include "source/integrity/program.h"
#include "source/integrity/self.h"
#include "source/integrity/tell.h"

#include <errno.h>

#define INLINE_MAX     (4 << 20) /* larger files are hashed by the worker */
#define TRIES_MAX      5
#define RETRY_MS       1000
#define MOUNTS_KEPT_MS 1000

/* ---- the baseline ---- */

static bool read_before(struct integrity *self, const char *path, int which,
                        struct integrity_state *s)
{
    struct integrity_key key;
    struct buf *record = &self->record[which];
    buf_clear(record);
    return integrity_key_of_path(&key, span_of(path)) &&
           store_get(self->host.store, STORE_BASELINE, integrity_key_span(&key), record) == 0 &&
           integrity_state_decode(buf_span(record), s);
}

static void keep_folder(struct integrity *self, struct span path, bool there)
{
    uint8_t id[INTEGRITY_ID_SIZE];
    integrity_folder_id(path, id);
    self->host.put(self->host.ctx, STORE_FOLDERS, span_make(id, sizeof(id)),
                   !there   ? (struct span){NULL, 0}
                   : path.n ? path
                            : SPAN("/"));
}

/* The folder that holds a watched tree is none itself; without its name the tree would not be found
 * when it is gone. */
static void keep_parent(struct integrity *self, const char *path)
{
    char above[INTEGRITY_PATH_MAX];
    struct span folder, name;
    integrity_path_split(span_of(path), &folder, &name);
    if (span_copy(folder, above, sizeof(above)) &&
        !integrity_paths_wanted(self->paths, above[0] ? above : "/"))
        keep_folder(self, folder, true);
}

/* state NULL: the path is gone. */
static void keep(struct integrity *self, const char *path, bool was_folder,
                 const struct integrity_state *state)
{
    struct integrity_key key;
    if (!integrity_key_of_path(&key, span_of(path)))
        return;
    buf_clear(&self->out);
    if (state) {
        struct integrity_state named = *state;
        integrity_state_name(&named, &key, span_of(path));
        integrity_state_encode(&self->out, &named);
    }
    self->host.put(self->host.ctx, STORE_BASELINE, integrity_key_span(&key),
                   state ? buf_span(&self->out) : (struct span){NULL, 0});
    bool is_folder = state && state->info.type == FILE_FOLDER;
    if (is_folder || was_folder)
        keep_folder(self, span_of(path), is_folder);
    if (state)
        keep_parent(self, path);
}

/* Containers come and go: the mounts are read again, but not for each of many changes. */
static void name_container(struct integrity *self, struct integrity_fact *f)
{
    char on_disk[INTEGRITY_PATH_MAX];
    int64_t now_ms = clock_mono_ms();
    if (now_ms >= self->mounts_until_ms) {
        mounts_free(self->mounts);
        mounts_read(&self->mounts);
        self->mounts_until_ms = now_ms + MOUNTS_KEPT_MS;
    }
    if (!integrity_paths_on_disk(self->paths, f->new_path ? f->new_path : f->path, on_disk,
                                 sizeof(on_disk)))
        return;
    f->overlay = mounts_overlay_of(self->mounts, on_disk);
    f->container = integrity_container_of(self->containers, on_disk, f->overlay, now_ms);
}

/* actor: the fact's, to be shared. */
static void tell_and_keep(struct integrity *self, struct integrity_fact *f,
                          struct integrity_actor *actor)
{
    enum explain_verdict verdict = integrity_explain_judge(self->explain, f, actor);
    if (verdict == EXPLAIN_HOLD)
        return;
    if (verdict == EXPLAIN_TELL && f->change & ~(unsigned)INTEGRITY_UNTOLD) {
        f->severity = integrity_severity_of(self->severity, f->new_path ? f->new_path : f->path,
                                            f->change, f->by_packages);
        name_container(self, f);
        if (!integrity_storms_take(self->storms, f, clock_mono_ms()))
            integrity_tell(f, self->host.emit, self->host.ctx);
        self->told += f->by_scan;
    }
    bool was_folder = f->before && f->before->info.type == FILE_FOLDER;
    if (f->new_path)
        keep(self, f->path, was_folder, NULL);
    keep(self, f->new_path ? f->new_path : f->path, was_folder, f->after);
}

/* ---- the disk ---- */

/* The folder that holds path, until the next call; *name is the last part of path. -ENOENT: it is
 * not there, or something else than a folder is on the way. */
static int open_parent(struct integrity *self, const char *path, const struct walk_folder **folder,
                       const char **name)
{
    char on_disk[INTEGRITY_PATH_MAX];
    if (!integrity_paths_on_disk(self->paths, path, on_disk, sizeof(on_disk)))
        return -ENAMETOOLONG;
    char *slash = strrchr(on_disk, '/');
    *name = strrchr(path, '/') + 1;
    slash[slash == on_disk] = '\0';
    if (!self->parent || strcmp(self->parent_path, on_disk) != 0) {
        integrity_close_parent(self);
        int rc = integrity_paths_open(self->paths, on_disk, &self->parent);
        if (rc != 0) {
            self->parent = NULL;
            return rc == -ENOTDIR || rc == -ELOOP ? -ENOENT : rc;
        }
        memcpy(self->parent_path, on_disk, strlen(on_disk) + 1);
    }
    *folder = self->parent;
    return 0;
}

void integrity_close_parent(struct integrity *self)
{
    walk_close(self->parent);
    self->parent = NULL;
}

static int info_of(struct integrity *self, const char *path, struct file_info *info)
{
    const struct walk_folder *folder;
    const char *name;
    int rc = open_parent(self, path, &folder, &name);
    return rc == 0 ? walk_info(folder, name, info) : rc;
}

/* ---- looks ---- */

static void give_to_worker(struct integrity *self, struct pending *p, int64_t now_ms)
{
    struct integrity_job *job = integrity_job_new(p->path, integrity_actor_share(p->actor));
    struct pending *old = p->from ? pendings_find(self->pending, p->from) : NULL;
    if (old && old->waiting && old->due_ms < now_ms + RETRY_MS)
        old->due_ms = now_ms + RETRY_MS; /* the new name first: it may be told as one rename */
    job->while_off = p->while_off;
    job->from = p->from;
    p->from = NULL;
    if (!integrity_scan_give(self->scan, job)) {
        integrity_job_free(job);
        integrity_scan_soon(self, now_ms);
    }
    pending_done(p, now_ms);
}

static struct integrity_fact fact_of(const struct pending *p)
{
    return (struct integrity_fact){
        .path = p->path,
        .actor = p->actor ? &p->actor->is : NULL,
        .seen_ms = p->seen_ms,
        .by_journal = p->while_off,
        .while_off = p->while_off,
    };
}

/* Whether what was found came by a rename of the watched file from_path, and was told as such. */
static bool tell_rename(struct integrity *self, const char *from_path,
                        const struct integrity_fact *found, struct integrity_actor *actor,
                        int64_t now_ms)
{
    struct integrity_state from;
    struct file_info info;
    const struct integrity_state *after = found->after;
    if (!from_path || found->before || !after || !read_before(self, from_path, 1, &from) ||
        from.info.ino != after->info.ino || from.info.dev != after->info.dev ||
        info_of(self, from_path, &info) != -ENOENT)
        return false;
    struct integrity_fact f = *found;
    f.path = from_path;
    f.new_path = found->path;
    f.before = &from;
    f.change = integrity_compare(&from, after) | INTEGRITY_RENAMED;
    tell_and_keep(self, &f, actor);
    struct pending *old = pendings_find(self->pending, from_path);
    if (old && old->waiting)
        pending_done(old, now_ms);
    return true;
}

static void tell_look(struct integrity *self, struct pending *p,
                      const struct integrity_state *before, const struct integrity_state *after,
                      int64_t now_ms)
{
    struct integrity_fact f = fact_of(p);
    f.before = before;
    f.after = after;
    f.change = integrity_compare(before, after);
    if (f.change != 0 && !tell_rename(self, p->from, &f, p->actor, now_ms))
        tell_and_keep(self, &f, p->actor);
    else if (f.change == 0)
        integrity_explain_nothing(self->explain, p->path);
    pending_done(p, now_ms);
}

static bool is_folder(const struct integrity_state *s)
{
    return s && s->info.type == FILE_FOLDER;
}

static void look_at_entry(struct integrity *self, struct pending *p,
                          const struct walk_folder *folder, const char *name,
                          const struct file_info *info, int64_t now_ms)
{
    struct integrity_state before, after;
    bool known = read_before(self, p->path, 0, &before);
    bool new_tree = info->type == FILE_FOLDER || (known && is_folder(&before));
    if (new_tree && !(known && before.info.type == info->type)) {
        give_to_worker(self, p, now_ms);
        return;
    }
    if (known && integrity_stat_equal(&before, info) &&
        !integrity_lacks_hash(&self->look, &before)) {
        integrity_explain_nothing(self->explain, p->path);
        pending_done(p, now_ms);
        return;
    }
    if (info->type == FILE_REGULAR && info->size <= self->look.hash_max &&
        (info->size > INLINE_MAX || integrity_is_signable(span_of(p->path)))) {
        give_to_worker(self, p, now_ms);
        return;
    }
    enum integrity_skip why = integrity_look_at(&self->look, folder, name, info, &after);
    if (why != INTEGRITY_SKIP_NONE && p->tries++ < TRIES_MAX) {
        p->due_ms = now_ms + RETRY_MS;
        return;
    }
    integrity_count_skip(self, why, 1);
    if (why != INTEGRITY_SKIP_NONE && known)
        integrity_keep_unread(&before, &after);
    tell_look(self, p, known ? &before : NULL, &after, now_ms);
}

static void look_at_nothing(struct integrity *self, struct pending *p, int64_t now_ms)
{
    struct integrity_state before;
    bool known = read_before(self, p->path, 0, &before);
    if (known && is_folder(&before))
        give_to_worker(self, p, now_ms); /* and all that was in it */
    else
        tell_look(self, p, known ? &before : NULL, NULL, now_ms);
}

void integrity_look_now(struct integrity *self, struct pending *p, int64_t now_ms)
{
    const struct walk_folder *folder;
    struct file_info info;
    const char *name;
    if (p->tree) { /* whoever touched the folder last need not have done all that is found there */
        integrity_actor_drop(p->actor);
        p->actor = NULL;
        give_to_worker(self, p, now_ms);
        return;
    }
    if (integrity_explain_defers(self->explain, p, now_ms)) {
        pending_done(p, now_ms);
        return;
    }
    struct pending *target = p->to ? pendings_find(self->pending, p->to) : NULL;
    if (target && target != p && target->waiting && target->from) {
        free(p->to); /* the new name first: it may be told as one rename */
        p->to = NULL;
        integrity_look_now(self, target, now_ms);
        return;
    }
    int rc = open_parent(self, p->path, &folder, &name);
    if (rc == 0)
        rc = walk_info(folder, name, &info);
    if (rc == 0) {
        look_at_entry(self, p, folder, name, &info, now_ms);
    } else if (rc == -ENOENT) {
        look_at_nothing(self, p, now_ms);
    } else {
        integrity_count_skip(self,
                             rc == -EREMOTE        ? INTEGRITY_SKIP_FOREIGN
                             : rc == -ENAMETOOLONG ? INTEGRITY_SKIP_LONG
                                                   : INTEGRITY_SKIP_UNREADABLE,
                             1);
        pending_done(p, now_ms);
    }
}

/* ---- findings ---- */

static bool is_same_now(struct integrity *self, const struct integrity_found *f)
{
    struct file_info info;
    int rc = info_of(self, f->path, &info);
    if (f->kind == INTEGRITY_FOUND_GONE)
        return rc == -ENOENT;
    return rc == 0 && integrity_stat_equal(&f->state, &info);
}

static void look_later(struct integrity *self, const struct integrity_found *f, int64_t now_ms)
{
    struct pending *p =
        pendings_add(self->pending, f->path, f->job->actor, now_ms, PENDING_LATEST_MS);
    if (p)
        p->seen_ms = clock_wall_ms();
    else
        integrity_scan_soon(self, now_ms);
}

static void forget(struct integrity *self, const char *path)
{
    struct integrity_state before;
    if (read_before(self, path, 0, &before))
        keep(self, path, is_folder(&before), NULL);
}

void integrity_apply(struct integrity *self, const struct integrity_found *f, int64_t now_ms)
{
    struct integrity_state before;
    const struct pending *p = pendings_find(self->pending, f->path);
    struct integrity_actor *actor = f->job->actor;
    if (f->kind == INTEGRITY_FOUND_FORGET) {
        forget(self, f->path);
        return;
    }
    if (!f->job->path && p && p->waiting)
        return; /* its own look is due, and knows who it was */
    if (f->kind == INTEGRITY_FOUND_AGAIN || !is_same_now(self, f)) {
        look_later(self, f, now_ms);
        return;
    }
    bool known = read_before(self, f->path, 0, &before);
    bool gone = f->kind == INTEGRITY_FOUND_GONE;
    bool itself = f->job->path && strcmp(f->job->path, f->path) == 0;
    struct integrity_fact fact = {
        .path = f->path,
        .before = known ? &before : NULL,
        .after = gone ? NULL : &f->state,
        .signature = f->signature,
        .actor = actor ? &actor->is : NULL,
        .seen_ms = clock_wall_ms(),
        .by_scan = f->job->path == NULL,
        .by_journal = f->job->while_off,
        .by_walk = !itself,
    };
    bool older = gone || f->state.info.ctime_ns / 1000000 < self->opened_ms;
    fact.while_off = fact.by_journal || (fact.by_scan && self->first_scan && older);
    fact.change = integrity_compare(fact.before, fact.after);
    if (fact.change != 0 && !tell_rename(self, itself ? f->job->from : NULL, &fact, actor, now_ms))
        tell_and_keep(self, &fact, actor);
}
