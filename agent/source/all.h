/* The sources there are; each is one file that defines its row. */
#ifndef SOURCE_ALL_H
#define SOURCE_ALL_H

#include "source/source.h"

extern const struct source source_checks;
extern const struct source source_integrity;
extern const struct source source_inventory;
extern const struct source source_log_events;
extern const struct source source_log_file;
extern const struct source source_log_journal;
extern const struct source source_patch;
extern const struct source source_updates;
extern const struct source source_registry;

#endif
