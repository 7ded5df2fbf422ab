/*
 * All names of one file: Windows keeps the files of the system itself once, in its component store
 * (%SystemRoot%\WinSxS), and each has its usual name besides, as a hard link. Elsewhere a file's
 * other names cannot be asked for.
 */
#ifndef PLATFORM_HARDLINK_H
#define PLATFORM_HARDLINK_H

#include <stdbool.h>

/* Each name of the file that ends in the same last part as path does, its own among them, as
 * platform/file.h has paths; of very many names only the first. Links are not followed. each()
 * returning false ends it. 0, or a negative errno value: -ENOSYS where there is no way to ask,
 * -ENOENT ... for the file. */
int hardlink_each(const char *path, bool (*each)(void *ctx, const char *name), void *ctx);

#endif
