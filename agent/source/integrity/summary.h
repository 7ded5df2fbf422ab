/*
 * What dpkg explained, counted by transaction and told once for each. The counts lie in the store,
 * put in the same run as the baseline of the files they stand for, so that a crash loses neither.
 */
#ifndef SOURCE_INTEGRITY_SUMMARY_H
#define SOURCE_INTEGRITY_SUMMARY_H

#include "source/deb/dpkg_log.h"
#include "source/integrity/tell.h"
#include "source/source.h"

enum integrity_label {
    INTEGRITY_CLAIMED, /* dpkg's files say so, which whoever is root may have written */
    INTEGRITY_PROVED   /* a signed digest says so (for packages that carry one) */
};

struct integrity_summary;
/* The host is borrowed. Reads what an earlier run left untold. */
struct integrity_summary *integrity_summary_new(const struct source_host *host);
void integrity_summary_free(struct integrity_summary *s);

/* A change that was explained, of a transaction in the log (NULL: it is in none that is known). */
void integrity_summary_count(struct integrity_summary *s, const struct dpkg_transaction *t,
                             const struct integrity_fact *f);
bool integrity_summary_waits(const struct integrity_summary *s);
void integrity_summary_keep(struct integrity_summary *s); /* puts counts that changed */
/* One event for each transaction that has counts. */
void integrity_summary_tell(struct integrity_summary *s, const struct dpkg_log *log);

#endif
