/*
 * Text that goes to people and to the wire: UTF-8 checks, escapes, times, glob patterns.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length in bytes of the valid UTF-8 character at the front (1 to 4), or 0 if it is none. */
size_t text_utf8_length(struct span s);
bool text_is_utf8(struct span s);

/* A name from the host made safe and reversible: bytes that are no UTF-8 and control characters as
 * \xHH, a backslash as \\. */
void text_put_name(struct buf *b, struct span name);

/* Time as RFC 3339 in UTC with milliseconds: 2026-01-02T03:04:05.678Z (24 characters and NUL). */
#define TEXT_TIME_SIZE 32
void text_time(int64_t wall_ms, char out[TEXT_TIME_SIZE]);
/* "2026-07-11", with a month and a day that can be. */
#define TEXT_DAY_SIZE 11
bool text_is_day(struct span s);
/* Civil date and time to milliseconds since 1970 UTC (proleptic Gregorian). */
int64_t text_utc_ms(int year, int month, int day, int hour, int minute, int second, int ms);

/* Shell pattern on a path: * and ? do not match '/', "**" matches anything, [a-z] sets. Without
 * a wildcard it is a plain comparison. Linear in time for hostile patterns of bounded length. */
bool text_glob(const char *pattern, const char *path);
bool text_has_wildcard(const char *pattern);
/* "C:\..." or "C:/...": no other system's absolute path begins like this. */
bool text_has_drive(struct span path);

/* "64k", "256M", "1G" and plain bytes; "90s", "5m", "1h", "7d" and plain seconds. */
bool text_parse_size(struct span s, uint64_t *bytes);
bool text_parse_duration(struct span s, uint64_t *seconds);

#endif
