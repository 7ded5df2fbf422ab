/*
 * What one part of the inventory holds: entries by key, each a small JSON object. Bounded: what is
 * over the limits is counted in `cut`.
 *
 * Keys are made safe once, here: what is no UTF-8 and control characters become \xHH (text.h), and
 * one that is too long ends with a hash of the whole. A key that comes twice with other values gets
 * "#2", "#3" ... behind it; what is equal in both stands once.
 */
#ifndef SOURCE_INVENTORY_LIST_H
#define SOURCE_INVENTORY_LIST_H

#include "base/buf.h"
#include "base/json_write.h"

#include <stdint.h>

#define INVENTORY_ENTRIES_MAX 4096
#define INVENTORY_BYTES_MAX   (256 * 1024) /* of keys and values of one part */
#define INVENTORY_KEY_MAX     300
#define INVENTORY_VALUE_MAX   2048

struct inventory_entry { /* places in `text` */
    uint32_t key, key_n;
    uint32_t value, value_n;
};

struct inventory_list {
    struct buf text;
    struct inventory_entry *items;
    size_t n, room;
    size_t limit; /* bytes */
    uint64_t cut;

    struct buf key, value; /* of the entry that is open */
    struct json_out json;
};

void inventory_list_init(struct inventory_list *l);
void inventory_list_release(struct inventory_list *l);

/* Opens an entry; its members are written to what is returned, then it is ended. */
struct json_out *inventory_begin(struct inventory_list *l, struct span key);
void inventory_end(struct inventory_list *l);
/* A member of at most max bytes of a name from the host; nothing when it is empty. */
void inventory_put(struct json_out *j, const char *name, struct span value, size_t max);
/* The same of words rather than a name: backslashes stand as they are (commands of Windows). */
void inventory_put_text(struct json_out *j, const char *name, struct span value, size_t max);
/* The same of a list that may be long: what is cut off goes into a hash of the whole, under
 * hash_name. */
void inventory_put_long(struct json_out *j, const char *name, const char *hash_name,
                        struct span value, size_t max);

/* For entries as they were kept, which fitted once: marks behind keys count no second time. */
void inventory_list_init_kept(struct inventory_list *l);
/* An entry as it was kept: key and value stand as they are. */
void inventory_take(struct inventory_list *l, struct span key, struct span value);
/* Sorts by key and makes keys unique; nothing is added afterwards. */
void inventory_list_finish(struct inventory_list *l);
void inventory_list_digest(const struct inventory_list *l, uint8_t out[32]);

static inline struct span inventory_key(const struct inventory_list *l, size_t i)
{
    return (struct span){l->text.p + l->items[i].key, l->items[i].key_n};
}

static inline struct span inventory_value(const struct inventory_list *l, size_t i)
{
    return (struct span){l->text.p + l->items[i].value, l->items[i].value_n};
}

#endif
