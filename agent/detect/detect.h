/*
 * A detector turns log records, and events of sources, into findings. Pure: it is given records,
 * events and a time, and knows neither files nor clocks nor who reads on.
 */
#ifndef DETECT_DETECT_H
#define DETECT_DETECT_H

#include "base/error.h"
#include "config/config.h"
#include "event/event.h"
#include "event/record.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct detect_host {
    const struct config *config;
    struct store *store; /* for reading STORE_DETECT at open */
    void *ctx;
    void (*emit)(void *ctx, const struct event *e);
    /* State that belongs to the frame with the records seen so far (STORE_DETECT). */
    void (*put)(void *ctx, enum store_table t, struct span key, struct span value);
};

struct detect_health {
    size_t rules;     /* in force */
    size_t broken;    /* off because of an error */
    char detail[256]; /* the first broken one: file:line: what, remedy */
};

struct detector {
    const char *name; /* "sigma" */
    /* Findings of one severity that are told in an hour, where the configuration allows more; 0: as
     * many as it allows. */
    unsigned budget;
    int (*open)(const struct detect_host *host, void **self, struct error *e);
    void (*record)(void *self, const struct record *r);
    /* An event that a source told, for the first time; never a finding. May be NULL. */
    void (*event)(void *self, const struct event *e);
    void (*tick)(void *self, int64_t now_ms); /* what time it is (wall clock), every few minutes at
                                                 least; may be NULL */
    void (*checkpoint)(void *self);           /* a frame is about to be written */
    void (*health)(void *self, struct detect_health *out);
    void (*close)(void *self);
};

extern const struct detector *const all_detectors[]; /* ends with NULL; agent/detect/all.c */

#endif
