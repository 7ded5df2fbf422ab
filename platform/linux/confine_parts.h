/* The two means that platform/confine.h has on Linux. 0, -ENOSYS where the kernel lacks it, or
 * another negative errno value. */
#ifndef PLATFORM_LINUX_CONFINE_PARTS_H
#define PLATFORM_LINUX_CONFINE_PARTS_H

#include "platform/confine.h"

/* confine_calls.c: seccomp, for all threads of the process */
int confine_calls(unsigned never);

/* confine_files.c: Landlock, for the calling thread */
int confine_files(const struct confine_path *paths, size_t n);
int confine_tcp(const uint16_t *ports, size_t n);

#endif
