/*
 * Listening ports with the programs that hold them. Programs are found by a walk over
 * /proc/<pid>/fd, which costs: it is done only when the set of sockets is another one than before.
 *
 * A port of the range that the system gives out by itself (ip_local_port_range) counts only when
 * the same socket was there at the look before: clients' sockets (DNS, FTP's data) come and go.
 */
#ifndef SOURCE_INVENTORY_PORTS_H
#define SOURCE_INVENTORY_PORTS_H

#include "source/inventory/part.h"

void inventory_ports_free(struct inventory_ports *p); /* NULL is fine */

#endif
