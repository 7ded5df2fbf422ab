/*
 * What the lines of one followed log say: each becomes a record (of several lines of audit.log
 * one), and a log whose time goes back is told.
 */
#ifndef SOURCE_LOG_READER_H
#define SOURCE_LOG_READER_H

#include "source/log/audit.h"
#include "source/log/follow.h"
#include "source/log/syslog.h"
#include "source/source.h"

enum log_format { LOG_FORMAT_SYSLOG, LOG_FORMAT_PLAIN, LOG_FORMAT_AUDIT };

/* What is the same for all logs of a run. */
struct log_times {
    struct syslog_clock clock;
    int64_t mono_ms;
    int64_t clock_set_until; /* monotonic ms: until then the host's own clock was just set back */
    int64_t sync_told_until; /* a time service said so in one of the logs */
    struct record record;    /* room for the one at hand */
};

/* Once at the start of a run: what time it is, and whether the clock jumped since the last run. */
void log_times_now(struct log_times *t, int64_t mono_ms, int64_t wall_ms, int64_t local_offset_s);

struct log_reader {
    const struct source_host *host;
    struct buf fields; /* of the record at hand */
    const struct config_log *log;
    const char *path; /* as configured, without host_root: names the log in records and state */
    struct log_times *times;
    struct log_position *at;
    enum log_format format;
    struct audit *audit; /* NULL: another format */
    bool keyed;
    uint8_t key[EVENT_UID_SIZE], head[16]; /* uids begin with it: made of path and first line */
};

/* Everything handed in outlives the reader. */
void log_reader_init(struct log_reader *r);
void log_reader_release(struct log_reader *r);
void log_reader_take(struct log_reader *r, const struct log_line *line);
/* Monotonic ms at which it wants to be asked again. */
int64_t log_reader_flush(struct log_reader *r, int64_t now_ms);
void log_reader_checkpoint(struct log_reader *r);

#endif
