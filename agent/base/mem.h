/* Memory that is there or the process ends with a clear message: no caller checks for NULL. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/span.h"

#include <stddef.h>

void *mem_new(size_t count, size_t size); /* zeroed; ends the process when there is none */
void *mem_grow(void *old, size_t count, size_t size);
char *mem_text(const char *text); /* a copy; NULL stays NULL */
char *mem_text_span(struct span s);
char *mem_join(const char *a, const char *b); /* b behind a */

#endif
