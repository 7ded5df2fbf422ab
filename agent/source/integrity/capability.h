/* Capabilities of a file as the attribute security.capability holds them (capabilities(7)): what a
 * program has when it is run, whoever runs it. */
#ifndef SOURCE_INTEGRITY_CAPABILITY_H
#define SOURCE_INTEGRITY_CAPABILITY_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct integrity_capability {
    uint64_t permitted, inheritable; /* a bit for each */
    bool effective;                  /* in force from the start */
    uint32_t root_uid; /* they count below the user namespace of this user; 0: everywhere */
};

/* False on anything that is no such attribute. */
bool integrity_capability_read(struct span value, struct integrity_capability *out);
/* Whether there is something in after that was not in before. */
bool integrity_capability_gained(const struct integrity_capability *before,
                                 const struct integrity_capability *after);
/* As getcap(8) writes them: "cap_net_bind_service,cap_net_raw=ep". */
void integrity_capability_put_text(struct buf *out, const struct integrity_capability *c);

#endif
