#include "store/store.h"

#include "base/log.h"
#include "base/mem.h"
#include "platform/file.h"
#include "platform/thread.h"
#include "store/changes.h"
#include "store/table_file.h"

#include <errno.h>

#define KEY_MAX    500
#define VALUE_MAX  (64 * 1024)
#define PAGE_FULL  (64 * 1024) /* of a walk, copied out at a time */
#define CHUNK_FULL (64 * 1024) /* of a bulk, written at a time: others wait meanwhile */
#define SLICE      500         /* changes of one transaction, each on a page of its own at worst */
#define PATH_SIZE  4400

struct store {
    struct lock *lock; /* guards all below */
    struct table_file *file;
    struct changes pending;
};

struct store_bulk {
    struct store *store;
    struct changes chunk;
};

/* ---- open and close ---- */

static int move_aside(const char *path)
{
    char damaged[PATH_SIZE + 16];
    snprintf(damaged, sizeof(damaged), "%s.damaged", path);
    log_error("%s: damaged; moved to %s, state starts anew", path, damaged);
    return file_rename(path, damaged);
}

static int open_file(const char *path, struct table_file **out, bool *fresh)
{
    struct file_info info;
    *fresh = file_info_at(path, &info) == -ENOENT || info.size == 0;
    int rc = table_file_open(path, out);
    if (rc != -EUCLEAN)
        return rc;
    *fresh = true;
    rc = move_aside(path);
    return rc == 0 ? table_file_open(path, out) : rc;
}

int store_open(const char *folder, struct store **out, bool *fresh, struct error *e)
{
    char path[PATH_SIZE];
    struct table_file *file;
    snprintf(path, sizeof(path), "%s/state.mdb", folder);
    int rc = open_file(path, &file, fresh);
    if (rc != 0) {
        error_set(e, "%s: cannot be opened: %s", path, error_text(rc));
        return rc;
    }
    struct store *s = mem_new(1, sizeof(*s));
    s->lock = lock_new();
    s->file = file;
    *out = s;
    return 0;
}

void store_close(struct store *s)
{
    table_file_close(s->file);
    changes_release(&s->pending);
    lock_free(s->lock);
    free(s);
}

/* ---- reading ---- */

static bool key_fits(struct span key)
{
    return key.n >= 1 && key.n <= KEY_MAX;
}

static int get(struct store *s, enum store_table t, struct span key, struct buf *out)
{
    const struct change *c = changes_find(&s->pending, t, key);
    if (!c)
        return table_file_get(s->file, t, key, out);
    if (c->removed)
        return -ENOENT;
    buf_put_span(out, change_value(c));
    return 0;
}

int store_get(struct store *s, enum store_table t, struct span key, struct buf *out)
{
    if (!key_fits(key))
        return -EINVAL;
    lock_take(s->lock);
    int rc = get(s, t, key, out);
    lock_drop(s->lock);
    return rc == 0 && out->failed ? -EMSGSIZE : rc;
}

/* A walk copies a page of entries out under the lock and hands them over without it, so that a slow
 * reader holds nobody up. */
struct page_walk {
    struct store *store;
    enum store_table table;
    struct span prefix;
    struct buf from; /* where the next page starts */
    struct buf page; /* key length, value length, key, value; again and again */
    bool ended;
};

static void page_put(struct page_walk *w, struct span key, struct span value)
{
    buf_put_u32(&w->page, (uint32_t)key.n);
    buf_put_u32(&w->page, (uint32_t)value.n);
    buf_put_span(&w->page, key);
    buf_put_span(&w->page, value);
    buf_clear(&w->from);
    buf_put_span(&w->from, key);
    buf_put_byte(&w->from, '\0'); /* the smallest key behind this one */
}

/* The next key that starts with the prefix, of both sides; the pending side wins where equal. */
struct merge {
    struct table_walk *walk;
    bool have; /* key and value below are the file's next */
    struct span key, value;
    size_t at; /* in the pending changes */
};

static int merge_step_file(struct merge *m, struct span prefix)
{
    int rc = table_walk_next(m->walk, &m->key, &m->value);
    m->have = rc == 0 && span_starts(m->key, prefix);
    return rc == -ENOENT ? 0 : rc;
}

static const struct change *pending_at(const struct page_walk *w, const struct merge *m)
{
    const struct changes *c = &w->store->pending;
    if (m->at >= c->n || c->at[m->at]->table != w->table ||
        !span_starts(change_key(c->at[m->at]), w->prefix))
        return NULL;
    return c->at[m->at];
}

static int merge_page(struct page_walk *w, struct merge *m)
{
    int rc = merge_step_file(m, w->prefix);
    while (rc == 0 && w->page.n < PAGE_FULL) {
        const struct change *c = pending_at(w, m);
        w->ended = !c && !m->have;
        if (w->ended)
            break;
        int order = !c ? 1 : !m->have ? -1 : key_compare(change_key(c), m->key);
        if (order > 0)
            page_put(w, m->key, m->value);
        else if (!c->removed)
            page_put(w, change_key(c), change_value(c));
        if (order <= 0)
            m->at++;
        if (order >= 0)
            rc = merge_step_file(m, w->prefix);
    }
    return rc;
}

