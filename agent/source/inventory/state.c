#include "source/inventory/state.h"

#define KEY_SIZE 400

static struct span digest_key(const struct inventory_part *part, char out[KEY_SIZE])
{
    int n = snprintf(out, KEY_SIZE, "d%s", part->name);
    return (struct span){out, (size_t)n};
}

static struct span entry_prefix(const struct inventory_part *part, char out[KEY_SIZE])
{
    int n = snprintf(out, KEY_SIZE, "e%s", part->name);
    return (struct span){out, (size_t)n + 1}; /* with the NUL */
}

static bool get(const struct source_host *h, struct span key, void *out, size_t size)
{
    struct buf value = BUF_INIT(256);
    bool fine = store_get(h->store, STORE_INVENTORY, key, &value) == 0 && value.n == size;
    if (fine)
        memcpy(out, value.p, size);
    buf_release(&value);
    return fine;
}

bool inventory_state_get(const struct source_host *h, const struct inventory_part *part,
                         struct inventory_kept *out)
{
    char key[KEY_SIZE];
    *out = (struct inventory_kept){0};
    return get(h, digest_key(part, key), out, sizeof(*out));
}

void inventory_state_put(const struct source_host *h, const struct inventory_part *part,
                         const struct inventory_kept *kept)
{
    char key[KEY_SIZE];
    h->put(h->ctx, STORE_INVENTORY, digest_key(part, key), span_make(kept, sizeof(*kept)));
}

struct loading {
    struct inventory_list *out;
    size_t prefix;
};

static bool take(void *ctx, struct span key, struct span value)
{
    const struct loading *l = ctx;
    inventory_take(l->out, (struct span){key.p + l->prefix, key.n - l->prefix}, value);
    return true;
}

void inventory_state_load(const struct source_host *h, const struct inventory_part *part,
                          struct inventory_list *out)
{
    char key[KEY_SIZE];
    struct span prefix = entry_prefix(part, key);
    struct loading loading = {out, prefix.n};
    inventory_list_init_kept(out);
    store_each(h->store, STORE_INVENTORY, prefix, take, &loading);
    inventory_list_finish(out);
}

void inventory_state_entry(const struct source_host *h, const struct inventory_part *part,
                           struct span key, struct span value)
{
    char full[KEY_SIZE];
    struct span prefix = entry_prefix(part, full);
    if (prefix.n + key.n > sizeof(full))
        return; /* list.c makes none so long */
    memcpy(full + prefix.n, key.p, key.n);
    h->put(h->ctx, STORE_INVENTORY, (struct span){full, prefix.n + key.n}, value);
}

bool inventory_state_slot(const struct source_host *h, int64_t *out)
{
    return get(h, SPAN("full"), out, sizeof(*out));
}

void inventory_state_put_slot(const struct source_host *h, int64_t slot)
{
    h->put(h->ctx, STORE_INVENTORY, SPAN("full"), span_make(&slot, sizeof(slot)));
}
