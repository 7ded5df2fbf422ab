/*
 * SHA-256 (FIPS 180-4): for batches, file contents and identifiers. Uses the processor's SHA
 * instructions where it has them, plain C elsewhere; chosen once at run time.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, size_t n);
/* Both take n bytes: the same as two updates, and faster while both hold whole blocks so far. */
void sha256_update2(struct sha256 *a, const void *data_a, struct sha256 *b, const void *data_b,
                    size_t n);
void sha256_final(struct sha256 *s, uint8_t out[SHA256_SIZE]);
void sha256_of(const void *data, size_t n, uint8_t out[SHA256_SIZE]);

#endif
