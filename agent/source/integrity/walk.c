#include "source/integrity/walk.h"

#include "base/map.h"
#include "base/mem.h"
#include "platform/clock.h"
#include "platform/mounts.h"
#include "source/integrity/adopt.h"
#include "source/integrity/pair.h"
#include "source/integrity/program.h"
#include "source/integrity/records.h"
#include "source/integrity/rehash.h"

#include <errno.h>

#define DEPTH_MAX      64
#define NAMES_MAX      (256 << 10) /* bytes of names of one folder that are looked for at once */
#define PATHS_MAX      (4 << 20)   /* of folders that no tree leads to */
#define SIGNATURES_MAX 1000        /* of one job: each reads the file once more */
#define HELD_MAX       (1 << 20) /* of records of folders that are being visited, one in another */

struct walk {
    const struct integrity_walk_host *host;
    struct integrity_job *job;
    struct integrity_result *result;
    struct integrity_pair pair;
    struct mounts *mounts;
    bool adopt; /* what is not in the baseline is put there without a word */
    struct integrity_adopt adopted;
    struct buf record;
    struct integrity_rehash rehash;
    int64_t began_ms;
    uint64_t bytes;
    size_t held;       /* bytes of records */
    uint64_t seen;     /* sum of the marks of all folders that were visited and known before */
    struct map *above; /* folders that hold watched trees and are not watched: by path */
    int depth;
    size_t root_n; /* length of host_root in disk */
    size_t n;      /* of disk */
    char disk[INTEGRITY_PATH_MAX];
};

struct level { /* a folder that is being visited */
    struct walk_folder *folder;
    uint8_t id[INTEGRITY_ID_SIZE];
    bool inside; /* it is watched itself, not only something below it */
    bool known;  /* the baseline has it, as a folder */
    struct integrity_records records;
};

struct visit { /* to an entry of it */
    const struct level *in;
    const char *name;
    struct file_info info;
    enum file_type was; /* what the baseline knows of it */
};

static const char *told(const struct walk *w)
{
    return w->disk + w->root_n;
}

static struct span told_span(const struct walk *w)
{
    return (struct span){told(w), w->n - w->root_n};
}

static bool stopped(struct walk *w)
{
    w->result->stopped = w->result->stopped || w->host->stop(w->host->ctx);
    return w->result->stopped;
}

static void skip(struct walk *w, enum integrity_skip why)
{
    w->result->skipped[why]++;
}

/* Appends "/name"; false when it does not fit. The caller restores w->n with path_cut. */
static bool path_add(struct walk *w, const char *name)
{
    size_t more = strlen(name);
    if (w->n + 1 + more >= sizeof(w->disk))
        return false;
    w->disk[w->n] = '/';
    memcpy(w->disk + w->n + 1, name, more + 1);
    w->n += 1 + more;
    return true;
}

static void path_cut(struct walk *w, size_t n)
{
    w->n = n;
    w->disk[n] = '\0';
}

static bool path_set(struct walk *w, const char *path)
{
    if (strcmp(path, "/") == 0)
        path = ""; /* as the path of its entries starts */
    w->n = w->root_n;
    size_t n = strlen(path);
    if (w->n + n >= sizeof(w->disk))
        return false;
    memcpy(w->disk + w->n, path, n + 1);
    w->n += n;
    return true;
}

/* ---- handing on ---- */

static struct span move_to(char **to, struct span from)
{
    char *p = *to;
    if (from.n > 0)
        memcpy(p, from.p, from.n);
    *to += from.n;
    return (struct span){p, from.n};
}

static void hand_on_path(struct walk *w, struct span path, enum integrity_found_kind kind,
                         const struct integrity_state *s, struct signature *signature)
{
    struct integrity_found f = {.kind = kind, .job = w->job, .signature = signature};
    size_t more = s ? s->target.n + s->attributes.n : 0;
    f.path = mem_new(1, path.n + 1 + more);
    memcpy(f.path, path.p, path.n);
    if (s) {
        char *rest = f.path + path.n + 1;
        f.state = *s;
        f.state.target = move_to(&rest, s->target);
        f.state.attributes = move_to(&rest, s->attributes);
    }
    w->host->found(w->host->ctx, &f);
}

