/*
 * Hides credentials in free text (log lines, command lines, units, package sources): the SOC gets
 * the evidence, not the secret. What is hidden: values that follow the name of a secret
 * (password=..., --token ..., Authorization: Bearer ..., PGPASSWORD=...), passwords in URLs,
 * private keys in PEM, JSON web tokens, and the options by which well-known programs take a
 * password (tables in mask.c). It is a net with holes: a password that nothing announces stays to
 * be seen.
 */
#ifndef EVENT_MASK_H
#define EVENT_MASK_H

#include "base/buf.h"
#include "base/span.h"

/* Appends text with secrets replaced by "***". */
void mask_put(struct buf *out, struct span text);

#endif
