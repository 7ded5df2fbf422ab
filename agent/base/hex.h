/* Bytes as lower-case hexadecimal digits and back. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

void hex_encode(const void *data, size_t n, char *out);   /* out: 2 n + 1 bytes */
bool hex_decode(struct span digits, void *out, size_t n); /* exactly 2 n digits */

#endif
