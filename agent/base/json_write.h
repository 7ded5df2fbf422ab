/*
 * Writes JSON (RFC 8259) straight into a buffer, one value after another; commas and quotes are
 * its business. Strings are bytes from anywhere: valid UTF-8 passes, anything else and control
 * characters become escapes, so the output is always valid. A key given as NULL writes an element
 * of the open array (or the top value).
 */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct json_out {
    struct buf *b;
    bool comma; /* a value stands before at this depth */
};

void json_start(struct json_out *j, struct buf *b);
void json_object(struct json_out *j, const char *key);
void json_end_object(struct json_out *j);
void json_array(struct json_out *j, const char *key);
void json_end_array(struct json_out *j);
void json_text(struct json_out *j, const char *key, const char *value); /* NULL: nothing written */
void json_span(struct json_out *j, const char *key, struct span value);
/* A file or log name: text_put_name first, so that every byte can be recovered. */
void json_name(struct json_out *j, const char *key, struct span value);
void json_int(struct json_out *j, const char *key, int64_t value);
void json_uint(struct json_out *j, const char *key, uint64_t value);
void json_bool(struct json_out *j, const char *key, bool value);
void json_hex(struct json_out *j, const char *key, const void *data, size_t n);
/* JSON text that is known to be valid, as it stands. */
void json_raw(struct json_out *j, const char *key, struct span json);

#endif
