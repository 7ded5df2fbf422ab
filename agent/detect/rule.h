/*
 * A Sigma rule (specification 2.1.0) or correlation rule, read from one document of a file into a
 * form that can be matched.
 *
 * A filter is read like a rule whose detection is called filter; see rule_filter.h.
 *
 * Beside Sigma's own keys one of ours is read; Sigma allows such keys:
 *
 *     vigia:
 *         extract:
 *             - 'from (?<src_ip>\S+) port'     # named groups become fields
 *
 *         generate: true                     # told by itself although a correlation refers to it
 *
 * The expressions are tried on the message of a record that matched. Their fields serve group-by,
 * `field` of a correlation's condition, and the finding (user, src_ip). The first to set a field
 * wins. A correlation takes `vigia: generate`, too: Sigma's own `generate` there speaks of its base
 * rules, not of itself.
 *
 * Of correlations everything is taken that the specification has but value_percentile, and
 * conditions of counts without a lower bound: with a window that moves there is always a shorter
 * one that holds fewer.
 */
#ifndef DETECT_RULE_H
#define DETECT_RULE_H

#include "base/error.h"
#include "detect/condition.h"
#include "detect/item.h"
#include "detect/yaml_tree.h"
#include "event/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULE_SELECTIONS_MAX 128
#define RULE_EXTRACT_MAX    8
#define RULE_REFERS_MAX     16
#define RULE_GROUP_BY_MAX   8
#define RULE_ATTACKS_MAX    8
#define RULE_ALIASES_MAX    8
#define RULE_FIELDS_MAX     8
#define RULE_BOUNDS_MAX     6
#define RULE_COUNT_MAX      1000 /* of a correlation's condition that counts values or rules */
#define RULE_EVENTS_MAX     1000000000 /* of one that counts events */
#define RULE_TIMESPAN_MAX_S (31 * 86400)

struct clause { /* every item must match */
    size_t n;
    struct item *items;
};

struct selection { /* one clause must match */
    size_t n;
    struct clause *clauses;
};

enum correlation_type {
    CORRELATION_EVENT_COUNT,
    CORRELATION_VALUE_COUNT,
    CORRELATION_TEMPORAL,
    CORRELATION_ORDERED,
    CORRELATION_VALUE_SUM,
    CORRELATION_VALUE_AVG
};

enum bound_op { BOUND_GT, BOUND_GTE, BOUND_LT, BOUND_LTE, BOUND_EQ, BOUND_NEQ };

struct bound { /* one line of a correlation's condition: `gte: 5` */
    enum bound_op op;
    double value;
};

struct alias { /* a field that has another name in the hits of each base rule */
    struct span name;
    size_t n;
    struct span rule[RULE_REFERS_MAX];  /* id or name of the base rule */
    struct span field[RULE_REFERS_MAX]; /* its name there */
};

struct rule_correlation {
    enum correlation_type type;
    size_t refers_n, group_by_n, fields_n, aliases_n, bounds_n;
    struct span refers[RULE_REFERS_MAX]; /* ids or names of base rules */
    struct span group_by[RULE_GROUP_BY_MAX];
    struct span fields[RULE_FIELDS_MAX]; /* whose values are counted, added or averaged */
    struct alias *aliases;
    struct span *alias_fields; /* once linked: by base rule, then by alias; p NULL: none there */
    struct bound bounds[RULE_BOUNDS_MAX]; /* all of them must hold */
    int64_t timespan_ms;
    uint64_t least; /* smallest count that can fulfil the bounds */
    bool generate;  /* base rules fire by themselves, too */
};

#define RULE_FILTER_REFERS_MAX 256

struct rule { /* small: there are thousands */
    struct span id, name, title;
    struct span
        file; /* where it was read from, while a set is loaded (of filters: as long as it) */
    int line; /* and the line it begins at */
    enum event_severity severity;
    int confidence_id;            /* by its status: experimental 1, test 2, stable 3, else 0 */
    uint8_t attacks_n, tactics_n; /* at most RULE_ATTACKS_MAX each */
    uint8_t tags_n, references_n; /* the tags that are neither */
    uint8_t extract_n;
    bool generate;                  /* told by itself although a correlation refers to it */
    struct span *attacks, *tactics; /* "T1110.001", "credential-access" */
    struct span *tags, *references;
    uint8_t hash[16]; /* of what decides a match, not of the words around it */

    /* a rule */
    struct span product, category, service; /* empty: any */
    struct selection *selections;
    uint16_t selections_n;
    uint16_t borrowed_n; /* the last of them: of filters, which release them */
    struct condition condition;
    struct regex **extract;

    struct rule_correlation *correlation; /* NULL: this is none */

    /* a filter (rule_filter.h): the rules that are meant; NULL: this is a rule or correlation */
    struct rule_filter *filter;
};

struct rule_filter {
    struct rule *body; /* logsource, selections, condition */
    size_t refers_n;   /* 0: any rule of the logsource */
    struct span *refers;
    size_t joined; /* to so many rules */
};

/* A rule made in the arena, or NULL and e ("file:line: what, remedy"). */
struct rule *rule_make(const struct rule_world *w, struct span file,
                       const struct tree_node *document, struct error *e);
void rule_release(struct rule *r); /* what does not lie in the arena */

/* e->text with "file:line: " in front, made safe to print; returns -1. */
int rule_error(struct span file, int line, const char *what, struct error *e);

#endif
