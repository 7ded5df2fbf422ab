/* Random bytes of the operating system, fit for keys. */
#ifndef PLATFORM_RANDOM_H
#define PLATFORM_RANDOM_H

#include <stddef.h>

int random_fill(void *out, size_t n); /* 0, or a negative errno value: then nothing may be used */

#endif
