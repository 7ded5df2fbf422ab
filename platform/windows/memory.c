#include "platform/memory.h"

#include <malloc.h>

void memory_trim(void)
{
    _heapmin();
}
