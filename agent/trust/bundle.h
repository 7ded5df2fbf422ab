/*
 * The enrollment bundle: an INI header and PEM blocks in one text file (at most 64 KiB).
 *
 *   [bundle]
 *   version = 1
 *   center = https://host:port
 *   role = endpoint
 *   cn = pc-0123
 *   institution = MX-SAT
 *   -----BEGIN CERTIFICATE----- ...
 *
 * Lines of the header may be empty or begin with ; or #. Every key stands exactly once; an unknown
 * one is an error, since only version 1 is known.
 */
#ifndef TRUST_BUNDLE_H
#define TRUST_BUNDLE_H

#include "base/buf.h"
#include "trust/blocks.h"

#define BUNDLE_MAX (64 * 1024)

struct bundle {
    char center[256];
    char role[24];
    char cn[64];
    char institution[65];
    struct trust_blocks blocks; /* pieces of the text that was parsed */
};

/* Header and blocks, and that both say the same. 0, or -1 and e ("name:line: ..."). Not judged
 * here: role and time, so that a tool may look at any bundle. */
int bundle_parse(const char *name, struct span text, struct bundle *out, struct error *e);

/* Makes an endpoint of this host: checks role, time and key, then writes what identity.h lists, the
 * key and its certificate last and in one go. A bundle without key needs pending.key, made by
 * trust_request_make. 0; -1: the bundle cannot be taken; -2: pki_dir cannot be written. */
int bundle_install(const struct bundle *b, const char *pki_dir, int64_t now_ms, struct error *e);

#endif
