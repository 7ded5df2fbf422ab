/*
 * Sigma's strings: * stands for any bytes, ? for one character, a backslash takes the meaning off
 * *, ? and another backslash and is itself anywhere else. Letters A to Z match both cases unless
 * the value is cased; all other characters are compared as they stand.
 */
#ifndef DETECT_PATTERN_H
#define DETECT_PATTERN_H

#include "base/buf.h"
#include "base/span.h"
#include "detect/texts.h"

#include <stdbool.h>
#include <stdint.h>

#define PATTERN_LENGTH_MAX 4096
#define PATTERN_BYTES_MAX  (4 * PATTERN_LENGTH_MAX) /* base64 of UTF-16, and some */

enum pattern_fit { PATTERN_WHOLE, PATTERN_STARTS, PATTERN_ENDS, PATTERN_CONTAINS };

enum { /* how a value is to be read; together in flags */
       PATTERN_CASED = 1,
       PATTERN_WINDASH = 2, /* - or / before a word stands for any dash or slash */
       PATTERN_LITERAL = 4  /* no wildcards, no escapes */
};

struct pattern_part {
    uint8_t kind;  /* enum pattern_kind */
    uint16_t from; /* of PART_TEXT, where its bytes lie: folded unless cased */
    uint16_t n;
    uint16_t rare; /* position in them of the rarest: what is searched for first */
};

enum pattern_kind { PART_TEXT, PART_ONE, PART_MANY, PART_DASH };

/* Rules have ten thousands of them, so all of one lies in a row: this, its parts, their bytes. */
struct pattern {
    bool cased;
    uint8_t shape; /* enum pattern_shape */
    uint16_t n;    /* parts: of SHAPE_PARTS all, of SHAPE_ANY none, else the piece of text */
    uint16_t literal_from, literal_n;
    struct pattern_part parts[];
};

enum pattern_shape { SHAPE_ANY, SHAPE_EQUAL, SHAPE_START, SHAPE_END, SHAPE_CONTAINS, SHAPE_PARTS };

/* value may be at most PATTERN_LENGTH_MAX bytes, with PATTERN_LITERAL PATTERN_BYTES_MAX. Equal ones
 * are kept once. */
const struct pattern *pattern_make(struct texts *t, struct span value, enum pattern_fit fit,
                                   unsigned flags);

/* Folded: stands in every text that matches; the longest such piece. */
struct span pattern_literal(const struct pattern *p);

/* Appends the text that a value without wildcards stands for; false when it has one. */
bool pattern_plain(struct span value, struct buf *out);

/* folded: text after pattern_fold. */
bool pattern_matches(const struct pattern *p, struct span text, struct span folded);

/* How seldom lines of logs hold the byte: 0 for the most frequent. */
size_t pattern_rarity(char c);

/* A to Z become a to z; out has room for in.n bytes. */
void pattern_fold(char *out, struct span in);

#endif
