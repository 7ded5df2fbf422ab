/*
 * A list of changes to tables that are not in the file yet, sorted by table and key; the last
 * change of a key counts. Made for some ten thousand entries.
 */
#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

#include "store/store.h"

struct change { /* small: a flood of state makes thousands */
    uint8_t table;
    bool removed;
    uint16_t key_n;
    uint32_t value_n;
    char bytes[]; /* of the key, then of the value */
};

static inline struct span change_key(const struct change *c)
{
    return (struct span){c->bytes, c->key_n};
}

static inline struct span change_value(const struct change *c)
{
    return (struct span){c->bytes + c->key_n, c->value_n};
}

struct changes {
    struct change **at;
    size_t n, room;
    size_t bytes; /* of memory */
};

/* value.p == NULL: the key is removed. A key of less than 64 KiB, a value of less than 4 GiB. */
void changes_set(struct changes *c, enum store_table t, struct span key, struct span value);
/* Index of the first change whose table and key are not smaller; n if there is none. */
size_t changes_from(const struct changes *c, enum store_table t, struct span key);
const struct change *changes_find(const struct changes *c, enum store_table t, struct span key);
void changes_release(struct changes *c); /* empty again, no memory held */

/* As LMDB orders keys: byte by byte, the shorter first. */
int key_compare(struct span a, struct span b);

#endif
