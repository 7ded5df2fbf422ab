/*
 * Storms: when more changes of one folder come than anybody reads one by one, the rest of them is
 * counted and told in one event for the folder. What is grave is still told by itself.
 *
 * The baseline follows each change at once, so what is counted and not told yet lies in the store
 * (STORE_META, "integrity.storm." and the folder's id): a crash between loses no count.
 */
#ifndef SOURCE_INTEGRITY_STORM_H
#define SOURCE_INTEGRITY_STORM_H

#include "source/integrity/tell.h"
#include "source/source.h"

#define STORM_WINDOW_MS                                                                            \
    10000                     /* a minute's work of a person stays below the numbers that follow   \
                               */
#define STORM_SINGLE    64    /* changes of one folder told one by one in a window ... */
#define STORM_GRAVE     256   /* ... of severity High or worse, which come first in a SOC ... */
#define STORM_TOTAL     1024  /* ... and of all folders: about one batch (256 KiB) of events */
#define STORM_QUIET_MS  5000  /* a folder's event comes when nothing happened for so long ... */
#define STORM_LATEST_MS 60000 /* ... or after this; the first ones were told at once */
#define STORM_CALM_MS                                                                              \
    60000 /* what comes sooner after a storm belongs to it: nothing is told singly */
#define STORM_FOLDERS 256 /* counted apart; others are counted with the folder above them */
#define STORM_ACTORS  4   /* programs named in an event */
#define STORM_NAMES   8   /* and files, the first ones */

struct integrity_storms;
/* What an earlier run had counted and not told is due at once. */
struct integrity_storms *integrity_storms_new(const struct source_host *host);
void integrity_storms_free(struct integrity_storms *s);

/* True: the change was counted and is not to be told. now_ms: monotonic. */
bool integrity_storms_take(struct integrity_storms *s, const struct integrity_fact *f,
                           int64_t now_ms);
/* Tells what is due. */
void integrity_storms_run(struct integrity_storms *s, int64_t now_ms);
int64_t integrity_storms_next_ms(const struct integrity_storms *s); /* INT64_MAX: none is due */
/* Puts counts that changed; before the frame that holds the changes is written. */
void integrity_storms_checkpoint(struct integrity_storms *s);

#endif
