/*
 * What IT staff ask of a running collect: one small JSON file each in requests/ ({"request":
 * "scan"}), which only root can write. Files are removed when they were read, whatever they hold;
 * a report (report.h) only when it is durable, and one that is none is kept as <name>.refused, so
 * that the person who waits for an answer learns of it.
 */
#ifndef COLLECT_REQUESTS_H
#define COLLECT_REQUESTS_H

#include "collect/report.h"

struct requests_taker {
    void *ctx;
    void (*take)(void *ctx, const char *what);         /* "scan", "reload", "seal" */
    bool (*report)(void *ctx, const struct report *r); /* true when it is durable */
};

/* At most 16 requests a call. */
void requests_take(const char *folder, const struct requests_taker *taker);

#endif
