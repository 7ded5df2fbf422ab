/*
 * Placeholders of Sigma's modifier expand: %name% in a value stands for one of the values that the
 * institution has given it. `\%` is a plain percent sign.
 */
#ifndef DETECT_EXPAND_H
#define DETECT_EXPAND_H

#include "base/error.h"
#include "base/span.h"

#include <stddef.h>

#define EXPAND_TEXTS_MAX 1024 /* that one value may become */

struct placeholder {
    struct span name; /* without the percent signs */
    size_t n;
    struct span *values;
};

struct placeholders {
    size_t n;
    struct placeholder *items;
};

/* Calls each() with every text that `text` stands for. -1 and e (without a place) when a
 * placeholder is not known, there are too many texts, or each() says so. */
int expand(const struct placeholders *known, struct span text,
           int (*each)(void *ctx, struct span text), void *ctx, struct error *e);

#endif
