/* apt's configuration files: which of a folder's files apt reads, in its order, and their text. */
#ifndef SOURCE_APT_FILES_H
#define SOURCE_APT_FILES_H

#include "base/buf.h"

#define APT_FILE_MAX  (1024 * 1024)
#define APT_FILES_MAX 256 /* of one folder */

/* Called with a file's path below the host's root ("/etc/apt/preferences") and its text. */
typedef void apt_file_fn(void *ctx, const char *path, struct span text);

/* One file. 0, or a negative errno value; -ENOENT is none of anybody's business. */
int apt_file_read(const char *host_root, const char *path, apt_file_fn *each, void *ctx);
/* The files of a folder whose names apt takes: letters, digits, - _ . : and one of the endings
 * ("conf", NULL last); "" among the endings: names without a dot too. In order of their bytes.
 * Returns how many could not be read. */
size_t apt_folder_read(const char *host_root, const char *folder, const char *const *endings,
                       apt_file_fn *each, void *ctx);

#endif
