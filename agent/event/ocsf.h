/*
 * Events as OCSF 1.8.0: one JSON object a line, no line break inside. What OCSF has no field for
 * goes below unmapped.vigia. Secrets in command lines and evidence are masked here, once for all.
 */
#ifndef EVENT_OCSF_H
#define EVENT_OCSF_H

#include "base/buf.h"
#include "event/event.h"

#include <stdint.h>

#define OCSF_VERSION "1.8.0"

/* Who speaks. From the certificate once there is one (CN, O), from the configuration before. */
struct identity {
    char institution[65];
    char endpoint[64];
    char hostname[256];
    char device_uid[33]; /* hash of the machine's own id, which is itself not to be told */
    char os_name[64];
    char os_version[32];
    int os_type_id;
};

/* Appends the line, without a newline. Fails (b->failed) only on b's limit. */
void ocsf_encode(struct buf *b, const struct identity *who, const struct event *e,
                 uint64_t sequence);

/* One row a class: what the encoder and the tests' table of required attributes go by. */
struct ocsf_class {
    enum event_class uid;
    const char *name;
};

const struct ocsf_class *ocsf_class_of(enum event_class uid); /* NULL if not told by Vigía */

#endif
