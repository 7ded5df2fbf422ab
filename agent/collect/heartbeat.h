/*
 * The heartbeat: first line of every batch (6002, activity 99). What stands in unmapped.vigia lets
 * the SOC see gaps, losses, silence and the health of this endpoint without asking it.
 */
#ifndef COLLECT_HEARTBEAT_H
#define COLLECT_HEARTBEAT_H

#include "base/buf.h"
#include "config/config.h"
#include "event/ocsf.h"
#include "spool/spool.h"

struct confine_result;
struct pipeline;

struct heartbeat_facts {
    const struct config *config;
    const struct identity *who;
    const struct confine_result *confined; /* what collect has given up; NULL: not yet */
    int64_t started_ms;                    /* monotonic */
    uint64_t sequence;
};

/* When ship last delivered, as its file in the inbox says: wall clock in ms, 0 if never. */
int64_t heartbeat_last_delivery(const struct config *c);

void heartbeat_write(struct buf *out, const struct heartbeat_facts *f,
                     const struct spool_facts *batch, struct pipeline *p);

#endif
