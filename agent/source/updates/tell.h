/*
 * What the SOC is told of Windows: the software inventory (5020, in parts that fit a line) and the
 * patch state (5004). Installed and pending updates stand in its kb_article_list; what has no place
 * there is in unmapped.vigia, by the names that the patch state of Linux uses where it means the
 * same. Pure: made from what was already read.
 */
#ifndef SOURCE_UPDATES_TELL_H
#define SOURCE_UPDATES_TELL_H

#include "event/event.h"
#include "source/patch/support.h"
#include "source/updates/look.h"

#define UPDATES_STALE_MS (3ll * 86400000) /* signatures that old protect from little */

struct updates_facts {
    const struct updates_host *host; /* installed is reconciled */
    const struct updates_service *service;
    const struct patch_support *support;
    int64_t now_ms;
};

void updates_tell_software(const struct updates_facts *f,
                           void (*emit)(void *ctx, const struct event *e), void *ctx);
void updates_tell_state(const struct updates_facts *f,
                        void (*emit)(void *ctx, const struct event *e), void *ctx);

/* Over all that the state says, but for what changes by itself: times, versions of signatures. */
void updates_state_digest(const struct updates_facts *f, uint8_t out[32]);

/* For security: by Microsoft's own category, or because it has a severity. */
bool updates_is_security(const struct update *u);
/* "KB5034441", or the id of one without an article; returns out. */
const char *updates_name(const struct update *u, char *out, size_t size);

#endif
