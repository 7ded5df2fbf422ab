/* The kernel tells all of it in /sys/class/dmi and /proc/meminfo. */
#include "platform/machine.h"

#include <errno.h>

int machine_smbios(uint8_t *out, size_t max)
{
    (void)out;
    (void)max;
    return -ENOSYS;
}

uint64_t machine_memory(void)
{
    return 0;
}
