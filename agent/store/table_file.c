#include "store/table_file.h"

#include "base/log.h"
#include "base/mem.h"
#include "platform/file.h"
#include "platform/process.h"

#include <errno.h>
#include <lmdb.h>

#define MAP_START ((size_t)64 << 20) /* address space, not memory */
#define MAP_MAX   ((size_t)1 << (sizeof(size_t) > 4 ? 36 : 30))
/* So many page faults, then the map is renewed: what reading has brought in is let go. Each brings
 * in up to 64 KiB, because the kernel maps what lies around, if it is in its cache. */
#define FAULTS_HELD 80

struct table_file {
    MDB_env *env;
    MDB_dbi table[STORE_TABLES];
    size_t map_size;
    uint64_t faults; /* of this process when the map was renewed */
};

struct table_walk {
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_cursor_op next;
    MDB_val key;
};

static const char *const table_names[STORE_TABLES] = {"meta",      "baseline", "folders",
                                                      "positions", "detect",   "patch",
                                                      "inventory", "checks",   "registry"};

static int error_of(int rc)
{
    static const struct {
        int lmdb, error;
    } rows[] = {
        {MDB_NOTFOUND, -ENOENT},   {MDB_MAP_FULL, -ENOSPC},          {MDB_BAD_VALSIZE, -EINVAL},
        {MDB_CORRUPTED, -EUCLEAN}, {MDB_PAGE_NOTFOUND, -EUCLEAN},    {MDB_PANIC, -EUCLEAN},
        {MDB_INVALID, -EUCLEAN},   {MDB_VERSION_MISMATCH, -EUCLEAN}, {MDB_INCOMPATIBLE, -EUCLEAN},
    };
    if (rc >= 0)
        return -rc;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].lmdb == rc)
            return rows[i].error;
    return -EIO;
}

static MDB_val value_of(struct span s)
{
    return (MDB_val){.mv_size = s.n, .mv_data = (void *)(uintptr_t)s.p};
}

static struct span span_of_value(const MDB_val *v)
{
    return span_make(v->mv_data, v->mv_size);
}

/* ---- open and close ---- */

static int open_tables(struct table_file *f, bool look)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(f->env, NULL, look ? MDB_RDONLY : 0, &txn);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < STORE_TABLES && rc == 0; i++)
        rc = mdb_dbi_open(txn, table_names[i], look ? 0 : MDB_CREATE, &f->table[i]);
    if (rc == 0)
        return mdb_txn_commit(txn); /* writes nothing when all were there */
    mdb_txn_abort(txn);
    return rc;
}

/* A file that ends before its last page would end the process with a bus error when it is read. */
static int check_length(struct table_file *f, const char *path)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct file_info file;
    int rc = mdb_env_info(f->env, &info);
    if (rc == 0)
        rc = mdb_env_stat(f->env, &stat);
    if (rc != 0)
        return error_of(rc);
    f->map_size = info.me_mapsize;
    rc = file_info_at(path, &file);
    if (rc != 0)
        return rc;
    return file.size / stat.ms_psize > info.me_last_pgno ? 0 : -EUCLEAN;
}

static int open_as(const char *path, bool look, struct table_file **out)
{
    char native[4400];
    unsigned flags = MDB_NOSUBDIR | MDB_NOLOCK | MDB_NORDAHEAD | (look ? MDB_RDONLY : 0);
    struct table_file *f = mem_new(1, sizeof(*f));
    int rc = mdb_env_create(&f->env);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(f->env, STORE_TABLES);
    if (rc == 0)
        rc = mdb_env_set_mapsize(f->env, MAP_START);
    if (rc == 0 && file_native_path(path, native, sizeof(native)) < 0)
        rc = ENAMETOOLONG;
    if (rc == 0)
        rc = mdb_env_open(f->env, native, flags, 0600);
    rc = rc == 0 ? check_length(f, path) : error_of(rc);
    if (rc == 0)
        rc = error_of(open_tables(f, look));
    if (rc != 0) {
        table_file_close(f);
        return rc;
    }
    *out = f;
    return 0;
}

