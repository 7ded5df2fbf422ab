/* From /sys and /proc. */
#include "source/inventory/hardware.h"

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
    out->device_type = inventory_hardware_type(out);
    read_firmware(r, out);
    read_cpu(r, out);
    read_memory(r, out);
}
