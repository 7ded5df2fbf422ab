/*
 * One job of the scan worker: walks the trees, compares each entry with the baseline, reads only
 * what stat says has changed or what is due to be read again. Memory does not grow with the number
 * of files.
 */
#ifndef SOURCE_INTEGRITY_WALK_H
#define SOURCE_INTEGRITY_WALK_H

#include "source/integrity/scan.h"

struct integrity_walk_host {
    const struct config *config;
    const struct integrity_paths *paths;
    struct store *store;
    void *ctx;
    bool (*stop)(void *ctx);
    /* Takes f->path over. May wait for room. */
    void (*found)(void *ctx, const struct integrity_found *f);
    /* Called between two entries; may walk another job. */
    void (*between)(void *ctx, uint64_t files);
};

void integrity_walk(const struct integrity_walk_host *host, struct integrity_job *job);

#endif
