#include "detect/literals.h"

#include "base/mem.h"
#include "detect/pattern.h"

#include <stdlib.h>

/*
 * Of each text four bytes in a row (three of a shorter one) are looked for, those that lines hold
 * most seldom. Their hash is marked in a map of bits that fits the processor's first cache: most
 * places of a line cost a multiplication and one look. Where a bit is set the texts of that bucket
 * are compared. When all texts are long and few, only every second or fourth place is looked at,
 * and each text is known by that many fours in a row.
 */
#define NONE       UINT32_MAX
#define GRAM       4
#define SHORT      3
#define STEP_MAX   4
#define GRAMS_MAX  8192 /* with more, the map gets too full to look at fewer places */
#define BITS_MIN   10
#define BITS_MAX   17
#define MAP_FACTOR 16 /* bits a gram */

#define LAST 0x80000000u

struct entry { /* small: there may be eight thousand, and the caches are shared with the line */
    const char *text;
    uint16_t n;
    uint16_t before; /* bytes of the text in front of the gram */
    uint32_t gram;
    uint32_t next; /* in the same bucket */
    uint32_t ids;  /* where those of the text begin */
};

struct scanner { /* of the texts with grams of one length */
    uint32_t mask;
    uint32_t shift; /* makes a hash of as many bits as the map has */
    size_t step;
    size_t n;
    struct entry *entries;
    uint64_t *map;
    uint32_t *bucket; /* one for MAP_FACTOR bits */
};

struct literals {
    struct scanner *scanners[2]; /* with whole grams and short ones */
    uint32_t *ids;               /* of each text in a row, the last one with LAST */
};

static inline uint32_t hash_of(const struct scanner *s, uint32_t gram)
{
    return gram * 2654435761u >> s->shift;
}

