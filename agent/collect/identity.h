/* Who this endpoint is: from its certificate, else from the configuration and the host. */
#ifndef COLLECT_IDENTITY_H
#define COLLECT_IDENTITY_H

#include "config/config.h"
#include "event/ocsf.h"

void identity_read(const struct config *c, struct identity *out);
bool identity_equal(const struct identity *a, const struct identity *b);

#endif
