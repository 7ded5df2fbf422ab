#include "source/integrity/adopt.h"

#include "platform/clock.h"

#define WRITE_MS 5000

void integrity_adopt_init(struct integrity_adopt *a, struct store *store)
{
    *a = (struct integrity_adopt){.store = store, .record = BUF_INIT(INTEGRITY_RECORD_MAX)};
}

static void write_now_and_then(struct integrity_adopt *a)
{
    if (clock_mono_ms() - a->began_ms < WRITE_MS)
        return;
    int rc = store_bulk_end(a->bulk, true);
    a->error = a->error ? a->error : rc;
    a->bulk = NULL;
}

static void add(struct integrity_adopt *a, enum store_table t, struct span key, struct span value)
{
    if (a->error == 0 && !a->bulk) {
        a->error = store_bulk_begin(a->store, &a->bulk);
        a->began_ms = clock_mono_ms();
    }
    if (a->error == 0)
        a->error = store_bulk_put(a->bulk, t, key, value);
}

void integrity_adopt_put(struct integrity_adopt *a, struct span key,
                         const struct integrity_state *s)
{
    buf_clear(&a->record);
    integrity_state_encode(&a->record, s);
    add(a, STORE_BASELINE, key, buf_span(&a->record));
    if (a->error == 0)
        write_now_and_then(a);
}

void integrity_adopt_folder(struct integrity_adopt *a, struct span path)
{
    uint8_t id[INTEGRITY_ID_SIZE];
    integrity_folder_id(path, id);
    add(a, STORE_FOLDERS, span_make(id, sizeof(id)), path.n ? path : SPAN("/"));
}

int integrity_adopt_release(struct integrity_adopt *a)
{
    int rc = a->bulk ? store_bulk_end(a->bulk, a->error == 0) : 0;
    buf_release(&a->record);
    return a->error ? a->error : rc;
}
