/* A finding (EVENT_DETECTION) as bytes, to tell more of it later: what repeats.h keeps. */
#ifndef DETECT_KEPT_EVENT_H
#define DETECT_KEPT_EVENT_H

#include "base/buf.h"
#include "event/event.h"

#include <stdbool.h>

#define KEPT_TEXT_MAX 512  /* bytes of a text; evidence and message are cut */
#define KEPT_JSON_MAX 1024 /* a longer vigia is left out */
#define KEPT_MAX      (8 * KEPT_TEXT_MAX + KEPT_JSON_MAX + 1024)

/* Appends. Severity, texts, techniques, user and address are kept; uid, times and count are not. */
void kept_event_put(struct buf *out, const struct event *e);
/* The event borrows from saved. False when it makes no sense. */
bool kept_event_take(struct span saved, struct event *out);

#endif
