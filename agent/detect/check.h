/* Looks a folder of rules over without running them: what `vigia check` shows. */
#ifndef DETECT_CHECK_H
#define DETECT_CHECK_H

#include <stddef.h>

/* Calls tell() (may be NULL) with "file:line: what, remedy" for each rule, and each section of the
 * folder of tables (config/sigma_file.h), that would be off. *rules: how many would be in force.
 * Returns the number of problems. */
size_t sigma_check_dir(const char *folder, const char *tables,
                       void (*tell)(void *ctx, const char *problem), void *ctx, size_t *rules);

#endif