int table_file_open(const char *path, struct table_file **out)
{
    return open_as(path, false, out);
}

int table_file_look(const char *path, struct table_file **out)
{
    return open_as(path, true, out);
}

uint64_t table_file_version(struct table_file *f)
{
    MDB_envinfo info = {0};
    return mdb_env_info(f->env, &info) == 0 ? info.me_last_txnid : 0;
}

void table_file_close(struct table_file *f)
{
    if (f->env)
        mdb_env_close(f->env);
    free(f);
}

/* Setting the size maps the file anew; pages that reading has brought in no longer count as ours.
 */
static int renew_map(struct table_file *f, size_t size)
{
    int rc = mdb_env_set_mapsize(f->env, size);
    if (rc == 0)
        f->map_size = size;
    f->faults = process_faults();
    return rc;
}

static int let_go(struct table_file *f, unsigned held)
{
    return process_faults() - f->faults > held ? renew_map(f, f->map_size) : 0;
}

/* ---- reading ---- */

int table_file_get(struct table_file *f, enum store_table t, struct span key, struct buf *out)
{
    MDB_txn *txn;
    MDB_val k = value_of(key), v;
    int rc = let_go(f, FAULTS_HELD);
    if (rc == 0)
        rc = mdb_txn_begin(f->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0)
        return error_of(rc);
    rc = mdb_get(txn, f->table[t], &k, &v);
    if (rc == 0)
        buf_put_span(out, span_of_value(&v));
    mdb_txn_abort(txn);
    return error_of(rc);
}

int table_walk_begin(struct table_file *f, enum store_table t, struct span from,
                     struct table_walk **out)
{
    struct table_walk *w = mem_new(1, sizeof(*w));
    int rc = let_go(f, FAULTS_HELD);
    if (rc == 0)
        rc = mdb_txn_begin(f->env, NULL, MDB_RDONLY, &w->txn);
    if (rc == 0)
        rc = mdb_cursor_open(w->txn, f->table[t], &w->cursor);
    if (rc != 0) {
        table_walk_end(w);
        return error_of(rc);
    }
    w->next = from.n > 0 ? MDB_SET_RANGE : MDB_FIRST;
    w->key = value_of(from);
    *out = w;
    return 0;
}

int table_walk_next(struct table_walk *w, struct span *key, struct span *value)
{
    MDB_val v;
    int rc = mdb_cursor_get(w->cursor, &w->key, &v, w->next);
    w->next = MDB_NEXT;
    if (rc != 0)
        return error_of(rc);
    *key = span_of_value(&w->key);
    *value = span_of_value(&v);
    return 0;
}

void table_walk_end(struct table_walk *w)
{
    if (w->cursor)
        mdb_cursor_close(w->cursor);
    if (w->txn)
        mdb_txn_abort(w->txn);
    free(w);
}

/* ---- writing ---- */

static int apply_one(struct table_file *f, MDB_txn *txn, const struct change *c)
{
    MDB_val key = value_of(change_key(c)), value = value_of(change_value(c));
    if (!c->removed)
        return mdb_put(txn, f->table[c->table], &key, &value, 0);
    int rc = mdb_del(txn, f->table[c->table], &key, NULL);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int apply_all(struct table_file *f, const struct changes *c)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(f->env, NULL, 0, &txn);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < c->n && rc == 0; i++)
        rc = apply_one(f, txn, c->at[i]);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

int table_file_apply(struct table_file *f, const struct changes *c)
{
    int rc = apply_all(f, c);
    while (rc == MDB_MAP_FULL && f->map_size < MAP_MAX) {
        rc = renew_map(f, 2 * f->map_size);
        if (rc == 0)
            rc = apply_all(f, c);
    }
    if (rc == 0 && let_go(f, 0) != 0)
        log_warning("the state file could not be mapped anew");
    return error_of(rc);
}
