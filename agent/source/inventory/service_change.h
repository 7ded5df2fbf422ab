/* How grave a change of a service is, of systemd or of Windows. */
#ifndef SOURCE_INVENTORY_SERVICE_CHANGE_H
#define SOURCE_INVENTORY_SERVICE_CHANGE_H

#include "source/inventory/part.h"

/* Started and stopped is daily work; what is new, gone, or runs something else, is not; and one
 * that keeps logs is missed when it runs no more. */
enum event_severity service_change_severity(const struct inventory_change *c, bool keeps_logs);

#endif
