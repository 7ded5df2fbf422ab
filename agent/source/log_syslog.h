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

struct syslog_line {
    int64_t time_ms;
    struct span host;
    struct span program;
    int64_t pid; /* 0 if none */
    struct span message;
};

/* now_ms dates a line without a year (at most a day ahead of it), local_offset_s is local time
 * minus UTC. False when the line has another form: then message is the whole line and time_ms is
 * now_ms. */
bool syslog_parse(struct span line, int64_t now_ms, int64_t local_offset_s,
                  struct syslog_line *out);

#endif
