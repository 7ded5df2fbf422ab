/*
 * Phased updates (apt_preferences(5)): whether this machine's turn has come. The draw is apt's own,
 * so that both always say the same.
 */
#ifndef SOURCE_APT_PHASE_H
#define SOURCE_APT_PHASE_H

#include "base/span.h"

#include <stdbool.h>

/* 0 to 100, the same each time. */
unsigned apt_phase_draw(struct span source, struct span source_version, struct span machine_id);

#endif
