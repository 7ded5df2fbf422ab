#include "detect/miner.h"

#include "base/mem.h"
#include "event/mask.h"

#include <stdlib.h>

#define BUCKETS   4096
#define CHAIN_MAX 128 /* templates of one shape that a line is compared with */
#define SETTLED   4   /* seen so often, a template is no longer among the first to go */
#define HOUR_MS   3600000
#define DAY_MS    (24 * (int64_t)HOUR_MS)

/* Two lists by when a template was seen: the young, seen less than SETTLED times, and the others.
 */
enum { LIST_YOUNG, LIST_SETTLED, LISTS };

struct miner {
    struct mined slots[MINER_MAX];
    uint16_t buckets[BUCKETS];
    uint16_t newest[LISTS], oldest[LISTS];
    uint16_t free;      /* through next: given up */
    uint16_t untouched; /* from here on no slot was ever used, nor its memory */
    uint32_t last_id;
    size_t used, young;
    uint64_t evicted;
};

size_t miner_bytes(void)
{
    return sizeof(struct miner);
}

static uint16_t index_of(const struct miner *m, const struct mined *t)
{
    return (uint16_t)(t - m->slots);
}

static struct mined *at(struct miner *m, uint16_t i)
{
    return i == MINER_NONE ? NULL : &m->slots[i];
}

struct miner *miner_new(void)
{
    struct miner *m = mem_new(1, sizeof(*m));
    memset(m->buckets, 0xff, sizeof(m->buckets));
    memset(m->newest, 0xff, sizeof(m->newest));
    memset(m->oldest, 0xff, sizeof(m->oldest));
    m->free = MINER_NONE;
    return m;
}

void miner_free(struct miner *m)
{
    free(m);
}

/* ---- order of being seen ---- */

static int list_of(const struct mined *t)
{
    return t->count < SETTLED ? LIST_YOUNG : LIST_SETTLED;
}

static void list_remove(struct miner *m, struct mined *t)
{
    int list = list_of(t);
    if (t->newer != MINER_NONE)
        m->slots[t->newer].older = t->older;
    else
        m->newest[list] = t->older;
    if (t->older != MINER_NONE)
        m->slots[t->older].newer = t->newer;
    else
        m->oldest[list] = t->newer;
    m->young -= list == LIST_YOUNG;
}

static void list_add(struct miner *m, struct mined *t)
{
    int list = list_of(t);
    struct mined *newest = at(m, m->newest[list]);
    t->newer = MINER_NONE;
    t->older = m->newest[list];
    if (newest)
        newest->newer = index_of(m, t);
    else
        m->oldest[list] = index_of(m, t);
    m->newest[list] = index_of(m, t);
    m->young += list == LIST_YOUNG;
}

/* ---- slots ---- */

static uint16_t *bucket_of(struct miner *m, uint32_t shape)
{
    return &m->buckets[(shape ^ shape >> 16) % BUCKETS];
}

static void slot_use(struct miner *m, struct mined *t)
{
    uint16_t *bucket = bucket_of(m, t->shape);
    t->used = t->dirty = true;
    t->next = *bucket;
    *bucket = index_of(m, t);
    list_add(m, t);
    m->used++;
}

static void slot_release(struct miner *m, struct mined *t)
{
    uint16_t *link = bucket_of(m, t->shape);
    while (*link != index_of(m, t))
        link = &m->slots[*link].next;
    *link = t->next;
    list_remove(m, t);
    t->used = false;
    t->dirty = true;
    t->next = m->free;
    m->free = index_of(m, t);
    m->used--;
}

static struct mined *slot_take(struct miner *m)
{
    if (m->free == MINER_NONE && m->untouched < MINER_MAX)
        return &m->slots[m->untouched++];
    if (m->free == MINER_NONE) {
        int list = m->young > MINER_MAX / 4 ? LIST_YOUNG : LIST_SETTLED;
        slot_release(m, &m->slots[m->oldest[list]]);
        m->evicted++;
    }
    struct mined *t = &m->slots[m->free];
    m->free = t->next;
    return t;
}

/* ---- lines and templates ---- */

/* Length, origin, marks and first word: what siblings have in common. */
static uint32_t shape_of(uint32_t origin, size_t n, uint64_t marks, const uint32_t *hash)
{
    uint32_t shape = origin ^ (uint32_t)n * 0x9e3779b1U;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || (marks >> i & 1) != 0)
            shape = (shape ^ hash[i]) * 0x85ebca6bU + (uint32_t)i;
    return shape;
}

struct shape {
    uint32_t hash, origin;
    uint64_t marks;
    size_t n;
};

static struct shape shape_of_line(uint32_t origin, const struct tokens *line)
{
    uint32_t hash[TOKENS_MAX];
    struct shape s = {.origin = origin, .n = line->n};
    for (size_t i = 0; i < line->n; i++) {
        hash[i] = line->list[i].hash;
        s.marks |= (uint64_t)(line->list[i].kind == TOKEN_MARK) << i;
    }
    s.hash = shape_of(origin, s.n, s.marks, hash);
    return s;
}

