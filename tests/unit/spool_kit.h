/*
 * A spool in a scratch folder, with the other half's folders, for tests: what its callbacks were
 * told, what lies in the outbox, what ship would answer. One at a time.
 */
#ifndef UNIT_SPOOL_KIT_H
#define UNIT_SPOOL_KIT_H

#include "spool/spool.h"

struct spool_kit {
    struct spool *spool;
    struct spool_options options; /* used by spool_kit_start; no jitter, the usual times */
    char state[512], outbox[512], inbox[512];
    /* the last heartbeat */
    struct spool_facts facts;
    char prev[BATCH_NAME_SIZE];
    struct spool_loss lost[SPOOL_LOSSES_MAX];
    /* the others */
    int commit_rc;           /* what commit answers */
    void (*at_commit)(void); /* may be NULL */
    struct buf restored;     /* "table/key=value; " or "table/key gone; " */
};
extern struct spool_kit kit;

/* cmocka's setup and teardown. The spool is not opened yet, and closed (as by a crash) at the end.
 */
int spool_kit_setup(void **state);
int spool_kit_teardown(void **state);

void spool_kit_start(void);
void spool_kit_crash(void);
/* "event N", with a uid made from N. What spool_add answers. */
int spool_kit_add(unsigned number, bool urgent);
/* A line of n bytes that does not compress, made from number. */
int spool_kit_add_noise(unsigned number, size_t n, bool urgent);
void spool_kit_flush(void); /* must work */
void spool_kit_seal(void);  /* the same */

uint64_t spool_kit_count(enum outbox_class c);
/* The only batch with that seq; false if there is none. It fails the test if there are two. */
bool spool_kit_find(uint64_t seq, enum outbox_class *c, struct batch_name *name);
/* The same as a name; fails the test if there is none. */
const char *spool_kit_name(uint64_t seq);
/* What a batch holds behind its heartbeat, lines joined: "event 1;event 2;". */
const char *spool_kit_events(uint64_t seq);
const char *spool_kit_prev(uint64_t seq); /* what its heartbeat names */
void spool_kit_expect(enum outbox_class c, uint64_t seq, const char *events);

/* ship's marks, and the spool told of them. */
void spool_kit_mark_delivered(const char *name);
void spool_kit_mark_refused(const char *name, const char *content);
void spool_kit_deliver(uint64_t seq);

/* A copy of a folder ("state", "outbox") under a label, and back. */
void spool_kit_save(const char *folder, const char *label);
void spool_kit_load(const char *folder, const char *label);

#endif
