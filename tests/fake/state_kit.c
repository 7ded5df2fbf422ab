#include "unit/state_kit.h"

#include "unit/cmocka_all.h"

#define ENTRIES_MAX 1100

static struct entry {
    char key[64], value[8192];
    size_t key_n, value_n;
} entries[ENTRIES_MAX];
static size_t count;

static struct span key_of(size_t i)
{
    return (struct span){entries[i].key, entries[i].key_n};
}

static int compare(struct span a, struct span b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

void state_kit_put(void *ctx, enum store_table t, struct span key, struct span value)
{
    (void)ctx;
    size_t i = 0;
    assert_int_equal(t, STORE_DETECT);
    assert_true(key.n <= sizeof(entries[0].key) && value.n <= sizeof(entries[0].value));
    while (i < count && compare(key_of(i), key) < 0)
        i++;
    bool there = i < count && span_equal(key_of(i), key);
    if (!value.p) {
        if (there)
            memmove(&entries[i], &entries[i + 1], (--count - i) * sizeof(entries[0]));
        return;
    }
    if (!there) {
        assert_true(count < ENTRIES_MAX);
        memmove(&entries[i + 1], &entries[i], (count++ - i) * sizeof(entries[0]));
    }
    memcpy(entries[i].key, key.p, key.n);
    memcpy(entries[i].value, value.p, value.n);
    entries[i].key_n = key.n;
    entries[i].value_n = value.n;
}

int state_kit_each(enum store_table t, struct span prefix,
                   bool (*each)(void *ctx, struct span key, struct span value), void *ctx)
{
    assert_int_equal(t, STORE_DETECT);
    for (size_t i = 0; i < count; i++)
        if (span_starts(key_of(i), prefix) &&
            !each(ctx, key_of(i), (struct span){entries[i].value, entries[i].value_n}))
            break;
    return 0;
}

size_t state_kit_count(void)
{
    return count;
}

void state_kit_clear(void)
{
    count = 0;
}
