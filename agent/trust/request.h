/*
 * A key made on this host and a request for its certificate (PKCS #10), so that the key never
 * leaves the host. The key waits in <pki_dir>/pending.key until the bundle with its certificate
 * comes.
 */
#ifndef TRUST_REQUEST_H
#define TRUST_REQUEST_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

/* Appends the request (PEM) for CN=cn,OU=endpoint,O=institution to csr. A key that waits already is
 * used again (*again), so that an earlier request stays good. 0; -1: bad names; -2: pki_dir cannot
 * be written or no key can be made. */
int trust_request_make(const char *pki_dir, const char *cn, const char *institution,
                       struct buf *csr, bool *again, struct error *e);

#endif
