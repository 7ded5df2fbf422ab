/*
 * What of apt's configuration (apt.conf(5): /etc/apt/apt.conf.d, then /etc/apt/apt.conf) matters
 * for what is pending: a few values by name, the last one given counts. #include is not followed.
 */
#ifndef SOURCE_APT_CONF_H
#define SOURCE_APT_CONF_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

#define APT_CONF_VALUE 128

enum apt_conf_key {
    APT_DEFAULT_RELEASE,
    APT_ARCHITECTURE,
    APT_MACHINE_ID,
    APT_PHASE_POLICY,
    APT_PHASE_ALWAYS,
    APT_PHASE_NEVER,
    APT_PHASE_ALWAYS_OLD, /* Update-Manager's names of the same */
    APT_PHASE_NEVER_OLD,
    APT_CHECK_VALID_UNTIL,
    APT_PERIODIC_ENABLE,
    APT_PERIODIC_LISTS,
    APT_PERIODIC_UNATTENDED,
    APT_CONF_KEYS
};

struct apt_conf {
    char value[APT_CONF_KEYS][APT_CONF_VALUE]; /* "" if not set */
    size_t unreadable;                         /* files */
};

void apt_conf_read(const char *host_root, struct apt_conf *out);
/* Adds what a text says to what is known. */
void apt_conf_parse(struct apt_conf *c, struct span text);
/* As apt reads it: yes/true/with/on/enable/number, no/false/without/off/disable/0. */
bool apt_conf_bool(const struct apt_conf *c, enum apt_conf_key key, bool otherwise);

#endif
