/*
 * What dpkg did lately, from its log (/var/log/dpkg.log, dpkg(1) "--log"): which packages changed
 * from which version to which, how far each has come, and which runs belong together.
 *
 * The log has local time to the second and no zone; it is taken for the time of this host. What is
 * kept is bounded: the last 4 MiB of the log and 1 MiB of the one rotated before it, of each
 * package the latest change.
 */
#ifndef SOURCE_DEB_DPKG_LOG_H
#define SOURCE_DEB_DPKG_LOG_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dpkg_action {
    DPKG_OTHER,
    DPKG_STARTUP, /* a process of dpkg begins */
    DPKG_INSTALL,
    DPKG_UPGRADE,
    DPKG_REMOVE, /* or purge */
    DPKG_STATUS  /* a package came to a state */
};

struct dpkg_line {
    int64_t local_ms; /* local time as if it were UTC */
    enum dpkg_action action;
    struct span package; /* name:architecture */
    struct span from, to;
    struct span status; /* "unpacked", "installed" ... and its version in to */
};
bool dpkg_line_parse(struct span line, struct dpkg_line *out);

enum dpkg_step { DPKG_BEGUN, DPKG_UNPACKED, DPKG_INSTALLED, DPKG_REMOVED };

struct dpkg_change {
    char *package; /* name:architecture */
    char *from;    /* NULL: newly installed */
    char *to;      /* NULL: removed */
    enum dpkg_step step;
    uint64_t line;      /* of the log, in the order they were read: the step's */
    size_t transaction; /* index */
};

/* Runs of dpkg with no long silence between them: what one apt-get upgrade is. */
struct dpkg_transaction {
    int64_t first_ms, last_ms; /* wall clock */
    uint8_t id[16];            /* of its first line */
    size_t changes;
};

struct dpkg_log {
    char *path, *rotated;
    struct dpkg_change *changes;
    size_t n;
    struct map *by_package; /* name:architecture, and name alone -> index + 1 */
    struct dpkg_transaction *transactions;
    size_t transactions_n;
    bool loaded;
    uint64_t offset, ino; /* what was read of path */
    int64_t grown_ms;     /* monotonic: when the last line came, or INT64_MIN */
    int64_t written_ms;   /* wall clock: the same, by the file's time */
    uint64_t lines;       /* read so far */
    size_t unfinished;    /* changes of the last transaction that are not complete */
    bool busy;            /* with a package, be it only a trigger of it */
};

struct dpkg_log *dpkg_log_new(const char *host_root);
void dpkg_log_free(struct dpkg_log *l);
void dpkg_log_forget(struct dpkg_log *l); /* what was read; the next look begins anew */

/* Reads what is new, if the file was written in the last two minutes (or in any case, if asked to).
 * True if there was something. */
bool dpkg_log_refresh(struct dpkg_log *l, int64_t now_ms, bool in_any_case);
/* Whether a transaction is under way: a line came in the last 10 s, or in the last 2 minutes and
 * some package is not complete or a script of one runs. */
bool dpkg_log_running(const struct dpkg_log *l, int64_t now_ms);
/* Whether a package is being unpacked, as far as was read. */
bool dpkg_log_unpacking(const struct dpkg_log *l);
/* The latest change of a package ("libc6:amd64" or "bash", as the names of dpkg's files have it),
 * or NULL. */
const struct dpkg_change *dpkg_log_change(const struct dpkg_log *l, struct span package);
/* Whether a moment (wall clock) lies inside of a transaction. */
bool dpkg_log_covers(const struct dpkg_log *l, int64_t wall_ms);

/* For the fuzz target and tests: text as if it stood in the file. */
void dpkg_log_parse(struct dpkg_log *l, struct span text);

#endif
