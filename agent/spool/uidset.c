#include "spool/uidset.h"

#include "base/mem.h"
#include "platform/random.h"

#define BATCHES_HELD 16    /* in one generation */
#define UIDS_HELD    16384 /* the same, by number */
#define ROOM_FIRST   64

static const uint8_t none[UID_SIZE];

void uidset_init(struct uidset *s)
{
    *s = (struct uidset){0};
    if (random_fill(&s->seed, sizeof(s->seed)) != 0)
        abort();
}

static void table_release(struct uid_table *t)
{
    free(t->at);
    *t = (struct uid_table){0};
}

void uidset_release(struct uidset *s)
{
    table_release(&s->now);
    table_release(&s->before);
}

static size_t hash_of(const struct uidset *s, const uint8_t uid[UID_SIZE])
{
    uint64_t a, b;
    memcpy(&a, uid, 8);
    memcpy(&b, uid + 8, 8);
    uint64_t h = (a ^ s->seed) * 0x9e3779b97f4a7c15u;
    h = (h ^ h >> 32 ^ b) * 0xff51afd7ed558ccdu;
    return (size_t)(h ^ h >> 32);
}

/* Where uid stands, or the free place for it. */
static uint8_t *place_of(const struct uid_table *t, size_t hash, const uint8_t uid[UID_SIZE])
{
    for (size_t i = hash & (t->room - 1);; i = (i + 1) & (t->room - 1)) {
        uint8_t *at = t->at + i * UID_SIZE;
        if (memcmp(at, uid, UID_SIZE) == 0 || memcmp(at, none, UID_SIZE) == 0)
            return at;
    }
}

static bool table_has(const struct uid_table *t, size_t hash, const uint8_t uid[UID_SIZE])
{
    return t->n > 0 && memcmp(place_of(t, hash, uid), uid, UID_SIZE) == 0;
}

bool uidset_has(const struct uidset *s, const uint8_t uid[UID_SIZE])
{
    size_t hash = hash_of(s, uid);
    return memcmp(uid, none, UID_SIZE) != 0 &&
           (table_has(&s->now, hash, uid) || table_has(&s->before, hash, uid));
}

static void grow(const struct uidset *s, struct uid_table *t)
{
    struct uid_table bigger = {.room = t->room ? 2 * t->room : ROOM_FIRST, .n = t->n};
    bigger.at = mem_new(bigger.room, UID_SIZE);
    for (size_t i = 0; i < t->room; i++) {
        const uint8_t *uid = t->at + i * UID_SIZE;
        if (memcmp(uid, none, UID_SIZE) != 0)
            memcpy(place_of(&bigger, hash_of(s, uid), uid), uid, UID_SIZE);
    }
    free(t->at);
    *t = bigger;
}

void uidset_add(struct uidset *s, const uint8_t uid[UID_SIZE])
{
    struct uid_table *t = &s->now;
    if (memcmp(uid, none, UID_SIZE) == 0)
        return;
    if (4 * (t->n + 1) > 3 * t->room)
        grow(s, t);
    uint8_t *at = place_of(t, hash_of(s, uid), uid);
    if (memcmp(at, none, UID_SIZE) == 0)
        t->n++;
    memcpy(at, uid, UID_SIZE);
}

void uidset_sealed(struct uidset *s)
{
    if (++s->batches < BATCHES_HELD && s->now.n < UIDS_HELD)
        return;
    table_release(&s->before);
    s->before = s->now;
    s->now = (struct uid_table){0};
    s->batches = 0;
}
