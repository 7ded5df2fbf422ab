/*
 * The uids that are in the open batch and in the last few sealed ones, so that an event that is
 * told again is known. Two generations: a new one is begun after some batches, the one before the
 * last is forgotten. Holds at most some 65,000 uids (2 MiB), next to nothing on a quiet machine.
 */
#ifndef SPOOL_UIDSET_H
#define SPOOL_UIDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UID_SIZE 16

struct uid_table {
    uint8_t *at; /* room times UID_SIZE bytes; all zero: free */
    size_t room; /* a power of two, or 0 */
    size_t n;
};

struct uidset {
    struct uid_table now, before;
    uint64_t seed; /* hostile uids cannot be chosen to collide */
    unsigned batches;
};

void uidset_init(struct uidset *s);
void uidset_release(struct uidset *s);
bool uidset_has(const struct uidset *s, const uint8_t uid[UID_SIZE]);
void uidset_add(struct uidset *s, const uint8_t uid[UID_SIZE]);
void uidset_sealed(struct uidset *s); /* a batch was sealed: what is in it may soon be forgotten */

#endif
