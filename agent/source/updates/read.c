#include "source/updates/read.h"

#include "base/span.h"

#define EPOCH_MS 11644473600000ull /* from 1601 to 1970 */

bool read_text_of(struct registry_key *key, const char *name, char *out, size_t size)
{
    struct registry_value v;
    out[0] = '\0';
    if (registry_get(key, name, &v) != 0 || (v.type != REGISTRY_SZ && v.type != REGISTRY_EXPAND_SZ))
        return false;
    span_copy(span_of(v.text), out, size);
    return true;
}

bool read_number_of(struct registry_key *key, const char *name, uint64_t *out)
{
    struct registry_value v;
    *out = 0;
    if (registry_get(key, name, &v) != 0 || (v.type != REGISTRY_DWORD && v.type != REGISTRY_QWORD))
        return false;
    *out = v.number;
    return true;
}

bool read_text(const char *path, const char *name, char *out, size_t size)
{
    struct registry_key *key;
    out[0] = '\0';
    if (registry_open(path, REGISTRY_64, &key) != 0)
        return false;
    bool there = read_text_of(key, name, out, size);
    registry_close(key);
    return there;
}

bool read_number(const char *path, const char *name, uint64_t *out)
{
    struct registry_key *key;
    *out = 0;
    if (registry_open(path, REGISTRY_64, &key) != 0)
        return false;
    bool there = read_number_of(key, name, out);
    registry_close(key);
    return there;
}

int64_t filetime_ms(uint64_t ticks)
{
    uint64_t ms = ticks / 10000;
    return ms > EPOCH_MS ? (int64_t)(ms - EPOCH_MS) : 0;
}

int64_t read_filetime(const char *path, const char *name)
{
    struct registry_key *key;
    struct registry_value v;
    uint64_t ticks = 0;
    if (registry_open(path, REGISTRY_64, &key) != 0)
        return 0;
    if (registry_get(key, name, &v) == 0 && v.type == REGISTRY_BINARY) {
        struct span bytes = span_make(v.data, v.n);
        span_take_u64(&bytes, &ticks);
    }
    registry_close(key);
    return filetime_ms(ticks);
}
