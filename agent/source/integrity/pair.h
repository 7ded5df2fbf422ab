/*
 * Up to two files being read at a time, each with what its reader needs to know when it is done: a
 * large one stays open while small ones pass beside it.
 */
#ifndef SOURCE_INTEGRITY_PAIR_H
#define SOURCE_INTEGRITY_PAIR_H

#include "source/integrity/look.h"

struct integrity_seat {
    bool taken;
    enum integrity_skip skip; /* what could not be looked at before the content */
    bool adopt, known;
    bool alone; /* its folder is not watched itself */
    struct integrity_key key;
    struct buf record; /* before borrows from it */
    struct integrity_state before, after;
    struct integrity_look look;
    size_t path_n;
    char path[INTEGRITY_PATH_MAX];
};

struct integrity_pair {
    struct integrity_seat seat[2];
    void *ctx;
    /* A file was read, or could not be (skip). The seat is free afterwards. */
    void (*done)(void *ctx, struct integrity_seat *s, enum integrity_skip skip);
};

void integrity_pair_init(struct integrity_pair *p, const struct integrity_pace *pace,
                         uint64_t hash_max);
/* A seat that is free, after reading to the end of one of two files if need be. The caller begins
 * its look, and takes it if there is content to read. */
struct integrity_seat *integrity_pair_free_seat(struct integrity_pair *p);
void integrity_pair_finish(struct integrity_pair *p); /* reads what is begun */
void integrity_pair_release(struct integrity_pair *p);

#endif
