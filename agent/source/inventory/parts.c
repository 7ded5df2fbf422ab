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
