/*
 * How grave a change of a file is: the table conf/severity, whose header is the manual of the
 * format. One row a line, the first that fits counts.
 *
 * A line that cannot be understood is told ("file:line: what, remedy") and left out. Without the
 * file two rows of our own are in force: setuid and gained capabilities High, everything else
 * Medium.
 */
#ifndef SOURCE_INTEGRITY_SEVERITY_H
#define SOURCE_INTEGRITY_SEVERITY_H

#include "base/span.h"
#include "event/event.h"

#include <stdbool.h>
#include <stddef.h>

#define INTEGRITY_SEVERITY_ROWS_MAX 1000

struct integrity_severity;
/* Never NULL. tell (may be NULL) takes each problem. */
struct integrity_severity *
integrity_severity_load(const char *file, void (*tell)(void *ctx, const char *problem), void *ctx);
struct integrity_severity *integrity_severity_parse(const char *name, struct span text,
                                                    void (*tell)(void *ctx, const char *problem),
                                                    void *ctx);
size_t integrity_severity_rows(const struct integrity_severity *t);
void integrity_severity_free(struct integrity_severity *t);

/* change: bits of enum integrity_change; path without host_root; by_packages: the package manager
 * did it, as far as can be told. */
enum event_severity integrity_severity_of(const struct integrity_severity *t, const char *path,
                                          unsigned change, bool by_packages);

#endif
