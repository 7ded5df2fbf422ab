#include "platform/seal.h"

#include <errno.h>

int seal_wrap(const void *secret, size_t n, void *out, size_t size)
{
    (void)secret;
    (void)n;
    (void)out;
    (void)size;
    return -ENOTSUP;
}

int seal_unwrap(const void *wrapped, size_t n, void *out, size_t size)
{
    return seal_wrap(wrapped, n, out, size);
}
