#include "detect/literals.h"

#include "base/mem.h"

#include <stdlib.h>

#define TABLE_SIZE 4096
#define LONG_MIN_N 6 /* shorter texts go by themselves: the shortest decides how far to skip */
#define NONE       UINT32_MAX

struct entry {
    struct literal literal;
    uint32_t next; /* in the same bucket */
};

/*
 * A window of the length of the shortest text moves over the line. Its last two bytes tell how far
 * it can move without missing a text that begins in it; 0 means: compare the texts of the bucket.
 */
struct scanner {
    size_t window;
    size_t n;
    struct entry *entries;
    uint8_t skip[TABLE_SIZE];
    uint32_t bucket[TABLE_SIZE];
};

struct literals {
    struct scanner *scanners[2]; /* of the long texts and of the short */
};

static inline size_t slot(const char *pair)
{
    return ((size_t)(unsigned char)pair[0] << 5 ^ (unsigned char)pair[1]) % TABLE_SIZE;
}

static void add(struct scanner *s, const struct literal *literal)
{
    const char *text = literal->text.p;
    for (size_t last = 1; last < s->window; last++) {
        uint8_t *skip = &s->skip[slot(text + last - 1)];
        size_t away = s->window - 1 - last;
        if (away < *skip)
            *skip = (uint8_t)away;
    }
    uint32_t *bucket = &s->bucket[slot(text + s->window - 2)];
    s->entries[s->n] = (struct entry){*literal, *bucket};
    *bucket = (uint32_t)s->n++;
}

static size_t shortest(const struct literal *list, size_t n, size_t from, size_t below)
{
    size_t best = 0;
    for (size_t i = 0; i < n; i++) {
        size_t length = list[i].text.n;
        if (length >= from && length < below && (best == 0 || length < best))
            best = length;
    }
    return best < UINT8_MAX ? best : UINT8_MAX;
}

static struct scanner *scanner_new(const struct literal *list, size_t n, size_t from, size_t below)
{
    size_t window = shortest(list, n, from, below);
    if (window == 0)
        return NULL;
    struct scanner *s = mem_new(1, sizeof(*s));
    s->window = window;
    s->entries = mem_new(n, sizeof(*s->entries));
    memset(s->skip, (int)(window - 1), sizeof(s->skip));
    memset(s->bucket, 0xff, sizeof(s->bucket));
    for (size_t i = 0; i < n; i++)
        if (list[i].text.n >= from && list[i].text.n < below)
            add(s, &list[i]);
    return s;
}

struct literals *literals_new(const struct literal *list, size_t n)
{
    if (n == 0)
        return NULL;
    struct literals *l = mem_new(1, sizeof(*l));
    l->scanners[0] = scanner_new(list, n, LONG_MIN_N, SIZE_MAX);
    l->scanners[1] = scanner_new(list, n, LITERAL_LENGTH_MIN, LONG_MIN_N);
    return l;
}

void literals_free(struct literals *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < 2; i++)
        if (l->scanners[i]) {
            free(l->scanners[i]->entries);
            free(l->scanners[i]);
        }
    free(l);
}

void hits_init(struct hits *h, size_t ids)
{
    *h = (struct hits){.ids = mem_new(ids, sizeof(*h->ids)),
                       .seen = mem_new(ids, sizeof(*h->seen)),
                       .size = ids,
                       .turn = 1};
}

void hits_release(struct hits *h)
{
    free(h->ids);
    free(h->seen);
    *h = (struct hits){0};
}

void hits_clear(struct hits *h)
{
    h->n = 0;
    if (++h->turn == 0) { /* an old mark would look new */
        memset(h->seen, 0, h->size * sizeof(*h->seen));
        h->turn = 1;
    }
}

static void note(struct hits *h, uint32_t id)
{
    if (h->seen[id] == h->turn)
        return;
    h->seen[id] = h->turn;
    h->ids[h->n++] = id;
}

static void compare(const struct scanner *s, size_t bucket, struct span rest, struct hits *hits)
{
    for (uint32_t i = s->bucket[bucket]; i != NONE; i = s->entries[i].next) {
        struct span text = s->entries[i].literal.text;
        if (text.n <= rest.n && memcmp(rest.p, text.p, text.n) == 0)
            note(hits, s->entries[i].literal.id);
    }
}

static void scan(const struct scanner *s, struct span line, struct hits *hits)
{
    for (size_t last = s->window - 1; last < line.n;) {
        size_t pair = slot(line.p + last - 1);
        size_t skip = s->skip[pair];
        if (skip == 0) {
            size_t start = last + 1 - s->window;
            compare(s, pair, (struct span){line.p + start, line.n - start}, hits);
            skip = 1;
        }
        last += skip;
    }
}

void literals_scan(const struct literals *l, struct span line, struct hits *hits)
{
    if (!l)
        return;
    for (size_t i = 0; i < 2; i++)
        if (l->scanners[i])
            scan(l->scanners[i], line, hits);
}
