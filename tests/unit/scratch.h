/* A folder of its own for a test, removed with all that is in it. */
#ifndef UNIT_SCRATCH_H
#define UNIT_SCRATCH_H

#include <stddef.h>

void scratch_open(void);
const char *scratch_path(void);
void scratch_append(const char *path, const void *data, size_t n); /* makes the file */
void scratch_link(const char *target, const char *path);
void scratch_close(void);

#endif
