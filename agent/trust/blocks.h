/*
 * A text that holds PEM blocks (RFC 7468; text between blocks is passed over), sorted by what each
 * block is: the certificate of the CA of endpoints (certificate.h, is_issuer) is the one that
 * signs ours, another one with CA:TRUE is a CA that may sign the center's, the other certificate is
 * our own, PRIVATE KEY or EC PRIVATE KEY its key, PUBLIC KEY an authority's key.
 */
#ifndef TRUST_BLOCKS_H
#define TRUST_BLOCKS_H

#include "trust/certificate.h"

#define BLOCKS_CAS_MAX         2
#define BLOCKS_AUTHORITIES_MAX 2

struct trust_blocks { /* pieces of the text that was read; n 0: not there */
    struct span key;
    struct span own;
    struct span ca[BLOCKS_CAS_MAX];
    size_t ca_n;
    struct span issuer;
    struct span authority[BLOCKS_AUTHORITIES_MAX];
    size_t authority_n;
    struct certificate_facts facts; /* of own */
};

/* name and first_line say in errors where the text stands. 0, or -1 and e ("name:line: ...") on a
 * block that is damaged, of an unknown kind or one too many; a key and a certificate that are both
 * there must belong together. */
int trust_blocks_read(const char *name, int first_line, struct span text, struct trust_blocks *out,
                      struct error *e);

#endif
