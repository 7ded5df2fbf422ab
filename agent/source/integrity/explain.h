/*
 * Changes that the package manager explains. A change made while dpkg runs (or found by a scan
 * afterwards) is held until dpkg's files say what the path is to be, then looked at again:
 *
 * - it is what they say: kept, counted, and told in one event for the whole transaction, as
 *   `claimed`;
 * - it is not: told as any other change, with the package that the path belongs to.
 *
 * What explains: a regular file has the MD5 of the package's .md5sums (or, a configuration file, of
 * Conffiles), a folder is in its list, a link is in its list and was made while the package was
 * unpacked; a file that dpkg's own process removed is in no list. Never explained, whatever the
 * content: setuid or capabilities that an existing file newly has, an owner other than root that it
 * had not, permission for everybody to write.
 *
 * Nothing is held without an end: once no package is being unpacked what no list knows is told, at
 * the end of the transaction all is, and each at the latest 15 minutes after it was seen. The
 * baseline is not touched before, so that a scan after a crash finds everything again.
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
void integrity_explain_free(struct integrity_explain *x);

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

#endif
