/*
 * What IT staff ask of a running collect: one small JSON file each in requests/ ({"request":
 * "scan"}), which only root can write. Files are removed when they were read, whatever they hold.
 */
#ifndef COLLECT_REQUESTS_H
#define COLLECT_REQUESTS_H

/* Calls take for each request ("scan", "reload", "seal"), at most 16 a call. */
void requests_take(const char *folder, void (*take)(void *ctx, const char *what), void *ctx);

#endif
