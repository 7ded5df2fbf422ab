/* From a key that is open to the record that is kept of it (state.h). */
#ifndef SOURCE_REGISTRY_READ_H
#define SOURCE_REGISTRY_READ_H

#include "source/registry/keys.h"
#include "source/registry/state.h"

#define REGISTRY_VALUES_MAX 1024 /* of one key */

struct registry_header { /* what is looked at first */
    int64_t written_ms;
    uint8_t security[REGISTRY_SECURITY];
};

/* 0, or a negative errno value: it went away meanwhile, say. */
int registry_read_header(const struct registry_key *key, struct registry_header *out);
/* *cut counts values that are over the limits; excluded ones are left out. */
int registry_read(struct registry_key *key, const char *path, const struct registry_keys *keys,
                  const struct registry_header *header, struct buf *record, uint64_t *cut);

#endif
