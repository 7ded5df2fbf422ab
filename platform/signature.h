/*
 * Whether a program is signed and by whom. Windows: Authenticode, inside the file or in a catalog
 * of the system. Nothing is fetched: what the system has no certificate for is untrusted, and
 * whether a certificate was revoked is not asked. Elsewhere programs carry no signatures.
 */
#ifndef PLATFORM_SIGNATURE_H
#define PLATFORM_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

enum signature_state {
    SIGNATURE_UNKNOWN, /* it could not be checked */
    SIGNATURE_NONE,    /* not signed */
    SIGNATURE_VALID,
    SIGNATURE_EXPIRED,
    SIGNATURE_REVOKED,
    SIGNATURE_DISTRUSTED, /* by the administrator */
    SIGNATURE_UNTRUSTED,
    SIGNATURE_BROKEN /* the content is not what was signed */
};

/* Texts are UTF-8, cut if need be, and empty where nothing is known. */
struct signature {
    enum signature_state state;
    bool by_catalog;
    bool under_microsoft; /* valid, and the root is one of Microsoft's own, known to the system by
                             its key: nobody who adds a root to this host gets that */
    char catalog[128];    /* its file's name */
    char subject[256], issuer[256];
    char serial[72];     /* hexadecimal digits */
    char thumbprint[41]; /* SHA-1 of the certificate, as administrators know it */
};

/* Whether programs of this system carry signatures that can be checked. */
bool signature_is_known(void);
/* Takes as long as reading the file does. Links are not followed. 0, or a negative errno value:
 * -ENOSYS where !signature_is_known(), -ENOENT ... for the file. One thread at a time. */
int signature_of(const char *path, struct signature *out);

#endif
