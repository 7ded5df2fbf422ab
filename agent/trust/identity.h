/*
 * What enrollment has left in <pki_dir>:
 *
 *   endpoint.pem   private key and certificate of this endpoint, one file so that the two can never
 *                  part, 0600 (0640 in a folder with the setgid bit: its group is the ship role's)
 *   issuer.pem     the CA that signs endpoints; missing or damaged, nothing is renewed
 *   ca.pem         the one or two CAs that may sign the center's certificate, and no other may
 *   authority.pem  public keys that sign policy and notices (may be missing)
 *   center.url     https://host:port
 *   pending.key    a key made on this host that waits for its certificate (trust/renewal.h)
 *
 * The folder belongs to the user of the ship role, which renews the pair, or to a group of its own
 * that may write there; whoever writes a key gives it to the folder's owner.
 */
#ifndef TRUST_IDENTITY_H
#define TRUST_IDENTITY_H

#include "base/buf.h"
#include "trust/certificate.h"

enum trust_state {
    TRUST_READY = 0,
    TRUST_NOT_ENROLLED = 1,
    TRUST_BROKEN = -1 /* something is there and cannot be used */
};

struct trust {
    struct certificate_facts own;
    struct buf pair;   /* PEM: private key and certificate */
    struct buf cas;    /* PEM */
    struct buf issuer; /* PEM; empty: not known, or damaged */
    char center_url[256];
};

/* Reads and checks all of it. Anything but TRUST_READY: e says what is wrong and what helps, and
 * *out is empty. An expired certificate is TRUST_READY (certificate_check_time tells). */
enum trust_state trust_open(const char *pki_dir, struct trust *out, struct error *e);
/* Replaces endpoint.pem, durably and in one step: after a crash at any moment there is the old pair
 * or the new one. Nothing is checked here. 0, or -2 and e. */
int trust_write_pair(const char *pki_dir, struct span key, struct span certificate,
                     struct error *e);
/* Overwrites and frees a buffer that held a key. */
void trust_wipe(struct buf *b);
/* Mode of files with a private key in that folder. */
uint32_t trust_key_mode(const char *pki_dir);
/* Overwrites the key in memory and frees. */
void trust_close(struct trust *t);
bool trust_equal(const struct trust *a, const struct trust *b);

/* The certificate's facts alone, for who only needs name and institution. */
enum trust_state trust_read_facts(const char *pki_dir, struct certificate_facts *out,
                                  struct error *e);

#endif
