/*
 * The two times that an HTTP answer gives (RFC 9110): Date and Retry-After. Both come from outside;
 * anything but the exact form is refused. Only the preferred form of dates is taken:
 * "Sun, 06 Nov 1994 08:49:37 GMT".
 */
#ifndef SHIP_HTTP_TIME_H
#define SHIP_HTTP_TIME_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

bool http_date_parse(struct span text, int64_t *wall_ms);
/* Seconds or a date; the pause from now on, 0 to 1 hour, in milliseconds. now_ms is the center's
 * own time (from Date) where it is known. */
#define RETRY_AFTER_MAX_MS 3600000
bool retry_after_parse(struct span text, int64_t now_ms, int64_t *pause_ms);

#endif
