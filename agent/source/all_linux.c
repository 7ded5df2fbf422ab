#include "source/all.h"

const struct source *const all_sources[] = {
    &source_integrity,
    &source_log_file,
    &source_log_journal,
    &source_patch,
    &source_inventory,
    &source_checks,
    NULL,
};
