/*
 * The two requests by which a certificate comes over the network: PUT /v1/enroll/<CN>.csr leaves a
 * request at the center, GET /v1/enroll/<CN>.crt looks for the answer. For ship's renewal and for
 * `vigia enroll`.
 */
#ifndef SHIP_ENROLL_H
#define SHIP_ENROLL_H

#include "base/buf.h"
#include "ship/send.h"

struct enroll {
    struct sender *sender;
    const char *cn;
    const char *whose; /* certificate the sender has, for the words; NULL: "this endpoint's" */
    bool own_expired;  /* that certificate has, by our clock */
    unsigned silences; /* in a row, kept from call to call */
    /* what came of the last call */
    bool stopped;
    bool has_offset;
    int64_t clock_offset_ms; /* the center's clock minus ours */
    bool was_there;          /* a request of that name lay at the center before; that stays */
    char words[400];         /* when it failed */
};

/* Appends the answer to text; nothing when there is none yet. 0, or -1 and x->words. */
int enroll_fetch(struct enroll *x, struct buf *text);
/* 0: a request of that name lies at the center, ours or x->was_there. -1: x->words. */
int enroll_ask(struct enroll *x, struct span csr);

#endif
