/*
 * One line of a selection: a field, modifiers, values. `field|contains|all: [a, b]`, a keyword list
 * (no field: looked for in the message), null, numbers.
 *
 * A field that is missing matches null, `exists: false` and anything with `neq`; nothing else.
 */
#ifndef DETECT_ITEM_H
#define DETECT_ITEM_H

#include "base/error.h"
#include "detect/address.h"
#include "detect/pattern.h"
#include "detect/regex.h"
#include "detect/yaml_tree.h"

#include <stdbool.h>
#include <stddef.h>

struct value {
    enum {
        VALUE_TEXT,
        VALUE_REGEX,
        VALUE_RANGE,
        VALUE_EXISTS,
        VALUE_NULL,
        VALUE_LESS,
        VALUE_LESS_OR_EQUAL,
        VALUE_GREATER,
        VALUE_GREATER_OR_EQUAL
    } kind;
    union {
        struct pattern text;
        struct regex *regex;
        struct address_range range;
        bool exists;
        double number;
    } u;
};

struct item {
    struct span field; /* empty: keywords */
    bool all;          /* every value must match, not any */
    bool negated;      /* neq */
    size_t n;
    struct value *values;
};

/*
 * Reads `key: node`; an empty key stands for a list of keywords. On failure -1, e (without a place)
 * and *line. What was made so far is released by item_release either way.
 */
int item_make(struct arena *a, struct span key, const struct tree_node *node, struct item *out,
              int *line, struct error *e);
void item_release(struct item *item);

/* The number in a text of digits, sign, point and exponent; false on anything else. */
bool item_number(struct span text, double *out);

#endif
