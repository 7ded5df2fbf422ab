/*
 * A rule's condition: names of selections, `and`, `or`, `not`, parentheses, `1 of them`,
 * `all of them`, `1 of name*`, `all of name*` (any number; `any` is taken as 1). From loose to
 * tight: or, and, not. Names that start with an underscore are left out of `them`.
 */
#ifndef DETECT_CONDITION_H
#define DETECT_CONDITION_H

#include "base/error.h"
#include "base/span.h"
#include "detect/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONDITION_LENGTH_MAX 4096
#define CONDITION_DEPTH_MAX  32
#define CONDITION_NODES_MAX  2048

enum condition_op {
    CONDITION_NAME,
    CONDITION_AND,
    CONDITION_OR,
    CONDITION_NOT,
    CONDITION_SOME /* of the children at least as many as `name` says */
};

#define CONDITION_NONE UINT16_MAX

struct condition_node {
    enum condition_op op;
    uint16_t name;  /* of CONDITION_NAME: index of the selection; of CONDITION_SOME: how many */
    uint16_t first; /* children: a list through next, ended by CONDITION_NONE */
    uint16_t next;
};

struct condition {
    struct condition_node *nodes;
    uint16_t n, root;
};

/* 0, or -1 and e (without a place). */
int condition_parse(struct arena *a, struct span text, const struct span *names, size_t names_n,
                    struct condition *out, struct error *e);

/* Asks holds() only for the names that decide. */
bool condition_holds(const struct condition *c, bool (*holds)(void *ctx, size_t name), void *ctx);

/* A name with * for any characters, as in `1 of name*`. */
bool condition_name_matches(struct span pattern, struct span name);

#endif
