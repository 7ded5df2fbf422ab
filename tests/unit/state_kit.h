/* A double of what the store keeps for detectors: what was put last under a key is there, in the
 * order of the keys. A test that uses it defines store_each by state_kit_each. */
#ifndef UNIT_STATE_KIT_H
#define UNIT_STATE_KIT_H

#include "base/span.h"
#include "store/store.h"

#include <stdbool.h>

/* As detect_host's put; only STORE_DETECT. */
void state_kit_put(void *ctx, enum store_table t, struct span key, struct span value);
int state_kit_each(enum store_table t, struct span prefix,
                   bool (*each)(void *ctx, struct span key, struct span value), void *ctx);
size_t state_kit_count(void);
void state_kit_clear(void);

#endif
