/*
 * What dpkg knows of the files of packages: /var/lib/dpkg/info/<package>.list (every path) and
 * .md5sums (content of those that are no configuration), and the Conffiles of its status file
 * (deb-md5sums(5), deb822(5)). Read as streams in bounded memory; a line longer than 8 KiB is
 * passed over, a file longer than 64 MiB is cut.
 */
#ifndef SOURCE_DEB_DPKG_INFO_H
#define SOURCE_DEB_DPKG_INFO_H

#include "base/md5.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* path begins with "/" in lists and conffiles and without it in md5sums. False ends the reading. */
typedef bool dpkg_path_fn(void *ctx, struct span path, const uint8_t md5[MD5_SIZE]);

/* Both: 0, or a negative errno value; md5 is NULL with a list. */
int dpkg_read_list(const char *file, dpkg_path_fn *each, void *ctx);
int dpkg_read_md5sums(const char *file, dpkg_path_fn *each, void *ctx);

/* package: as dpkg names it, "name". Of every package that has some. */
typedef bool dpkg_conffile_fn(void *ctx, struct span package, struct span path,
                              const uint8_t md5[MD5_SIZE]);
int dpkg_read_conffiles(const char *status_file, dpkg_conffile_fn *each, void *ctx);

/* Single lines, without their ends. */
bool dpkg_md5sums_line(struct span line, struct span *path, uint8_t md5[MD5_SIZE]);
bool dpkg_conffile_line(struct span line, struct span *path, uint8_t md5[MD5_SIZE]);

#endif
