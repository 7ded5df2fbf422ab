/* The names of a process's control groups: an id is 64 hex digits that stand in the text. */
#include "platform/linux/watch_parts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char id[WATCH_CONTAINER_MAX], runtime[WATCH_RUNTIME_MAX];
    char *text = malloc(n + 1);
    if (!text)
        return 0;
    if (n > 0)
        memcpy(text, data, n);
    text[n] = '\0';
    container_of_cgroups(text, id, runtime);
    if (id[0] && (strlen(id) != 64 || strspn(id, "0123456789abcdef") != 64 || !strstr(text, id)))
        abort();
    if (!id[0] && runtime[0])
        abort();
    free(text);
    return 0;
}
