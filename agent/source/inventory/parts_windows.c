#include "platform/clock.h"
#include "source/inventory/part.h"

extern const struct inventory_part inventory_system_registry, inventory_hardware, inventory_network,
    inventory_volumes, inventory_accounts_sam, inventory_ports, inventory_services_registry,
    inventory_tasks;

const struct inventory_part *const inventory_parts[] = {
    &inventory_system_registry,   &inventory_hardware,     &inventory_network,
    &inventory_volumes,           &inventory_accounts_sam, &inventory_ports,
    &inventory_services_registry, &inventory_tasks,        NULL,
};

int64_t inventory_up_s(const struct inventory_reader *r)
{
    return r->root[0] ? INT64_MAX : clock_mono_ms() / 1000;
}
