/*
 * How ship is, told to collect and `vigia status` by <inbox>/ship.json:
 *
 *   {"version": "0.1.0", "pid": 1, "started": ms, "time": ms,    when this was written
 *    "endpoint": "pc-1", "center": "https://...", "cert_days": 89, "cert_until": ms,
 *    "last_delivery": ms or 0, "delivered": batches since start, "refused": batches since start,
 *    "identity_error": "words, while a broken certificate lies where a good one was",
 *    "confinement": "what ship has given up, in words", "confinement_error": "what it could not",
 *    "error": "words, or empty while all is well", "since": ms of its begin or 0,
 *    "retry_at": ms or 0, "last_error": "words", "last_error_time": ms,
 *    "renewal": "words, while the next certificate is asked for", "renewal_error": "words, while it
 *    should be there and is not", "renewals": certificates that were renewed since start,
 *    "clock_offset_ms": the center's clock minus ours,
 *    "cpu_ms": 1, "rss_kib": 2000, "peak_kib": 2000}
 *
 * Times are ms since 1970 UTC. endpoint, cert_* and clock_offset_ms are missing while unknown.
 * Written when the error changes, else at most once a minute and only if something happened.
 */
#ifndef SHIP_HEALTH_H
#define SHIP_HEALTH_H

#include "platform/confine.h"
#include "trust/certificate.h"

#include <stdbool.h>
#include <stdint.h>

struct health {
    int64_t started_ms, last_delivery_ms;
    uint64_t delivered, refused;
    char error[400];
    int64_t since_ms, retry_at_ms;
    char last_error[400];
    int64_t last_error_ms;
    bool enrolled;
    char endpoint[64];
    char center[256];
    int64_t cert_until_ms;
    char identity_error[400];
    struct confine_result confined;
    char renewal[200], renewal_error[400];
    uint64_t renewals;
    bool has_offset;
    int64_t clock_offset_ms;
    /* about the file itself */
    bool changed;    /* in a way that should not wait */
    bool counted;    /* in a way that may */
    bool unwritable; /* said in the log already */
    int64_t written; /* monotonic */
};

/* Takes last_delivery over from the file of the run before. */
void health_init(struct health *h, const char *inbox);
void health_identity(struct health *h, const struct certificate_facts *own, const char *center);
void health_no_identity(struct health *h);
/* What lies in the pki folder cannot be taken up and what was in force stays; "": that is over.
 * Logs a change of the words. */
void health_identity_error(struct health *h, const char *words);
/* What goes on about the next certificate, and what is wrong with that ("": nothing). Logs a change
 * of the words. */
void health_renewal(struct health *h, const char *words, const char *error);
/* There is a new one. */
void health_renewed(struct health *h);
/* retry_at_ms: 0 if nothing is planned. Logs a change of the words. */
void health_error(struct health *h, const char *words, int64_t retry_at_ms);
void health_well(struct health *h);
void health_delivered(struct health *h);
void health_refused(struct health *h, const char *words);
/* Logs what is missing. */
void health_confined(struct health *h, const struct confine_result *confined);
/* A new day of cert_days, to be looked at now and then. */
void health_tick(struct health *h);

/* When health_write is due (monotonic ms), INT64_MAX if nothing happened. */
int64_t health_due(const struct health *h);
void health_write(struct health *h, const char *inbox, int64_t now);

#endif
