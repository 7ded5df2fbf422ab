#include "source/inventory/hardware.h"

#include "base/slurp.h"

#define CPUINFO_MAX (8u << 20)
#define DMI         "/sys/class/dmi/id/"

static void read_dmi(const struct inventory_reader *r, struct inventory_hardware *h)
{
    const struct {
        const char *path;
        char *out;
        size_t size;
    } rows[] = {
        {DMI "sys_vendor", h->vendor, sizeof(h->vendor)},
        {DMI "product_name", h->product, sizeof(h->product)},
        {DMI "product_version", h->version, sizeof(h->version)},
        {DMI "product_serial", h->serial, sizeof(h->serial)},
        {DMI "product_uuid", h->uuid, sizeof(h->uuid)},
        {DMI "board_vendor", h->board_vendor, sizeof(h->board_vendor)},
        {DMI "board_name", h->board, sizeof(h->board)},
        {DMI "bios_vendor", h->bios_vendor, sizeof(h->bios_vendor)},
        {DMI "bios_version", h->bios_version, sizeof(h->bios_version)},
        {DMI "bios_date", h->bios_date, sizeof(h->bios_date)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        inventory_kernel_line(r, rows[i].path, rows[i].out, rows[i].size);
    if (!h->product[0]) /* boards without SMBIOS (ARM) */
        inventory_kernel_line(r, "/sys/firmware/devicetree/base/model", h->product,
                              sizeof(h->product));
}

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

static int type_of(const struct inventory_hardware *h)
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

static void read_firmware(const struct inventory_reader *r, struct inventory_hardware *h)
{
    /* efivarfs: four bytes of attributes, then the value */
    static const char path[] =
        "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    char word[32];
    struct buf value = BUF_INIT(64);
    h->efi = inventory_kernel_line(r, "/sys/firmware/efi/fw_platform_size", word, sizeof(word));
    h->secure_boot = -1;
    if (inventory_kernel_file(r, path, &value) == 0 && value.n == 5)
        h->secure_boot = value.p[4] == 1;
    buf_release(&value);
}

static bool take_number(struct span value, uint32_t *out)
{
    uint64_t n;
    if (!span_to_u64(value, &n) || n > 1 << 20)
        return false;
    *out = (uint32_t)n;
    return true;
}

/* "model name	: X" on x86; "Model" or "Hardware" on ARM; "processor" is one a thread. */
static void take_cpu_line(struct inventory_hardware *h, struct span line)
{
    static const char *const models[] = {"model name", "Model", "Hardware", "cpu model", "cpu"};
    struct span key = span_trim((struct span){line.p, span_find(line, ':')});
    if (key.n >= line.n)
        return;
    size_t colon = span_find(line, ':');
    struct span value = span_trim((struct span){line.p + colon + 1, line.n - colon - 1});
    uint32_t n;
    if (span_equal_text(key, "processor"))
        h->cpus++;
    else if (span_equal_text(key, "physical id") && take_number(value, &n) && n >= h->sockets)
        h->sockets = n + 1;
    else if (span_equal_text(key, "cpu cores") && take_number(value, &n))
        h->cores = n;
    for (size_t i = 0; !h->cpu[0] && i < sizeof(models) / sizeof(models[0]); i++)
        if (span_equal_text(key, models[i]))
            span_copy(value, h->cpu, sizeof(h->cpu));
}

static void read_cpu(const struct inventory_reader *r, struct inventory_hardware *h)
{
    struct buf text = BUF_INIT(CPUINFO_MAX);
    struct span rest, line;
    if (inventory_kernel_file(r, "/proc/cpuinfo", &text) == 0) {
        rest = buf_span(&text);
        while (span_take_until(&rest, '\n', &line))
            if (span_find(line, ':') < line.n)
                take_cpu_line(h, line);
    }
    buf_release(&text);
}

static void read_memory(const struct inventory_reader *r, struct inventory_hardware *h)
{
    char line[128];
    struct span field[3];
    uint64_t kib;
    inventory_kernel_line(r, "/proc/meminfo", line, sizeof(line)); /* MemTotal: 16318480 kB */
    if (inventory_fields(span_of(line), field, 3) >= 2 && span_to_u64(field[1], &kib))
        h->memory_mib = kib / 1024;
}

void inventory_hardware_read(const struct inventory_reader *r, struct inventory_hardware *out)
{
    char chassis[16];
    uint32_t n;
    *out = (struct inventory_hardware){0};
    read_dmi(r, out);
    if (inventory_kernel_line(r, DMI "chassis_type", chassis, sizeof(chassis)) &&
        take_number(span_of(chassis), &n))
        out->chassis = (int)n;
    out->device_type = type_of(out);
    read_firmware(r, out);
    read_cpu(r, out);
    read_memory(r, out);
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
