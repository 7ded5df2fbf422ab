/* The parts of events of OCSF's extension for Windows: registry keys, values, services. */
#ifndef EVENT_OCSF_REGISTRY_H
#define EVENT_OCSF_REGISTRY_H

#include "base/json_write.h"
#include "event/ocsf.h"

#define OCSF_WINDOWS 2 /* uid of the extension: class_uid / 100000 */

void ocsf_put_windows(struct json_out *j); /* what metadata says of it */
void ocsf_put_registry_key(struct json_out *j, const struct identity *who, const struct event *e);
void ocsf_put_registry_value(struct json_out *j, const struct identity *who, const struct event *e);
void ocsf_unmapped_registry_value(struct json_out *j, const struct event *e);
void ocsf_put_service(struct json_out *j, const struct identity *who, const struct event *e);

#endif
