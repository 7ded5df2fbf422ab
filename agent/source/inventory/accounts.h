/* Users and groups of /etc/passwd and /etc/group; the parsers are here for the fuzz target. */
#ifndef SOURCE_INVENTORY_ACCOUNTS_H
#define SOURCE_INVENTORY_ACCOUNTS_H

#include "source/inventory/part.h"

void inventory_accounts_parse_users(struct span text, struct inventory_list *out);
void inventory_accounts_parse_groups(struct span text, struct inventory_list *out);

#endif
