/* Extended attributes of an open file, or of what a path names without following a last link. */
#ifndef PLATFORM_LINUX_ATTRIBUTES_H
#define PLATFORM_LINUX_ATTRIBUTES_H

#include "platform/walk.h"

/* fd is used unless it is negative. */
int attributes_read(int fd, const char *path, walk_attribute_fn *each, void *ctx);

#endif