static void hand_on(struct walk *w, enum integrity_found_kind kind)
{
    hand_on_path(w, told_span(w), kind, NULL, NULL);
}

/* ---- one entry ---- */

static bool read_pace(void *ctx, size_t bytes)
{
    struct walk *w = ctx;
    uint64_t rate = w->host->config->scan_rate;
    w->bytes += bytes;
    while (rate > 0 && !stopped(w)) {
        int64_t ahead = (int64_t)(w->bytes / (rate / 1000 + 1)) - (clock_mono_ms() - w->began_ms);
        if (ahead < 20)
            break;
        clock_sleep_ms(ahead < 100 ? ahead : 100);
    }
    return !stopped(w);
}

static bool read_record(struct walk *w, const struct integrity_key *key)
{
    buf_clear(&w->record);
    return store_get(w->host->store, STORE_BASELINE, integrity_key_span(key), &w->record) == 0;
}

static bool read_before(struct walk *w, const struct integrity_key *key, struct integrity_state *s)
{
    return read_record(w, key) && integrity_state_decode(buf_span(&w->record), s);
}

/* Of a program whose content is new; NULL: of no other, and not of too many. */
static struct signature *signature_for(struct walk *w, const struct integrity_seat *s)
{
    char on_disk[INTEGRITY_PATH_MAX], path[INTEGRITY_PATH_MAX];
    unsigned change = integrity_compare(s->known ? &s->before : NULL, &s->after);
    if (!(change & (INTEGRITY_CREATED | INTEGRITY_CONTENT)) || s->after.info.type != FILE_REGULAR ||
        !integrity_is_signable((struct span){s->path, s->path_n}) ||
        w->result->signatures >= SIGNATURES_MAX ||
        !span_copy((struct span){s->path, s->path_n}, path, sizeof(path)) ||
        !integrity_paths_on_disk(w->host->paths, path, on_disk, sizeof(on_disk)))
        return NULL;
    struct signature *signature = mem_new(1, sizeof(*signature));
    w->result->signatures++;
    if (signature_of(on_disk, signature) == 0)
        return signature;
    free(signature);
    return NULL;
}

static void keep_or_tell(struct walk *w, struct integrity_seat *s)
{
    struct span path = {s->path, s->path_n}, above, name;
    if (!(s->adopt && (!s->known || w->job->first))) {
        hand_on_path(w, path, INTEGRITY_FOUND_STATE, &s->after, signature_for(w, s));
        return;
    }
    w->result->adopted++;
    /* folders first: what is gone with one is only found if its name is known */
    integrity_path_split(path, &above, &name);
    if (s->alone)
        integrity_adopt_folder(&w->adopted, above);
    if (s->after.info.type == FILE_FOLDER)
        integrity_adopt_folder(&w->adopted, path);
    integrity_state_name(&s->after, &s->key, path);
    integrity_adopt_put(&w->adopted, integrity_key_span(&s->key), &s->after);
}

static void looked_at(void *ctx, struct integrity_seat *s, enum integrity_skip why)
{
    struct walk *w = ctx;
    if (why == INTEGRITY_SKIP_STOPPED)
        return;
    if (why != INTEGRITY_SKIP_NONE) {
        skip(w, why);
        if (s->known)
            integrity_keep_unread(&s->before, &s->after);
        if (why == INTEGRITY_SKIP_CHANGED)
            hand_on_path(w, (struct span){s->path, s->path_n}, INTEGRITY_FOUND_AGAIN, NULL, NULL);
    }
    if (integrity_compare(s->known ? &s->before : NULL, &s->after) != 0)
        keep_or_tell(w, s);
}

/* Looks at what differs from the baseline; a content is read when its turn comes. False: the entry
 * is gone. */
