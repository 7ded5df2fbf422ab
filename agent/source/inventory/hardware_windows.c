/* From the firmware's table, and from what the system made of it at its start (the registry). */
#include "base/mem.h"
#include "platform/machine.h"
#include "source/inventory/smbios.h"
#include "source/updates/read.h"

#define DESCRIPTION "HKLM\\HARDWARE\\DESCRIPTION\\System\\"
#define CONTROL     "HKLM\\SYSTEM\\CurrentControlSet\\Control"

static void read_table(struct inventory_hardware *h)
{
    uint8_t *table = mem_new(1, INVENTORY_SMBIOS_MAX);
    int n = machine_smbios(table, INVENTORY_SMBIOS_MAX);
    if (n > 0)
        inventory_smbios_parse(span_make(table, (size_t)n), h);
    free(table);
}

/* What the table does not say, which a hypervisor may keep short. */
static void read_registry(struct inventory_hardware *h)
{
    const struct {
        const char *path, *name;
        char *out;
        size_t size;
    } rows[] = {
        {DESCRIPTION "BIOS", "SystemManufacturer", h->vendor, sizeof(h->vendor)},
        {DESCRIPTION "BIOS", "SystemProductName", h->product, sizeof(h->product)},
        {DESCRIPTION "BIOS", "BIOSVendor", h->bios_vendor, sizeof(h->bios_vendor)},
        {DESCRIPTION "BIOS", "BIOSVersion", h->bios_version, sizeof(h->bios_version)},
        {DESCRIPTION "CentralProcessor\\0", "ProcessorNameString", h->cpu, sizeof(h->cpu)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!rows[i].out[0])
            read_text(rows[i].path, rows[i].name, rows[i].out, rows[i].size);
}

/* One key a thread that the system runs, however many the table has. */
static void count_threads(struct inventory_hardware *h)
{
    struct registry_key *key;
    struct registry_info info;
    if (registry_open(DESCRIPTION "CentralProcessor", REGISTRY_64, &key) != 0)
        return;
    if (registry_info(key, &info) == 0 && info.subkeys > 0)
        h->cpus = info.subkeys;
    registry_close(key);
}

static void read_start(struct inventory_hardware *h)
{
    uint64_t number;
    read_number(CONTROL, "PEFirmwareType", &number); /* 1 BIOS, 2 UEFI */
    h->efi = number == 2;
    h->secure_boot = -1;
    if (read_number(CONTROL "\\SecureBoot\\State", "UEFISecureBootEnabled", &number))
        h->secure_boot = number == 1;
}

void inventory_hardware_read(const struct inventory_reader *r, struct inventory_hardware *out)
{
    *out = (struct inventory_hardware){.secure_boot = -1};
    if (r->root[0])
        return; /* a folder says nothing of the machine that it was copied from */
    read_table(out);
    read_registry(out);
    count_threads(out);
    read_start(out);
    out->memory_mib = machine_memory() >> 20;
    out->device_type = inventory_hardware_type(out);
}
