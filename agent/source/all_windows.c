#include "source/all.h"

const struct source *const all_sources[] = {
    &source_integrity, &source_log_file,   &source_updates,  &source_inventory,
    &source_checks,    &source_log_events, &source_registry, NULL,
};
