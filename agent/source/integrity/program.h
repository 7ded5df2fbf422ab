/* Programs: what may carry a signature that tells who made them (platform/signature.h). */
#ifndef SOURCE_INTEGRITY_PROGRAM_H
#define SOURCE_INTEGRITY_PROGRAM_H

#include "base/span.h"

#include <stdbool.h>

/* By the name's end; false for all where the system knows no signatures. */
bool integrity_is_signable(struct span path);

#endif
