/*
 * The earlier generations of a log that lie beside it, oldest first: log.1, log.2.gz,
 * log-20261124.gz, and with the extension at the end (auth-20261124.log.gz, auth.1.log).
 */
#ifndef SOURCE_LOG_ROTATED_H
#define SOURCE_LOG_ROTATED_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_GENERATIONS_MAX 1000

enum log_generation_kind {
    LOG_GENERATION_NUMBER, /* the highest is the oldest */
    LOG_GENERATION_DATE,   /* the lowest is the oldest */
    LOG_GENERATION_OTHER   /* log.old, log.bak: may be a copy of a log, says nothing about order */
};

struct log_generation {
    char *path;
    enum log_generation_kind kind;
    struct span order; /* the number or date inside path */
    bool packed;       /* by its name */
    uint64_t ino, size;
    int64_t mtime_ns;
};

struct log_generations {
    size_t n;
    struct log_generation items[LOG_GENERATIONS_MAX];
};

/* Looks beside the log at path; log_generations_free frees. Where a generation lies there packed
 * and not packed (it is being packed now), only the latter is in the list. */
struct log_generations *log_generations_find(const char *path);
void log_generations_free(struct log_generations *g);

/* Whether `entry` is named like an earlier generation of `log` (names without folder), and what
 * kind of. */
bool log_generation_name(struct span log, struct span entry, enum log_generation_kind *kind,
                         struct span *order, bool *packed);
bool log_generation_is_packed(struct span entry);
/* What the log of that name would be called ("syslog.2.gz": "syslog", "app-20261124.log":
 * "app.log"); false when the name has no such form. Others (log.old) have none. */
bool log_generation_origin(struct span entry, char *out, size_t size,
                           enum log_generation_kind *kind);

#endif
