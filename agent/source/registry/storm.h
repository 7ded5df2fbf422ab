/*
 * Storms: when more changes below one item come than anybody reads one by one, the rest is counted
 * and told in one event for the item. The baseline follows each change at once, so what is counted
 * lies in the store too (STORE_META, "registry.storm." and the item): a crash loses no count.
 */
#ifndef SOURCE_REGISTRY_STORM_H
#define SOURCE_REGISTRY_STORM_H

#include "source/registry/keys.h"
#include "source/source.h"

#define REGISTRY_STORM_WINDOW_MS 10000
#define REGISTRY_STORM_SINGLE    64  /* of one item, told one by one in a window ... */
#define REGISTRY_STORM_GRAVE     256 /* ... of severity High or worse ... */
#define REGISTRY_STORM_TOTAL     512 /* ... and of all items */
#define REGISTRY_STORM_QUIET_MS  5000
#define REGISTRY_STORM_LATEST_MS 60000

struct registry_storms;
struct registry_storms *registry_storms_new(const struct source_host *host,
                                            const struct registry_keys *keys);
void registry_storms_free(struct registry_storms *s);
/* True: the change was counted and is not to be told. Times are monotonic. */
bool registry_storms_take(struct registry_storms *s, size_t item, enum event_severity severity,
                          int64_t now_ms);
/* Tells what is due; when the next is (INT64_MAX: none). */
int64_t registry_storms_run(struct registry_storms *s, int64_t now_ms);
void registry_storms_checkpoint(struct registry_storms *s);

#endif
