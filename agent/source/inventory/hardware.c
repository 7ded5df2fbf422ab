#include "source/inventory/hardware.h"

static bool is_virtual(const struct inventory_hardware *h)
{
    static const char *const makers[] = {"QEMU",   "VMware", "innotek", "Xen",
                                         "Amazon", "Google", "KVM",     "Parallels"};
    static const char *const products[] = {"Virtual Machine", "VirtualBox", "KVM", "HVM domU"};
    for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
        if (span_starts(span_of(h->vendor), span_of(makers[i])))
            return true;
    for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++)
        if (strstr(h->product, products[i]))
            return true;
    return false;
}

int inventory_hardware_type(const struct inventory_hardware *h)
{
    static const signed char types[] = {
        /* SMBIOS 7.4.1; -1 stands for those that tell nothing */
        [3] = 2,  [4] = 2,  [5] = 2,  [6] = 2,  [7] = 2,  [8] = 3,  [9] = 3,  [10] = 3,
        [13] = 2, [14] = 3, [17] = 1, [23] = 1, [28] = 1, [29] = 1, [31] = 3,
    };
    if (is_virtual(h))
        return 6;
    return h->chassis > 0 && (size_t)h->chassis < sizeof(types) ? types[h->chassis] : 0;
}

static void put_text(struct json_out *j, const char *name, const char *value)
{
    inventory_put(j, name, span_of(value), 127);
}

void inventory_hardware_put(struct json_out *j, const char *key, const struct inventory_hardware *h)
{
    json_object(j, key);
    put_text(j, "vendor_name", h->vendor);
    put_text(j, "serial_number", h->serial);
    put_text(j, "uuid", h->uuid);
    put_text(j, "bios_manufacturer", h->bios_vendor);
    put_text(j, "bios_ver", h->bios_version);
    put_text(j, "bios_date", h->bios_date);
    put_text(j, "cpu_type", h->cpu);
    if (h->cpus > 0) { /* OCSF: processors, and cores of all of them */
        uint32_t sockets = h->sockets ? h->sockets : 1;
        json_uint(j, "cpu_count", sockets);
        json_uint(j, "cpu_cores", h->cores ? sockets * h->cores : h->cpus);
    }
    if (h->memory_mib > 0)
        json_uint(j, "ram_size", h->memory_mib);
    json_end_object(j);
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct inventory_hardware h;
    struct json_out *j;
    inventory_hardware_read(r, &h);

    j = inventory_begin(out, SPAN("system"));
    put_text(j, "vendor", h.vendor);
    put_text(j, "product", h.product);
    put_text(j, "version", h.version);
    put_text(j, "serial", h.serial);
    put_text(j, "uuid", h.uuid);
    put_text(j, "board_vendor", h.board_vendor);
    put_text(j, "board", h.board);
    json_int(j, "chassis_type", h.chassis);
    inventory_end(out);

    j = inventory_begin(out, SPAN("firmware"));
    put_text(j, "vendor", h.bios_vendor);
    put_text(j, "version", h.bios_version);
    put_text(j, "date", h.bios_date);
    json_text(j, "boot", h.efi ? "efi" : "bios");
    if (h.secure_boot >= 0)
        json_bool(j, "secure_boot", h.secure_boot == 1);
    inventory_end(out);

    j = inventory_begin(out, SPAN("cpu"));
    put_text(j, "model", h.cpu);
    json_uint(j, "threads", h.cpus);
    json_uint(j, "sockets", h.sockets);
    json_uint(j, "cores_per_socket", h.cores);
    inventory_end(out);

    j = inventory_begin(out, SPAN("memory"));
    json_uint(j, "mib", h.memory_mib);
    inventory_end(out);
    return 0;
}

/* Other firmware, or Secure Boot turned off, is what an attacker below the system leaves behind. */
static enum event_severity severity(const struct inventory_change *c)
{
    return span_equal_text(c->key, "firmware") ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

const struct inventory_part inventory_hardware = {
    .name = "hardware",
    .one = "hardware entry",
    .many = "hardware entries",
    .rarely = true,
    .read = read_part,
    .severity = severity,
};
