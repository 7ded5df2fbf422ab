/*
 * One line of a selection: a field, modifiers, values. `field|contains|all: [a, b]`, a keyword list
 * (no field: looked for in the message), null, numbers.
 *
 * A field that is missing matches null, `exists: false` and anything with `neq`; nothing else. One
 * that is empty matches null and ''.
 */
#ifndef DETECT_ITEM_H
#define DETECT_ITEM_H

#include "base/error.h"
#include "detect/address.h"
#include "detect/date_part.h"
#include "detect/expand.h"
#include "detect/field_names.h"
#include "detect/pattern.h"
#include "detect/regex.h"
#include "detect/yaml_tree.h"

#include <stdbool.h>
#include <stddef.h>

struct number {
    double bound;
    enum date_part part; /* of the date that the field holds; DATE_NONE: the field is the number */
};

struct reference {   /* another field of the same record */
    uint16_t number; /* of its name (field_names.h) */
    enum pattern_fit fit;
    bool cased;
};

struct value { /* small: rules have ten thousands of them */
    enum {
        VALUE_TEXT,
        VALUE_REGEX,
        VALUE_RANGE,
        VALUE_EXISTS,
        VALUE_NULL,
        VALUE_EQUAL,
        VALUE_LESS,
        VALUE_LESS_OR_EQUAL,
        VALUE_GREATER,
        VALUE_GREATER_OR_EQUAL,
        VALUE_FIELD,
        VALUE_ANY /* one of several that a modifier made of one */
    } kind;
    uint32_t n; /* of VALUE_ANY; of VALUE_EXISTS 0 or 1 */
    union {
        const struct pattern *text;
        struct regex *regex;
        struct address_range *range;
        struct number *number;
        struct reference *other;
        struct value *any;
    } u;
};

struct item {
    uint16_t number; /* of the field; FIELD_NONE: keywords */
    bool all;        /* every value must match, not any */
    bool negated;    /* neq */
    uint32_t n;
    struct value *values;
};

/* What rules are made with. */
struct rule_world {
    struct arena *arena;
    struct texts *texts; /* kept in the arena */
    struct field_names *names;
    const struct placeholders *placeholders; /* may be NULL */
};

/*
 * Reads `key: node`; an empty key stands for a list of keywords. On failure -1, e (without a place)
 * and *line. What was made so far is released by item_release either way.
 */
int item_make(const struct rule_world *w, struct span key, const struct tree_node *node,
              struct item *out, int *line, struct error *e);
void item_release(struct item *item);

/* The number in a text of digits, sign, point and exponent; false on anything else. */
bool item_number(struct span text, double *out);

#endif