struct difference {
    unsigned n;    /* words that differ */
    unsigned only; /* the last of them */
    bool assigned; /* all of them stand behind a "=" */
    bool few;      /* at most a third of all words */
};

/* What makes a template a sibling of a line: differing in one word, at the place; or these. */
enum { PLACE_ASSIGNED = TOKENS_MAX, PLACE_FEW };

static struct difference compare(const struct mined *t, const struct tokens *line)
{
    struct difference d = {.assigned = true};
    unsigned words = 1;
    for (size_t i = 1; i < line->n; i++) {
        const struct token *token = &line->list[i];
        words += token->kind != TOKEN_MARK;
        bool wild = (t->wild >> i & 1) != 0;
        if (wild ? token->kind != TOKEN_MARK : token->hash == t->hash[i])
            continue;
        d.n++;
        d.only = (unsigned)i;
        d.assigned &= token->assigned;
    }
    d.few = d.n * 3 <= words;
    return d;
}

struct family { /* siblings of a line, by the place where they differ */
    struct mined *exact;
    uint8_t variants[TOKENS_MAX];
    unsigned assigned, few;
};

static bool has_shape(const struct mined *t, const struct shape *s)
{
    return t->shape == s->hash && t->origin == s->origin && t->n == s->n && t->marks == s->marks;
}

static void find_family(struct miner *m, const struct shape *shape, const struct tokens *line,
                        struct family *out)
{
    unsigned looked = 0;
    *out = (struct family){0};
    for (struct mined *t = at(m, *bucket_of(m, shape->hash)); t; t = at(m, t->next)) {
        if (!has_shape(t, shape))
            continue;
        struct difference d = compare(t, line);
        if (d.n == 0) {
            out->exact = t;
            return;
        }
        if (d.n == 1 && out->variants[d.only] < UINT8_MAX)
            out->variants[d.only]++;
        out->assigned += d.assigned;
        out->few += d.few;
        if (++looked == CHAIN_MAX)
            return;
    }
}

/* The place that has become a value, or PLACE_*; -1: none. */
static int value_place(const struct family *f, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (f->variants[i] >= MINER_VARIANTS)
            return (int)i;
    if (f->assigned >= MINER_VARIANTS)
        return PLACE_ASSIGNED;
    return f->few >= (size_t)2 * MINER_VARIANTS ? PLACE_FEW : -1;
}

static bool is_sibling(struct difference d, int place)
{
    if (place == PLACE_FEW)
        return d.few;
    return place == PLACE_ASSIGNED ? d.assigned : d.n == 1 && d.only == (unsigned)place;
}

/* Secrets are masked here already: neither state nor findings hold them. */
static void set_text(struct mined *t, struct span name, const struct tokens *line)
{
    struct buf b = BUF_INIT(4096), masked = BUF_INIT(8192);
    buf_put_span(&b, name);
    if (name.n > 0)
        buf_put_text(&b, ": ");
    for (size_t i = 0; i < line->n; i++) {
        struct span text = line->list[i].text;
        const char *from = i > 0 ? line->list[i - 1].text.p + line->list[i - 1].text.n : text.p;
        if (from < text.p)
            buf_put_byte(&b, ' ');
        if ((t->wild >> i & 1) != 0)
            buf_put_text(&b, "<*>");
        else
            buf_put_span(&b, text);
    }
    mask_put(&masked, buf_span(&b));
    span_copy(buf_span(&masked), t->text, sizeof(t->text));
    for (char *p = t->text; *p; p++)
        *p = *p < ' ' || *p == 127 ? '?' : *p;
    buf_release(&b);
    buf_release(&masked);
}

static struct miner_value *value_at(struct mined *t, size_t place)
{
    for (size_t i = 0; i < t->values_n; i++)
        if (t->values[i].at == place)
            return &t->values[i];
    return NULL;
}

static void follow_value(struct mined *t, const struct token *token, size_t place, bool varies)
{
    if (!value_at(t, place) && t->values_n < MINER_VALUES)
        t->values[t->values_n++] =
            (struct miner_value){(uint8_t)place, varies, tokens_hash(token->text)};
}

static struct mined *template_new(struct miner *m, const struct shape *shape, struct span name,
                                  const struct tokens *line)
{
    struct mined *t = slot_take(m);
    *t = (struct mined){.id = ++m->last_id,
                        .origin = shape->origin,
                        .n = (uint8_t)line->n,
                        .shape = shape->hash,
                        .marks = shape->marks};
    for (size_t i = 0; i < line->n; i++) {
        const struct token *token = &line->list[i];
        t->hash[i] = token->hash;
        t->wild |= (uint64_t)(token->kind == TOKEN_VALUE) << i;
        if (token->kind == TOKEN_VALUE && !token->number)
            follow_value(t, token, i, false);
    }
    set_text(t, name, line);
    slot_use(m, t);
    return t;
}

