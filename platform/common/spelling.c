#include "platform/spelling.h"

#include <string.h>

const char *spelling_of(const char *path, char *out, size_t size)
{
    size_t n = strlen(path);
    if (spelling_case_counts() || n >= size)
        return path;
    memcpy(out, path, n + 1);
    spelling_fold(out, n);
    return out;
}
