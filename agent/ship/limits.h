/*
 * What ship gives up by itself: all files but its own (it reads the configuration, the keys and the
 * outbox, and writes the inbox), programs, other processes; and once it knows its center, all TCP
 * ports but the center's and that of name servers.
 */
#ifndef SHIP_LIMITS_H
#define SHIP_LIMITS_H

#include "config/config.h"
#include "platform/confine.h"

#include <stdbool.h>

struct limits {
    struct confine_result result;
    unsigned port; /* the center's, 0 before it is known */
    bool enforced; /* the kernel lets no other port through */
};

/* Before the first thread. Whoever reads the configuration again later needs its file to stay in
 * its folder. */
void limits_enter(struct limits *l, const struct config *c);
/* url: https://host or https://host:port. False if the center has another port than the one that is
 * left: only a new process can reach it. */
bool limits_center(struct limits *l, const char *url);

#endif
