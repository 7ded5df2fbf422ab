/* How rule.c, rule_detection.c and rule_correlation.c read a rule together. */
#ifndef DETECT_RULE_PARTS_H
#define DETECT_RULE_PARTS_H

#include "detect/rule.h"

#include <stdarg.h>

struct rule_maker {
    const struct rule_world *world;
    struct arena *arena; /* the world's */
    struct span file;
    const struct tree_node *document;
    struct error *e;
};

int rule_read_detection(const struct rule_maker *m, struct rule *r);
int rule_read_filter(const struct rule_maker *m, struct rule *r);
int rule_read_correlation(const struct rule_maker *m, struct rule *r);

/* Sets the error, with the place in front; returns -1. */
int rule_wrong(const struct rule_maker *m, int line, const char *format, ...)
    __attribute__((format(__printf__, 3, 4)));
/* A member that is a text of at most max bytes; empty when it is absent. */
int rule_text(const struct rule_maker *m, const struct tree_node *map, const char *key, size_t max,
              struct span *out);
/* A member that is true or false; *out stays when it is absent. */
int rule_bool(const struct rule_maker *m, const struct tree_node *map, const char *key, bool *out);
/* A member that is a text or a list of them. */
int rule_texts(const struct rule_maker *m, const struct tree_node *map, const char *key,
               struct span *out, size_t max, size_t *n);

#endif
