/*
 * Order of Debian package versions, [epoch:]upstream[-revision] (Debian Policy 5.6.12,
 * deb-version(7)). Pure; accepts any bytes.
 */
#ifndef SOURCE_DEB_VERSION_H
#define SOURCE_DEB_VERSION_H

#include "base/span.h"

/* Negative, 0 or positive as a is older than, equal to or newer than b. */
int deb_version_compare(struct span a, struct span b);

#endif
