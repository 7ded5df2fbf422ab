#include "base/map.h"

#include "base/mem.h"
#include "platform/random.h"

#include <stdint.h>

struct slot {
    uint32_t hash; /* 0: never used; 1: removed */
    uint32_t key_n;
    const char *key;
    void *value;
};

struct map {
    struct slot *slots;
    size_t room; /* power of two, or 0 */
    size_t count;
    size_t used; /* with removed ones */
    size_t limit;
    bool lent; /* the keys are not ours */
    uint64_t seed[2];
};

#define SLOT_FREE 0u
#define SLOT_GONE 1u

static uint64_t rotate(uint64_t v, int by)
{
    return v << by | v >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3: keyed, so that keys from outside cannot be chosen to collide. */
static uint32_t hash_of(const struct map *m, struct span key)
{
    uint64_t v[4] = {m->seed[0] ^ 0x736f6d6570736575u, m->seed[1] ^ 0x646f72616e646f6du,
                     m->seed[0] ^ 0x6c7967656e657261u, m->seed[1] ^ 0x7465646279746573u};
    uint64_t last = (uint64_t)key.n << 56;
    size_t i = 0;
    for (; i + 8 <= key.n; i += 8) {
        uint64_t word;
        memcpy(&word, key.p + i, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    for (int shift = 0; i < key.n; i++, shift += 8)
        last |= (uint64_t)(uint8_t)key.p[i] << shift;
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int round = 0; round < 3; round++)
        sip_round(v);
    uint32_t hash = (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
    return hash <= SLOT_GONE ? hash + 2 : hash;
}

struct map *map_new(size_t limit)
{
    struct map *m = mem_new(1, sizeof(*m));
    m->limit = limit;
    if (random_fill(m->seed, sizeof(m->seed)) != 0)
        abort();
    return m;
}

struct map *map_new_lent(size_t limit)
{
    struct map *m = map_new(limit);
    m->lent = true;
    return m;
}

static void key_free(const struct map *m, const char *key)
{
    if (!m->lent)
        free((void *)(uintptr_t)key);
}

void map_clear(struct map *m, void (*free_value)(void *))
{
    for (size_t i = 0; i < m->room; i++) {
        if (m->slots[i].hash <= SLOT_GONE)
            continue;
        key_free(m, m->slots[i].key);
        if (free_value)
            free_value(m->slots[i].value);
    }
    free(m->slots);
    m->slots = NULL;
    m->room = m->count = m->used = 0;
}

void map_free(struct map *m, void (*free_value)(void *))
{
    if (!m)
        return;
    map_clear(m, free_value);
    free(m);
}

size_t map_count(const struct map *m)
{
    return m->count;
}

static struct slot *find(const struct map *m, struct span key, uint32_t hash)
{
    if (m->room == 0)
        return NULL;
    for (size_t i = hash & (m->room - 1);; i = (i + 1) & (m->room - 1)) {
        struct slot *s = &m->slots[i];
        if (s->hash == SLOT_FREE)
            return NULL;
        if (s->hash == hash && span_equal((struct span){s->key, s->key_n}, key))
            return s;
    }
}

void *map_get(const struct map *m, struct span key)
{
    struct slot *s = find(m, key, hash_of(m, key));
    return s ? s->value : NULL;
}

static void resize(struct map *m)
{
    size_t room = m->room;
    if (room == 0)
        room = 16;
    else if (m->count * 2 >= m->room)
        room *= 2; /* else only sweep the removed ones out */
    struct slot *old = m->slots;
    size_t old_room = m->room;
    m->slots = mem_new(room, sizeof(*m->slots));
    m->room = room;
    m->used = m->count;
    for (size_t i = 0; i < old_room; i++) {
        if (old[i].hash <= SLOT_GONE)
            continue;
        size_t at = old[i].hash & (room - 1);
        while (m->slots[at].hash != SLOT_FREE)
            at = (at + 1) & (room - 1);
        m->slots[at] = old[i];
    }
    free(old);
}

void *map_set(struct map *m, struct span key, void *value, bool *full)
{
    uint32_t hash = hash_of(m, key);
    struct slot *s = find(m, key, hash);
    if (full)
        *full = false;
    if (s) {
        void *before = s->value;
        s->value = value;
        return before;
    }
    if (m->count >= m->limit) {
        if (full)
            *full = true;
        return NULL;
    }
    if ((m->used + 1) * 4 > m->room * 3)
        resize(m);
    size_t at = hash & (m->room - 1);
    while (m->slots[at].hash > SLOT_GONE)
        at = (at + 1) & (m->room - 1);
    m->used += m->slots[at].hash == SLOT_FREE;
    m->count++;
    m->slots[at] =
        (struct slot){hash, (uint32_t)key.n, m->lent ? key.p : mem_text_span(key), value};
    return NULL;
}

void *map_remove(struct map *m, struct span key)
{
    struct slot *s = find(m, key, hash_of(m, key));
    if (!s)
        return NULL;
    void *value = s->value;
    key_free(m, s->key);
    *s = (struct slot){.hash = SLOT_GONE};
    m->count--;
    return value;
}

void map_each(const struct map *m, bool (*each)(void *ctx, struct span key, void *value), void *ctx)
{
    for (size_t i = 0; i < m->room; i++) {
        const struct slot *s = &m->slots[i];
        if (s->hash > SLOT_GONE && !each(ctx, (struct span){s->key, s->key_n}, s->value))
            return;
    }
}
