/*
 * Throw-away keys and certificates for tests, PEM, made with openssl. The first certificates are
 * signed by pki_ca, have the serial 0ABC01 and are valid from 2026-01-01 to 2026-04-01.
 */
#ifndef UNIT_PKI_KIT_H
#define UNIT_PKI_KIT_H

#define PKI_FROM_MS  1767225600000 /* the first moment */
#define PKI_UNTIL_MS 1775001600000 /* the last one */

extern const char pki_ca[];            /* CN=Test CA, CA:TRUE */
extern const char pki_other_ca[];      /* CN=Other CA, CA:TRUE */
extern const char pki_own[];           /* CN=pc-1,OU=endpoint,O=MX-SAT */
extern const char pki_key[];           /* its key */
extern const char pki_soc[];           /* CN=watcher,OU=soc,O=MX-SOC, the same key */
extern const char pki_short_subject[]; /* CN=pc-1,OU=endpoint */
extern const char pki_long_subject[];  /* CN=pc-1,OU=endpoint,O=MX-SAT,C=MX */
extern const char pki_p384[];          /* CN=pc-1,OU=endpoint,O=MX-SAT on P-384 */
extern const char pki_p384_key[];      /* its key */
extern const char pki_other_key[];     /* the key of pki_ca */
extern const char pki_authority[];     /* its public key */

/* Those below by the CA of endpoints, with the same dates and serials of 16 bytes. */
extern const char pki_issuer[];        /* CN=Vigia Endpoints CA,O=Vigia, CA:TRUE */
extern const char pki_other_issuer[];  /* the same name, another key */
extern const char pki_issued[];        /* CN=pc-1,OU=endpoint,O=MX-SAT of pki_key, by pki_issuer */
extern const char pki_issued_forged[]; /* the same, by pki_other_issuer */
extern const char pki_issued_server[]; /* the same, by pki_issuer, for a server */
extern const char pki_issued_name[];   /* CN=pc-2,OU=endpoint,O=MX-SAT */
extern const char pki_issued_role[];   /* CN=pc-1,OU=soc,O=MX-SAT */
extern const char pki_next[];          /* as pki_issued, of another key, 60 days later */
extern const char pki_next_key[];      /* its key */

#endif
