/*
 * A .tar.gz of small files that are in memory: ustar (POSIX.1-1988) in one gzip member (RFC 1952).
 * Everything in it belongs to root and may be read by its owner alone.
 */
#ifndef CLI_ARCHIVE_H
#define CLI_ARCHIVE_H

#include "base/span.h"

#include <stdint.h>

#define ARCHIVE_NAME_MAX 99 /* bytes of a name in it */

struct archive;

/* A new file, mode 0600; -EEXIST if there is one. */
int archive_create(const char *path, struct archive **out);
/* The first error stays and is told by archive_close. name: relative, cut to ARCHIVE_NAME_MAX. */
void archive_add(struct archive *a, const char *name, struct span content, int64_t mtime_ms);
/* Ends the file durably and frees. 0, or the first error; the caller then removes the file. */
int archive_close(struct archive *a);

#endif
