/*
 * What decides about a file beside owner and mode: capabilities, ACLs, security labels, alternate
 * data streams, as walk_attributes gives them. Kept as one piece of bytes, sorted by name: again
 * and again
 *
 *   u8 length of the name (1 to 255), name, u8 kind (0: the value itself, 1: its SHA-256, since it
 *   is long), u16 length of the value, value
 *
 * little-endian. What would make it longer than INTEGRITY_ATTRIBUTES_MAX is put together to one
 * SHA-256 under the name "(more)".
 */
#ifndef SOURCE_INTEGRITY_ATTRIBUTES_H
#define SOURCE_INTEGRITY_ATTRIBUTES_H

#include "base/buf.h"
#include "base/sha256.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define INTEGRITY_ATTRIBUTES_MAX 4096
#define INTEGRITY_ATTRIBUTE_MAX  1024 /* longer values are kept as their hash */

struct integrity_attributes {
    size_t n;
    bool more;
    struct sha256 rest;
    char bytes[INTEGRITY_ATTRIBUTES_MAX];
};

void integrity_attributes_begin(struct integrity_attributes *a);
/* Fits walk_attributes; ctx is the struct. */
void integrity_attributes_add(void *ctx, const char *name, const void *value, size_t n);
struct span integrity_attributes_end(struct integrity_attributes *a);

struct integrity_attribute {
    struct span name, value;
    bool is_hash;
};
/* False at the end; also on anything else than attributes, and then *rest is not empty. */
bool integrity_attributes_next(struct span *rest, struct integrity_attribute *out);

enum integrity_attribute_change { /* bits */
                                  INTEGRITY_ATTRIBUTE_CAPABILITIES = 1,
                                  INTEGRITY_ATTRIBUTE_GAINED = 2, /* more capabilities */
                                  INTEGRITY_ATTRIBUTE_ACL = 4,
                                  INTEGRITY_ATTRIBUTE_OTHER = 8,
                                  INTEGRITY_ATTRIBUTE_OWNER = 16,
                                  INTEGRITY_ATTRIBUTE_STREAM = 32,
                                  INTEGRITY_ATTRIBUTE_PROGRAM = 64 /* a stream that is one came */
};
/* False and "": there is none of that name. */
bool integrity_attributes_find(struct span all, const char *name, struct integrity_attribute *out);
unsigned integrity_attributes_compare(struct span before, struct span after);

/* For people: "cap_net_raw=ep", "user::rw-,user:ana:r--,group::r--,mask::r--,other::---", a label
 * as it is, "26 bytes: [ZoneTransfer] ZoneId=3", else hexadecimal digits; what is no such thing
 * inside is told in digits too. */
void integrity_attribute_put_text(struct buf *out, const struct integrity_attribute *a);

#endif
