/*
 * What an attempt to deliver came to: a pure function from what libcurl and the center said to what
 * is done about the batch, with words for people (design.md, "The center").
 */
#ifndef SHIP_VERDICT_H
#define SHIP_VERDICT_H

#include <stdbool.h>

enum verdict_kind {
    VERDICT_DELIVERED,  /* the center has it (201, 204) */
    VERDICT_REFUSED,    /* it will never take this batch (404, 405, 411, 413) */
    VERDICT_RETRY,      /* again after a growing pause */
    VERDICT_CERTIFICATE /* it does not accept us: everything is kept, slow retry */
};

/* So often in a row a center that closes the connection without an answer may be one that breaks
 * down; then it is one that does not want our certificate (it answers a stranger with silence). */
#define VERDICT_SILENCES 3

struct answer {
    const char *center; /* host:port, for the words */
    const char *whose;  /* certificate it is, for the words; NULL: "this endpoint's" */
    int curl;           /* CURLcode */
    int status;         /* of HTTP; 0: no answer came */
    bool connected;     /* TCP */
    bool secured;       /* the TLS handshake went through */
    bool own_expired;   /* our certificate has expired by our own clock */
    bool own_early;     /* or is not valid yet */
    unsigned silences;  /* attempts in a row before this one that ended without an answer */
    const char *detail; /* what libcurl says in words; "" if nothing */
};

struct verdict {
    enum verdict_kind kind;
    bool silence;    /* the center closed the connection without an answer */
    char words[400]; /* "" when delivered */
};

void verdict_make(const struct answer *a, struct verdict *out);

#endif
