/* Interfaces and addresses; also OCSF's device.network_interfaces. */
#ifndef SOURCE_INVENTORY_NETWORK_H
#define SOURCE_INVENTORY_NETWORK_H

#include "source/inventory/part.h"

/* An array under key, one element an address, at most 32. */
void inventory_network_put(struct json_out *j, const char *key, const struct inventory_reader *r);

#endif
