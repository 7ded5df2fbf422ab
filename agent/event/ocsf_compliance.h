/* The part of a 2003 event (compliance finding) that is its own. */
#ifndef EVENT_OCSF_COMPLIANCE_H
#define EVENT_OCSF_COMPLIANCE_H

#include "base/json_write.h"
#include "event/ocsf.h"

void ocsf_put_compliance(struct json_out *j, const struct identity *who, const struct event *e);

#endif
