/* Who this endpoint is: from its certificate, else what the last good one said (kept in the state
 * folder, for what is collected while it is damaged or away), else from the configuration and the
 * host. */
#ifndef COLLECT_IDENTITY_H
#define COLLECT_IDENTITY_H

#include "config/config.h"
#include "event/ocsf.h"

void identity_read(const struct config *c, struct identity *out);
bool identity_equal(const struct identity *a, const struct identity *b);

#endif
