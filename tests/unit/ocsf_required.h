/*
 * The attributes that OCSF 1.8.0 requires, compactly, for the classes Vigía tells: a path into the
 * event and the type found there. For machines without the full schemas.
 */
#ifndef UNIT_OCSF_REQUIRED_H
#define UNIT_OCSF_REQUIRED_H

#include "base/json_read.h"

/* 0, or -1 and what is wrong in e. */
int ocsf_required_check(const struct json_value *event, struct error *e);

#endif
