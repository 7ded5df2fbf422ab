/* Whether a folder that a privileged program is about to fill was prepared by somebody else. */
#ifndef PLATFORM_OWNER_H
#define PLATFORM_OWNER_H

#include <stddef.h>

/*
 * 0: it is not there; or it is a folder of the system, of administrators or of who runs this, no
 * link (Windows: no reparse point) stands in its place, and none lies directly in it. Windows: what
 * lies in it has such an owner too, since an owner may change rights whatever the folder's are.
 * Links on the way to it: refused on Windows, where no such folder has any.
 *
 * -ELOOP: a link, -EPERM: somebody else's, -ENOTDIR: no folder, or another negative errno value;
 * which: the path that is meant.
 */
int owner_check(const char *path, char *which, size_t size);

#endif
