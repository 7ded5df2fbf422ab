/*
 * Private keys as they lie on the disk: wrapped where the system can (platform/seal.h), in a PEM
 * block (RFC 7468) of the label SEALED PRIVATE KEY that holds what it made of the key's own PEM;
 * else that PEM itself. A plain one is read everywhere, and wrapped when it is written next.
 */
#ifndef TRUST_SEALED_H
#define TRUST_SEALED_H

#include "base/buf.h"

/* Appends the key (PEM), and a line end. */
void sealed_put(struct buf *out, struct span key);
/* Appends the file with its key in plain PEM; wipe it (identity.h). 0, or a negative errno value:
 * -EBADMSG if the key was wrapped on another machine or is damaged. */
int sealed_read(const char *path, struct buf *out);
/* The same for a text, in its place. */
int sealed_open(struct buf *text);

#endif
