/* What a reparse point of Windows holds (REPARSE_DATA_BUFFER of ntifs.h), from its bytes; for
 * platform/ only. */
#ifndef PLATFORM_COMMON_REPARSE_H
#define PLATFORM_COMMON_REPARSE_H

#include <stddef.h>
#include <stdint.h>

#define REPARSE_SIZE_MAX (16 * 1024) /* MAXIMUM_REPARSE_DATA_BUFFER_SIZE */

/* Where a junction or a symbolic link leads, as it is written there, in the system's own way
 * ("\\??\\C:\\x" becomes "\\\\?\\C:\\x", which programs understand), as UTF-8: length,
 * NUL-terminated; -EINVAL: it is neither of them, -EIO: it is damaged, -ENAMETOOLONG. */
int reparse_target(const unsigned char *data, size_t n, char *out, size_t size);

#endif
