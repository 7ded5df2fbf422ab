/* Podman's list of containers: an id that is found is one. */
#include "source/integrity/container.h"

#include <stdlib.h>
#include <string.h>

#define LAYER "1111111111111111111111111111111111111111111111111111111111111111"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char id[CONTAINER_DIGITS + 1] = "";
    struct span text = span_make(data, n);
    if (!integrity_container_in_list(text, SPAN(LAYER), id))
        return 0;
    if (strlen(id) != CONTAINER_DIGITS || strspn(id, "0123456789abcdef") != CONTAINER_DIGITS)
        abort();
    return 0;
}
