/*
 * What the SOC is told of packages: the software inventory (5020, in parts that fit a line) and the
 * patch state (5004: how many updates wait, how many of them for security, since when; how far the
 * package lists can be trusted; whether the machine must be restarted, updates itself, and is still
 * supported). Pure: made from what was already read.
 */
#ifndef SOURCE_PATCH_TELL_H
#define SOURCE_PATCH_TELL_H

#include "event/event.h"
#include "source/patch/kernel.h"
#include "source/patch/lists.h"
#include "source/patch/support.h"
#include "source/patch/unattended.h"

#define PATCH_PART         200 /* packages in one 5020 event */
#define PATCH_NAMED_MAX    150 /* pending updates that a 5004 event names; the rest is counted */
#define PATCH_ARCHIVES_MAX 20  /* the same of archives that something is wrong with */

struct patch_facts {
    const struct packages *packages;
    const struct patch_lists *lists; /* all read */
    const char *os_id;               /* "debian": namespace of the package URLs */
    const char *os_version;          /* "12.11" */
    int64_t now_ms;
    const int64_t *since_ms; /* for each package: when its update was first seen pending, 0: none */
    const struct patch_kernel *kernel;
    const struct patch_unattended *unattended;
    const struct patch_support *support;
};

/* False: no package lists, so nothing can be said of updates. */
bool patch_lists_known(const struct patch_facts *f);

void patch_tell_software(const struct patch_facts *f,
                         void (*emit)(void *ctx, const struct event *e), void *ctx);
void patch_tell_state(const struct patch_facts *f, void (*emit)(void *ctx, const struct event *e),
                      void *ctx);

/* Over all that the state says, but for the times of what repeats itself: it changes when there is
 * something new to tell. */
void patch_state_digest(const struct patch_facts *f, uint8_t out[32]);

struct patch_sums {
    uint64_t total, security;
    uint64_t held, phased;     /* of the total: kept as they are, or their turn has not come */
    uint64_t security_blocked; /* packages whose security update pins do not let through */
    int64_t oldest_ms;         /* 0: none pending */
};
void patch_sum(const struct patch_facts *f, struct patch_sums *out);

#endif
