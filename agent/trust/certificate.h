/*
 * One certificate, one key (PEM, RFC 7468; X.509, RFC 5280; SEC 1 and PKCS #8 keys), read with
 * mbedTLS and held against what Vigía's certificates look like: ECDSA on P-256, subject
 * CN=<name>,OU=<role>,O=<institution>. Text from outside is hostile; each function takes exactly
 * one PEM block. All return 0, or -1 with words in e.
 */
#ifndef TRUST_CERTIFICATE_H
#define TRUST_CERTIFICATE_H

#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define CERTIFICATE_PEM_MAX 8192 /* bytes of one block */

struct certificate_facts {
    bool is_ca;           /* the three names are empty then */
    bool is_issuer;       /* the CA that signs endpoints: CN=Vigia Endpoints CA,O=Vigia */
    char cn[64];          /* [a-z0-9][a-z0-9._-]{0,62} */
    char institution[65]; /* [A-Za-z0-9][A-Za-z0-9 ._-]{0,63} */
    char role[24];        /* [a-z][a-z-]* */
    char serial[64];      /* upper-case hex, cut to fit */
    int64_t not_before_ms;
    int64_t not_after_ms;
};

bool certificate_cn_is_valid(struct span cn);
bool certificate_institution_is_valid(struct span institution);

int certificate_read(struct span pem, struct certificate_facts *out, struct error *e);
/* Whether now lies in its validity; the words say which clock or date is wrong and what helps. */
int certificate_check_time(const struct certificate_facts *c, int64_t now_ms, struct error *e);
/* Whether the private key is on P-256 and the certificate's own. */
int certificate_check_key(struct span certificate_pem, struct span key_pem, struct error *e);
/* Whether that CA has signed it, for a client. Dates are not judged here. */
int certificate_check_issuer(struct span certificate_pem, struct span issuer_pem, struct error *e);
/* Whether the certificate is for the public half of that key (a PEM private key): 1, 0, or -1 and e
 * when one of them cannot be read. */
int certificate_is_of_key(struct span certificate_pem, struct span key_pem, struct error *e);
/* SHA-256 of the public half (SubjectPublicKeyInfo, DER) of a private key. */
int certificate_key_id(struct span key_pem, uint8_t out[32]);
/* A public key on P-256. */
int certificate_check_public_key(struct span pem, struct error *e);

#endif
