#include "event/event.h"

#include "base/sha256.h"

void event_uid_make(uint8_t out[EVENT_UID_SIZE], const struct span *parts, size_t n)
{
    uint8_t full[SHA256_SIZE];
    struct sha256 s;
    sha256_init(&s);
    for (size_t i = 0; i < n; i++) {
        uint64_t length = parts[i].n;
        uint8_t prefix[8];
        for (size_t j = 0; j < 8; j++)
            prefix[j] = (uint8_t)(length >> (8 * j));
        sha256_update(&s, prefix, sizeof(prefix));
        sha256_update(&s, parts[i].p, parts[i].n);
    }
    sha256_final(&s, full);
    memcpy(out, full, EVENT_UID_SIZE);
}
