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

struct pipeline;

void status_write(const struct config *c, const struct identity *who, struct pipeline *p,
                  const char *config_error, int64_t started_wall_ms);

#endif
