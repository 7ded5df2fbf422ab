/*
 * YAML from outside as a small tree (libyaml underneath). The part that Sigma rules use: maps with
 * plain keys, lists, scalars, several documents in a file. Refused: text over 256 KiB, more than
 * 16 levels, 20,000 nodes or 256 documents, keys that are no scalars or stand twice, aliases (they
 * can make a small file huge).
 */
#ifndef DETECT_YAML_TREE_H
#define DETECT_YAML_TREE_H

#include "base/error.h"
#include "base/span.h"
#include "detect/arena.h"

#include <stdbool.h>
#include <stddef.h>

#define TREE_BYTES_MAX     (256 * 1024)
#define TREE_DEPTH_MAX     16
#define TREE_NODES_MAX     20000
#define TREE_DOCUMENTS_MAX 256

enum tree_kind { TREE_TEXT, TREE_LIST, TREE_MAP };

struct tree_node {
    enum tree_kind kind;
    bool plain;       /* a scalar without quotes: null, true and numbers are told by it */
    int line;         /* from 1 */
    struct span key;  /* of a member of a map */
    struct span text; /* of a scalar */
    size_t n;         /* members of a list or map */
    struct tree_node *first, *last;
    struct tree_node *next; /* in the same list or map; the next document at the top */
};

/*
 * Reads all documents into the arena; *out is the first, NULL when the text holds none. On failure
 * -1 and e ("name:line: what, remedy"); *out still holds the documents that end before the error.
 */
int tree_read(const char *name, struct span text, struct arena *a, struct tree_node **out,
              struct error *e);

/* Member of a map, or NULL; node may be NULL or of another kind. */
const struct tree_node *tree_get(const struct tree_node *node, const char *key);
bool tree_is_null(const struct tree_node *node); /* ~, null or nothing, without quotes */
/* A scalar "true" or "false" without quotes; false when it is neither. */
bool tree_to_bool(const struct tree_node *node, bool *out);

#endif
