/*
 * Follows one log file through its life: lines as they come, rotation by rename (the old file is
 * read to its end, under its new name if need be) and by copytruncate (what was not read yet is
 * found in the copy), generations that came and went meanwhile (read in their order, packed
 * or not), truncation, replacement and deletion.
 *
 * Lines are handed on whole, without the newline, cut at LOG_LINE_MAX; a line without a newline
 * waits until it gets one (or its file has been rotated away).
 */
#ifndef SOURCE_LOG_FOLLOW_H
#define SOURCE_LOG_FOLLOW_H

#include "platform/file.h"
#include "source/log/content.h"
#include "source/log/position.h"

#include <stdbool.h>
#include <stdint.h>

#define LOG_LINE_MAX (16 * 1024)

enum log_incident {
    LOG_INCIDENT_TRUNCATED, /* content is gone and no copy of it was found beside the log */
    LOG_INCIDENT_REPLACED,  /* another file is at the path, and the one that was read before is not
                               beside it */
    LOG_INCIDENT_EDITED,    /* written anew, in place or as another file: it holds what was read
                               last, but not where it stood */
    LOG_INCIDENT_DELETED    /* gone for longer than a rotation takes */
};

struct log_line {
    struct span text;
    uint64_t offset;
    const struct log_position *file; /* fingerprint */
    bool cut;                        /* the line was longer */
};

struct log_follow_callbacks {
    void *ctx;
    void (*line)(void *ctx, const struct log_line *line);
    void (*incident)(void *ctx, enum log_incident what, const struct log_position *before);
    /* A generation that could not be read (to its end); why is a literal of a few words. */
    void (*unread)(void *ctx, const char *why);
};

#define LOG_EDITED_MAX (256u << 20) /* how far a log that was written anew is searched */

struct log_follow {
    char path[4096]; /* on disk */
    struct log_position at;
    struct log_content content;
    bool known;            /* `at` speaks of a file that was read before */
    bool changed;          /* `at` moved since the last checkpoint */
    bool behind;           /* what is read now is no longer at the path */
    bool emptied;          /* and its content was taken away in place */
    bool seeking;          /* content is packed and not unpacked up to `at` yet */
    unsigned refused;      /* generations that looked like the one searched for and are not */
    bool gone;             /* the path is empty for good, as far as can be said */
    bool forgotten;        /* deleted and told: its position is of no use any more */
    int64_t missing_since; /* monotonic ms, 0: the path is there */
    int64_t rotated_since; /* monotonic ms, 0: the file read is the one at the path */
    int error;             /* why it cannot be read now, negative errno value, 0: fine */
};

void log_follow_init(struct log_follow *f, const char *path);
/* Goes on where saved says; without a saved position from the end of the file, or its beginning. */
void log_follow_resume(struct log_follow *f, const struct log_position *saved, bool from_end);
void log_follow_release(struct log_follow *f);

/* Reads up to budget bytes. Returns how many were consumed: less than budget means that everything
 * was read for now. */
uint64_t log_follow_read(struct log_follow *f, uint64_t budget, int64_t now_ms,
                         const struct log_follow_callbacks *cb);

/* A rotation or deletion is under way: it wants to be read again soon without being told. */
bool log_follow_is_unsettled(const struct log_follow *f);

#endif
