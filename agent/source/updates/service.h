/* What the system's update service says (platform/updates.h), all of it, bounded. */
#ifndef SOURCE_UPDATES_SERVICE_H
#define SOURCE_UPDATES_SERVICE_H

#include "platform/updates.h"
#include "source/updates/installed.h"

#define SERVICE_PENDING_MAX 1000
#define SERVICE_FAILED_MAX  20
#define SERVICE_HISTORY_MAX 2000 /* entries that are looked at */

struct service_part { /* how the answer to one question came out */
    int rc;           /* 0, or why nothing is known: a negative errno value */
    uint32_t code;    /* the service's own error, or 0 */
};

struct updates_service {
    struct service_part pending_is, history_is, fixes_is, times_is;
    struct update *pending;
    size_t pending_n, pending_room, pending_left_out;
    struct service_change {
        uint32_t kb;
        bool removal;
    } * past; /* what was done, the newest first */
    size_t past_n, past_room;
    uint32_t *fixes;
    size_t fixes_n, fixes_room;
    struct service_failure { /* updates whose last installation failed, the newest first */
        uint32_t kb;         /* 0: none in its title */
        uint32_t code;
        int64_t at_ms;
    } failed[SERVICE_FAILED_MAX];
    size_t failed_n;
    struct updates_times times;
};

/* May take for ever. Into a struct that is zeroed or was released. */
void updates_service_ask(struct updates_service *out);
void updates_service_release(struct updates_service *s);
/* What it says of installed updates is added to what CBS says. */
void updates_service_reconcile(const struct updates_service *s, struct installed *i);

/* Why a part is not known, in words with the remedy where there is one. */
void updates_service_words(const struct service_part *p, char *out, size_t size);

#endif
