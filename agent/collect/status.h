/*
 * <run>/status.json: what `vigia status` reads. Written when something changed, at most once a
 * second, and with every heartbeat; not durable, it is only about now.
 */
#ifndef COLLECT_STATUS_H
#define COLLECT_STATUS_H

#include "config/config.h"
#include "event/ocsf.h"

#include <stdbool.h>
#include <stdint.h>

struct confine_result;
struct pipeline;

struct status_facts {
    const struct config *config;
    const struct identity *who;
    struct pipeline *pipeline;
    const char *config_error;
    const struct confine_result *confined; /* what collect has given up */
    int64_t started_wall_ms;
};

void status_write(const struct status_facts *f);

#endif
