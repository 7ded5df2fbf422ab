/* What repeats.h and budget.h need of flood.h, and flood.h of the pipeline. */
#ifndef DETECT_FLOOD_HOST_H
#define DETECT_FLOOD_HOST_H

#include "config/config.h"
#include "detect/detect.h"
#include "event/event.h"
#include "store/store.h"

struct flood_host {
    const struct config *config;
    struct store *store; /* for reading STORE_DETECT at open; NULL: nothing is there */
    void *ctx;
    void (*emit)(void *ctx, const struct event *e);
    void (*put)(void *ctx, enum store_table t, struct span key, struct span value);
    void (*dropped)(void *ctx, const char *reason, uint64_t n);
};

#endif
