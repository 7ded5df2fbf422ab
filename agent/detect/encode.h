/*
 * The encodings of Sigma's modifiers: UTF-16 (wide) and Base64 at each of the three places that a
 * text can have inside a longer one that is encoded.
 */
#ifndef DETECT_ENCODE_H
#define DETECT_ENCODE_H

#include "base/buf.h"

enum encode_utf16 {
    ENCODE_UTF16_LE,
    ENCODE_UTF16_BE,
    ENCODE_UTF16_MARKED /* LE, a BOM before it */
};

/* Appends; bytes that are no UTF-8 become the character of their number. */
void encode_utf16(struct buf *out, struct span utf8, enum encode_utf16 form);

/* RFC 4648 with padding. */
void encode_base64(struct buf *out, struct span bytes);
/* The characters that stand for bytes alone wherever they begin shift (0 to 2) bytes behind a
 * multiple of three: what depends on the neighbours is left out. */
void encode_base64_inside(struct buf *out, struct span bytes, unsigned shift);

#endif
