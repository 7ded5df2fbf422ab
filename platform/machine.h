/* What the firmware and the system say of the machine itself. */
#ifndef PLATFORM_MACHINE_H
#define PLATFORM_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* The structures of SMBIOS (DMTF's DSP0134), one behind the other, without an entry point. Their
 * length, or a negative errno value (-ENOSYS: Linux, whose kernel takes them apart itself). */
int machine_smbios(uint8_t *out, size_t max);
/* Memory that the system can use, in bytes; 0: it does not say. Linux: stands in /proc. */
uint64_t machine_memory(void);

#endif
