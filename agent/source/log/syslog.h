/*
 * A line of a syslog file taken apart: the traditional form of RFC 3164 ("Nov 24 02:20:27 host
 * sshd[123]: text", local time, no year) and the one with an RFC 3339 time, each with or without a
 * <priority> in front. Pure; spans point into the line.
 */
#ifndef SOURCE_LOG_SYSLOG_H
#define SOURCE_LOG_SYSLOG_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum syslog_time { SYSLOG_NO_TIME, SYSLOG_LOCAL_TIME, SYSLOG_ZONED_TIME };

struct syslog_line {
    int64_t time_ms;
    enum syslog_time dated; /* how it is written in the line */
    struct span host;
    struct span program;
    int64_t pid; /* 0 if none */
    struct span message;
};

/* What a line without a year and zone is dated by; made once for many lines. */
struct syslog_clock {
    int64_t now_ms;
    int64_t local_offset_s; /* local time minus UTC */
    int year;               /* of now, in local time */
};

void syslog_clock_init(struct syslog_clock *c, int64_t now_ms, int64_t local_offset_s);

/* "2026-11-24T02:20:27.123456+01:00", or with Z: taken from the front. */
bool syslog_take_time(struct span *s, int64_t *out);

/* A line without a year is at most a day ahead of now. False when the line has another form: then
 * message is the whole line and time_ms is now. */
bool syslog_parse(struct span line, const struct syslog_clock *clock, struct syslog_line *out);

#endif
