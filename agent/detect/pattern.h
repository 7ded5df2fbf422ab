/*
 * Sigma's strings: * stands for any bytes, ? for one character, a backslash takes the meaning off
 * *, ? and another backslash and is itself anywhere else. Letters A to Z match both cases unless
 * the value is cased; all other characters are compared as they stand.
 */
#ifndef DETECT_PATTERN_H
#define DETECT_PATTERN_H

#include "base/buf.h"
#include "base/span.h"
#include "detect/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define PATTERN_LENGTH_MAX 4096

enum pattern_fit { PATTERN_WHOLE, PATTERN_STARTS, PATTERN_ENDS, PATTERN_CONTAINS };

enum { /* how a value is to be read; together in flags */
       PATTERN_CASED = 1,
       PATTERN_WINDASH = 2, /* - or / before a word stands for any dash or slash */
       PATTERN_LITERAL = 4  /* no wildcards, no escapes */
};

struct pattern_part {
    enum { PART_TEXT, PART_ONE, PART_MANY, PART_DASH } kind;
    uint32_t rare;    /* position in text of its rarest byte: what is searched for first */
    struct span text; /* of PART_TEXT: folded unless cased */
};

struct pattern {
    bool cased;
    enum { SHAPE_ANY, SHAPE_EQUAL, SHAPE_START, SHAPE_END, SHAPE_CONTAINS, SHAPE_PARTS } shape;
    struct span literal; /* folded: stands in every text that matches; its longest such piece */
    struct pattern_part only;   /* of the shapes with one piece of text */
    struct pattern_part *parts; /* of SHAPE_PARTS */
    uint32_t n;                 /* of them; 0 for the other shapes */
};

/* value may be at most PATTERN_LENGTH_MAX bytes. */
void pattern_make(struct arena *a, struct span value, enum pattern_fit fit, unsigned flags,
                  struct pattern *out);

/* Appends the text that a value without wildcards stands for; false when it has one. */
bool pattern_plain(struct span value, struct buf *out);

/* folded: text after pattern_fold. */
bool pattern_matches(const struct pattern *p, struct span text, struct span folded);

/* How seldom lines of logs hold the byte: 0 for the most frequent. */
size_t pattern_rarity(char c);

/* A to Z become a to z; out has room for in.n bytes. */
void pattern_fold(char *out, struct span in);

#endif
