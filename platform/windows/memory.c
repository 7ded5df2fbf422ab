#include "platform/memory.h"

#include <malloc.h>

/* Large pieces have always been the OS's own here. */
void memory_init(void)
{
}

void memory_trim(void)
{
    _heapmin();
}
