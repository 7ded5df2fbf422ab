/* A whole small file into memory, with a limit. */
#ifndef BASE_SLURP_H
#define BASE_SLURP_H

#include "base/buf.h"

/* Appends the file to b. 0, -EFBIG past b's limit, -EINVAL: no regular file (a FIFO holds nobody),
 * or another negative errno value.
 * untrusted: through the one opener (platform/file.h) instead of a plain open. */
int slurp(const char *path, struct buf *b);
int slurp_untrusted(const char *path, struct buf *b);

#endif
