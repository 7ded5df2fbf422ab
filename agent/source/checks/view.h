/*
 * How the probes of host checks see the watched host: everything below one root, each file whole
 * and with a limit, never blocking. Paths are absolute as the host sees them.
 *
 * A final symbolic link is followed (Debian has /etc/sysctl.d/99-sysctl.conf and the like) if it
 * belongs to root; it stays below the root. File systems of others (network, FUSE) and automount
 * points are not entered: they may never answer.
 */
#ifndef SOURCE_CHECKS_VIEW_H
#define SOURCE_CHECKS_VIEW_H

#include "base/buf.h"
#include "base/map.h"
#include "platform/file.h"
#include "platform/mounts.h"

#include <stdbool.h>

#define VIEW_PATH_MAX 4200
#define VIEW_FILE_MAX (1u << 20) /* of one configuration file */

struct checks_view {
    const char *root;      /* "" or a folder that stands for "/" */
    struct mounts *mounts; /* of this machine; NULL when root is another folder or none were read */
    struct map *packages;  /* read when first asked for */
    int packages_error;    /* 0, or why they cannot be read */
    struct buf modules;    /* modules.dep of the running kernel, read when first asked for */
    bool modules_read;
};

void checks_view_open(struct checks_view *h, const char *root);
void checks_view_close(struct checks_view *h);

/* Does the path lie on a file system that others serve, or that an automounter stands for? */
bool view_is_foreign(const struct checks_view *h, const char *path);
/* Appends the file to b: 0, -EFBIG, -ENOENT ...; -EXDEV: foreign */
int view_read(const struct checks_view *h, const char *path, struct buf *b);
/* Of the path itself, or of what a final link leads to. */
int view_look(const struct checks_view *h, const char *path, struct file_info *info);
int view_look_through(const struct checks_view *h, const char *path, struct file_info *info);
/* A link's target as it is written; length, or a negative errno value. */
int view_link(const struct checks_view *h, const char *path, char *out, size_t size);
bool view_has(const struct checks_view *h, const char *path);

/* Sorted paths. Release with view_paths_release(). */
struct view_paths {
    char **items;
    size_t n, room;
    int error; /* 0, or why there may be more than these: nothing follows from what is missing */
};
/* Every path that exists and fits the pattern (wildcards in any component), added to out. */
void view_glob(const struct checks_view *h, const char *pattern, struct view_paths *out);
void view_paths_add(struct view_paths *p, struct span path);
void view_paths_release(struct view_paths *p);

/* Is a package installed (dpkg)? *known is false where there is no package database. */
bool view_has_package(struct checks_view *h, struct span name, bool *known);
/* modules.dep of the running kernel; empty if it is not there. */
struct span view_modules(struct checks_view *h);

#endif
