/*
 * Reads JSON from outside (yyjson underneath) within limits: at most 1 MiB of text, 16 levels deep,
 * 65,536 values. Look-ups give a default where a member is missing or of another type.
 * The document owns everything it hands out.
 */
#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_doc;
struct json_value; /* NULL stands for "not there" and is accepted everywhere */

struct json_doc *json_read(struct span text, struct error *e); /* NULL and e on failure */
void json_free(struct json_doc *d);
const struct json_value *json_root(const struct json_doc *d);

const struct json_value *json_get(const struct json_value *object, const char *key);
const struct json_value *json_at(const struct json_value *array, size_t i);
size_t json_count(const struct json_value *array_or_object);
struct span json_get_text(const struct json_value *object, const char *key); /* empty if none */
int64_t json_get_int(const struct json_value *object, const char *key, int64_t otherwise);
bool json_get_bool(const struct json_value *object, const char *key, bool otherwise);
struct span json_as_text(const struct json_value *v);
int64_t json_as_int(const struct json_value *v, int64_t otherwise);
bool json_is_object(const struct json_value *v);
/* Key and value of member i of an object. */
const struct json_value *json_member(const struct json_value *object, size_t i, struct span *key);
struct buf;
/* Appends a text as it is, a number, true or false; false (and nothing) for all else. */
bool json_put_plain(const struct json_value *v, struct buf *out);

/* The value written back as JSON text, for passing on what was read. */
void json_copy(const struct json_value *v, struct buf *out);

#endif
