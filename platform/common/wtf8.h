/*
 * Between UTF-16 that need not be well-formed, as Windows keeps names, and UTF-8 in which a lone
 * surrogate has its three bytes (WTF-8); for platform/, and for what Windows stores as it keeps it.
 * What is UTF-16 stands as it lies on the disk: two bytes a unit, little-endian, at any address.
 */
#ifndef PLATFORM_COMMON_WTF8_H
#define PLATFORM_COMMON_WTF8_H

#include <stddef.h>
#include <stdint.h>

/* One character at s, of at most n bytes (n > 0); its length, 0 if it is none. */
size_t wtf8_take(const unsigned char *s, size_t n, uint32_t *c);
/* Its length; c is at most 0x10ffff. */
size_t wtf8_put(uint32_t c, char out[4]);
/* units of UTF-16; length, NUL-terminated, or -ENAMETOOLONG. */
int wtf8_of_utf16(const unsigned char *bytes, size_t units, char *out, size_t size);

#endif