static bool look(struct walk *w, const struct visit *v, const struct integrity_key *key,
                 struct span record)
{
    struct integrity_seat *s = integrity_pair_free_seat(&w->pair);
    struct span path = told_span(w);
    if (stopped(w))
        return true;
    s->adopt = w->adopt;
    s->alone = !v->in->inside;
    s->key = *key;
    s->path_n = path.n;
    memcpy(s->path, path.p, path.n);
    buf_clear(&s->record);
    buf_put_span(&s->record, record);
    s->known = record.n > 0 && integrity_state_decode(buf_span(&s->record), &s->before);
    s->skip = integrity_look_begin(&s->look, v->in->folder, v->name, &v->info, &s->after);
    if (s->skip == INTEGRITY_SKIP_GONE)
        return false;
    s->taken = s->look.content.file != FILE_NONE;
    if (!s->taken)
        looked_at(w, s, s->skip);
    return true;
}

/* Whether the entry is still there. Sets v->was. */
static bool compare(struct walk *w, struct visit *v)
{
    struct integrity_key key;
    struct integrity_state before;
    struct span record = {"", 0};
    if (!integrity_key_make(&key, v->in->id, span_of(v->name)))
        return true;
    if (v->in->records.whole)
        integrity_records_find(&v->in->records, integrity_key_name(&key), &record);
    else if (read_record(w, &key))
        record = buf_span(&w->record);
    bool known = record.n > 0 && integrity_state_decode(record, &before);
    v->was = known ? before.info.type : FILE_NO_TYPE;
    w->result->files++;
    if (known && integrity_stat_equal(&before, &v->info) &&
        !integrity_lacks_hash(&w->pair.seat[0].look, &before) &&
        !(before.has_sha256 && integrity_rehash_due(&w->rehash, before.info.ino, before.hashed_s)))
        return true;
    return look(w, v, &key, record);
}

/* ---- what is in the baseline and not on disk ---- */

struct names {
    struct buf b;              /* u8 type, name, NUL */
    struct integrity_key next; /* where to go on if there are more */
    bool more;
};

static bool collect_name(void *ctx, struct span key, struct span value)
{
    struct names *names = ctx;
    struct integrity_state s;
    struct span name = {key.p + INTEGRITY_ID_SIZE, key.n - INTEGRITY_ID_SIZE};
    bool fine = integrity_state_decode(value, &s);
    if (key.n <= INTEGRITY_ID_SIZE)
        return true;
    name = fine && s.name.n > 0 ? s.name : name;
    if (names->b.n + name.n + 2 > NAMES_MAX) {
        names->more = true;
        names->next.n = key.n <= INTEGRITY_KEY_MAX ? key.n : INTEGRITY_KEY_MAX;
        memcpy(names->next.bytes, key.p, names->next.n);
        return false;
    }
    buf_put_byte(&names->b, fine && s.info.type == FILE_FOLDER ? 'd' : 'f');
    buf_put_span(&names->b, name);
    buf_put_byte(&names->b, '\0');
    return true;
}

static void sweep(struct walk *w, const struct walk_folder *folder, const uint8_t *id);

/* What lay in a folder that is none any more. */
static void sweep_below(struct walk *w)
{
    uint8_t id[INTEGRITY_ID_SIZE];
    if (w->depth == DEPTH_MAX)
        return;
    integrity_folder_id(told_span(w), id);
    w->depth++;
    sweep(w, NULL, id);
    w->depth--;
}

static void tell_gone(struct walk *w, bool is_folder)
{
    if (is_folder)
        sweep_below(w);
    hand_on(w, INTEGRITY_FOUND_GONE);
}

/* Asks of some entries that the baseline has of a folder whether they are there. */
static void sweep_names(struct walk *w, const struct walk_folder *folder, struct span names)
{
    size_t n = w->n;
    struct span name;
    while (!stopped(w) && span_take_until(&names, '\0', &name)) {
        struct file_info info;
        if (!path_add(w, name.p + 1))
            continue;
        if (!integrity_paths_wanted(w->host->paths, told(w)))
            hand_on(w, INTEGRITY_FOUND_FORGET);
        else if (!folder || walk_info(folder, name.p + 1, &info) == -ENOENT)
            tell_gone(w, name.p[0] == 'd');
        path_cut(w, n);
    }
}

