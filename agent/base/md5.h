/*
 * MD5 (RFC 1321): only for comparing with what dpkg wrote down. It is broken against whoever makes
 * both of two files; nothing of our own is ever identified by it.
 */
#ifndef BASE_MD5_H
#define BASE_MD5_H

#include <stddef.h>
#include <stdint.h>

#define MD5_SIZE 16

struct md5 {
    uint32_t state[4];
    uint64_t length; /* bytes so far */
    uint8_t block[64];
};

void md5_init(struct md5 *m);
void md5_update(struct md5 *m, const void *data, size_t n);
void md5_final(struct md5 *m, uint8_t out[MD5_SIZE]);

#endif
