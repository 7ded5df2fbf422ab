#include "store/changes.h"

#include "base/mem.h"

#define CHANGE_COST (sizeof(struct change) + 3 * sizeof(void *)) /* with list and allocator */

int key_compare(struct span a, struct span b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int rc = n > 0 ? memcmp(a.p, b.p, n) : 0;
    return rc != 0 ? rc : (a.n > b.n) - (a.n < b.n);
}

static int compare(const struct change *c, enum store_table t, struct span key)
{
    if (c->table != t)
        return c->table < t ? -1 : 1;
    return key_compare(change_key(c), key);
}

size_t changes_from(const struct changes *c, enum store_table t, struct span key)
{
    size_t low = 0, high = c->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(c->at[middle], t, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct change *changes_find(const struct changes *c, enum store_table t, struct span key)
{
    size_t i = changes_from(c, t, key);
    return i < c->n && compare(c->at[i], t, key) == 0 ? c->at[i] : NULL;
}

static struct change *change_new(enum store_table t, struct span key, struct span value)
{
    size_t value_n = value.p ? value.n : 0;
    struct change *c = mem_new(1, sizeof(*c) + key.n + value_n);
    c->table = (uint8_t)t;
    c->removed = value.p == NULL;
    c->key_n = (uint16_t)key.n;
    c->value_n = (uint32_t)value_n;
    memcpy(c->bytes, key.p, key.n);
    if (value_n > 0)
        memcpy(c->bytes + key.n, value.p, value_n);
    return c;
}

static size_t cost_of(const struct change *c)
{
    return CHANGE_COST + c->key_n + c->value_n;
}

void changes_set(struct changes *c, enum store_table t, struct span key, struct span value)
{
    struct change *added = change_new(t, key, value);
    size_t i = changes_from(c, t, key);
    c->bytes += cost_of(added);
    if (i < c->n && compare(c->at[i], t, key) == 0) {
        c->bytes -= cost_of(c->at[i]);
        free(c->at[i]);
        c->at[i] = added;
        return;
    }
    if (c->n == c->room) {
        c->room = c->room ? 2 * c->room : 64;
        c->at = mem_grow(c->at, c->room, sizeof(struct change *));
    }
    memmove(c->at + i + 1, c->at + i, (c->n - i) * sizeof(struct change *));
    c->at[i] = added;
    c->n++;
}

void changes_release(struct changes *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->at[i]);
    free(c->at);
    *c = (struct changes){0};
}