/* Asks that of all entries, a piece at a time (folder NULL: it is gone with all of them). */
static void sweep(struct walk *w, const struct walk_folder *folder, const uint8_t *id)
{
    struct names names = {.b = BUF_INIT(NAMES_MAX), .next.n = INTEGRITY_ID_SIZE};
    memcpy(names.next.bytes, id, INTEGRITY_ID_SIZE);
    do {
        buf_clear(&names.b);
        names.more = false;
        store_each_from(w->host->store, STORE_BASELINE, span_make(id, INTEGRITY_ID_SIZE),
                        integrity_key_span(&names.next), collect_name, &names);
        sweep_names(w, folder, buf_span(&names.b));
    } while (names.more && !stopped(w));
    buf_release(&names.b);
}

/* ---- folders ---- */

/* What cannot be looked at. That it is gone, or no folder any more, is seen elsewhere. */
static void skip_error(struct walk *w, int rc)
{
    if (rc == -EREMOTE)
        skip(w, INTEGRITY_SKIP_FOREIGN);
    else if (rc != -ENOENT && rc != -ELOOP && rc != -ENOTDIR)
        skip(w, INTEGRITY_SKIP_UNREADABLE);
}

static bool is_foreign(const struct walk *w)
{
    enum mount_kind kind = mounts_at(w->mounts, w->disk);
    return kind == MOUNT_PSEUDO || (kind == MOUNT_REMOTE && !w->host->config->remote_filesystems);
}

static void visit_folder(struct walk *w, struct level *in);

static void enter(struct walk *w, const struct visit *v, bool wanted)
{
    struct level below = {.inside = wanted, .known = v->was == FILE_FOLDER};
    if (w->depth == DEPTH_MAX) {
        skip(w, INTEGRITY_SKIP_LONG);
        return;
    }
    int rc = walk_enter(v->in->folder, v->name, &below.folder);
    if (rc != 0) {
        skip_error(w, rc);
        return;
    }
    w->depth++;
    visit_folder(w, &below);
    w->depth--;
    walk_close(below.folder);
}

/* Returns whether the baseline knows the entry. */
static bool visit(struct walk *w, const struct level *in, const char *name, enum file_type type)
{
    struct visit v = {.in = in, .name = name, .was = FILE_NO_TYPE};
    const struct integrity_paths *paths = w->host->paths;
    bool wanted = in->inside ? integrity_paths_wanted_below(paths, told(w))
                             : integrity_paths_wanted(paths, told(w));
    bool may_enter = type == FILE_FOLDER || type == FILE_NO_TYPE;
    if (!wanted && !(may_enter && integrity_paths_enter(paths, told(w))))
        return false;
    if (may_enter && is_foreign(w)) {
        skip(w, INTEGRITY_SKIP_FOREIGN);
        return false;
    }
    int rc = walk_info(in->folder, name, &v.info);
    if (rc != 0) {
        skip_error(w, rc);
        return false;
    }
    bool there = !wanted || compare(w, &v);
    if (there && v.info.type == FILE_FOLDER && !stopped(w))
        enter(w, &v, wanted);
    else if (there && v.was == FILE_FOLDER && !w->job->first)
        sweep_below(w);
    return there && v.was != FILE_NO_TYPE;
}

static void visit_entries(struct walk *w, struct level *in)
{
    const char *name;
    enum file_type type;
    uint64_t known = 0;
    size_t n = w->n;
    int rc = 0;
    while (!stopped(w) && (rc = walk_next(in->folder, &name, &type)) == 1) {
        w->host->between(w->host->ctx, w->result->files);
        if (path_add(w, name))
            known += visit(w, in, name, type);
        else
            skip(w, INTEGRITY_SKIP_LONG);
        path_cut(w, n);
    }
    if (rc < 0)
        skip(w, INTEGRITY_SKIP_UNREADABLE);
    if (in->records.n > known && !w->job->first && !stopped(w))
        sweep(w, in->folder, in->id);
}