static int read_page(struct page_walk *w)
{
    struct store *s = w->store;
    buf_clear(&w->page);
    lock_take(s->lock);
    struct merge m = {.at = changes_from(&s->pending, w->table, buf_span(&w->from))};
    int rc = table_walk_begin(s->file, w->table, buf_span(&w->from), &m.walk);
    if (rc == 0) {
        rc = merge_page(w, &m);
        table_walk_end(m.walk);
    }
    lock_drop(s->lock);
    return rc == 0 && (w->page.failed || w->from.failed) ? -EIO : rc;
}

static bool hand_over(const struct page_walk *w,
                      bool (*each)(void *ctx, struct span key, struct span value), void *ctx)
{
    struct span rest = buf_span(&w->page), key, value;
    uint32_t key_n, value_n;
    while (span_take_u32(&rest, &key_n) && span_take_u32(&rest, &value_n) &&
           span_take(&rest, key_n, &key) && span_take(&rest, value_n, &value))
        if (!each(ctx, key, value))
            return false;
    return true;
}

int store_each(struct store *s, enum store_table t, struct span prefix,
               bool (*each)(void *ctx, struct span key, struct span value), void *ctx)
{
    return store_each_from(s, t, prefix, prefix, each, ctx);
}

int store_each_from(struct store *s, enum store_table t, struct span prefix, struct span from,
                    bool (*each)(void *ctx, struct span key, struct span value), void *ctx)
{
    if (prefix.n > KEY_MAX || from.n > KEY_MAX || !span_starts(from, prefix))
        return -EINVAL;
    struct page_walk w = {.store = s, .table = t, .prefix = prefix};
    w.from = BUF_INIT(KEY_MAX + 1);
    w.page = BUF_INIT(PAGE_FULL + VALUE_MAX + KEY_MAX + 8);
    buf_put_span(&w.from, from);
    int rc = 0;
    bool wanted = true;
    while (rc == 0 && wanted && !w.ended) {
        rc = read_page(&w);
        wanted = rc == 0 && hand_over(&w, each, ctx);
    }
    buf_release(&w.from);
    buf_release(&w.page);
    return rc;
}

/* ---- changing ---- */

/* Our own callers keep to the limits; one that does not is told, and the rest goes on. */
static bool fits(struct span key, struct span value)
{
    if (key_fits(key) && value.n <= VALUE_MAX)
        return true;
    log_error("state entry refused: key of %u bytes, value of %u bytes", (unsigned)key.n,
              (unsigned)value.n);
    return false;
}

void store_put(struct store *s, enum store_table t, struct span key, struct span value)
{
    if (!fits(key, value))
        return;
    lock_take(s->lock);
    changes_set(&s->pending, t, key, value.p ? value : SPAN(""));
    lock_drop(s->lock);
}

void store_remove(struct store *s, enum store_table t, struct span key)
{
    if (!fits(key, SPAN("")))
        return;
    lock_take(s->lock);
    changes_set(&s->pending, t, key, (struct span){NULL, 0});
    lock_drop(s->lock);
}

size_t store_pending_bytes(const struct store *s)
{
    return s->pending.bytes;
}

/* In slices: LMDB keeps the pages of its largest transaction for ever. Half of them after a crash
 * does no harm, for the journal that they came from is applied anew. */
static int apply(struct store *s, struct changes *c)
{
    int rc = 0;
    lock_take(s->lock);
    for (size_t i = 0; i < c->n && rc == 0; i += SLICE) {
        struct changes slice = {.at = c->at + i, .n = c->n - i < SLICE ? c->n - i : SLICE};
        rc = table_file_apply(s->file, &slice);
    }
    if (rc == 0)
        changes_release(c);
    lock_drop(s->lock);
    return rc;
}

int store_commit(struct store *s)
{
    return apply(s, &s->pending);
}

/* ---- bulk ---- */

int store_bulk_begin(struct store *s, struct store_bulk **out)
{
    *out = mem_new(1, sizeof(**out));
    (*out)->store = s;
    return 0;
}

static int bulk_set(struct store_bulk *b, enum store_table t, struct span key, struct span value)
{
    if (!fits(key, value))
        return -EINVAL;
    changes_set(&b->chunk, t, key, value);
    return b->chunk.bytes >= CHUNK_FULL ? apply(b->store, &b->chunk) : 0;
}

int store_bulk_put(struct store_bulk *b, enum store_table t, struct span key, struct span value)
{
    return bulk_set(b, t, key, value.p ? value : SPAN(""));
}

int store_bulk_remove(struct store_bulk *b, enum store_table t, struct span key)
{
    return bulk_set(b, t, key, (struct span){NULL, 0});
}

int store_bulk_end(struct store_bulk *b, bool keep)
{
    int rc = keep ? apply(b->store, &b->chunk) : 0;
    changes_release(&b->chunk);
    free(b);
    return rc;
}
