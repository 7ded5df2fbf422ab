/*
 * What a package manager explained, counted by transaction and told once for each. The counts lie
 * in the store, put in the same run as the baseline of the files they stand for, so that a crash
 * loses neither.
 */
#ifndef SOURCE_INTEGRITY_SUMMARY_H
#define SOURCE_INTEGRITY_SUMMARY_H

#include "base/json_write.h"
#include "source/integrity/tell.h"
#include "source/source.h"

#define INTEGRITY_TRANSACTION_ID 16
#define INTEGRITY_PACKAGES_MAX   200 /* named in an event */

enum integrity_label {
    INTEGRITY_CLAIMED, /* the manager's files say so, which whoever is root may have written */
    INTEGRITY_PROVED   /* a signature says so, whose key is on no host */
};

struct integrity_transaction {            /* that a change belongs to */
    uint8_t id[INTEGRITY_TRANSACTION_ID]; /* zeros: it is in none that is known */
    int64_t first_ms, last_ms;            /* wall clock, as far as is known by now */
};

struct integrity_explainer { /* what an event says beside the counts */
    void *ctx;
    const char *path; /* of the manager's own records, which stands for all files; on this host */
    const char *says; /* of the files, after their number: "as dpkg says" */
    enum integrity_label label;
    /* Puts the first INTEGRITY_PACKAGES_MAX; how many there are. */
    size_t (*put_packages)(void *ctx, const uint8_t id[INTEGRITY_TRANSACTION_ID],
                           struct json_out *j);
};

struct integrity_summary;
/* The host is borrowed. Reads what an earlier run left untold. */
struct integrity_summary *integrity_summary_new(const struct source_host *host);
void integrity_summary_free(struct integrity_summary *s);

/* A change that was explained. */
void integrity_summary_count(struct integrity_summary *s, const struct integrity_transaction *t,
                             const struct integrity_fact *f);
bool integrity_summary_waits(const struct integrity_summary *s);
void integrity_summary_keep(struct integrity_summary *s); /* puts counts that changed */
/* One event for each transaction that has counts. */
void integrity_summary_tell(struct integrity_summary *s, const struct integrity_explainer *by);
/* For put_packages: one of them; from or to is NULL where there was or is none. */
void integrity_summary_package(struct json_out *j, const char *name, const char *from,
                               const char *to);

#endif