static uint64_t mark_of(const uint8_t id[INTEGRITY_ID_SIZE])
{
    uint64_t mark;
    memcpy(&mark, &id[INTEGRITY_ID_SIZE - sizeof(mark)], sizeof(mark)); /* of the hash */
    return mark;
}

static void visit_folder(struct walk *w, struct level *in)
{
    integrity_folder_id(told_span(w), in->id);
    integrity_records_load(&in->records, w->host->store, in->id,
                           w->held < HELD_MAX ? HELD_MAX - w->held : 0);
    size_t size = integrity_records_size(&in->records);
    w->held += size;
    if (in->known || (!in->inside && in->records.n > 0))
        w->seen += mark_of(in->id);
    visit_entries(w, in);
    w->held -= size;
    integrity_records_release(&in->records);
}

/* ---- trees ---- */

static bool is_known(struct walk *w, bool *is_folder)
{
    struct integrity_key key;
    struct integrity_state s;
    bool known = integrity_key_of_path(&key, told_span(w)) && read_before(w, &key, &s);
    *is_folder = known && s.info.type == FILE_FOLDER;
    return known;
}

/* The folder that holds w->disk, or NULL. */
static struct walk_folder *open_parent(const struct walk *w, int *rc)
{
    char path[INTEGRITY_PATH_MAX];
    struct walk_folder *folder;
    struct span above, name;
    integrity_path_split((struct span){w->disk, w->n}, &above, &name);
    span_copy(above.n ? above : SPAN("/"), path, sizeof(path));
    *rc = integrity_paths_open(w->host->paths, path, &folder);
    return folder;
}

static void visit_slash(struct walk *w)
{
    struct level in = {.inside = integrity_paths_wanted(w->host->paths, "/")};
    path_cut(w, w->root_n);
    if (integrity_paths_open(w->host->paths, w->disk, &in.folder) != 0) {
        skip(w, INTEGRITY_SKIP_UNREADABLE);
        return;
    }
    visit_folder(w, &in);
    walk_close(in.folder);
}

static void visit_path(struct walk *w, const char *path)
{
    int rc;
    struct level in = {.inside = false};
    struct span above, name;
    struct file_info info = {0};
    bool is_folder;
    if (strcmp(path, "/") == 0 || !path_set(w, path)) {
        visit_slash(w);
        return;
    }
    in.folder = open_parent(w, &rc);
    integrity_path_split(told_span(w), &above, &name);
    if (in.folder)
        rc = walk_info(in.folder, name.p, &info);
    if (rc == 0) {
        integrity_folder_id(above, in.id);
        if (visit(w, &in, name.p, info.type))
            map_set(w->above, above, w, NULL);
    } else if (rc != -ENOENT && rc != -ENOTDIR && rc != -ELOOP) {
        skip_error(w, rc);
    } else if (is_known(w, &is_folder)) {
        tell_gone(w, is_folder);
    }
    walk_close(in.folder);
}

static void visit_root(void *ctx, const char *root, size_t item)
{
    struct walk *w = ctx;
    if (stopped(w))
        return;
    w->adopt = w->job->first || (w->job->adopt && w->job->adopt[item]);
    visit_path(w, root);
}

/* ---- what of the baseline no tree leads to any more ---- */

static void sweep_path(struct walk *w, const char *path)
{
    struct walk_folder *folder;
    uint8_t id[INTEGRITY_ID_SIZE];
    if (!path_set(w, path))
        return;
    int rc = integrity_paths_open(w->host->paths, w->disk, &folder);
    if (rc != 0 && rc != -ENOENT && rc != -ENOTDIR && rc != -ELOOP)
        return;
    integrity_folder_id(told_span(w), id);
    sweep(w, folder, id);
    walk_close(folder);
}

