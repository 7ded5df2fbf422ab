/*
 * What is kept of a key, in STORE_REGISTRY under its path (folded; the end of a long one is a
 * hash):
 *
 *   u64 written_ms, 16 bytes of the SHA-256 of its SDDL, u32 length and path,
 *   then each value: u32 type, u32 size, 32 bytes SHA-256 of the data, u32 length and name,
 *   u32 length and text
 *
 * Numbers are little-endian. The text is for people: cut, and without secrets.
 */
#ifndef SOURCE_REGISTRY_STATE_H
#define SOURCE_REGISTRY_STATE_H

#include "base/buf.h"
#include "base/sha256.h"
#include "platform/registry.h"

#define REGISTRY_RECORD_MAX (60 * 1024)
#define REGISTRY_STORE_KEY  480
#define REGISTRY_SECURITY   16

struct registry_state {
    int64_t written_ms;
    const uint8_t *security;
    struct span path;
    struct span values; /* for registry_state_next() */
};

struct registry_entry {
    uint32_t type, size;
    const uint8_t *sha256;
    struct span name, text;
};

void registry_state_key(const char *path, struct buf *out);
/* The folded path itself, cut so that it is a prefix of the keys of all below it. */
void registry_state_prefix(const char *path, struct buf *out);

/* Everything below is borrowed from the record. False: it is damaged. */
bool registry_state_take(struct span record, struct registry_state *out);
bool registry_state_next(struct span *values, struct registry_entry *out);
/* By its name, without case. */
bool registry_state_find(const struct registry_state *s, struct span name,
                         struct registry_entry *out);
bool registry_entry_differs(const struct registry_entry *a, const struct registry_entry *b);

void registry_state_begin(struct buf *out, const char *path, int64_t written_ms,
                          const uint8_t security[REGISTRY_SECURITY]);
void registry_state_add(struct buf *out, const struct registry_entry *e);

#endif