/* Takes the counts of one that is absorbed. */
static void absorb(struct miner *m, struct mined *into, struct mined *t)
{
    list_remove(m, into);
    uint64_t room = UINT64_MAX - into->count; /* a damaged state may say anything */
    into->count += t->count < room ? t->count : room;
    into->first_ms = t->first_ms < into->first_ms ? t->first_ms : into->first_ms;
    into->last_ms = t->last_ms > into->last_ms ? t->last_ms : into->last_ms;
    into->days = t->days > into->days ? t->days : into->days;
    into->hours |= t->hours;
    for (size_t i = 0; i < into->values_n; i++) {
        struct miner_value *mine = &into->values[i], *other = value_at(t, mine->at);
        mine->varies |= !other || other->varies || other->hash != mine->hash;
    }
    list_add(m, into);
    slot_release(m, t);
}

/* Words that differ from the line's become values. */
static void widen(struct mined *t, const struct tokens *line, uint64_t wild, struct span name)
{
    for (size_t i = 0; i < line->n; i++)
        if ((wild >> i & 1) != 0) {
            t->hash[i] = 0;
            follow_value(t, &line->list[i], i, true);
        }
    t->wild = wild;
    t->dirty = true;
    set_text(t, name, line);
}

/* All siblings become one template. */
static struct mined *unite(struct miner *m, const struct shape *shape, const struct tokens *line,
                           struct span name, int place)
{
    struct mined *first = NULL;
    uint64_t wild = 0;
    uint16_t next;
    for (uint16_t i = *bucket_of(m, shape->hash); i != MINER_NONE; i = next) {
        struct mined *t = &m->slots[i];
        next = t->next;
        if (!has_shape(t, shape) || !is_sibling(compare(t, line), place))
            continue;
        for (size_t k = 1; k < line->n; k++)
            if (line->list[k].kind != TOKEN_MARK && t->hash[k] != line->list[k].hash)
                wild |= (uint64_t)1 << k;
        wild |= t->wild;
        if (first)
            absorb(m, first, t);
        else
            first = t;
    }
    if (first)
        widen(first, line, wild, name);
    return first;
}

struct mined *miner_take(struct miner *m, uint32_t origin, struct span name,
                         const struct tokens *line, bool *fresh)
{
    const struct shape shape = shape_of_line(origin, line);
    struct family family;
    find_family(m, &shape, line, &family);
    *fresh = false;
    if (family.exact)
        return family.exact;
    int place = value_place(&family, line->n);
    struct mined *united = place >= 0 ? unite(m, &shape, line, name, place) : NULL;
    *fresh = united == NULL;
    return united ? united : template_new(m, &shape, name, line);
}

/* Counts are kept exact in memory; of them, only powers of two make state worth writing. */
void miner_seen(struct miner *m, struct mined *t, int64_t time_ms)
{
    uint32_t hour = 1U << (unsigned)(time_ms / HOUR_MS % 24 + 24) % 24;
    list_remove(m, t);
    bool day = t->count == 0 || time_ms / DAY_MS > t->last_ms / DAY_MS;
    t->first_ms = t->count == 0 ? time_ms : t->first_ms;
    t->last_ms = t->count == 0 || time_ms > t->last_ms ? time_ms : t->last_ms;
    t->count += t->count < UINT64_MAX;
    t->dirty |= day || (t->hours & hour) == 0 || (t->count & (t->count - 1)) == 0;
    t->days = (uint16_t)(t->days + (day && t->days < UINT16_MAX));
    t->hours |= hour;
    list_add(m, t);
}

void miner_age(struct miner *m, int64_t before_ms)
{
    for (int list = 0; list < LISTS; list++) {
        struct mined *t;
        while ((t = at(m, m->oldest[list])) && t->last_ms < before_ms)
            slot_release(m, t);
    }
}

size_t miner_used(const struct miner *m)
{
    return m->used;
}

uint64_t miner_evicted(const struct miner *m)
{
    return m->evicted;
}

struct mined *miner_slot(struct miner *m, size_t slot)
{
    return &m->slots[slot];
}

/* ---- state ---- */

bool miner_load(struct miner *m, size_t slot, struct span bytes)
{
    struct mined t;
    if (slot >= MINER_MAX || m->slots[slot].used || !miner_read(bytes, &t))
        return false;
    t.shape = shape_of(t.origin, t.n, t.marks, t.hash);
    m->slots[slot] = t;
    if (slot >= m->untouched)
        m->untouched = (uint16_t)(slot + 1);
    return true;
}

struct seen {
    int64_t ms;
    uint16_t slot;
};

static int by_time(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    if (x->ms != y->ms)
        return x->ms < y->ms ? -1 : 1;
    return x->slot < y->slot ? -1 : x->slot > y->slot;
}

void miner_loaded(struct miner *m)
{
    struct seen order[MINER_MAX];
    size_t n = 0;
    for (size_t i = m->untouched; i-- > 0;) {
        struct mined *t = &m->slots[i];
        if (t->used) {
            order[n++] = (struct seen){t->last_ms, (uint16_t)i};
            m->last_id = t->id > m->last_id ? t->id : m->last_id;
        } else {
            t->next = m->free;
            m->free = (uint16_t)i;
        }
    }
    if (n > 1)
        qsort(order, n, sizeof(order[0]), by_time);
    for (size_t i = 0; i < n; i++) {
        slot_use(m, &m->slots[order[i].slot]);
        m->slots[order[i].slot].dirty = false;
    }
}
