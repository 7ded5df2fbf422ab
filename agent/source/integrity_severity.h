/* How grave a change of a file is: a table of paths and kinds of change, the first row counts. */
#ifndef SOURCE_INTEGRITY_SEVERITY_H
#define SOURCE_INTEGRITY_SEVERITY_H

#include "event/event.h"

/* change: bits of enum integrity_change; path without host_root. */
enum event_severity integrity_severity(const char *path, unsigned change);

#endif
