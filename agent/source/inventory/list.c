#include "source/inventory/list.h"

#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"

#define KEY_HASH 8 /* bytes of the hash behind a key that was cut */

void inventory_list_init(struct inventory_list *l)
{
    *l = (struct inventory_list){.text = BUF_INIT(INVENTORY_BYTES_MAX),
                                 .limit = INVENTORY_BYTES_MAX,
                                 .key = BUF_INIT(64 * 1024),
                                 .value = BUF_INIT(INVENTORY_VALUE_MAX)};
}

void inventory_list_init_kept(struct inventory_list *l)
{
    inventory_list_init(l);
    l->text.limit = l->limit = 2 * INVENTORY_BYTES_MAX;
}

void inventory_list_release(struct inventory_list *l)
{
    buf_release(&l->text);
    buf_release(&l->key);
    buf_release(&l->value);
    free(l->items);
    *l = (struct inventory_list){0};
}

static size_t utf8_cut(struct span s, size_t max)
{
    size_t n = s.n < max ? s.n : max;
    while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return n;
}

static void make_key(struct buf *out, struct span key)
{
    uint8_t digest[SHA256_SIZE];
    buf_clear(out);
    text_put_name(out, (struct span){key.p, key.n < 4096 ? key.n : 4096});
    if (key.n <= 4096 && out->n <= INVENTORY_KEY_MAX)
        return;
    sha256_of(key.p, key.n, digest);
    out->n = utf8_cut(buf_span(out), INVENTORY_KEY_MAX - 2 * KEY_HASH - 1);
    buf_put_byte(out, '~');
    buf_put_hex(out, digest, KEY_HASH);
}

struct json_out *inventory_begin(struct inventory_list *l, struct span key)
{
    make_key(&l->key, key);
    buf_clear(&l->value);
    json_start(&l->json, &l->value);
    json_object(&l->json, NULL);
    return &l->json;
}

void inventory_end(struct inventory_list *l)
{
    json_end_object(&l->json);
    if (l->value.failed) { /* longer than readers should make it: told by its key alone */
        l->cut++;
        inventory_take(l, buf_span(&l->key), SPAN("{\"cut\":true}"));
        return;
    }
    inventory_take(l, buf_span(&l->key), buf_span(&l->value));
}

void inventory_put(struct json_out *j, const char *name, struct span value, size_t max)
{
    if (value.n > 0)
        json_name(j, name, (struct span){value.p, utf8_cut(value, max)});
}

void inventory_put_text(struct json_out *j, const char *name, struct span value, size_t max)
{
    if (value.n > 0)
        json_span(j, name, (struct span){value.p, utf8_cut(value, max)});
}

void inventory_put_long(struct json_out *j, const char *name, const char *hash_name,
                        struct span value, size_t max)
{
    uint8_t digest[SHA256_SIZE];
    inventory_put(j, name, value, max);
    if (value.n <= max)
        return;
    sha256_of(value.p, value.n, digest);
    json_hex(j, hash_name, digest, sizeof(digest));
}

void inventory_take(struct inventory_list *l, struct span key, struct span value)
{
    /* room for "#4096" behind a key that comes again */
    if (l->n == INVENTORY_ENTRIES_MAX || l->text.n + key.n + value.n + 8 > l->limit) {
        l->cut++;
        return;
    }
    if (l->n == l->room) {
        l->room = l->room ? l->room * 2 : 64;
        l->items = mem_grow(l->items, l->room, sizeof(*l->items));
    }
    struct inventory_entry *e = &l->items[l->n++];
    e->key = (uint32_t)l->text.n;
    e->key_n = (uint32_t)key.n;
    buf_put_span(&l->text, key);
    buf_put(&l->text, "      ", 6);
    e->value = (uint32_t)l->text.n;
    e->value_n = (uint32_t)value.n;
    buf_put_span(&l->text, value);
}

/* ---- order ---- */

struct sorted { /* qsort's elements carry where their bytes are */
    const char *text;
    struct inventory_entry e;
};

static int compare_bytes(const char *a, size_t a_n, const char *b, size_t b_n)
{
    int order = memcmp(a, b, a_n < b_n ? a_n : b_n);
    return order ? order : (a_n > b_n) - (a_n < b_n);
}

static int compare(const void *left, const void *right)
{
    const struct sorted *a = left, *b = right;
    int order = compare_bytes(a->text + a->e.key, a->e.key_n, b->text + b->e.key, b->e.key_n);
    return order ? order
                 : compare_bytes(a->text + a->e.value, a->e.value_n, b->text + b->e.value,
                                 b->e.value_n);
}

static void sort(struct inventory_list *l)
{
    struct sorted *all = mem_new(l->n + 1, sizeof(*all));
    for (size_t i = 0; i < l->n; i++)
        all[i] = (struct sorted){l->text.p, l->items[i]};
    qsort(all, l->n, sizeof(*all), compare);
    for (size_t i = 0; i < l->n; i++)
        l->items[i] = all[i].e;
    free(all);
}

/* "#2" goes into the room that inventory_take left behind the key. */
static void number_key(struct inventory_list *l, struct inventory_entry *e, size_t number)
{
    char mark[8];
    int n = snprintf(mark, sizeof(mark), "#%zu", number);
    memcpy(l->text.p + e->key + e->key_n, mark, (size_t)n);
    e->key_n += (uint32_t)n;
}

void inventory_list_finish(struct inventory_list *l)
{
    size_t kept = 0, from = 0; /* from: the first of those with the same key */
    uint32_t key_n = 0;
    sort(l);
    for (size_t i = 0; i < l->n; i++) {
        struct inventory_entry *e = &l->items[i];
        const struct inventory_entry *first = kept ? &l->items[from] : NULL;
        bool same = first && key_n == e->key_n &&
                    memcmp(l->text.p + first->key, l->text.p + e->key, key_n) == 0;
        if (same && span_equal(inventory_value(l, kept - 1), inventory_value(l, i)))
            continue;
        l->items[kept] = *e;
        if (same) {
            number_key(l, &l->items[kept], kept - from + 1);
        } else {
            from = kept;
            key_n = e->key_n;
        }
        kept++;
    }
    l->n = kept;
    sort(l); /* "a#2" may stand elsewhere than "a" */
}

void inventory_list_digest(const struct inventory_list *l, uint8_t out[32])
{
    struct sha256 s;
    sha256_init(&s);
    for (size_t i = 0; i < l->n; i++) {
        uint32_t lengths[2] = {l->items[i].key_n, l->items[i].value_n};
        sha256_update(&s, lengths, sizeof(lengths));
        sha256_update(&s, l->text.p + l->items[i].key, l->items[i].key_n);
        sha256_update(&s, l->text.p + l->items[i].value, l->items[i].value_n);
    }
    sha256_final(&s, out);
}
