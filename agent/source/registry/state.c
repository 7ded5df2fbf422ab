#include "source/registry/state.h"

#include "source/registry/keys.h"

#define FOLDED_MAX 400 /* of a store key; then a hash of the whole */

void registry_state_prefix(const char *path, struct buf *out)
{
    char folded[REGISTRY_PATH_MAX];
    registry_fold(path, folded, sizeof(folded));
    buf_put(out, folded, strnlen(folded, FOLDED_MAX));
}

void registry_state_key(const char *path, struct buf *out)
{
    char folded[REGISTRY_PATH_MAX];
    uint8_t digest[SHA256_SIZE];
    registry_fold(path, folded, sizeof(folded));
    size_t n = strlen(folded);
    buf_put(out, folded, n < FOLDED_MAX ? n : FOLDED_MAX);
    if (n <= FOLDED_MAX)
        return;
    sha256_of(folded, n, digest);
    buf_put_byte(out, '#');
    buf_put_hex(out, digest, REGISTRY_SECURITY);
}

static bool take_text(struct span *rest, struct span *out)
{
    uint32_t n;
    return span_take_u32(rest, &n) && span_take(rest, n, out);
}

bool registry_state_take(struct span record, struct registry_state *out)
{
    uint64_t written;
    struct span security;
    if (!span_take_u64(&record, &written) || !span_take(&record, REGISTRY_SECURITY, &security) ||
        !take_text(&record, &out->path))
        return false;
    out->written_ms = (int64_t)written;
    out->security = (const uint8_t *)security.p;
    out->values = record;
    return true;
}

bool registry_state_next(struct span *values, struct registry_entry *out)
{
    struct span sha256;
    if (!span_take_u32(values, &out->type) || !span_take_u32(values, &out->size) ||
        !span_take(values, SHA256_SIZE, &sha256) || !take_text(values, &out->name) ||
        !take_text(values, &out->text))
        return false;
    out->sha256 = (const uint8_t *)sha256.p;
    return true;
}

bool registry_state_find(const struct registry_state *s, struct span name,
                         struct registry_entry *out)
{
    struct span rest = s->values;
    while (registry_state_next(&rest, out))
        if (span_equal_nocase(out->name, name))
            return true;
    return false;
}

bool registry_entry_differs(const struct registry_entry *a, const struct registry_entry *b)
{
    return a->type != b->type || a->size != b->size ||
           memcmp(a->sha256, b->sha256, SHA256_SIZE) != 0;
}

static void put_text(struct buf *out, struct span text)
{
    buf_put_u32(out, (uint32_t)text.n);
    buf_put_span(out, text);
}

void registry_state_begin(struct buf *out, const char *path, int64_t written_ms,
                          const uint8_t security[REGISTRY_SECURITY])
{
    buf_clear(out);
    buf_put_u64(out, (uint64_t)written_ms);
    buf_put(out, security, REGISTRY_SECURITY);
    put_text(out, span_of(path));
}

void registry_state_add(struct buf *out, const struct registry_entry *e)
{
    buf_put_u32(out, e->type);
    buf_put_u32(out, e->size);
    buf_put(out, e->sha256, SHA256_SIZE);
    put_text(out, e->name);
    put_text(out, e->text);
}
