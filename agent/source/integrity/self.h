/* What the parts of the integrity source share: integrity.c (life, scans, health) and
 * apply.c (from a look or a finding to what is told and kept). */
#ifndef SOURCE_INTEGRITY_SELF_H
#define SOURCE_INTEGRITY_SELF_H

#include "platform/mounts.h"
#include "platform/watch.h"
#include "source/integrity/away.h"
#include "source/integrity/container.h"
#include "source/integrity/explain.h"
#include "source/integrity/pending.h"
#include "source/integrity/scan.h"
#include "source/integrity/severity.h"
#include "source/integrity/storm.h"
#include "source/source.h"

struct integrity {
    struct source_host host;
    struct integrity_paths *paths;
    struct integrity_severity *severity;
    struct integrity_explain *explain;
    struct watch *watch; /* NULL: not in real time */
    struct integrity_scan *scan;
    struct pendings *pending;
    struct integrity_storms *storms;
    struct integrity_away *away; /* NULL: switched off */
    struct integrity_actor *last_actor;
    struct watch_event event;
    struct mounts *mounts; /* as they were until mounts_until_ms; NULL: not known */
    int64_t mounts_until_ms;
    struct integrity_containers *containers;
    struct integrity_look look;
    struct walk_folder *parent; /* that was opened last in this run, or NULL */
    char parent_path[INTEGRITY_PATH_MAX];
    struct buf record[2]; /* of the baseline: the path's own and that of its former name */
    struct buf out;

    bool hold;       /* the worker adopts files: looks wait, so that nobody else writes there */
    bool scanning;   /* a scan of everything is under way */
    bool first_scan; /* none was finished since start */
    bool manual;     /* a person asked for the next one */
    int64_t next_scan_ms;   /* monotonic, as the next */
    int64_t rest_until_ms;  /* no scan for what was missed begins before it */
    int64_t opened_ms;      /* wall clock */
    uint64_t told;          /* by the present scan */
    uint64_t overflows;     /* changes came faster than they could be taken */
    uint64_t below;         /* folders looked through for what nobody saw happen */
    size_t watched;         /* trees and mounts that are watched by the best means */
    const char *watched_by; /* the mechanism of those */
    char folder[INTEGRITY_PATH_MAX];

    char severity_words[160]; /* what is wrong with the table of severities, or empty */
    char watch_words[160];    /* what is not watched by the best means and why, or empty */
    char scan_words[160];     /* the last scan */
    int scan_error;
};

/* ---- integrity.c ---- */

/* Something may have been missed: everything is looked at again soon. */
void integrity_scan_soon(struct integrity *self, int64_t now_ms);

/* Something could not be looked at. */
void integrity_count_skip(const struct integrity *self, enum integrity_skip why, uint64_t n);

/* ---- apply.c ---- */

/* Looks at a path that is due and tells what differs from the baseline. */
void integrity_look_now(struct integrity *self, struct pending *p, int64_t now_ms);
/* To be called when a run ends: what changes after a folder was opened is told by an event that a
 * later run takes, but only if that opens the folder again. */
void integrity_close_parent(struct integrity *self);
/* Tells and keeps a finding of the worker, any kind but END. */
void integrity_apply(struct integrity *self, const struct integrity_found *f, int64_t now_ms);

#endif
