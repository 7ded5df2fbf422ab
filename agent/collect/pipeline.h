/*
 * source -> detect -> event -> spool, in one thread. Sources emit events and records; records go
 * through every detector; each event becomes one line in the spool's pending frame together with
 * the state changes that belong to it.
 */
#ifndef COLLECT_PIPELINE_H
#define COLLECT_PIPELINE_H

#include "base/json_write.h"
#include "config/config.h"
#include "event/event.h"
#include "event/ocsf.h"
#include "platform/poll.h"
#include "source/source.h"
#include "spool/spool.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct confine_result;
struct pipeline;

/* Opens spool, then nothing else. The config and identity may be exchanged while nothing is open.
 */
struct pipeline *pipeline_new(struct store *store);
int pipeline_open_spool(struct pipeline *p, const struct config *c, const struct identity *who,
                        struct error *e);
/* What collect has given up, for the heartbeats from now on; it stays the caller's. */
void pipeline_confined(struct pipeline *p, const struct confine_result *confined);
void pipeline_free(struct pipeline *p); /* closes what is open, without flushing */

/* Opens all sources and detectors for a config; what fails is off and says so in its health. */
void pipeline_start(struct pipeline *p, const struct config *c, const struct identity *who);
void pipeline_stop(struct pipeline *p); /* flushes, then closes sources and detectors */

size_t pipeline_waits(struct pipeline *p, wait_t *out, size_t max);
/* One round: sources whose time or handle came, the frame, the spool. Returns the monotonic time in
 * ms at which the next round is due at the latest. */
int64_t pipeline_round(struct pipeline *p, int64_t now_ms);

/* False if it could not be told (counted as dropped); told before counts as told. */
bool pipeline_emit(struct pipeline *p, const struct event *e);
/* What was emitted is durable when it returns 0. */
int pipeline_flush(struct pipeline *p);
/* A request by name ("scan"); whether any source took it. */
bool pipeline_request(struct pipeline *p, const char *what);
void pipeline_take_acks(struct pipeline *p);
void pipeline_seal(struct pipeline *p);

/* For status.json and the heartbeat: members "counters", "sources", "rules", "spool". */
void pipeline_describe(struct pipeline *p, struct json_out *j);
bool pipeline_is_healthy(struct pipeline *p);
int pipeline_spool_error(const struct pipeline *p);  /* why nothing can be written, or 0 */
uint64_t pipeline_changes(const struct pipeline *p); /* another number when there is news to show */
const char *pipeline_stream(const struct pipeline *p);
bool pipeline_is_new_stream(const struct pipeline *p);

#endif
