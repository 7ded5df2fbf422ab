/* A folder of its own for a test, removed with all that is in it. */
#ifndef UNIT_SCRATCH_H
#define UNIT_SCRATCH_H

#include <stddef.h>

void scratch_open(void);
const char *scratch_path(void);
void scratch_append(const char *path, const void *data, size_t n); /* makes the file */
void scratch_link(const char *target, const char *path);
/* A folder with all regular files and folders in it; to must not be there. */
void scratch_copy(const char *from, const char *to);
void scratch_remove(const char *path); /* the same way, with all that is in it */
void scratch_close(void);

#endif
