/*
 * Changes that the system's own package manager explains. One that may be is held until it is known
 * whether it is, then kept, counted and told in one event with all others of the same transaction
 * (summary.h); what is not explained is told as any other change. Who explains what is the kind of
 * the system: dpkg on Linux (explain_dpkg.c), the servicing of Windows (explain_servicing.c); each
 * says at its head what it takes for a proof.
 *
 * Nothing is held without an end, and the baseline is not touched before the verdict, so that a
 * scan after a crash finds everything again.
 */
#ifndef SOURCE_INTEGRITY_EXPLAIN_H
#define SOURCE_INTEGRITY_EXPLAIN_H

#include "source/integrity/pending.h"
#include "source/integrity/tell.h"

struct integrity;
struct integrity_explain;

enum explain_verdict {
    EXPLAIN_TELL,   /* as any other change; what is known of its package was added to the fact */
    EXPLAIN_HOLD,   /* not now: neither tell it nor keep it */
    EXPLAIN_CLAIMED /* keep it, do not tell it: it is in the summary */
};

struct integrity_explain *integrity_explain_new(struct integrity *self);
void integrity_explain_free(struct integrity_explain *x); /* NULL does nothing */

/* Before a path that changed is looked at: true if it is held and needs no look now. */
bool integrity_explain_defers(struct integrity_explain *x, const struct pending *p, int64_t now_ms);
/* Before a change is told. The fact may be completed; what is added stays valid until the next
 * call. actor is shared if the change is held; may be NULL. */
enum explain_verdict integrity_explain_judge(struct integrity_explain *x, struct integrity_fact *f,
                                             struct integrity_actor *actor);
/* A look found that nothing differs from the baseline. */
void integrity_explain_nothing(struct integrity_explain *x, const char *path);

/* A bounded piece of work; monotonic time of the next one. */
int64_t integrity_explain_run(struct integrity_explain *x, int64_t now_ms);
size_t integrity_explain_held(const struct integrity_explain *x);
const char *integrity_explain_by(const struct integrity_explain *x); /* who explains: "dpkg" */

#endif
