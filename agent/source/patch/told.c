#include "source/patch/told.h"

#define DAY_MS 86400000

struct told {
    uint8_t digest[32];
    int64_t at_ms;
};

static bool read_told(const struct source_host *h, const char *key, struct told *out)
{
    struct buf value = BUF_INIT(256);
    bool fine =
        store_get(h->store, STORE_PATCH, span_of(key), &value) == 0 && value.n == sizeof(*out);
    if (fine)
        memcpy(out, value.p, sizeof(*out));
    buf_release(&value);
    return fine;
}

void patch_put_told(const struct source_host *h, const char *key, const uint8_t digest[32],
                    int64_t now_ms)
{
    struct told told = {.at_ms = now_ms};
    memcpy(told.digest, digest, sizeof(told.digest));
    h->put(h->ctx, STORE_PATCH, span_of(key), span_make(&told, sizeof(told)));
}

bool patch_is_news(const struct source_host *h, const char *key, const uint8_t digest[32],
                   int64_t now_ms)
{
    struct told told;
    return !read_told(h, key, &told) || memcmp(told.digest, digest, 32) != 0 ||
           now_ms - told.at_ms >= DAY_MS || now_ms < told.at_ms;
}
