/*
 * Which paths are watched: the configured files, folders and patterns without the excluded ones.
 *
 * A path here is one of the watched host: without host_root. On disk host_root stands before it.
 */
#ifndef SOURCE_INTEGRITY_PATHS_H
#define SOURCE_INTEGRITY_PATHS_H

#include "config/config.h"
#include "platform/walk.h"

#include <stdbool.h>
#include <stddef.h>

struct integrity_paths;
struct integrity_paths *integrity_paths_new(const struct config *c);
void integrity_paths_free(struct integrity_paths *p);

/* Whether a path is watched: configured itself, or below one that is, and not excluded. Any thread.
 */
bool integrity_paths_wanted(const struct integrity_paths *p, const char *path);
/* The same for an entry of a folder that is watched: cheaper, since only the entry is looked at. */
bool integrity_paths_wanted_below(const struct integrity_paths *p, const char *path);
/* Whether a folder has to be entered, since something below it may be wanted. */
bool integrity_paths_enter(const struct integrity_paths *p, const char *folder);

/* Whether an entry of a folder may ever be watched, whatever comes: said too often rather than too
 * seldom. Any thread. */
bool integrity_paths_may_hold(const struct integrity_paths *p, const char *folder);

/* The path without host_root, or NULL if it does not lie there. */
const char *integrity_paths_told(const struct integrity_paths *p, const char *on_disk);
/* False when it does not fit. */
bool integrity_paths_on_disk(const struct integrity_paths *p, const char *path, char *out,
                             size_t size);
/* Opens a folder by its path on disk, on network and FUSE file systems only if those are wanted. */
int integrity_paths_open(const struct integrity_paths *p, const char *on_disk,
                         struct walk_folder **out);

/* Every watched tree that is there, or was named without a pattern, each once: none lies below
 * another. item: which line of the configuration it came from. Returns how many folders on the way
 * of patterns were not entered, since they lie on a network or FUSE file system. */
size_t integrity_paths_roots(const struct integrity_paths *p,
                             void (*each)(void *ctx, const char *root, size_t item), void *ctx);
/* The configured items as they were written; NULL behind the last. */
const char *integrity_paths_item(const struct integrity_paths *p, size_t i);
const char *integrity_paths_exclude(const struct integrity_paths *p, size_t i);

#endif
