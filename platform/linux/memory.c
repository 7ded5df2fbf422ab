#include "platform/memory.h"

#include <malloc.h>

#define LARGE (128 * 1024)

/* Said once, the limit stays; left alone, glibc raises it to the size of what was freed. */
void memory_init(void)
{
    mallopt(M_MMAP_THRESHOLD, LARGE);
    mallopt(M_TRIM_THRESHOLD, LARGE);
}

void memory_trim(void)
{
    malloc_trim(0);
}
