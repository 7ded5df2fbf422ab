/* What `vigia enroll` does with bundles: takes one in, or uses one of the role enroll to ask. All
 * return 0; -1: what was given is bad, or was refused; -2: this host or the way to the center could
 * not do it; both with words in e. */
#ifndef CLI_ENROLL_TOKEN_H
#define CLI_ENROLL_TOKEN_H

#include "base/error.h"
#include "config/config.h"
#include "trust/bundle.h"

/* Refuses a file with a key that others can read. b points into text, which is to be wiped. */
int enroll_read_bundle(const char *path, struct buf *text, struct bundle *b, struct error *e);
/* Installs it and says what this host is now. */
int enroll_install(const struct config *c, const struct bundle *b, struct error *e);

struct enroll_token {
    const char *file;
    const char *url;         /* NULL: the token's */
    const char *cn;          /* NULL: the configuration's */
    const char *institution; /* NULL: the token's */
    int64_t wait_ms;
};

/* Key, request, certificate. The key stays if it takes longer: the next call goes on. */
int enroll_by_token(const struct config *c, const struct enroll_token *t, struct error *e);

#endif
