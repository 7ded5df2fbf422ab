/*
 * What the pipeline gives to one source, for its tests and benches: a real store in a scratch
 * folder that put() writes straight into, a configuration, and events handed to the test. One at a
 * time; what goes wrong ends the program with a word on stderr.
 */
#ifndef UNIT_HOST_KIT_H
#define UNIT_HOST_KIT_H

#include "base/json_read.h"
#include "source/source.h"

struct host_kit {
    const struct source *source;
    void *self; /* the source, while it is open */
    struct store *store;
    struct config config;
    struct source_host host;
    uint64_t dropped;           /* since host_kit_begin */
    char root[300], state[300]; /* <scratch>/host (which is not made), <scratch>/state */
};
extern struct host_kit host_kit;

/* Opens the scratch folder. What the configuration leaves out is <scratch>/host, <scratch>/state
 * and the tables of conf/. Nothing is started. */
void host_kit_begin(const struct source *source, void (*emit)(void *ctx, const struct event *e),
                    struct config config);
void host_kit_end(void);

void host_kit_open_store(void);  /* for parts of a source that are tested alone */
void host_kit_start(void);       /* store and source */
void host_kit_stop(bool commit); /* false: as after a crash */

/* One run, and a wait of at most so long for what the source waits for. */
void host_kit_turn(int64_t most_ms);
/* Runs for so many seconds of clocks that are the test's doubles, with at most so many runs, and
 * commits. */
void host_kit_pass(int64_t seconds, int calls_max, int64_t *mono_ms, int64_t *wall_ms);

/* The event as a line and as JSON, with all that OCSF requires; both are the caller's. */
struct json_doc *host_kit_encode(const struct event *e, struct buf *line);

#endif
