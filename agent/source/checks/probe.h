/*
 * A probe looks at one thing of the host for one check and says how it is. It is pure over the
 * root that it is given (on Windows over the registry and what else platform/ tells): it reads, and
 * changes and remembers nothing.
 *
 * Each probe is one row of checks_probes[] with the keys that a check may give it; a check with
 * another key, or without one that is needed, is broken and left out.
 */
#ifndef SOURCE_CHECKS_PROBE_H
#define SOURCE_CHECKS_PROBE_H

#include "base/error.h"
#include "config/checks_file.h"
#include "source/checks/view.h"

#define PROBE_KEYS_MAX 12

enum check_status {
    CHECK_UNKNOWN, /* it could not be seen; found says why */
    CHECK_PASS,
    CHECK_FAIL,
    CHECK_SKIPPED /* does not apply to this host; found says why */
};

struct check_outcome {
    enum check_status status;
    char found[480]; /* never holds a hash of a password */
    char expected[240];
    char path[256]; /* the file that it was seen in, or "" */
    int line;       /* in it, or 0 */
    size_t named;   /* by outcome_fault() */
};

struct probe_look {
    struct checks_view *view;
    const struct check *check;
    struct check_outcome *out;
    void **walk; /* what a probe keeps while it says that it is not done */
};

struct probe_key {
    const char *name;
    enum { PROBE_ONCE, PROBE_NEEDED, PROBE_SEVERAL, PROBE_NEEDED_SEVERAL } stands;
    int (*verify)(const char *value, struct error *e); /* may be NULL */
};

struct probe {
    const char *name;
    struct probe_key keys[PROBE_KEYS_MAX]; /* ends with name == NULL */
    /* Fills look->out; true when done, false to be called again (after some 10 ms of work). */
    bool (*run)(const struct probe_look *look);
    void (*drop)(void *walk); /* ends a look that is not done; NULL: always done at once */
    bool slow;                /* goes through whole trees: seldom */
};

/* What a line of the key `when` may begin with. */
struct check_condition {
    const char *name;
    bool (*holds)(struct checks_view *h, struct span rest); /* what stands behind the name */
    bool negated;
    const char *otherwise; /* stands before the rest when a check does not apply */
};

/* Each system has its own: probes_linux.c, probes_windows.c. */
extern const struct probe *const checks_probes[];        /* ends with NULL */
extern const struct check_condition checks_conditions[]; /* ends with name == NULL */

const struct probe *checks_probe_of(const struct check *c);

/* Reads the folder and leaves out what no probe can do. Returns the number of problems. */
size_t checks_load(const char *folder, config_tell_fn *tell, void *ctx, struct checks *out);
/* The same for what has been parsed already. */
size_t checks_verify(struct checks *checks, config_tell_fn *tell, void *ctx);

/* One step of a check: `when`, then its probe. True when out is filled. *walk is NULL at first and
 * at the end. */
bool checks_step(struct checks_view *host, const struct check *c, void **walk,
                 struct check_outcome *out);
/* Gives up a check that is not done. */
void checks_give_up(const struct check *c, void **walk);

/* For probes. Each returns true, so that a probe may end with it. */
bool outcome_set(const struct probe_look *look, enum check_status status, const char *format, ...)
    __attribute__((format(__printf__, 3, 4)));
/* For a check that may find several at fault: it fails, and each is named while there is room. Call
 * outcome_faults_end() with how many there were. */
void outcome_fault(const struct probe_look *look, const char *format, ...)
    __attribute__((format(__printf__, 2, 3)));
void outcome_faults_end(const struct probe_look *look, size_t n);
void outcome_place(const struct probe_look *look, const char *path, int line);
void outcome_expect(const struct probe_look *look, const char *format, ...)
    __attribute__((format(__printf__, 2, 3)));
/* A file that is needed cannot be read: unknown, with why. */
bool outcome_unread(const struct probe_look *look, const char *path, int rc);

#endif
