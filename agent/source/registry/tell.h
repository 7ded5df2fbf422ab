/*
 * From a change of a key or a value to the event that tells it: 201001 and 201002, and of a service
 * (a key right below HKLM\\SYSTEM\\CurrentControlSet\\Services) one 201004 for all that changed in
 * its key at once.
 */
#ifndef SOURCE_REGISTRY_TELL_H
#define SOURCE_REGISTRY_TELL_H

#include "event/event.h"
#include "source/registry/state.h"

struct registry_fact {
    const char *path;
    const struct registry_state *before, *after; /* of the key; NULL: not there */
    int64_t seen_ms;                             /* wall clock */
    bool by_scan;                                /* else it was seen as it happened */
    bool while_off;                              /* it happened while nobody looked */
    bool first;                                  /* the user's keys were never seen before */
    enum event_severity severity;
};

typedef void registry_emit(void *ctx, const struct event *e);

/* The name of the service that the key holds; empty: it holds none. */
struct span registry_service_of(const char *path);

void registry_tell_key(const struct registry_fact *f, int activity, registry_emit *emit, void *ctx);
/* NULL: there is no such value on that side. */
void registry_tell_value(const struct registry_fact *f, const struct registry_entry *before,
                         const struct registry_entry *after, registry_emit *emit, void *ctx);
void registry_tell_service(const struct registry_fact *f, registry_emit *emit, void *ctx);

/* Changes below a key that were too many to be told one by one. */
struct registry_sum {
    const char *path;
    uint64_t count;
    int64_t first_ms, last_ms; /* wall clock */
    enum event_severity severity;
};
void registry_tell_sum(const struct registry_sum *s, registry_emit *emit, void *ctx);

struct registry_scan_fact {
    const char *name; /* "registry baseline", "registry re-check" */
    bool manual;
    int64_t started_ms, duration_ms;
    uint64_t keys, told, skipped;
};
void registry_tell_scan(const struct registry_scan_fact *f, registry_emit *emit, void *ctx);

#endif
