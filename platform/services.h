/* Services of the host, as its service manager sees them now. */
#ifndef PLATFORM_SERVICES_H
#define PLATFORM_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

/* Calls each one that runs, with the process that it runs in, which others may share; each()
 * returning false ends it. 0, or a negative errno value (-ENOSYS: Linux, where systemd is not
 * asked). */
int services_running(bool (*each)(void *ctx, const char *name, uint32_t pid), void *ctx);

#endif
