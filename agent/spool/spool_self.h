/*
 * What the parts of the spool share: spool.c (adding, frames, when), seal.c (a batch is made),
 * recover.c (start), waiting.c (acknowledgements, refusals, the cap).
 */
#ifndef SPOOL_SPOOL_SELF_H
#define SPOOL_SPOOL_SELF_H

#include "spool/batch.h"
#include "spool/journal.h"
#include "spool/losses.h"
#include "spool/slots.h"
#include "spool/spool.h"
#include "spool/uidset.h"

#define SPOOL_PATH_SIZE 4400

struct spool {
    struct spool_options options;
    struct spool_callbacks callbacks;
    char *paths[3]; /* what options points to */
    char stream[9];
    bool new_stream;
    uint64_t seq;               /* of the open batch */
    char prev[BATCH_NAME_SIZE]; /* name of the batch before, "" if none */
    struct slots last;          /* <state>/last: stream and name of the last sealed batch */
    bool noted;                 /* that is prev; until then nothing may leave the outbox */
    struct losses losses;
    struct uidset uids;
    struct journal journal;           /* file FILE_NONE: none open */
    struct buf frame;                 /* pending: not yet in the journal */
    bool pending;                     /* the frame holds something */
    struct buf loose;                 /* uids told since the last whole frame, see spool_add */
    struct batch batch;               /* lines of the open batch, pending ones too */
    bool urgent;                      /* one of them is urgent */
    int64_t open_since;               /* monotonic ms of its first line, 0: none */
    int64_t urgent_since;             /* 0: none */
    int64_t sealed_at;                /* when the last batch was sealed, or the start */
    uint64_t beat_jitter, age_jitter; /* ms taken off, new for each batch */
    uint64_t waiting_routine;         /* batches that nobody has acknowledged */
    struct spool_counters counters;
};

int spool_recover(struct spool *s, struct error *e);
/* Puts the pending frame into the journal; `whole`: positions and counters stand in it too. */
int spool_write_frame(struct spool *s, bool whole);
void spool_roll_jitter(struct spool *s);
/* Writes down what the last sealed batch is, if that is not done yet. Without it a batch that has
 * left the outbox would be forgotten at the next start, and its number given to another one. */
int spool_note_sealed(struct spool *s);
/* Uids that would be told again after a crash now are made known to the open journal, before the
 * one that they stand in goes. */
int spool_carry_uids(struct spool *s);
void spool_remove_journals(struct spool *s, uint64_t up_to_seq);

/* Gives up waiting batches until `bytes` more fit below the cap. */
int spool_make_room(struct spool *s, uint64_t bytes);
void spool_count_waiting(struct spool *s, struct spool_facts *facts);

#endif
