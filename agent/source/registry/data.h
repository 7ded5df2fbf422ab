/* A value's data as people read it, and what of it may be told at all. */
#ifndef SOURCE_REGISTRY_DATA_H
#define SOURCE_REGISTRY_DATA_H

#include "base/buf.h"
#include "platform/registry.h"

#define REGISTRY_TEXT_MAX 512 /* bytes that are kept and told */

/* By its name: "DefaultPassword". */
bool registry_data_is_secret(struct span name);
/* Text as it is (parts of a list each in a line), numbers in decimal digits, the rest in
 * hexadecimal ones; "***" of a secret, and secrets inside text masked. */
void registry_data_put(struct buf *out, const struct registry_value *v);

#endif