static inline uint32_t load(const char *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

static uint32_t gram_of(const char *p, size_t n)
{
    char bytes[GRAM] = {0};
    memcpy(bytes, p, n);
    return load(bytes);
}

/* Where the gram of n bytes begins that is made of the rarest ones. */
static size_t rarest(struct span text, size_t n)
{
    size_t best = 0, best_rank = 0;
    for (size_t i = 0; i + n <= text.n; i++) {
        size_t rank = 1;
        for (size_t k = 0; k < n; k++)
            rank += pattern_rarity(text.p[i + k]);
        if (rank > best_rank) {
            best = i;
            best_rank = rank;
        }
    }
    return best;
}

static void add(struct scanner *s, const struct literal *l, size_t n)
{
    size_t from = rarest(l->text, n + s->step - 1);
    for (size_t at = from; at < from + s->step; at++) {
        uint32_t gram = gram_of(l->text.p + at, n), hash = hash_of(s, gram);
        uint32_t *bucket = &s->bucket[hash / MAP_FACTOR];
        s->entries[s->n] =
            (struct entry){l->text.p, (uint16_t)l->text.n, (uint16_t)at, gram, *bucket, l->id};
        *bucket = (uint32_t)s->n++;
        s->map[hash / 64] |= (uint64_t)1 << hash % 64;
    }
}

static size_t gram_length(const struct literal *l)
{
    return l->text.n >= GRAM ? GRAM : SHORT;
}

/* How many texts have grams of that length; *step: at how many places a look is enough. */
static size_t survey(const struct literal *list, size_t n, size_t gram, size_t *step)
{
    size_t mine = 0;
    *step = STEP_MAX;
    for (size_t i = 0; i < n; i++) {
        if (gram_length(&list[i]) != gram)
            continue;
        mine++;
        while (list[i].text.n < gram + *step - 1)
            *step /= 2;
    }
    while (*step > 1 && mine * *step > GRAMS_MAX)
        *step /= 2;
    return mine;
}

static struct scanner *scanner_new(const struct literal *list, size_t n, size_t gram)
{
    size_t step, mine = survey(list, n, gram, &step);
    uint32_t bits = BITS_MIN;
    if (mine == 0)
        return NULL;
    while (bits < BITS_MAX && (size_t)1 << bits < mine * step * MAP_FACTOR)
        bits++;
    struct scanner *s = mem_new(1, sizeof(*s));
    s->mask = gram_of("\xff\xff\xff\xff", gram);
    s->shift = 32 - bits;
    s->step = step;
    s->map = mem_new(((size_t)1 << bits) / 64, sizeof(*s->map));
    s->entries = mem_new(mine * step, sizeof(*s->entries));
    size_t buckets = ((size_t)1 << bits) / MAP_FACTOR;
    s->bucket = mem_new(buckets, sizeof(*s->bucket));
    memset(s->bucket, 0xff, buckets * sizeof(*s->bucket));
    for (size_t i = 0; i < n; i++)
        if (gram_length(&list[i]) == gram)
            add(s, &list[i], gram);
    return s;
}

static void scanner_free(struct scanner *s)
{
    if (!s)
        return;
    free(s->entries);
    free(s->map);
    free(s->bucket);
    free(s);
}

static int by_text(const void *a, const void *b)
{
    const struct literal *x = a, *y = b;
    if (x->text.n != y->text.n)
        return x->text.n < y->text.n ? -1 : 1;
    int order = memcmp(x->text.p, y->text.p, x->text.n);
    return order ? order : (x->id > y->id) - (x->id < y->id);
}

/* Rules have many texts in common (a shell, a folder): each becomes one, whose id is where its ids
 * begin. Returns how many there are. */
static size_t join(struct literal *list, size_t n, uint32_t *ids)
{
    size_t texts = 0;
    qsort(list, n, sizeof(*list), by_text);
    for (size_t i = 0; i < n; i++) {
        ids[i] = list[i].id;
        bool last = i + 1 == n || !span_equal(list[i].text, list[i + 1].text);
        bool first = i == 0 || (ids[i - 1] & LAST);
        ids[i] |= last ? LAST : 0;
        if (first)
            list[texts++] = (struct literal){list[i].text, (uint32_t)i};
    }
    return texts;
}

struct literals *literals_new(struct literal *list, size_t n)
{
    if (n == 0)
        return NULL;
    struct literals *l = mem_new(1, sizeof(*l));
    l->ids = mem_new(n, sizeof(*l->ids));
    n = join(list, n, l->ids);
    l->scanners[0] = scanner_new(list, n, GRAM);
    l->scanners[1] = scanner_new(list, n, SHORT);
    return l;
}

void literals_free(struct literals *l)
{
    if (!l)
        return;
    scanner_free(l->scanners[0]);
    scanner_free(l->scanners[1]);
    free(l->ids);
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

/* The texts whose gram stands at `at`. */
static void compare(const struct scanner *s, const uint32_t *ids, uint32_t gram, struct span line,
                    size_t at, struct hits *hits)
{
    for (uint32_t i = s->bucket[hash_of(s, gram) / MAP_FACTOR]; i != NONE; i = s->entries[i].next) {
        const struct entry *e = &s->entries[i];
        if (e->gram != gram || e->before > at || e->n > line.n - (at - e->before) ||
            memcmp(line.p + at - e->before, e->text, e->n) != 0)
            continue;
        const uint32_t *id = ids + e->ids;
        do
            note(hits, *id & ~LAST);
        while (!(*id++ & LAST));
    }
}

static inline void look(const struct scanner *s, const uint32_t *ids, uint32_t gram,
                        struct span line, size_t at, struct hits *hits)
{
    uint32_t hash = hash_of(s, gram);
    if (s->map[hash / 64] >> hash % 64 & 1)
        compare(s, ids, gram, line, at, hits);
}

static void scan(const struct scanner *s, const uint32_t *ids, struct span line, struct hits *hits)
{
    size_t at = 0;
    for (; at + GRAM <= line.n; at += s->step)
        look(s, ids, load(line.p + at) & s->mask, line, at, hits);
    if (s->mask != UINT32_MAX && at + SHORT <= line.n)
        look(s, ids, gram_of(line.p + at, SHORT), line, at, hits);
}

void literals_scan(const struct literals *l, struct span line, struct hits *hits)
{
    if (!l)
        return;
    for (size_t i = 0; i < 2; i++)
        if (l->scanners[i])
            scan(l->scanners[i], l->ids, line, hits);
}
