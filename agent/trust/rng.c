#include "trust/rng.h"

#include "platform/random.h"

#include <mbedtls/entropy.h>

int rng_fill(void *unused, unsigned char *out, size_t n)
{
    (void)unused;
    return random_fill(out, n) == 0 ? 0 : MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
}
