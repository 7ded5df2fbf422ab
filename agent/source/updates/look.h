/*
 * One look at the host, in a thread of its own: first the registry, which is quick, then the update
 * service, which may take for ever. Whoever looks need not wait for the end: a look can be left
 * behind, and frees itself if it ever ends.
 */
#ifndef SOURCE_UPDATES_LOOK_H
#define SOURCE_UPDATES_LOOK_H

#include "platform/poll.h"
#include "source/updates/defender.h"
#include "source/updates/installed.h"
#include "source/updates/reboot.h"
#include "source/updates/service.h"
#include "source/updates/software.h"
#include "source/updates/system.h"

#define LOOK_ASKING_MS (5 * 60000) /* the service has so long to answer */

struct updates_host { /* what the registry says */
    struct updates_system os;
    struct updates_reboot reboot;
    struct updates_defender defender;
    struct installed installed;
    struct software software;
};

struct updates_look;

/* bell (may be NULL) is rung at each stage. Without the service only the registry is read. 0, or a
 * negative errno value. */
int updates_look_start(struct bell *bell, bool with_service, struct updates_look **out);

enum look_stage {
    LOOK_READING,
    LOOK_ASKING, /* the registry is read */
    LOOK_DONE    /* the service has answered, or was not asked */
};
enum look_stage updates_look_stage(struct updates_look *l);

/* From LOOK_ASKING on, and from LOOK_DONE on; the caller's to change, until it leaves. */
struct updates_host *updates_look_host(struct updates_look *l);
struct updates_service *updates_look_service(struct updates_look *l);

/* Waits for what is quick, and for nothing else. NULL does nothing. */
void updates_look_leave(struct updates_look *l);

#endif