static bool add_mark(void *ctx, struct span key, struct span value)
{
    (void)value;
    if (key.n == INTEGRITY_ID_SIZE)
        *(uint64_t *)ctx += mark_of((const uint8_t *)key.p);
    return true;
}

/* Whether each folder of the baseline was visited: asking the disk for each costs more than all
 * else that a re-check does with it. */
static bool all_seen(struct walk *w)
{
    uint64_t sum = 0;
    return store_each(w->host->store, STORE_FOLDERS, SPAN(""), add_mark, &sum) == 0 &&
           sum == w->seen;
}

struct strays {
    struct walk *walk;
    struct buf paths; /* NUL after each */
};

static bool collect_stray(void *ctx, struct span key, struct span value)
{
    struct strays *strays = ctx;
    struct walk *w = strays->walk;
    char path[INTEGRITY_PATH_MAX];
    struct file_info info;
    (void)key;
    if (!span_copy(value, path, sizeof(path)) || !path_set(w, path))
        return true;
    if (integrity_paths_wanted(w->host->paths, path) && file_info_at(w->disk, &info) != -ENOENT)
        return true;
    buf_put_text(&strays->paths, path);
    buf_put_byte(&strays->paths, '\0');
    return !strays->paths.failed;
}

static bool mark_above(void *ctx, struct span path, void *value)
{
    struct walk *w = ctx;
    uint8_t id[INTEGRITY_ID_SIZE];
    (void)value;
    integrity_folder_id(path, id);
    w->seen += mark_of(id);
    return true;
}

static bool collect_above(void *ctx, struct span path, void *value)
{
    struct strays *strays = ctx;
    (void)value;
    buf_put_span(&strays->paths, path);
    buf_put_byte(&strays->paths, '\0');
    return !strays->paths.failed;
}

/* Collected before any is swept: what is told forgets folders meanwhile. */
static void visit_strays(struct walk *w)
{
    struct strays strays = {w, BUF_INIT(PATHS_MAX)};
    struct span rest, path;
    map_each(w->above, mark_above, w);
    if (all_seen(w)) /* but a pattern says nothing of the files that fitted it once */
        map_each(w->above, collect_above, &strays);
    else
        store_each(w->host->store, STORE_FOLDERS, SPAN(""), collect_stray, &strays);
    w->result->again = w->result->again || strays.paths.failed;
    rest = buf_span(&strays.paths);
    while (!stopped(w) && span_take_until(&rest, '\0', &path))
        sweep_path(w, path.p);
    buf_release(&strays.paths);
}

void integrity_walk(const struct integrity_walk_host *host, struct integrity_job *job)
{
    struct walk *w = mem_new(1, sizeof(*w));
    const struct config *c = host->config;
    w->host = host;
    w->job = job;
    w->result = &job->result;
    integrity_pair_init(&w->pair, &(struct integrity_pace){w, read_pace}, c->hash_max);
    w->pair.ctx = w;
    w->pair.done = looked_at;
    w->record = BUF_INIT(INTEGRITY_RECORD_MAX + 1024);
    w->rehash =
        (struct integrity_rehash){clock_wall_ms() / 1000, c->scan_every_s, c->rehash_every_s};
    w->began_ms = clock_mono_ms();
    integrity_paths_on_disk(host->paths, "", w->disk, sizeof(w->disk));
    w->root_n = w->n = strlen(w->disk);
    integrity_adopt_init(&w->adopted, host->store);
    w->above = map_new(SIZE_MAX);
    mounts_read(&w->mounts); /* without it nothing is taken for foreign */
    if (job->path) {
        visit_path(w, job->path);
    } else {
        w->result->skipped[INTEGRITY_SKIP_FOREIGN] +=
            integrity_paths_roots(host->paths, visit_root, w);
        if (!job->first && !stopped(w))
            visit_strays(w);
    }
    integrity_pair_release(&w->pair);
    job->result.error = integrity_adopt_release(&w->adopted);
    map_free(w->above, NULL);
    mounts_free(w->mounts);
    buf_release(&w->record);
    free(w);
}
