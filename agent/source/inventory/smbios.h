/*
 * The firmware's own description of the machine (SMBIOS, DMTF's DSP0134, chapter 6 and 7): system,
 * board, chassis, firmware and processors. It is what the maker or a hypervisor wrote: every length
 * and number in it is checked.
 */
#ifndef SOURCE_INVENTORY_SMBIOS_H
#define SOURCE_INVENTORY_SMBIOS_H

#include "source/inventory/hardware.h"

#define INVENTORY_SMBIOS_MAX 65536 /* bytes of the table */

/* Fills what the table says and leaves the rest. */
void inventory_smbios_parse(struct span table, struct inventory_hardware *out);

#endif
