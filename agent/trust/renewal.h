/*
 * A certificate that is asked for over the network: the first one (`vigia enroll --token-cert`) and
 * each renewal, which is the ship role's: it has the network and the key, collect has neither.
 *
 * Steps, each durable before the next, so that after a crash at any moment there is the old pair
 * or the new one and the work goes on where it was:
 *
 *   1. a key is made and waits in <pki_dir>/pending.key (request.h); it is used until its
 *      certificate is there, however often it is asked for
 *   2. the request goes to the center, the answer is fetched and held against what was asked
 *      (answer_read): a center that was broken into can hold a certificate back, no more
 *   3. endpoint.pem is replaced in one step (identity.h)
 *   4. pending.key is removed; one that a crash has left is that of the pair, and renewal_request
 *      makes another
 *
 * Name, role and institution never change by a renewal, so batches that are sealed stay right. The
 * certificate of before stays valid to its end: what is under way with it arrives.
 */
#ifndef TRUST_RENEWAL_H
#define TRUST_RENEWAL_H

#include "base/buf.h"
#include "trust/certificate.h"
#include "trust/identity.h"

#define ANSWER_MAX       (16 * 1024)
#define ANSWER_WORDS_MAX 200

/*
 * What the center gives for <CN>.crt: a text with the certificate as a PEM block (other blocks and
 * text are passed over: nothing else is taken from there), or one line of the CA's operator:
 *
 *   refused <SHA-256 of the public key of the request, DER, 64 hex digits> <why, in words>
 */
enum answer_kind {
    ANSWER_CERTIFICATE, /* ours, and good */
    ANSWER_REFUSED,     /* our request; words say why */
    ANSWER_OTHER,       /* for another key: of before, or somebody else's request */
    ANSWER_BAD          /* words say what is wrong */
};

struct wanted {
    const char *cn, *institution;
    struct span key;    /* PEM: the private key that waits */
    struct span issuer; /* PEM: the CA that must have signed */
    int64_t now_ms;     /* by the center's clock where that is known */
};

struct certificate_answer {
    enum answer_kind kind;
    struct span certificate; /* a piece of the text */
    struct certificate_facts facts;
    char words[512];
};

void answer_read(struct span text, const struct wanted *w, struct certificate_answer *out);

/* When a certificate is to be renewed (ms since 1970): at two thirds of its life, and up to a
 * twelfth of it later by its serial, so that what was enrolled in one day is not renewed in one. */
int64_t renewal_due_ms(const struct certificate_facts *c);

/* Appends a request (PEM) for the next certificate to csr and the key that waits for it (PEM, wipe
 * it) to key. 0, or a negative value and e. */
int renewal_request(const char *pki_dir, const struct trust *now, struct buf *csr, struct buf *key,
                    struct error *e);

/* Appends the key that waits (PEM; trust_wipe it). 0, or a negative value and e. */
int renewal_key(const char *pki_dir, struct buf *key, struct error *e);

/* Who we will be with that pair; trust_close it. */
void renewal_next(const struct trust *now, struct span key, const struct certificate_answer *a,
                  struct trust *out);

/* Steps 3 and 4, unless another pair than now's lies there. 0, or a negative value and e:
 * everything is as it was. */
int renewal_install(const char *pki_dir, const struct trust *now, struct span key,
                    struct span certificate, struct error *e);

#endif
