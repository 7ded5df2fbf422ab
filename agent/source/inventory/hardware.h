/* What the machine is made of, from the firmware's tables and the kernel; also OCSF's hw_info. */
#ifndef SOURCE_INVENTORY_HARDWARE_H
#define SOURCE_INVENTORY_HARDWARE_H

#include "source/inventory/part.h"

struct inventory_hardware {
    char vendor[128], product[128], version[128], serial[128], uuid[64];
    char board_vendor[128], board[128];
    char bios_vendor[128], bios_version[128], bios_date[32];
    int chassis;     /* SMBIOS chassis type, 0: unknown */
    int device_type; /* OCSF device.type_id: 1 server, 2 desktop, 3 laptop, 6 virtual, 0 unknown */
    bool efi;
    int secure_boot; /* 1 on, 0 off, -1 unknown */
    char cpu[128];
    uint32_t cpus, sockets, cores; /* threads; packages; cores in one package */
    uint64_t memory_mib;
};

/* hardware_linux.c, hardware_windows.c */
void inventory_hardware_read(const struct inventory_reader *r, struct inventory_hardware *out);
/* device_type, of what else is known. */
int inventory_hardware_type(const struct inventory_hardware *h);
/* Members of OCSF's device.hw_info, as an object under key. */
void inventory_hardware_put(struct json_out *j, const char *key,
                            const struct inventory_hardware *h);

#endif
