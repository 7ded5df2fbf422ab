#include "source/inventory/part.h"

extern const struct inventory_part inventory_system, inventory_hardware, inventory_network,
    inventory_disks, inventory_accounts, inventory_ports, inventory_services, inventory_timers,
    inventory_modules, inventory_containers;

const struct inventory_part *const inventory_parts[] = {
    &inventory_system,
    &inventory_hardware,
    &inventory_network,
    &inventory_disks,
    &inventory_accounts,
    &inventory_ports,
    &inventory_services,
    &inventory_timers,
    &inventory_modules,
    &inventory_containers,
    NULL,
};

int64_t inventory_up_s(const struct inventory_reader *r)
{
    char line[64];
    uint64_t up_s;
    inventory_kernel_line(r, "/proc/uptime", line, sizeof(line));
    struct span whole = {line, strcspn(line, ".")};
    return span_to_u64(whole, &up_s) && up_s < INT64_MAX ? (int64_t)up_s : INT64_MAX;
}
