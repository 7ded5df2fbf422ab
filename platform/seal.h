/*
 * Wraps a small secret for the disk so that it opens on this machine alone: a copy of the file, in
 * a backup or of a disk, tells nothing elsewhere. Whoever runs programs on this machine may unwrap
 * it: the rights of the file are the boundary, with and without. On Linux there is no such service,
 * and they are all there is. On Windows: DPAPI with the machine's key (CryptProtectData).
 */
#ifndef PLATFORM_SEAL_H
#define PLATFORM_SEAL_H

#include <stddef.h>

/* Both return the bytes written to out, at most size, or a negative errno value: -ENOTSUP where the
 * system has no such thing, -ENOSPC if out is too small. */
int seal_wrap(const void *secret, size_t n, void *out, size_t size);
/* -EBADMSG: of another machine, or damaged. */
int seal_unwrap(const void *wrapped, size_t n, void *out, size_t size);

#endif
