/* The system's random bytes in the form mbedTLS asks for. */
#ifndef TRUST_RNG_H
#define TRUST_RNG_H

#include <stddef.h>

int rng_fill(void *unused, unsigned char *out, size_t n); /* 0, or an mbedTLS error */

#endif
