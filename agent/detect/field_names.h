/*
 * Names of fields as small numbers, so that a record's fields are looked up once and not for every
 * rule. The three names that every record has without a field come first.
 */
#ifndef DETECT_FIELD_NAMES_H
#define DETECT_FIELD_NAMES_H

#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

#define FIELD_NAMES_MAX 16384

enum { FIELD_NONE, FIELD_MESSAGE, FIELD_PROGRAM, FIELD_HOST, FIELD_OWN_END };

struct field_names;
struct field_names *field_names_new(void);
void field_names_free(struct field_names *f);
/* The name's number, a new one if need be; FIELD_NONE when there are too many. */
uint16_t field_names_add(struct field_names *f, struct span name);
/* FIELD_NONE when nobody asked for it. */
uint16_t field_names_find(const struct field_names *f, struct span name);
/* Empty for FIELD_NONE. */
struct span field_names_name(const struct field_names *f, uint16_t number);
size_t field_names_end(const struct field_names *f); /* one more than the highest number */

#endif
