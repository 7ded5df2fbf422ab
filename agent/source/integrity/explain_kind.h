/*
 * For the kinds of explain.h only: what one consists of, and what all do alike with the changes
 * that they hold.
 */
#ifndef SOURCE_INTEGRITY_EXPLAIN_KIND_H
#define SOURCE_INTEGRITY_EXPLAIN_KIND_H

#include "source/integrity/explain.h"
#include "source/integrity/held.h"
#include "source/integrity/self.h"
#include "source/integrity/summary.h"

struct integrity_explain { /* the first member of what a kind makes */
    struct integrity *self;
    struct helds *helds;
    struct integrity_summary *summary;
    bool overflow; /* something did not fit: a scan has to find it */
};

struct explain_kind {
    const char *by;
    struct integrity_explain *(*open)(const struct source_host *host); /* zeroed but for its own */
    void (*close)(struct integrity_explain *x);                        /* its own, and itself */
    bool (*defers)(struct integrity_explain *x, const struct pending *p, int64_t now_ms);
    enum explain_verdict (*judge)(struct integrity_explain *x, struct integrity_fact *f,
                                  struct integrity_actor *actor);
    int64_t (*run)(struct integrity_explain *x, int64_t now_ms);
};

extern const struct explain_kind explain_dpkg, explain_servicing;
extern const struct explain_kind *const explain_of_system;

/* ---- explain.c ---- */

/* NULL when there is no room. */
struct held *explain_hold(struct integrity_explain *x, const char *path,
                          struct integrity_actor *actor, int64_t seen_ms, int64_t now_ms);
/* The same of what was looked at already, with what the fact says. */
struct held *explain_hold_fact(struct integrity_explain *x, const struct integrity_fact *f,
                               struct integrity_actor *actor, int64_t now_ms);
/* Asks for a look at what is ripe, at most so many. */
void explain_release(struct integrity_explain *x, size_t most, int64_t now_ms);
/* Forgets looks that came to nothing, and those that ended without a word to us. */
void explain_expire(struct integrity_explain *x, int64_t now_ms);
/* What did not fit is looked for, once there is room again. */
void explain_recover(struct integrity_explain *x, int64_t now_ms);

#endif
