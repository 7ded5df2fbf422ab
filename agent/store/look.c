/* Reading a store that belongs to another process. */
#include "store/store.h"
#include "store/table_file.h"

#define PATH_SIZE 4400
#define TRIES     5
#define BYTES_MAX (8U << 20)

/* Key length, value length, key, value; again and again. */
static int copy(struct table_file *f, enum store_table t, struct span prefix, struct buf *out)
{
    struct table_walk *walk;
    struct span key, value;
    int rc = table_walk_begin(f, t, prefix, &walk);
    if (rc != 0)
        return rc;
    while ((rc = table_walk_next(walk, &key, &value)) == 0 && span_starts(key, prefix)) {
        buf_put_u32(out, (uint32_t)key.n);
        buf_put_u32(out, (uint32_t)value.n);
        buf_put_span(out, key);
        buf_put_span(out, value);
    }
    table_walk_end(walk);
    return rc == -ENOENT ? 0 : rc;
}

static int copy_whole(const char *path, enum store_table t, struct span prefix, struct buf *out)
{
    for (int i = 0; i < TRIES; i++) {
        struct table_file *f;
        int rc = table_file_look(path, &f);
        if (rc != 0)
            return rc;
        buf_clear(out);
        uint64_t version = table_file_version(f);
        rc = copy(f, t, prefix, out);
        bool same = table_file_version(f) == version;
        table_file_close(f);
        if (same)
            return rc == 0 && out->failed ? -EMSGSIZE : rc;
    }
    return -EAGAIN;
}

int store_look(const char *folder, enum store_table t, struct span prefix,
               bool (*each)(void *ctx, struct span key, struct span value), void *ctx,
               struct error *e)
{
    char path[PATH_SIZE];
    struct buf all = BUF_INIT(BYTES_MAX);
    snprintf(path, sizeof(path), "%s/state.mdb", folder);
    int rc = copy_whole(path, t, prefix, &all);
    if (rc != 0)
        error_set(e, "%s: cannot be read: %s", path, error_text(rc));
    struct span rest = rc == 0 ? buf_span(&all) : (struct span){0, 0}, key, value;
    uint32_t key_n, value_n;
    while (span_take_u32(&rest, &key_n) && span_take_u32(&rest, &value_n) &&
           span_take(&rest, key_n, &key) && span_take(&rest, value_n, &value))
        if (!each(ctx, key, value))
            break;
    buf_release(&all);
    return rc;
}
