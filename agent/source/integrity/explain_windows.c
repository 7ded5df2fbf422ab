#include "source/integrity/explain_kind.h"

const struct explain_kind *const explain_of_system = &explain_servicing;
