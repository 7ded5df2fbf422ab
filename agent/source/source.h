/*
 * A source reads one kind of thing from the host and hands on events (and log records) with the
 * state changes that belong to them. It never sees a detector or the spool.
 *
 * All functions are called by the poll loop's thread. A source that works in a thread of its own
 * hands its results over through a queue and a bell, and emits in run().
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/error.h"
#include "config/config.h"
#include "event/event.h"
#include "event/record.h"
#include "platform/poll.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum source_state { SOURCE_OK, SOURCE_DEGRADED, SOURCE_FAILED, SOURCE_OFF };

struct source_health {
    enum source_state state;
    char detail[256]; /* in words, with remedy where there is one; empty when ok */
};

/* What the pipeline gives to a source. Calls are cheap; nothing blocks. */
struct source_host {
    const struct config *config;
    struct store *store; /* for reading, and for store_bulk_* */
    void *ctx;
    void (*emit)(void *ctx, const struct event *e);
    void (*emit_record)(void *ctx, const struct record *r);
    /* A state change; lands in the same durable frame as the events emitted in the same run().
     * value.p == NULL removes. Seen by store_get at once. */
    void (*put)(void *ctx, enum store_table t, struct span key, struct span value);
    /* Something could not be told or looked at: counted by reason and shown to the SOC. The reason
     * is a literal of a few words ("queue full"). */
    void (*dropped)(void *ctx, const char *reason, uint64_t n);
    /* True while the spool takes no more (disk full, cap): readers of logs stop, the logs are
     * still there; run() is called again when there is room. */
    bool (*full)(void *ctx);
    /* When this host last delivered, wall clock in ms, if the state folder is new all the same:
     * what it held is lost, and what is still in the logs is read again (the SOC knows it by its
     * uid). Else 0. */
    int64_t lost_after_ms;
};

struct source {
    const char *name; /* "integrity", "log_file", "patch": also in status and heartbeat */
    /* Starts; may return 0 and be unhealthy. Non-zero: the source is off, e says why. */
    int (*open)(const struct source_host *host, void **self, struct error *e);
    /* Fills what to wait for; returns how many (at most max). Asked before every wait. May be NULL.
     */
    size_t (*waits)(void *self, wait_t *out, size_t max);
    /* Does a bounded amount of work (about 50 ms, or 1 MiB of log). Returns the monotonic time in
     * ms at which it wants to run again although nothing it waits for is ready (INT64_MAX: never).
     */
    int64_t (*run)(void *self, int64_t now_ms);
    /* A frame is about to be written: put() positions and the like that changed. May be NULL. */
    void (*checkpoint)(void *self);
    /* A request by name ("scan"); true if taken. May be NULL. */
    bool (*request)(void *self, const char *what);
    void (*health)(void *self, struct source_health *out);
    void (*close)(void *self);
};

extern const struct source
    *const all_sources[]; /* ends with NULL; agent/source/all_*.c, one for each system */

#endif
