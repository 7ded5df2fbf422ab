/*
 * Renewal of this endpoint's certificate, by the ship role, while deliveries go on: at two thirds
 * of its life (trust/renewal.h), judged by the center's clock, since it is the center that will
 * refuse it. The center holds requests and certificates; when its CA signs is the CA's matter.
 *
 * One try: GET /v1/enroll/<CN>.crt; if that is no certificate for the key that waits here, PUT
 * /v1/enroll/<CN>.csr (204: one is there already). A certificate that passes every check is tried
 * out on the center before it replaces the one in force. Whatever fails leaves that one in force
 * and is tried again after a pause that grows up to a twentieth of the time left, at most an hour;
 * the words for it go to ship.json.
 *
 * A clock that jumps causes one GET, whose Date shows what time it is. After a renewal there is
 * none for a minute, or a quarter of the certificate's life if that is less, whatever clocks say.
 */
#ifndef SHIP_RENEW_H
#define SHIP_RENEW_H

#include "ship/health.h"
#include "ship/send.h"
#include "trust/identity.h"

struct renew {
    int64_t due;       /* monotonic: when renew_try has something to do; INT64_MAX: never */
    int64_t wait_till; /* monotonic: no try before */
    unsigned tries;    /* in a row */
    unsigned silences; /* in a row */
};

struct renew_with { /* all of it stays the caller's */
    const char *pki_dir;
    const struct trust *trust;
    const struct send_setup *setup; /* by which sender was made */
    struct sender *sender;
    struct health *health; /* its clock offset is read and set */
};

/* Sets r->due. To be called now and then: clocks may have been set. */
void renew_plan(struct renew *r, const struct renew_with *w);
/* Another certificate is in force. */
void renew_restart(struct renew *r);
/* One try, at most three requests. True: endpoint.pem holds a new pair, to be taken up. */
bool renew_try(struct renew *r, const struct renew_with *w);

/* The pause after try number `tries` (from 1) in a row with that much life left. */
int64_t renew_pause_ms(unsigned tries, int64_t left_ms, uint32_t chance);

#endif
