/*
 * The scan worker: a background thread that walks the watched trees and compares them with the
 * baseline. It writes nothing but what it adopts (a first baseline, trees newly configured),
 * through store_bulk in small pieces; every difference goes through a bounded queue to the loop,
 * which tells it and keeps it.
 */
#ifndef SOURCE_INTEGRITY_SCAN_H
#define SOURCE_INTEGRITY_SCAN_H

#include "config/config.h"
#include "platform/poll.h"
#include "platform/signature.h"
#include "source/integrity/look.h"
#include "source/integrity/paths.h"
#include "source/integrity/state.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct integrity_result {
    int64_t started_ms; /* wall clock */
    int64_t duration_ms;
    uint64_t files;   /* looked at */
    uint64_t adopted; /* written to the baseline without a word */
    uint64_t skipped[INTEGRITY_SKIPS];
    uint64_t signatures; /* that were looked for */
    bool stopped;        /* before its end */
    bool again;          /* something was left for another scan */
    int error;           /* the store could not be written: negative errno value */
};

struct integrity_actor; /* pending.h */

struct integrity_job {
    char *path;     /* one file or tree (owned); NULL: everything */
    char *from;     /* path was renamed from this (owned), or NULL */
    bool manual;    /* asked for by a person */
    bool first;     /* no baseline was ever finished: tell nothing, adopt all */
    bool *adopt;    /* for everything: items whose unknown files are adopted (owned), or NULL */
    bool while_off; /* a journal said that it changed while the agent was off */
    struct integrity_actor *actor; /* who changed it (a share of it, owned), or NULL */
    struct integrity_result result;
};
/* Takes the share of the actor. */
struct integrity_job *integrity_job_new(const char *path, struct integrity_actor *actor);
void integrity_job_free(struct integrity_job *job); /* on the loop's thread, or while it waits */

enum integrity_found_kind {
    INTEGRITY_FOUND_STATE,  /* differs from the baseline */
    INTEGRITY_FOUND_GONE,   /* in the baseline, not on disk */
    INTEGRITY_FOUND_FORGET, /* in the baseline, not watched any more */
    INTEGRITY_FOUND_AGAIN,  /* in motion: look again when it is quiet */
    INTEGRITY_FOUND_END     /* the job is done; job now belongs to who takes this */
};

struct integrity_found {
    enum integrity_found_kind kind;
    char *path;                   /* owned by who takes it, in found_free; NULL with END */
    struct integrity_state state; /* target and attributes lie behind path in its block */
    struct signature *signature;  /* as path; NULL: not looked for */
    struct integrity_job *job;
};

/* What belongs to who took it, but the job. */
void integrity_found_free(struct integrity_found *f);

struct integrity_scan;
int integrity_scan_open(const struct config *c, const struct integrity_paths *paths,
                        struct store *store, struct integrity_scan **out);
/* Takes the job over, which falls away where the same one of nobody waits already; false (and the
 * job stays the caller's) when too many wait. Single files and trees go before what is left of a
 * scan of everything, and in turns with a tree that takes more than a second. */
bool integrity_scan_give(struct integrity_scan *s, struct integrity_job *job);
bool integrity_scan_next(struct integrity_scan *s, struct integrity_found *out);
bool integrity_scan_idle(struct integrity_scan *s); /* the end of every job was taken */
wait_t integrity_scan_wait(const struct integrity_scan *s);
uint64_t
integrity_scan_progress(const struct integrity_scan *s); /* files of the scan of everything */
void integrity_scan_close(struct integrity_scan *s); /* breaks off; jobs and findings are freed */

#endif
