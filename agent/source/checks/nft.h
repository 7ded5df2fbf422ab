/*
 * What nft(8)'s rules do with what comes in, as far as checks ask. Pure; blocks are followed at
 * most 16 deep.
 */
#ifndef SOURCE_CHECKS_NFT_H
#define SOURCE_CHECKS_NFT_H

#include "base/span.h"

struct nft_facts {
    int input_line;  /* of a chain at the hook "input"; 0: there is none */
    int refuse_line; /* where such a chain refuses what no rule allows: its policy, or a rule that
                        asks for nothing and drops or rejects; 0: it does not */
};

/* Adds to *out. include (may be NULL) is given the pattern of each include statement. */
void nft_look(struct span text, void (*include)(void *ctx, struct span pattern), void *ctx,
              struct nft_facts *out);

#endif
