/*
 * The compression function of SHA-256, which is where the time goes. Two kernels: plain C, and the
 * SHA instructions of x86 processors; sha256_blocks picks once, at its first call. The functions
 * with a 2 compress two streams side by side, with the instructions in the time of one.
 */
#ifndef BASE_SHA256_KERNEL_H
#define BASE_SHA256_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const uint32_t sha256_constants[64];

void sha256_blocks(uint32_t state[8], const uint8_t *data, size_t blocks);
void sha256_blocks2(uint32_t a[8], const uint8_t *data_a, uint32_t b[8], const uint8_t *data_b,
                    size_t blocks);
void sha256_blocks_plain(uint32_t state[8], const uint8_t *data, size_t blocks);

bool sha256_has_instructions(void);
/* Only where sha256_has_instructions() is true, these two. */
void sha256_blocks_instructions(uint32_t state[8], const uint8_t *data, size_t blocks);
void sha256_blocks2_instructions(uint32_t a[8], const uint8_t *data_a, uint32_t b[8],
                                 const uint8_t *data_b, size_t blocks);

#endif
