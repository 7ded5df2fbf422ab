/*
 * Hides values that follow the name of a secret in free text (password=..., --token ..., Bearer
 * ...): the SOC gets the evidence, not the credential.
 */
#ifndef EVENT_MASK_H
#define EVENT_MASK_H

#include "base/buf.h"
#include "base/span.h"

/* Appends text with secrets replaced by "***". */
void mask_put(struct buf *out, struct span text);

#endif
